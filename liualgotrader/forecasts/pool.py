"""The samples of all symbols by day, and what can be learnt from those before a day."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date
from hashlib import blake2b

import msgspec
import numpy as np
from numpy.typing import NDArray

from liualgotrader.common.bar_table import Floats
from liualgotrader.forecasts.base import Sample


class Lesson(msgspec.Struct, frozen=True, eq=False):
    """What is learnt from: `rows` of shape (n, features and own means), `targets` of shape (n,).

    `days`: how many days it is from, `through` the newest of them; `version`: a digest of it.
    """

    rows: Floats
    targets: Floats
    days: int
    through: date
    version: str


class _Table(msgspec.Struct, frozen=True, eq=False):
    """All samples that can be learnt from, by day and symbol, with own means over `own_days` days at most."""

    own_days: int
    days: NDArray[np.int64]
    symbols: list[str]
    rows: Floats
    targets: Floats


class Pool:
    """Samples by symbol and day; one that is put again takes the place of the one before.

    `own_days`: over how many of its last targets a symbol's own means are, which join the features.
    """

    def __init__(self, own_days: Sequence[int]) -> None:
        self._own_days = own_days
        self._samples: dict[str, dict[date, Sample]] = {}
        self._own: dict[str, tuple[list[date], list[float]]] = {}
        self._days: list[date] = []
        self._table: _Table | None = None

    def put(self, samples: Iterable[Sample]) -> None:
        """Take samples in."""
        days = set(self._days)
        for each in samples:
            self._samples.setdefault(each.symbol, {})[each.day] = each
            self._own.pop(each.symbol, None)
            days.add(each.day)
        self._days = sorted(days)
        self._table = None

    @property
    def days(self) -> Sequence[date]:
        """The days that there are samples of, oldest first."""
        return self._days

    def symbols(self) -> Iterable[str]:
        """Return what there are samples of."""
        return self._samples

    def get(self, symbol: str, day: date) -> Sample | None:
        """Return one sample."""
        return self._samples.get(symbol, {}).get(day)

    def of(self, day: date) -> list[Sample]:
        """Return a day's samples, by symbol."""
        return [each[day] for _, each in sorted(self._samples.items()) if day in each]

    def own(self, symbol: str, day: date, days: int) -> Sequence[float]:
        """Return a symbol's targets of the last `days` days before a day, oldest first."""
        known, targets = self._own_targets(symbol)
        return targets[bisect_left(known, self._since(day, days)) : bisect_left(known, day)]

    def row(self, features: Sequence[float], own: Sequence[float]) -> list[float]:
        """Return what a model is shown of a symbol that has `own` targets: one at least, if they are to join."""
        means = (sum(part := own[-count:]) / len(part) for count in self._own_days)
        return [*features, *means]

    def lesson(self, day: date, days: int) -> Lesson | None:
        """Return what the last `days` days before a day teach; None when that is nothing."""
        table = self._made_table(days)
        since = self._since(day, days)
        begin, end = table.days.searchsorted((since.toordinal(), day.toordinal()))
        known = np.flatnonzero(np.isfinite(table.targets[begin:end])) + begin
        if not len(known):
            return None
        rows, targets, numbers = table.rows[known], table.targets[known], table.days[known]
        digest = blake2b(digest_size=8)
        for part in (numbers, rows, targets):
            digest.update(part.tobytes())
        digest.update("\n".join(table.symbols[i] for i in known).encode())
        through = date.fromordinal(int(numbers[-1]))
        return Lesson(rows, targets, len(np.unique(numbers)), through, digest.hexdigest())

    def _since(self, day: date, days: int) -> date:
        """Return the first of the last `days` days before a day."""
        index = bisect_left(self._days, day)
        return self._days[max(0, index - days)] if index else day

    def _own_targets(self, symbol: str) -> tuple[list[date], list[float]]:
        if symbol not in self._own:
            pairs = sorted(
                (each.day, each.target)
                for each in self._samples.get(symbol, {}).values()
                if each.target is not None
            )
            self._own[symbol] = ([day for day, _ in pairs], [target for _, target in pairs])
        return self._own[symbol]

    def _made_table(self, days: int) -> _Table:
        if self._table is None or self._table.own_days != days:
            found = []
            for symbol, samples in self._samples.items():
                for day, sample in samples.items():
                    own = self.own(symbol, day, days)
                    if sample.features and (own or not self._own_days):
                        row = self.row(sample.features, own)
                        found.append((day.toordinal(), symbol, row, sample.target))
            found.sort(key=lambda each: each[:2])
            targets = [np.nan if each[3] is None else each[3] for each in found]
            self._table = _Table(
                days,
                np.array([each[0] for each in found], np.int64),
                [each[1] for each in found],
                np.array([each[2] for each in found], np.float64),
                np.array(targets, np.float64),
            )
        return self._table
