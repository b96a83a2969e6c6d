"""One symbol on one day: the day before, and what its minutes add up to after each of them."""

from __future__ import annotations

import numpy as np

from liualgotrader.common.events import Bar
from liualgotrader.data.lake.days import MINUTE
from liualgotrader.data.lake.kinds import DAY_SECONDS
from liualgotrader.data.lake.rows import Rows


class DaySoFar:
    """Answers in a few array accesses, for it is asked every few minutes for every symbol.

    `minutes`: those of the day, raw. `midnight` and `hours`: when the day begins, and when its
    regular hours begin and end, ns UTC. `previous`: the last day bar before it, as known on it.
    """

    def __init__(
        self, minutes: Rows, midnight: int, hours: tuple[int, int], previous: Bar | None
    ) -> None:
        self.previous = previous
        # Copied, so that a day does not keep the month alive that it was cut from.
        self._minutes = minutes.take(np.arange(len(minutes)))
        self._midnight = midnight
        self._ends = self._minutes.start + MINUTE
        begin, stop = self._minutes.start.searchsorted(hours).tolist()
        regular = self._minutes.cut(begin, stop)
        self._begin, self._stop = begin, stop
        self._high = np.maximum.accumulate(regular.high)
        self._low = np.minimum.accumulate(regular.low)
        self._volume = np.cumsum(regular.volume)

    def __len__(self) -> int:
        return len(self._ends)

    def at(self, now: int) -> tuple[Bar | None, Bar | None]:
        """Return the newest minute, and the minutes of regular hours as one bar of the day.

        Of the minutes that were complete by `now`, ns UTC; None when there was none.
        """
        count = int(self._ends.searchsorted(now, "right"))
        if not count:
            return None, None
        opened, high, low, close, volume = self._minutes.values
        symbol, i = self._minutes.symbol, count - 1
        minute = Bar(
            symbol,
            self._minutes.start.item(i),
            opened.item(i),
            high.item(i),
            low.item(i),
            close.item(i),
            volume.item(i),
        )
        last = min(count, self._stop) - 1
        if last < self._begin:
            return minute, None
        i = last - self._begin
        day = Bar(
            symbol,
            self._midnight,
            opened.item(self._begin),
            self._high.item(i),
            self._low.item(i),
            close.item(last),
            self._volume.item(i),
            DAY_SECONDS,
        )
        return minute, day
