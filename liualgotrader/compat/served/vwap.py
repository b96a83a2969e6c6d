"""`liualgotrader.fincalcs.vwap`, over frames."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from liualgotrader.compat.frames import OldSeries
from liualgotrader.compat.served.frame_columns import columns, moment, starts
from liualgotrader.fincalcs import vwap as today

_PRICES = ("high", "low", "close", "volume")


def anchored_vwap(ohlc_data: pd.DataFrame, start_time: Any) -> OldSeries:
    """Return the volume-weighted average price from a moment on."""
    anchor = moment(start_time)
    high, low, close, volume = columns(ohlc_data, *_PRICES)
    prices = today.anchored_vwap(high, low, close, volume, starts(ohlc_data.index), anchor)
    series = OldSeries(prices, index=ohlc_data.index)
    return OldSeries(series[starts(ohlc_data.index) >= anchor])


def add_daily_vwap(
    minute_data: pd.DataFrame, debug: bool = False, back_time: Any = None, in_place: bool = True
) -> Any:
    """Add average, pv, apv, av and vwap from a moment on (else the day's midnight); say whether that could be done.

    Not in place: return the average price as a series.
    """
    if not len(minute_data):
        return False
    index = pd.DatetimeIndex(minute_data.index)
    anchor = moment(back_time) if back_time is not None else int(index[-1].normalize().value)
    inside = starts(index) >= anchor
    average = today.typical_price(*columns(minute_data, "high", "low", "close"))
    (volume,) = columns(minute_data, "volume")
    pv = np.where(inside, average * volume, 0.0)
    apv, av = np.cumsum(pv), np.cumsum(np.where(inside, volume, 0.0))
    prices = np.full(len(av), np.nan)
    np.divide(apv, av, out=prices, where=av > 0)
    if not in_place:
        return OldSeries(prices, index=minute_data.index, name="vwap")
    for name, values in (
        ("average", average), ("pv", pv), ("apv", apv), ("av", av), ("vwap", prices),
    ):  # fmt: skip
        minute_data[name] = values
    return bool(inside.any())
