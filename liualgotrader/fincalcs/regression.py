"""Straight lines through points, by least squares."""

from __future__ import annotations

from math import fsum, nan, sqrt
from typing import NamedTuple

import numpy.typing as npt

from liualgotrader.fincalcs.arrays import FloatArray, floats


class Line(NamedTuple):
    """y = intercept + slope * x.

    `r_squared`: the part of the variance of y that the line explains, 0 to 1; NaN when y does not
    vary. `error`: the standard error of the regression, which is the root of the sum of squared
    residuals over n - 2; NaN for two points.
    """

    slope: float
    intercept: float
    r_squared: float
    error: float

    def off(self, x: float, y: float) -> float:
        """Return how far a point is above the line."""
        return y - (self.intercept + self.slope * x)


def fit_line(x: npt.ArrayLike, y: npt.ArrayLike) -> Line:
    """Return the line of least squares through points, shapes (n,) both (TA-Lib: LINEARREG).

    Sums are of deviations from the means, so that prices far from 0 lose no digits, and exact, so
    that every machine gives the same line. Where x does not vary there is no line, and all is NaN.
    Raises ValueError for less than two points or different shapes.
    """
    xs, ys = floats(x), floats(y)
    if len(xs) != len(ys) or len(xs) < 2:
        raise ValueError(f"a line takes two points or more, not {len(xs)} x and {len(ys)} y")
    count = len(xs)
    mean_x, mean_y = _sum(xs) / count, _sum(ys) / count
    dx, dy = xs - mean_x, ys - mean_y
    sxx, sxy, syy = _sum(dx * dx), _sum(dx * dy), _sum(dy * dy)
    if not sxx:
        return Line(nan, nan, nan, nan)
    slope = sxy / sxx
    rest = dy - slope * dx
    left = _sum(rest * rest)
    return Line(
        slope,
        mean_y - slope * mean_x,
        max(1 - left / syy, 0.0) if syy else nan,
        sqrt(left / (count - 2)) if count > 2 else nan,
    )


def _sum(values: FloatArray) -> float:
    """Return the exact sum, rounded once; as Python floats it takes a third of the time."""
    return fsum(values.tolist())
