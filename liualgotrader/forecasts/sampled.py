"""A forecast from samples: what was known of each symbol before a day, and what came of it, learnt over all symbols.

A subclass says what the target of a day is, and may say other features, another model or baseline.
Beside its features a model is shown the symbol's own last targets, which for most of what is
foretold here say more than anything else: spreads of days come in clusters (F. Corsi, A simple
approximate long-memory model of realized volatility, Journal of Financial Econometrics 7, 2009).
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from math import inf, isfinite
from typing import Any, ClassVar

import msgspec
import numpy as np
import threadpoolctl
from sklearn.exceptions import ConvergenceWarning

from liualgotrader.common.bar_table import BarTable, Floats
from liualgotrader.forecasts.base import Basis, Check, Forecast, MarketDay, Sample, Told
from liualgotrader.forecasts.checking import checked
from liualgotrader.forecasts.day_features import LEAST_BARS, day_features
from liualgotrader.forecasts.pool import Lesson, Pool
from liualgotrader.forecasts.robust import robust_line


class Missing(msgspec.Struct, frozen=True):
    """What came of a day cannot be said, and why."""

    reason: str


class SampledForecast(Forecast):
    """Learns one model over all symbols, anew for each day, from the samples of the days before it."""

    days: int = 30  # from how many days before a day that day is foretold
    past: int = 30  # for how many days that are over the first night makes values too

    is_probability: ClassVar[bool] = False
    """Whether targets are 0 or 1, and values the probability of 1."""
    lowest: ClassVar[float] = -inf
    """A value cannot be below this, whatever the model says,"""
    highest: ClassVar[float] = inf
    """nor above this."""

    own_days: ClassVar[tuple[int, ...]] = (1, 5, 20)
    """Means over so many of a symbol's last targets join the features."""
    least_rows: ClassVar[int] = 20
    """Nothing is foretold from fewer samples,"""
    least_days: ClassVar[int] = 5
    """nor from samples of fewer days."""

    def __init__(self) -> None:
        self._pool = Pool(self.own_days)
        self._bars: dict[str, tuple[date, BarTable]] = {}
        self._left_out: dict[tuple[str, date], str] = {}
        self._restored: dict[date, dict[str, Told]] = defaultdict(dict)
        self._told: dict[date, dict[str, Told]] = {}
        self._lessons: dict[date, Lesson | None] = {}

    # -- what a subclass says ------------------------------------------------------------------

    def target(self, symbol: str, day: MarketDay) -> float | Missing | None:
        """Return what came of a day; None when nothing did, Missing when that cannot be said."""
        raise NotImplementedError(f"{type(self).__name__} must define target()")

    def features(self, bars: BarTable) -> Floats | None:
        """Return what is known from the day bars before a day, shape (k,); None when that is too little."""
        return day_features(bars)

    def model(self) -> Any:
        """Return a fresh estimator; where it draws lots, with a fixed `random_state`."""
        return robust_line()

    def baseline(self, own: Sequence[float], everyone: float) -> float:
        """Return the naive forecast, of the symbol's own targets, oldest first, and the mean over all symbols."""
        recent = own[-5:]
        return sum(recent) / len(recent)

    # -- what every forecast can ---------------------------------------------------------------

    def feed(self, day: MarketDay) -> None:
        """Make a sample of each symbol that the day has day bars of."""
        with np.errstate(all="ignore"):  # what is no number is left out by name
            self._pool.put([self._sample(symbol, day) for symbol in sorted(day.days)])
        for symbol, bars in day.days.items():
            if symbol not in self._bars or self._bars[symbol][0] <= day.day:
                self._bars[symbol] = (day.day, bars)
        self._forget(day.day)

    def value(self, symbol: str, day: date) -> float | None:
        """Return what is expected of a symbol on a day."""
        told = self._tell(day).get(symbol)
        return told.value if told else None

    def naive(self, symbol: str, day: date) -> float | None:
        """Return what the baseline expects."""
        told = self._tell(day).get(symbol)
        return told.naive if told else None

    def check(self) -> Check:
        """Compare what was told of the last `past` days, or would have been, with what came."""
        pairs = [
            (told, sample.target)
            for day in self._pool.days[max(0, len(self._pool.days) - self.past) :]
            for _, told in sorted((self._restored.get(day) or self._tell(day)).items())
            if (sample := self._pool.get(told.symbol, day)) and sample.target is not None
        ]
        return checked(
            [told.value for told, _ in pairs],
            [told.naive or 0.0 for told, _ in pairs],
            [came for _, came in pairs],
            days=[told.day.toordinal() for told, _ in pairs],
            is_probability=self.is_probability,
        )

    def basis(self, day: date) -> Basis | None:
        """Return the newest day and a digest of the samples that the values for a day are learnt from."""
        lesson = self._lesson(day)
        return Basis(lesson.through, lesson.version) if lesson else None

    def samples(self, day: date) -> list[Sample]:
        """Return the samples of a day, by symbol."""
        return self._pool.of(day)

    def restore(self, samples: Iterable[Sample], told: Iterable[Told] = ()) -> None:
        """Take stored samples, and what was told of days that are over: `check` counts that as it was told."""
        for each in told:
            self._restored[each.day][each.symbol] = each
        if given := list(samples):
            self._pool.put(given)
            self._forget(date.min)

    def why_not(self, symbol: str, day: date) -> str:
        """Return why a symbol has no value on a day; "" when it has one."""
        if self.value(symbol, day) is not None:
            return ""
        if not self._features(symbol, day):
            return f"fewer than {LEAST_BARS} day bars before {day}"
        if not self._pool.own(symbol, day, self.days):
            return f"no day before {day} that can be learnt from"
        least = f"{self.least_rows} samples of {self.least_days} days"
        return f"there are not yet {least} before {day} to learn from"

    def missed(self, symbol: str, day: date) -> str:
        """Return why there is no target of a day that was fed; "" when there is, or when nothing came of it."""
        return self._left_out.get((symbol, day), "")

    def reach(self) -> int:
        """Return how far back it looks: samples of `days` days, and what each says of as many before it."""
        return 2 * self.days

    # -- inside --------------------------------------------------------------------------------

    def _sample(self, symbol: str, day: MarketDay) -> Sample:
        target = self.target(symbol, day)
        if isinstance(target, float) and not isfinite(target):
            target = Missing("what came of the day is no number")
        self._left_out.pop((symbol, day.day), None)
        if isinstance(target, Missing):
            self._left_out[symbol, day.day] = target.reason
        features = self.features(_before(day.days[symbol], day.day))
        return Sample(
            symbol,
            day.day,
            symbol not in day.live and self._is_whole(symbol, day),
            () if features is None else tuple(features.tolist()),
            None if isinstance(target, Missing) else target,
        )

    def _is_whole(self, symbol: str, day: MarketDay) -> bool:
        """Whether there is what a target is made of; without it the day is looked at again another night."""
        needs = self.needs()
        if needs.minutes:
            return symbol in day.minutes
        if needs.strategy:
            return symbol in day.profits
        return len(_before(day.days[symbol], day.day)) < len(day.days[symbol])

    def _forget(self, day: date) -> None:
        """Drop what was computed for a day that is fed, and for later ones."""
        self._told = {key: each for key, each in self._told.items() if key < day}
        self._lessons = {key: each for key, each in self._lessons.items() if key < day}

    def _lesson(self, day: date) -> Lesson | None:
        """Return what is learnt from for a day; None when that is too little."""
        if day not in self._lessons:
            found = self._pool.lesson(day, self.days)
            if found and (found.days < self.least_days or len(found.targets) < self.least_rows):
                found = None
            self._lessons[day] = found
        return self._lessons[day]

    def _features(self, symbol: str, day: date) -> Sequence[float]:
        sample = self._pool.get(symbol, day)
        if sample is not None:
            return sample.features
        if symbol not in self._bars:
            return ()
        features = self.features(_before(self._bars[symbol][1], day))
        return () if features is None else features.tolist()

    def _tell(self, day: date) -> dict[str, Told]:
        """Return what is expected of all symbols on a day."""
        if day not in self._told:
            lesson = self._lesson(day)
            self._told[day] = self._foretold(day, lesson) if lesson else {}
        return self._told[day]

    def _foretold(self, day: date, lesson: Lesson) -> dict[str, Told]:
        symbols, naives, rows = [], [], []
        everyone = float(lesson.targets.mean())
        for symbol in sorted(self._pool.symbols()):
            own, features = self._pool.own(symbol, day, self.days), self._features(symbol, day)
            if own and features:
                symbols.append(symbol)
                naives.append(self.baseline(own, everyone))
                rows.append(self._pool.row(features, own))
        if not rows:
            return {}
        values = np.clip(self._predicted(lesson, np.array(rows)), self.lowest, self.highest)
        return {
            symbol: Told(symbol, day, value, naive)
            for symbol, value, naive in zip(symbols, values.tolist(), naives, strict=True)
        }

    def _predicted(self, lesson: Lesson, rows: Floats) -> Floats:
        """Learn, and return what is expected of rows. On one thread, so that it is the same to the bit."""
        if self.is_probability and np.ptp(lesson.targets) == 0:
            return np.full(len(rows), lesson.targets[0])
        with warnings.catch_warnings(), threadpoolctl.threadpool_limits(1):
            # A network is stopped early on purpose: it has learnt enough, and overfits later.
            warnings.simplefilter("ignore", ConvergenceWarning)
            fitted = self.model().fit(lesson.rows, lesson.targets)
            if self.is_probability:
                return np.asarray(fitted.predict_proba(rows)[:, 1])
            return np.asarray(fitted.predict(rows))


def _before(bars: BarTable, day: date) -> BarTable:
    """Return the bars of earlier days. A day bar begins at midnight in New York, which in UTC is the same date."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return bars.cut(0, int(bars.start.searchsorted(int(midnight.timestamp()) * 1_000_000_000)))
