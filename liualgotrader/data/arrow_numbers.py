"""Arrow columns as numpy arrays without pandas, which pyarrow's own `to_numpy` loads to do it."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

N = TypeVar("N", np.int32, np.int64, np.float64)


def numbers(column: Any, kind: type[N]) -> NDArray[N]:
    """Return a column (n,) of numbers of this kind without nulls as it lies in memory, not to be written."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if not len(column):
        return np.empty(0, kind)
    found: NDArray[N] = np.frombuffer(column.buffers()[1], kind)
    return found[column.offset : column.offset + len(column)]


def flags(column: Any) -> NDArray[np.bool_]:
    """Return a column (n,) of booleans without nulls."""
    return numbers(column.cast(pa.int32()), np.int32).astype(np.bool_)
