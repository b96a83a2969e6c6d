"""`liualgotrader.fincalcs.resample`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from liualgotrader.compat.frames import OldFrame, times
from liualgotrader.compat.served.frame_columns import columns, starts
from liualgotrader.fincalcs.resample import ResampleRangeType
from liualgotrader.fincalcs.resample import resample as joined_bars

__all__ = ["ResampleRangeType", "resample"]

_NAMES = ("open", "high", "low", "close", "volume")


def resample(ohlc: pd.DataFrame, resample_range: ResampleRangeType) -> OldFrame:
    """Return a frame's bars joined into longer ones: open, high, low, close, volume."""
    joined = joined_bars(starts(ohlc.index), *columns(ohlc, *_NAMES), to=resample_range)
    return OldFrame(np.column_stack(joined[1:]), columns=list(_NAMES), index=times(joined.times))  # type: ignore[arg-type]
