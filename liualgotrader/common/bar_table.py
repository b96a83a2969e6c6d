"""Bars of one symbol as columns, for what looks at many of them at once: miners and forecasts."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class BarTable(msgspec.Struct, frozen=True, eq=False):
    """Bars of one length, oldest first; every column has the shape (n,).

    `start`: when each began, ns UTC. Prices in the quote currency, `volume` in shares or coins.
    """

    symbol: str
    start: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __len__(self) -> int:
        return len(self.start)

    def cut(self, begin: int, stop: int) -> BarTable:
        """Return the rows from index `begin` up to `stop`, as views."""
        columns = (self.open, self.high, self.low, self.close, self.volume)
        return BarTable(
            self.symbol, self.start[begin:stop], *(column[begin:stop] for column in columns)
        )

    def between(self, start: int, end: int) -> BarTable:
        """Return the bars that began in [start, end), ns UTC, as views."""
        begin, stop = self.start.searchsorted((start, end))
        return self.cut(int(begin), int(stop))


def no_bars(symbol: str) -> BarTable:
    """Return a table without rows."""
    empty = np.empty(0)
    return BarTable(symbol, np.empty(0, np.int64), empty, empty, empty, empty, empty)
