"""The bars of a strategy's DataLoader: what its engine has admitted, and nothing else."""

from __future__ import annotations

from math import ceil

import pandas as pd

from liualgotrader.common.clock import MINUTE
from liualgotrader.common.data_loader import DataLoader, SymbolData
from liualgotrader.compat.errors import NothingLoaded
from liualgotrader.compat.frames import timestamp
from liualgotrader.strategies.base import Context

DAY_SECONDS = 86_400
_DAY = DAY_SECONDS * 1_000_000_000
_SESSION_MINUTES = 390
_LATE = 20 * MINUTE
"""So long after its moment a bar may be decided on: of a delayed feed, fifteen minutes."""


class AdmittedBars:
    """A strategy's `Source`. `minutes`, `days`: how much history its table in the plan, or its class, declares.

    `undeclared`: the error raised for history that was not declared. Classes catch what their DataLoader raises, and
    this one comes with every bar until the plan is mended.
    """

    def __init__(self, ctx: Context, name: str, *, minutes: int, days: int) -> None:
        self._ctx = ctx
        self._name = name
        self.undeclared: NothingLoaded | None = None
        self._said: set[str] = set()
        self._declared = {False: minutes, True: days}

    @property
    def by_day(self) -> bool:
        """Whether the engine decides on day bars."""
        return self._ctx.data.seconds == DAY_SECONDS

    def now(self) -> pd.Timestamp:
        """Return engine time."""
        return timestamp(self._ctx.clock.now())

    def symbols(self) -> list[str]:
        """Return the symbols of which bars were admitted."""
        return list(self._ctx.data)

    def bars(
        self,
        symbol: str,
        *,
        daily: bool,
        since: int | None = None,
        at: int | None = None,
        count: int = 0,
    ) -> SymbolData:
        """Return what was admitted of a symbol. Raises NothingLoaded where too little was declared."""
        by_day = daily or self.by_day
        data = self._ctx.data.daily if by_day else self._ctx.data
        found = self._find(data, symbol, by_day=by_day)
        if count > len(found):
            self._check(symbol, count, f"the last {count}", by_day=by_day)
        if since is not None and since < found.starts[0]:
            missing = max(self._ctx.clock.now() - since - _LATE, 0)
            needed = ceil(missing / _DAY) * 5 // 7 if by_day else _minutes(missing)
            self._check(symbol, needed, f"those since {timestamp(since)}", by_day=by_day)
        return found

    def _find(self, data: DataLoader, symbol: str, *, by_day: bool) -> SymbolData:
        name = symbol if symbol in data else symbol.upper()
        if name in data:
            return data[name]
        if symbol in self._ctx.symbols or name in self._ctx.symbols:
            what = "there are none yet" if not by_day else self._declare(by_day=by_day, count=250)
        else:
            what = "it is not among the symbols of this strategy: name it in session.symbols, or have a scanner pick it"
        raise self._told(f"{symbol}: no {self._kind(by_day=by_day)} were admitted; {what}")

    def _check(self, symbol: str, needed: int, what: str, *, by_day: bool) -> None:
        declared = max(self._declared.values()) if self.by_day else self._declared[by_day]
        if needed <= declared:
            return  # as much as that was asked for, so there is no more
        self.undeclared = NothingLoaded(
            f"{symbol}: of its {self._kind(by_day=by_day)} {what} are not all loaded; "
            f"{self._declare(by_day=by_day, count=needed)}"
        )
        raise self.undeclared

    def _told(self, text: str) -> NothingLoaded:
        """Return the error, once it is in the log: old classes catch what their DataLoader raises."""
        if text not in self._said:
            self._said.add(text)
            self._ctx.log(text)
        return NothingLoaded(text)

    def _kind(self, *, by_day: bool) -> str:
        return "day bars" if by_day else "minute bars"

    def _declare(self, *, by_day: bool, count: int) -> str:
        key = "warmup_days" if by_day else "warmup"
        return f"set strategies.{self._name}.{key} = {count} in the plan, or {key} in the class"


def _minutes(ns: int) -> int:
    """Return how many minutes of sessions a stretch of time holds at most."""
    return min(ceil(ns / MINUTE), ceil(ns / _DAY) * _SESSION_MINUTES)
