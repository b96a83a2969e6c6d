"""Arrow columns as numpy arrays, equal to what pyarrow makes of them."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from liualgotrader.data.arrow_numbers import flags, numbers


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1.5, 2.5, float("nan"), 4.0]),
        pa.array([1.5, 2.5, 3.5, 4.0]).slice(1, 2),
        pa.chunked_array([pa.array([1.0]), pa.array([2.0, 3.0])]),
        pa.array([], pa.float64()),
        pa.chunked_array([], pa.float64()),
    ],
)
def test_floats(column: Any) -> None:
    assert np.array_equal(numbers(column, np.float64), column.to_numpy(), equal_nan=True)


def test_integers_of_both_sizes() -> None:
    assert numbers(pa.array([1, -(2**62)]), np.int64).tolist() == [1, -(2**62)]
    assert numbers(pa.array([1, -3], pa.int32()), np.int32).tolist() == [1, -3]


def test_flags() -> None:
    column = pa.array([None, 1, None, 2]).is_null()
    assert flags(column.slice(1)).tolist() == [False, True, False]


def test_pandas_is_not_loaded() -> None:
    code = (
        "import sys, numpy as np, pyarrow as pa; from liualgotrader.data.arrow_numbers import numbers;"
        "column = pa.Array.from_buffers(pa.float64(), 1, [None, pa.py_buffer(bytes(8))]);"
        "print(numbers(column, np.float64), 'pandas' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[0.] False"
