"""Frames of 0.4 as the arrays that today's indicators take."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

FloatArray = npt.NDArray[np.float64]


def starts(index: pd.Index[Any]) -> npt.NDArray[np.int64]:
    """Return when bars began, ns UTC."""
    moments = pd.DatetimeIndex(index)
    if moments.tz is None:
        moments = moments.tz_localize("America/New_York")
    return np.asarray(
        moments.tz_convert("UTC").tz_localize(None).as_unit("ns").asi8, dtype=np.int64
    )


def columns(frame: pd.DataFrame, *names: str) -> tuple[FloatArray, ...]:
    """Return columns by name."""
    return tuple(frame[name].to_numpy(dtype=float) for name in names)


def moment(now: Any) -> int:
    """Return a moment as ns UTC; one without a zone is New York's."""
    read = pd.Timestamp(now)
    return int((read if read.tzinfo is not None else read.tz_localize("America/New_York")).value)
