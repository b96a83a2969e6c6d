"""pandas frames and columns that still take what pandas 1.5 took, with which old classes were written.

`column[-1]` counted where the index holds times, `append` and `fillna(method=...)` were there. What is computed
from such a column (a rolling mean, a difference, a resampled one) is of the same kind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from liualgotrader.common.data_loader import SymbolData

COLUMNS = ("open", "high", "low", "close", "volume", "vwap", "average", "count")
PRICES = COLUMNS[:5]
_INDEX = pd.Index(COLUMNS)
NEW_YORK = "America/New_York"


class OldSeries(pd.Series):
    """A column whose whole numbers count where the index holds no whole numbers."""

    @property
    def _constructor(self) -> Callable[..., OldSeries]:
        return OldSeries

    @property
    def _constructor_expanddim(self) -> Callable[..., OldFrame]:
        return OldFrame

    def __getitem__(self, key: Any) -> Any:
        return self.iloc[int(key)] if self._counts(key) else super().__getitem__(key)

    def __setitem__(self, key: Any, value: Any) -> None:
        if self._counts(key):
            self.iloc[int(key)] = value
        else:
            super().__setitem__(key, value)

    def _counts(self, key: Any) -> bool:
        is_whole = isinstance(key, int | np.integer) and not isinstance(key, bool)
        return is_whole and not pd.api.types.is_integer_dtype(self.index.dtype)

    def append(self, other: Any, ignore_index: bool = False) -> OldSeries:
        """Return both, one behind the other."""
        return OldSeries(pd.concat([self, *_several(other)], ignore_index=ignore_index))

    def fillna(self, value: Any = None, *, method: str | None = None, **options: Any) -> Any:
        """Fill what is missing with a value, or, with `method`, with a neighbour."""
        return super().fillna(value, **options) if method is None else _filled(self, method)


class OldFrame(pd.DataFrame):
    """A frame whose columns are `OldSeries`."""

    @property
    def _constructor(self) -> Callable[..., OldFrame]:
        return OldFrame

    @property
    def _constructor_sliced(self) -> Callable[..., OldSeries]:
        return OldSeries

    def append(self, other: Any, ignore_index: bool = False) -> OldFrame:
        """Return both, one below the other."""
        return OldFrame(pd.concat([self, *_several(other)], ignore_index=ignore_index))

    def fillna(self, value: Any = None, *, method: str | None = None, **options: Any) -> Any:
        """Fill what is missing with a value, or, with `method`, with a neighbour."""
        return super().fillna(value, **options) if method is None else _filled(self, method)


def _several(other: Any) -> Sequence[Any]:
    return other if isinstance(other, list | tuple) else [other]


def _filled(values: Any, method: str) -> Any:
    return values.ffill() if method in ("ffill", "pad") else values.bfill()


def timestamp(ts: int) -> pd.Timestamp:
    """Return a moment (ns UTC) in New York, as 0.4 gave it."""
    return pd.Timestamp(ts, tz="UTC").tz_convert(NEW_YORK)


def times(starts: Sequence[int]) -> pd.DatetimeIndex:
    """Return when bars began (ns UTC), in New York."""
    return pd.DatetimeIndex(np.array(starts, dtype="datetime64[ns]"), tz="UTC").tz_convert(NEW_YORK)


def frame_of(bars: SymbolData, places: slice = slice(None)) -> OldFrame:
    """Return bars as 0.4 showed them: eight columns, indexed by when they began, in New York.

    What a vendor says beside the prices is not kept with bars, and would not be the same in a backtest: `vwap` and
    `average` are (high + low + close) / 3, `count` is NaN.
    """
    values = np.full((len(bars.starts[places]), len(COLUMNS)), np.nan)
    for number, name in enumerate(PRICES):
        values[:, number] = getattr(bars, name)[places]
    values[:, 5] = values[:, 6] = (values[:, 1] + values[:, 2] + values[:, 3]) / 3.0
    return OldFrame(values, index=times(bars.starts[places]), columns=_INDEX)


def column_of(bars: SymbolData, name: str, places: slice = slice(None)) -> OldSeries:
    """Return one column of `frame_of`."""
    if name not in PRICES:
        return frame_of(bars, places)[name]  # type: ignore[return-value]  # an OldSeries
    return OldSeries(getattr(bars, name)[places], index=times(bars.starts[places]), name=name)
