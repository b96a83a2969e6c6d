"""What a pair strategy knows of its two symbols: log prices side by side, and the line through them."""

from __future__ import annotations

from collections import deque
from math import log

from liualgotrader.fincalcs import Line, fit_line

_MOST_WAITING = 1000
"""So many bars of one symbol are kept for the other's at the same time; history comes symbol by symbol."""


class PairWindow:
    """The last `size` moments at which both symbols had a bar, at the same cost for each bar."""

    def __init__(self, size: int) -> None:
        self._waiting: tuple[dict[int, float], dict[int, float]] = ({}, {})
        self._points: deque[tuple[float, float]] = deque(maxlen=size)
        self._last_start = -1

    def learn(self, leg: int, start: int, price: float) -> bool:
        """Take a price of leg 0 or 1; say whether the other leg had one at the same time."""
        if start <= self._last_start:
            return False
        mine, other = self._waiting[leg], self._waiting[1 - leg]
        if start not in other:
            mine[start] = log(price)
            if len(mine) > _MOST_WAITING:
                del mine[next(iter(mine))]
            return False
        point = (log(price), other[start])
        self._points.append(point if leg == 0 else (point[1], point[0]))
        self._last_start = start
        for waiting in self._waiting:
            while waiting and (first := next(iter(waiting))) <= start:
                del waiting[first]
        return True

    @property
    def newest(self) -> tuple[float, float]:
        """The newest log prices of leg 0 and leg 1."""
        return self._points[-1]

    def line(self) -> Line | None:
        """Return leg 0 as a line over leg 1, in logarithms; None until the window is full."""
        if len(self._points) < (self._points.maxlen or 0):
            return None
        firsts, seconds = zip(*self._points, strict=True)
        return fit_line(seconds, firsts)

    def shift(self, leg: int, ratio: float) -> None:
        """Restate a leg's prices for a split of `ratio` new shares for an old one."""
        by = log(ratio)
        waiting = self._waiting[leg]
        waiting.update({start: price - by for start, price in waiting.items()})
        off = (by, 0.0) if leg == 0 else (0.0, by)
        moved = [(first - off[0], second - off[1]) for first, second in self._points]
        self._points.extend(moved)
