import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

from liualgotrader.fincalcs import (
    Bollinger,
    RollingMax,
    RollingMin,
    StdDev,
    bollinger,
    rolling_max,
    rolling_min,
    stddev,
)

Floats = npt.NDArray[np.float64]
Batch = Callable[[npt.ArrayLike, int], Floats]
Window = RollingMax | RollingMin | StdDev

SERIES = st.lists(st.floats(-1e6, 1e6), max_size=60)
PERIODS = st.integers(1, 13)
PAIRS: list[tuple[type[Window], Batch]] = [
    (RollingMax, rolling_max),
    (RollingMin, rolling_min),
    (StdDev, stddev),
]


@pytest.mark.parametrize(("indicator", "batch"), PAIRS)
@settings(deadline=None)
@given(values=SERIES, period=PERIODS)
def test_batch_gives_the_bits_of_the_incremental_window(
    indicator: type[Window], batch: Batch, values: list[float], period: int
) -> None:
    window = indicator(period)
    stepwise = [window.update(value) for value in values]
    np.testing.assert_array_equal(batch(values, period), stepwise)


@settings(deadline=None)
@given(values=SERIES, period=PERIODS, width=st.floats(0.1, 5.0))
def test_batch_gives_the_bits_of_the_incremental_band(
    values: list[float], period: int, width: float
) -> None:
    band = Bollinger(period, width)
    steps = [(band.update(value), band.upper, band.lower) for value in values]
    batch = bollinger(values, period, width=width)
    ours = np.column_stack([batch.middle, batch.upper, batch.lower])
    np.testing.assert_array_equal(ours, np.array(steps).reshape(-1, 3))


@settings(deadline=None)
@given(values=SERIES, period=PERIODS)
def test_extremes_are_those_of_the_window(values: list[float], period: int) -> None:
    ends = range(period, len(values) + 1)
    windows = [values[end - period : end] for end in ends]
    assert rolling_max(values, period)[period - 1 :].tolist() == [max(w) for w in windows]
    assert rolling_min(values, period)[period - 1 :].tolist() == [min(w) for w in windows]


@pytest.mark.parametrize("period", [2, 14, 20, 200])
def test_windows_equal_talib(period: int, walk: Floats, aapl: dict[str, Floats]) -> None:
    for series in (walk, aapl["close"]):
        np.testing.assert_array_equal(rolling_max(series, period), talib.MAX(series, period))
        np.testing.assert_array_equal(rolling_min(series, period), talib.MIN(series, period))
        # TA-Lib's mean of squares less square of mean loses half of the digits
        atol = 1e-7 * float(series.max())
        np.testing.assert_allclose(stddev(series, period), talib.STDDEV(series, period), atol=atol)


@pytest.mark.parametrize(("period", "width"), [(20, 2.0), (5, 1.5)])
def test_bands_equal_talib(
    period: int, width: float, walk: Floats, aapl: dict[str, Floats]
) -> None:
    for series in (walk, aapl["close"]):
        theirs = talib.BBANDS(series, period, width, width)
        ours = bollinger(series, period, width=width)
        atol = 1e-7 * float(series.max())
        np.testing.assert_allclose(np.column_stack(ours), np.column_stack(theirs), atol=atol)


def test_deviation_of_the_textbook_example() -> None:
    assert stddev([2, 4, 4, 4, 5, 5, 7, 9], 8)[-1] == pytest.approx(2.0, rel=1e-15)


def test_deviation_of_a_constant_is_exactly_zero() -> None:
    deviation = StdDev(7)
    assert [deviation.update(0.1) for _ in range(50)][6:] == [0.0] * 44


def test_deviation_far_from_zero_keeps_its_digits() -> None:
    values = 1e9 + np.tile([0.0, 0.01, 0.02], 20)
    expected = np.std(np.array([0.0, 0.01, 0.02]))
    np.testing.assert_allclose(stddev(values, 3)[2:], expected, rtol=1e-4)


def test_spike_and_nan_are_forgotten_once_they_have_left() -> None:
    for bad in (1e17, math.nan):
        window, high = StdDev(3), RollingMax(3)
        for value in [bad, 1.0, 2.0, 3.0, 4.0, 5.0]:
            window.update(value)
            high.update(value)
        assert window.value == pytest.approx(math.sqrt(2 / 3), rel=1e-15)
        assert high.value == 5.0


def test_band_is_nan_until_ready_and_then_symmetric() -> None:
    band = Bollinger(3)
    assert math.isnan(band.update(1.0))
    assert math.isnan(band.upper)
    ready = [band.ready]
    band.update(2.0)
    assert band.update(3.0) == 2.0
    assert [*ready, band.ready] == [False, True]
    assert band.upper - band.value == band.value - band.lower == 2 * math.sqrt(2 / 3)
