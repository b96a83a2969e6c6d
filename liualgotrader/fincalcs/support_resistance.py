"""Find the prices at which a move has turned before.

Bars are given as arrays: starts in int ns UTC (ascending) beside highs or lows. They are joined
into short buckets, and a bucket whose extreme stands out from both neighbours is a turning point.
Only buckets that were complete at `now` take part: the extreme of an unfinished one may still move,
and the level would be repainted.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum

import numpy as np
import numpy.typing as npt

from liualgotrader.common.clock import MINUTE
from liualgotrader.fincalcs.arrays import FloatArray, IntArray, floats, nanoseconds
from liualgotrader.fincalcs.resample import bucket_starts

GROUP_MARGIN = 0.02
LOW_BUCKET = 5 * MINUTE
HIGH_BUCKET = 15 * MINUTE
WEEK = 7 * 24 * 60 * MINUTE


class StopRangeType(Enum):
    """How far back to look for a support."""

    LAST_100_MINUTES = 1
    LAST_2_HOURS = 2
    LAST_3_HOURS = 3
    DAILY = 10
    WEEKLY = 20
    DATE_RANGE = 50


_WITHIN_SESSION = {
    StopRangeType.LAST_100_MINUTES: 100 * MINUTE,
    StopRangeType.LAST_2_HOURS: 120 * MINUTE,
    StopRangeType.LAST_3_HOURS: 180 * MINUTE,
}


def grouper(values: Iterable[float], *, margin: float = GROUP_MARGIN) -> Iterator[list[float]]:
    """Yield runs of values in which each is within `margin` (a fraction) of the one before."""
    group: list[float] = []
    for value in values:
        if group and abs(value - group[-1]) > margin * abs(group[-1]):
            yield group
            group = []
        group.append(value)
    if group:
        yield group


def get_local_maxima(
    times: npt.ArrayLike,
    values: npt.ArrayLike,
    *,
    now: int,
    session_start: int = 0,
    bucket: int = LOW_BUCKET,
) -> tuple[IntArray, FloatArray]:
    """Return starts and heights of the buckets (ns wide) that stand above both neighbours.

    A plateau counts once, at its first bucket, and only if it is left downwards; the first and the
    last bucket never count, for one of their sides is unknown.
    """
    starts, heights = _extremes(
        times, values, fold=np.maximum, now=now, session_start=session_start, bucket=bucket
    )
    peaks = _peaks(heights)
    return starts[peaks], heights[peaks]


def get_local_minima(
    times: npt.ArrayLike,
    values: npt.ArrayLike,
    *,
    now: int,
    session_start: int = 0,
    bucket: int = LOW_BUCKET,
) -> tuple[IntArray, FloatArray]:
    """Return starts and depths of the buckets that lie below both neighbours (see the maxima)."""
    starts, depths = _extremes(
        times, values, fold=np.minimum, now=now, session_start=session_start, bucket=bucket
    )
    troughs = _peaks(-depths)
    return starts[troughs], depths[troughs]


def find_resistances(
    times: npt.ArrayLike,
    high: npt.ArrayLike,
    *,
    current: float,
    now: int,
    sessions: Sequence[tuple[int, int]],
) -> list[float]:
    """Return the 15-minute maxima at or above `current`, ascending; empty if there is none.

    `sessions` are the (open, close) times in ns UTC to look at, oldest first, say those of the
    last three days; bars outside them are ignored, and a session's first bucket has the last of
    the session before for its neighbour.
    """
    highs = floats(high)
    stamps = nanoseconds(times, len(highs))
    heights = [np.empty(0)]
    for opened, closed in sessions:
        span = slice(*np.searchsorted(stamps, [opened, closed]).tolist())
        _, highest = _extremes(
            stamps[span],
            highs[span],
            fold=np.maximum,
            now=min(now, closed),
            session_start=opened,
            bucket=HIGH_BUCKET,
        )
        heights.append(highest)
    joined = np.concatenate(heights)
    levels = joined[_peaks(joined)]
    return sorted(float(level) for level in levels if level >= current)


def find_supports(
    times: npt.ArrayLike,
    low: npt.ArrayLike,
    *,
    current: float,
    now: int,
    session_start: int,
    range_type: StopRangeType = StopRangeType.LAST_100_MINUTES,
    since: int | None = None,
) -> list[float]:
    """Return the 5-minute minima below `current`, oldest first; empty if there is none.

    The ranges up to DAILY end at `session_start`; WEEKLY looks back seven days; DATE_RANGE needs
    `since`. All times are ns UTC.
    """
    begin = _range_start(range_type, now, session_start, since)
    troughs = _troughs_since(times, low, begin=begin, now=now, session_start=session_start)
    return [level for level in troughs if level < current]


def find_stop(
    times: npt.ArrayLike,
    low: npt.ArrayLike,
    *,
    now: int,
    session_start: int,
    range_type: StopRangeType = StopRangeType.LAST_100_MINUTES,
    since: int | None = None,
) -> float | None:
    """Return the latest 5-minute minimum of the range (see `find_supports`), or None."""
    begin = _range_start(range_type, now, session_start, since)
    troughs = _troughs_since(times, low, begin=begin, now=now, session_start=session_start)
    return troughs[-1] if troughs else None


def _range_start(range_type: StopRangeType, now: int, session_start: int, since: int | None) -> int:
    if range_type is StopRangeType.DATE_RANGE:
        if since is None:
            raise ValueError("DATE_RANGE needs `since`")
        return since
    if range_type is StopRangeType.WEEKLY:
        return now - WEEK
    if range_type is StopRangeType.DAILY:
        return session_start
    return max(now - _WITHIN_SESSION[range_type], session_start)


def _troughs_since(
    times: npt.ArrayLike, low: npt.ArrayLike, *, begin: int, now: int, session_start: int
) -> list[float]:
    lows = floats(low)
    stamps = nanoseconds(times, len(lows))
    # whole buckets only: one cut in two would seem less deep and make its neighbour a trough
    whole = session_start - (session_start - begin) // LOW_BUCKET * LOW_BUCKET
    first = int(np.searchsorted(stamps, whole))
    _, troughs = get_local_minima(
        stamps[first:], lows[first:], now=now, session_start=session_start
    )
    return [float(trough) for trough in troughs]


def _extremes(
    times: npt.ArrayLike,
    values: npt.ArrayLike,
    *,
    fold: np.ufunc,
    now: int,
    session_start: int,
    bucket: int,
) -> tuple[IntArray, FloatArray]:
    series = floats(values)
    buckets = bucket_starts(nanoseconds(times, len(series)), bucket, (session_start,))
    known = int(np.searchsorted(buckets, now - bucket, side="right"))
    starts, first = np.unique(buckets[:known], return_index=True)
    if not len(first):
        return starts, series[:0]
    return starts, fold.reduceat(series[:known], first)


def _peaks(values: FloatArray) -> IntArray:
    """Return where each rise turns into a fall, a plateau by its first place."""
    places = np.flatnonzero(np.append(True, values[1:] != values[:-1])[: len(values)])
    slopes = np.diff(values[places])
    return places[1:-1][(slopes[:-1] > 0) & (slopes[1:] < 0)]
