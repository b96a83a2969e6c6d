"""What a forecast is: it is fed days that are over, and says what it expects of a symbol on the next one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import ClassVar

import msgspec

from liualgotrader.common.bar_table import BarTable


class Needs(msgspec.Struct, frozen=True):
    """What of a `MarketDay` a forecast looks at; the rest is left empty.

    `day_bars`: how many day bars there are of the days before it, or more. `strategy`: the class whose
    simulated runs make the `profits`, of `filename` or built in.
    """

    minutes: bool = True
    day_bars: int = 60
    strategy: str = ""
    filename: str = ""


class MarketDay(msgspec.Struct, frozen=True, eq=False):
    """A trading day that is over, as a forecast is fed it.

    `minutes`: bars of its regular session, by symbol; `days`: day bars up to and including it, by
    symbol, divided by the splits so far; `profits`: by symbol, what the simulated runs of the day
    gained as a fraction of what was put in, None when they bought nothing. `open` and `close` of
    the session in ns UTC. `live`: the symbols whose minutes are what was heard live, and not yet
    the vendor's final ones.
    """

    day: date
    open: int
    close: int
    minutes: Mapping[str, BarTable]
    days: Mapping[str, BarTable]
    profits: Mapping[str, float | None]
    live: frozenset[str] = frozenset()


class Sample(msgspec.Struct, frozen=True):
    """What was known of a symbol before a day, and what came of it on the day.

    `features` are empty where too little was known, `target` is None where nothing came.
    """

    symbol: str
    day: date
    is_final: bool
    features: tuple[float, ...]
    target: float | None


class Told(msgspec.Struct, frozen=True):
    """What a forecast and its naive baseline expected of a symbol on a day."""

    symbol: str
    day: date
    value: float
    naive: float | None


class Basis(msgspec.Struct, frozen=True):
    """What the values for a day are learnt from: days up to `trained_through`, in this version of their data."""

    trained_through: date
    data_version: str


class CalibrationBin(msgspec.Struct, frozen=True):
    """What was expected on average in one part of the forecasts, and what came, over `count` of them."""

    expected: float
    came: float
    count: int


class Check(msgspec.Struct, frozen=True):
    """How well a forecast did, each day foretold from the days before it alone.

    `error` and `naive_error`: mean absolute error, or Brier score of a probability, of the forecast
    and of its naive baseline over the same `samples`; None without any. `luck`: the standard error
    of their difference, which days make that are lucky; None when that cannot be said.
    """

    samples: int
    error: float | None
    naive_error: float | None
    calibration: tuple[CalibrationBin, ...]
    luck: float | None = 0.0

    @property
    def skill(self) -> float | None:
        """1 - error / naive_error: 0 is as good as the baseline, less is worse; None when nothing is known."""
        if self.error is None or not self.naive_error:
            return None
        return 1 - self.error / self.naive_error

    @property
    def beats_naive(self) -> bool:
        """Whether the forecast is better than its naive baseline, by more than twice what luck may make."""
        if self.error is None or self.naive_error is None or self.luck is None:
            return False
        return self.naive_error - self.error > 2 * self.luck


class Forecast:
    """Subclass this: one file, one forecast. Annotated class attributes are parameters; `miner.toml` may set them.

    `feed`, `value` and `check` are all that a forecast must have. It is then fed the last `days` and
    `past` days each night. One that gives `samples` has them stored and gets them back by `restore`, so
    that a night reads the night's minutes only: see `sampled.SampledForecast`.
    """

    days = 30
    """From how many trading days before a day that day is foretold."""
    past = 30
    """For how many trading days that are over the first night makes values too, for backtests."""

    version: ClassVar[int] = 1
    """Count it up when the code changes what comes out: stored values of another version are made again."""

    name: str
    """The name under which values are stored and strategies ask for them; set by the framework."""

    def feed(self, day: MarketDay) -> None:
        """Learn from a day. What is fed again of a symbol takes the place of what was: live first, final after."""
        raise NotImplementedError(f"{type(self).__name__} must define feed()")

    def value(self, symbol: str, day: date) -> float | None:
        """Return what is expected of a symbol on a day, from the days before it alone; None when nothing is known."""
        raise NotImplementedError(f"{type(self).__name__} must define value()")

    def check(self) -> Check:
        """Foretell each day that was fed from the days before it, and compare with what came."""
        raise NotImplementedError(f"{type(self).__name__} must define check()")

    def naive(self, symbol: str, day: date) -> float | None:
        """Return what the baseline expects, that a forecast must beat to be of use; None without one."""
        return None

    def needs(self) -> Needs:
        """Return what it must be fed."""
        return Needs()

    def basis(self, day: date) -> Basis | None:
        """Return what the values for a day are learnt from; None: from all that was fed of the days before it."""
        return None

    def reach(self) -> int:
        """Return from how many trading days before a day its values are made, at most."""
        return self.days

    def why_not(self, symbol: str, day: date) -> str:
        """Return why a symbol has no value on a day; "" when it has one."""
        return "" if self.value(symbol, day) is not None else f"nothing is known of it before {day}"

    def missed(self, symbol: str, day: date) -> str:
        """Return why nothing could be learnt of a symbol from a day that was fed; "" when it could."""
        return ""

    def samples(self, day: date) -> list[Sample]:
        """Return what was made of a day that was fed, to be stored."""
        return []

    def restore(self, samples: Iterable[Sample], told: Iterable[Told] = ()) -> None:
        """Take samples in the place of the days that they were made of, and what was told of days that are over."""
