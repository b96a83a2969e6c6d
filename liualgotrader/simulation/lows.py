"""The lowest prices of stretches of a row of events that is there as a whole."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable

from liualgotrader.common.events import Bar, MarketEvent, Trade


class _Row:
    """One symbol's prices: from when to when each was traded. Equal for a print."""

    __slots__ = ("begin", "end", "price")

    def __init__(self) -> None:
        self.begin = array("q")
        self.end = array("q")
        self.price = array("d")

    def add(self, begin: int, end: int, price: float) -> None:
        self.begin.append(begin)
        self.end.append(end)
        self.price.append(price)


class Lows:
    """Reads the events once, when somebody asks first."""

    def __init__(self, events: Callable[[], Iterable[MarketEvent]]) -> None:
        self._events = events
        self._prints: dict[str, _Row] | None = None
        self._bars: dict[str, _Row] = {}

    def between(self, symbol: str, since: int, upto: int) -> float | None:
        """Return the lowest print in [since, upto), or bar complete by then where none printed."""
        if self._prints is None:
            self._prints = self._read()
        prints = self._prints.get(symbol)
        if prints is not None:
            begin, end = bisect_left(prints.begin, since), bisect_left(prints.begin, upto)
            return min(prints.price[begin:end], default=None)
        bars = self._bars.get(symbol)
        if bars is None:
            return None
        begin, end = bisect_left(bars.begin, since), bisect_right(bars.end, upto)
        return min(bars.price[begin:end], default=None)

    def _read(self) -> dict[str, _Row]:
        prints: dict[str, _Row] = {}
        for event in self._events():
            if type(event) is Trade:
                ts: int = event.time  # type: ignore[assignment]  # times of the past are numbers
                prints.setdefault(event.symbol, _Row()).add(ts, ts, event.price)
            elif type(event) is Bar:
                row = self._bars.setdefault(event.symbol, _Row())
                row.add(event.start, event.ts_event, event.low)
        return prints
