"""Rows of the lake as a backtest reads them: a stretch at a time, cut to days without copying."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liualgotrader.common.calendar import Calendar
from liualgotrader.common.events import Bar
from liualgotrader.data.lake import Action, ActionKind, Kind, Lake, Rows, adjusted
from liualgotrader.data.lake.daily import daily_from_minutes

DAY = 86_400_000_000_000
FAR = 1 << 62
_MOST_ROWS = 4_000_000
ROWS_A_DAY = 390


class History:
    """Reads a lake in stretches that fit into memory together, however many symbols there are."""

    def __init__(self, lake: Lake, calendar: Calendar, *, symbols: int, lookback: int) -> None:
        """`symbols`: how many may be at hand at once. `lookback`: ns that are kept before a day."""
        self.lake = lake
        self._calendar = calendar
        days = _MOST_ROWS // (ROWS_A_DAY * max(symbols, 1))
        self._stretch = min(max(days, 5), 400) * DAY
        self._lookback = lookback
        self._at_hand: dict[tuple[Kind, str], tuple[int, int, Rows]] = {}
        self._daily: dict[str, Rows] = {}
        self._actions: dict[str, tuple[Action, ...]] = {}
        self._by_day: dict[str, dict[date, list[Action]]] = {}

    def rows(self, kind: Kind, symbol: str, start: int, end: int) -> Rows:
        """Return the rows whose times lie in [start, end), raw."""
        known = self._at_hand.get((kind, symbol))
        if known is None or start < known[0] or end > known[1]:
            first, last = start - self._lookback, max(end, start + self._stretch)
            known = (first, last, self.lake.read(kind, symbol, first, last))
            self._at_hand[kind, symbol] = known
        rows = known[2]
        return rows.between(start, end)

    def daily(self, symbol: str) -> Rows:
        """Return all day bars of a symbol, raw; made from its minutes where there are none."""
        if symbol not in self._daily:
            rows = self.lake.read(Kind.DAY, symbol, 0, FAR)
            if not len(rows):
                minutes = self.lake.read(Kind.MINUTE, symbol, 0, FAR)
                rows = daily_from_minutes(minutes, self._calendar)
            self._daily[symbol] = rows
        return self._daily[symbol]

    def actions(self, symbol: str) -> tuple[Action, ...]:
        """Return a symbol's corporate actions, oldest first."""
        if symbol not in self._actions:
            self._actions[symbol] = self.lake.actions(symbol)
        return self._actions[symbol]

    def actions_on(self, symbol: str, day: date) -> list[Action]:
        """Return the actions that take effect on this trading day: its own, and those of idle days before it."""
        if symbol not in self._by_day:
            days = self._by_day[symbol] = {}
            for action in self.actions(symbol):
                days.setdefault(self._trading_day(action.ex_date), []).append(action)
        return self._by_day[symbol].get(day, [])

    def _trading_day(self, day: date) -> date:
        return day if self._calendar.is_session(day) else self._calendar.next_session(day).date

    def as_known(self, rows: Rows, as_of: int) -> Rows:
        """Return prices as they compare with today's: divided by the splits up to `as_of`."""
        actions = self.actions(rows.symbol)
        if not any(action.kind is ActionKind.SPLIT for action in actions) or not len(rows):
            return rows
        return adjusted(rows, actions, as_of=as_of, dividends=False)


def bars_of(rows: Rows, seconds: int) -> list[Bar]:
    """Return rows as bars."""
    count = len(rows)
    columns = [column.tolist() for column in rows.values]
    return list(map(Bar, [rows.symbol] * count, rows.start.tolist(), *columns, [seconds] * count))


class MergedBars:
    """The bars of several symbols by end, then by the order of the parts, made of the rows when they are asked for.

    The numbers of a bar lie side by side in memory, and the bars of one moment share it: whoever looks at all bars of
    a day one after the other finds them in the processor's caches, also where the bars of the day before have been.
    """

    def __init__(self, parts: Sequence[Rows], seconds: int) -> None:
        parts = [part for part in parts if len(part)]
        self._seconds = seconds
        self._starts = _joined([part.start for part in parts])
        order = np.argsort(self._starts, kind="stable")
        self._starts = self._starts[order]
        names = np.repeat(np.array([p.symbol for p in parts], object), [len(p) for p in parts])
        self._names: list[str] = names[order].tolist()
        columns = [_joined([part.values[i] for part in parts]) for i in range(5)]
        self._values = np.stack(columns, 1)[order]

    def between(self, start: int, end: int) -> tuple[list[Bar], list[int]]:
        """Return the bars that began in [start, end), ns UTC, and when each of them ended."""
        first, last = self._starts.searchsorted((start, end)).tolist()
        if first == last:
            return [], []
        starts = self._starts[first:last]
        numbers = self._values[first:last].ravel().tolist()
        bars = list(
            map(
                Bar,
                self._names[first:last],
                _shared(starts),
                *(numbers[i::5] for i in range(5)),
                repeat(self._seconds),
            )
        )
        return bars, _shared(starts + self._seconds * 1_000_000_000)


def _joined(columns: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(columns) if columns else np.empty(0, np.int64)


def _shared(moments: NDArray[np.int64]) -> list[int]:
    """Return ascending moments as a list in which equal ones are one object."""
    begins = np.concatenate(([True], moments[1:] != moments[:-1]))
    distinct = np.array(moments[begins].tolist(), object)
    shared: list[int] = distinct[np.cumsum(begins) - 1].tolist()
    return shared
