"""Join bars into longer ones: a whole history at once, or bar by bar as they come.

A bucket carries the time of its start, as a bar does. Buckets are counted from the session's open
where it is given: hours from 09:30 are 09:30, 10:30 and so on, and the first never mixes with what
came before the open. Without it they are multiples of their width since 1970-01-01 UTC. A bucket in
which nothing traded is absent. The last one of a batch may be unfinished: see `complete_by`.
"""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from liualgotrader.common.clock import MINUTE
from liualgotrader.fincalcs.arrays import FloatArray, IntArray, float_columns, nanoseconds


class ResampleRangeType(Enum):
    """The widths to which bars can be joined; `value` is in minutes."""

    min_1 = 1
    min_2 = 2
    min_5 = 5
    min_10 = 10
    min_15 = 15
    min_30 = 30
    min_60 = 60

    @property
    def width(self) -> int:
        """Return the width in ns."""
        return self.value * MINUTE


class BarSeries(NamedTuple):
    """Columns of bars; `times` are starts in ns UTC."""

    times: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray


class Bucket(NamedTuple):
    """One joined bar; `time` is its start in ns UTC."""

    time: int
    open: float
    high: float
    low: float
    close: float
    volume: float


def bucket_starts(times: IntArray, width: int, session_opens: Sequence[int] = ()) -> IntArray:
    """Return the start of the bucket of each time, counted from the latest open at or before it.

    What precedes the first open is counted backwards from it.
    """
    if not session_opens:
        return times // width * width
    opens = nanoseconds(session_opens, len(session_opens))
    anchors = opens[np.maximum(np.searchsorted(opens, times, side="right") - 1, 0)]
    return anchors + (times - anchors) // width * width


def resample(
    times: npt.ArrayLike,
    open: npt.ArrayLike,
    high: npt.ArrayLike,
    low: npt.ArrayLike,
    close: npt.ArrayLike,
    volume: npt.ArrayLike,
    *,
    to: ResampleRangeType,
    session_opens: Sequence[int] = (),
) -> BarSeries:
    """Join bars (`times` are their starts, int ns UTC, ascending) into buckets of width `to`."""
    opens, highs, lows, closes, volumes = float_columns(open, high, low, close, volume)
    stamps = bucket_starts(nanoseconds(times, len(opens)), to.width, session_opens)
    if not len(stamps):
        return BarSeries(stamps, opens, highs, lows, closes, volumes)
    fresh = np.append(True, stamps[1:] != stamps[:-1])
    first = np.flatnonzero(fresh)
    last = np.append(first[1:], len(stamps)) - 1
    return BarSeries(
        stamps[first],
        opens[first],
        np.maximum.reduceat(highs, first),
        np.minimum.reduceat(lows, first),
        closes[last],
        # reduceat would add pairwise, and fractional volumes then differ from the Resampler's
        np.bincount(np.cumsum(fresh) - 1, weights=volumes).astype(np.float64),
    )


def complete_by(bars: BarSeries, now: int, *, to: ResampleRangeType) -> BarSeries:
    """Return the buckets that were complete at `now` (ns UTC), each counted at its full width."""
    times, *prices = bars
    known = int(np.searchsorted(times, now - to.width, side="right"))
    return BarSeries(times[:known], *(column[:known] for column in prices))


class Resampler:
    """Join bars one at a time; `current` is the unfinished bucket or None.

    A bucket is complete as soon as the bar that ends it is in, given the width `source` of the
    bars; it does not wait for the next one.
    """

    __slots__ = (
        "_anchor", "_close", "_end", "_high", "_low", "_open", "_source", "_start", "_volume",
        "_width",
    )  # fmt: skip

    def __init__(
        self, to: ResampleRangeType, session_open: int = 0, *, source: int = MINUTE
    ) -> None:
        self._width = to.width
        self._anchor = session_open
        self._source = source
        self._start: int | None = None
        self._end = 0
        self._open = self._high = self._low = self._close = self._volume = 0.0

    @property
    def current(self) -> Bucket | None:
        """Return the unfinished bucket as it stands, or None."""
        if self._start is None:
            return None
        return Bucket(self._start, self._open, self._high, self._low, self._close, self._volume)

    def open_session(self, session_open: int) -> tuple[Bucket, ...]:
        """Count from `session_open` (ns UTC) now; return the bucket that this cuts off, if any."""
        self._anchor = session_open
        return self.flush()

    def flush(self) -> tuple[Bucket, ...]:
        """Return the unfinished bucket, if any: nothing more will come, or its time is over."""
        current = self.current
        self._start = None
        return () if current is None else (current,)

    def update(
        self, time: int, open: float, high: float, low: float, close: float, volume: float
    ) -> tuple[Bucket, ...]:
        """Take the next bar (`time`: its start, ns UTC) and return the buckets it completes.

        They are none or one, or two when the bar also shows that the one before had ended.
        Raise ValueError for a bar that is older than the current bucket.
        """
        ended: tuple[Bucket, ...] = ()
        if self._start is None or not self._start <= time < self._end:
            ended = self._begin(time, open, high, low)
        elif high > self._high or low < self._low:
            self._high = max(self._high, high)
            self._low = min(self._low, low)
        self._close = close
        self._volume += volume
        return ended + self.flush() if time + self._source >= self._end else ended

    def _begin(self, time: int, open: float, high: float, low: float) -> tuple[Bucket, ...]:
        if self._start is not None and time < self._start:
            raise ValueError(f"bar at {time} precedes the bucket at {self._start}")
        ended = self.flush()
        self._start = start = self._anchor + (time - self._anchor) // self._width * self._width
        self._end = start + self._width
        self._open, self._high, self._low = open, high, low
        self._volume = 0.0
        return ended
