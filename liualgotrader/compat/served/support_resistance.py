"""`liualgotrader.fincalcs.support_resistance`, over frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from liualgotrader.compat.frames import OldSeries
from liualgotrader.compat.served.frame_columns import columns, moment, starts
from liualgotrader.compat.world import current
from liualgotrader.fincalcs import support_resistance as today
from liualgotrader.fincalcs.support_resistance import StopRangeType

__all__ = [
    "StopRangeType",
    "find_resistances",
    "find_stop",
    "find_supports",
    "get_local_maxima",
    "grouper",
]

_SESSIONS = 3


def grouper(iterable: Iterable[float]) -> Iterator[list[float]]:
    """Yield runs of neighbours within two percent."""
    return today.grouper(iterable)


def get_local_maxima(series: pd.Series[float]) -> OldSeries:
    """Return the values that are higher than their neighbours."""
    rises = series.diff()
    return OldSeries(series[(rises >= 0) & (rises.shift(-1) <= 0)])


async def find_resistances(
    symbol: str, strategy_name: str, current_value: float, minute_history: pd.DataFrame
) -> list[float] | None:
    """Return the 15-minute maxima of the last three sessions at or above a price, ascending; None without any."""
    ctx = current().context("find_resistances()")
    stamps = starts(minute_history.index)
    (high,) = columns(minute_history, "high")
    found = today.find_resistances(
        stamps, high, current=current_value, now=ctx.clock.now(), sessions=_sessions(minute_history)
    )
    return found or None


def find_supports(
    current_value: float,
    minute_history: pd.DataFrame,
    now: Any,
    range: StopRangeType = StopRangeType.LAST_100_MINUTES,
) -> list[float] | None:
    """Return the 5-minute minima of a range below a price, oldest first; None without any."""
    found = today.find_supports(
        starts(minute_history.index),
        *columns(minute_history, "low"),
        current=current_value,
        now=moment(now),
        session_start=_session_start(),
        range_type=range,
    )
    return found or None


def find_stop(
    current_value: float,
    minute_history: pd.DataFrame,
    now: Any,
    range: StopRangeType = StopRangeType.LAST_100_MINUTES,
) -> float | None:
    """Return the newest 5-minute minimum of a range, or None."""
    return today.find_stop(
        starts(minute_history.index),
        *columns(minute_history, "low"),
        now=moment(now),
        session_start=_session_start(),
        range_type=range,
    )


def _session_start() -> int:
    return current().context("find_stop()").session_open


def _sessions(frame: pd.DataFrame) -> list[tuple[int, int]]:
    """Return open and close of the last days that a frame has bars of: 9:30 to 16:00."""
    days = pd.DatetimeIndex(frame.index).normalize().unique()[-_SESSIONS:]
    opens = [day + pd.Timedelta(hours=9, minutes=30) for day in days]
    return [
        (int(each.value), int((each + pd.Timedelta(hours=6, minutes=30)).value)) for each in opens
    ]
