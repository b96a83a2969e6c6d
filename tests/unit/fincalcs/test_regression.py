from math import isnan

import numpy as np
import numpy.typing as npt
import pytest
import talib

from liualgotrader.fincalcs import fit_line
from tests.unit.fincalcs.conftest import Columns

Floats = npt.NDArray[np.float64]


def test_lines_through_a_walk_equal_talib(walk: Floats) -> None:
    days = 90
    slope, intercept = talib.LINEARREG_SLOPE(walk, days), talib.LINEARREG_INTERCEPT(walk, days)
    for end in range(days, len(walk) + 1, 50):
        line = fit_line(range(days), walk[end - days : end])
        assert line.slope == pytest.approx(slope[end - 1], rel=1e-8, abs=1e-12)
        assert line.intercept == pytest.approx(intercept[end - 1], rel=1e-10)


def test_the_explained_part_is_talib_s_correlation_squared(aapl: Columns) -> None:
    high, low = aapl["high"][-200:], aapl["low"][-200:]
    line = fit_line(high, low)
    assert line.r_squared == pytest.approx(talib.CORREL(high, low, 200)[-1] ** 2, rel=1e-9)
    residuals = low - np.polyval(np.polyfit(high, low, 1), high)
    assert line.error == pytest.approx(np.sqrt((residuals**2).sum() / 198), rel=1e-9)
    assert line.off(high[7], low[7]) == pytest.approx(residuals[7], abs=1e-9)


def test_points_on_a_line_are_explained_altogether() -> None:
    line = fit_line([0, 1, 2, 3], [1e9, 1e9 + 2, 1e9 + 4, 1e9 + 6])
    assert line == (2.0, 1e9, 1.0, 0.0)


def test_without_a_spread_of_x_there_is_no_line_and_without_one_of_y_nothing_to_explain() -> None:
    assert all(isnan(each) for each in fit_line([5, 5, 5], [1, 2, 3]))
    level = fit_line([1, 2, 3], [5, 5, 5])
    assert (level.slope, level.intercept, level.error) == (0.0, 5.0, 0.0)
    assert isnan(level.r_squared)


def test_two_points_have_a_line_and_no_error() -> None:
    line = fit_line([0, 2], [1, 2])
    assert (line.slope, line.intercept, line.r_squared) == (0.5, 1.0, 1.0)
    assert isnan(line.error)


@pytest.mark.parametrize(("x", "y"), [([1], [1]), ([1, 2], [1, 2, 3])])
def test_too_few_points_or_uneven_ones_are_refused(x: list[float], y: list[float]) -> None:
    with pytest.raises(ValueError, match="two points or more"):
        fit_line(x, y)
