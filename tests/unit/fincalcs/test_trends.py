import math

import numpy as np
import numpy.typing as npt
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

from liualgotrader.fincalcs import (
    SeriesTrendType,
    drawdown,
    get_series_trend,
    max_drawdown,
    volatility,
)

Floats = npt.NDArray[np.float64]


@pytest.mark.parametrize(
    ("step", "trend"),
    [
        (1.5, SeriesTrendType.SHARP_UP),
        (1.0, SeriesTrendType.UP),
        (0.001, SeriesTrendType.UP),
        (0.0, SeriesTrendType.FLAT),
        (0.0001, SeriesTrendType.FLAT),
        (-0.5, SeriesTrendType.DOWN),
        (-1.0, SeriesTrendType.DOWN),
        (-1.001, SeriesTrendType.SHARP_DOWN),
    ],
)
def test_straight_line_has_its_own_slope(step: float, trend: SeriesTrendType) -> None:
    assert get_series_trend(100.0 + step * np.arange(8)) == (round(step, 3), trend)


def test_fewer_than_four_values_have_no_trend() -> None:
    assert get_series_trend([1.0, 2.0, 3.0]) == (0.0, SeriesTrendType.UNKNOWN)
    assert get_series_trend([]) == (0.0, SeriesTrendType.UNKNOWN)


def test_only_the_last_values_count() -> None:
    rise_then_fall = [*range(50), *range(50, 40, -1)]
    assert get_series_trend(rise_then_fall) == (-1.0, SeriesTrendType.DOWN)
    assert get_series_trend(rise_then_fall, window=60)[1] is SeriesTrendType.UP


@pytest.mark.parametrize("values", [[1, 2, math.nan, 4], [1, math.inf, 3, 4], [1e308, -1e308] * 4])
def test_values_beyond_floats_have_an_unknown_trend(values: list[float]) -> None:
    slope, trend = get_series_trend(values)
    assert not math.isfinite(slope)
    assert trend is SeriesTrendType.UNKNOWN


def test_numpy_is_left_as_it_was() -> None:
    before = np.geterr()
    get_series_trend([1.0, math.inf, 2.0, 3.0])
    assert np.geterr() == before


def test_slope_equals_talib(walk: Floats) -> None:
    theirs = talib.LINEARREG_SLOPE(walk, 10)
    for end in range(10, 300):
        slope = get_series_trend(walk[:end])[0]
        assert slope == pytest.approx(theirs[end - 1], abs=5.001e-4)


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=30))
def test_mirrored_series_has_the_mirrored_trend(values: list[float]) -> None:
    slope, trend = get_series_trend(values)
    mirrored, opposite = get_series_trend([-value for value in values])
    assert mirrored == -slope
    assert {trend, opposite} in (
        {SeriesTrendType.UP, SeriesTrendType.DOWN},
        {SeriesTrendType.SHARP_UP, SeriesTrendType.SHARP_DOWN},
        {SeriesTrendType.FLAT},
    )


def test_hand_worked_volatility() -> None:
    # returns +10 %, -10 %: mean 0, sample variance 0.02
    assert volatility([100, 110, 99], window=2) == pytest.approx(math.sqrt(0.02))
    yearly = volatility([100, 110, 99], window=2, periods_per_year=252)
    assert yearly == pytest.approx(math.sqrt(0.02 * 252))


def test_volatility_looks_at_the_last_returns_only() -> None:
    assert volatility([1, 50, 3, 100, 110, 99], window=2) == pytest.approx(math.sqrt(0.02))


def test_volatility_needs_a_full_window() -> None:
    assert math.isnan(volatility(np.arange(1.0, 21.0)))
    assert not math.isnan(volatility(np.arange(1.0, 22.0)))


def test_drawdown_is_measured_from_the_highest_so_far() -> None:
    assert drawdown([100, 80, 100, 200, 50]).tolist() == [0.0, pytest.approx(-0.2), 0, 0, -0.75]
    assert max_drawdown([100, 80, 100, 200, 50]) == -0.75


def test_series_that_never_fell_has_no_drawdown() -> None:
    assert max_drawdown([1, 2, 2, 3]) == 0.0
    assert max_drawdown([]) == 0.0
