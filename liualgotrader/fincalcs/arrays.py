"""Turn what callers hand in into checked one-dimensional arrays."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def floats(values: npt.ArrayLike) -> FloatArray:
    """Return `values` as a 1-D float array; raise ValueError for any other shape."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"expected a one-dimensional series, got shape {array.shape}")
    return array


def float_columns(*columns: npt.ArrayLike) -> tuple[FloatArray, ...]:
    """Return the columns as 1-D float arrays; raise ValueError if their lengths differ."""
    arrays = tuple(floats(column) for column in columns)
    if len({len(array) for array in arrays}) > 1:
        raise ValueError(f"columns differ in length: {[len(array) for array in arrays]}")
    return arrays


def nanoseconds(times: npt.ArrayLike, length: int) -> IntArray:
    """Return `times` as `length` int64 ns UTC in ascending order; raise ValueError otherwise.

    Floats are refused: 2 ** 53 ns is 104 days, so a float time of today is off by up to 128 ns.
    """
    array = np.asarray(times)
    if array.size and not np.issubdtype(array.dtype, np.integer):
        raise ValueError(f"times must be integer nanoseconds, got {array.dtype}")
    array = array.astype(np.int64)
    if array.shape != (length,):
        raise ValueError(f"expected {length} times, got shape {array.shape}")
    if np.any(array[1:] < array[:-1]):
        raise ValueError("times must be in ascending order")
    return array


def check_period(period: int, *, at_least: int = 1) -> int:
    """Return `period`; raise ValueError when it is below `at_least`."""
    if period < at_least:
        raise ValueError(f"period must be at least {at_least}, got {period}")
    return period


def all_nan(length: int) -> FloatArray:
    """Return `length` not-a-numbers, the answer before an indicator is ready."""
    return np.full(length, np.nan)
