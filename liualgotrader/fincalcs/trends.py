"""Say where a series is heading, how much it varies and how far it is under its peak."""

from enum import Enum
from math import isfinite, nan, sqrt

import numpy as np
import numpy.typing as npt

from liualgotrader.fincalcs.arrays import FloatArray, check_period, floats

TREND_WINDOW = 10
TREND_MINIMUM = 4


class SeriesTrendType(Enum):
    """Direction and steepness of a series."""

    UNKNOWN = 0
    SHARP_DOWN = 1
    DOWN = 5
    FLAT = 10
    UP = 15
    SHARP_UP = 20


def get_series_trend(
    values: npt.ArrayLike, *, window: int = TREND_WINDOW
) -> tuple[float, SeriesTrendType]:
    """Return slope and trend of the last `window` values.

    The slope is that of the least-squares line, in units of the series per value, rounded to three
    places; beyond 1 in either direction the trend is sharp, at 0 flat. Fewer than four values give
    (0, UNKNOWN); values that are not finite (or whose sum is not) give (NaN, UNKNOWN).
    """
    series = floats(values)[-check_period(window, at_least=TREND_MINIMUM) :]
    if len(series) < TREND_MINIMUM:
        return 0.0, SeriesTrendType.UNKNOWN
    slope = round(_slope(series), 3)
    return slope, _trend(slope)


def _slope(series: FloatArray) -> float:
    places = np.arange(len(series)) - (len(series) - 1) / 2
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.sum(places * (series - series[0])) / np.sum(places * places))


def _trend(slope: float) -> SeriesTrendType:
    if not isfinite(slope):
        return SeriesTrendType.UNKNOWN
    if slope == 0:
        return SeriesTrendType.FLAT
    if slope > 0:
        return SeriesTrendType.SHARP_UP if slope > 1 else SeriesTrendType.UP
    return SeriesTrendType.SHARP_DOWN if slope < -1 else SeriesTrendType.DOWN


def volatility(
    close: npt.ArrayLike, *, window: int = 20, periods_per_year: float | None = None
) -> float:
    """Return the sample standard deviation of the last `window` returns; NaN with fewer.

    Multiplied by the root of `periods_per_year` if given (252 for daily bars).
    """
    closes = floats(close)[-check_period(window, at_least=2) - 1 :]
    if len(closes) <= window:
        return nan
    deviation = float(np.std(closes[1:] / closes[:-1] - 1.0, ddof=1))
    return deviation if periods_per_year is None else deviation * sqrt(periods_per_year)


def drawdown(values: npt.ArrayLike) -> FloatArray:
    """Return how far each value is under the highest so far, as a fraction at or below 0."""
    series = floats(values)
    peaks: FloatArray = np.maximum.accumulate(series)
    return series / peaks - 1.0


def max_drawdown(values: npt.ArrayLike) -> float:
    """Return the deepest drawdown, 0 for a series that never fell or is empty."""
    return float(np.min(drawdown(values), initial=0.0))
