"""How well forecasts did: error beside the naive baseline's, and what came where how much was expected."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from liualgotrader.common.bar_table import Floats
from liualgotrader.forecasts.base import CalibrationBin, Check

BINS = 10
LEAST_IN_BIN = 10


def checked(
    values: Sequence[float],
    naives: Sequence[float],
    came: Sequence[float],
    *,
    days: Sequence[int] | None = None,
    is_probability: bool = False,
) -> Check:
    """Compare what was expected with what came, each of shape (n,), on `days`, else each on a day of its own.

    Errors are mean absolute ones; of probabilities mean squared ones (G. W. Brier, Verification of
    forecasts expressed in terms of probability, Monthly Weather Review 78, 1950). There are at most
    ten bins of calibration, with ten forecasts or more in each.
    """
    if not len(came):
        return Check(0, None, None, ())
    expected, actual = np.asarray(values, np.float64), np.asarray(came, np.float64)
    power = 2 if is_probability else 1
    errors = np.abs(expected - actual) ** power
    naive_errors = np.abs(np.asarray(naives, np.float64) - actual) ** power
    bins = min(BINS, max(1, len(actual) // LEAST_IN_BIN))
    return Check(
        len(actual),
        float(errors.mean()),
        float(naive_errors.mean()),
        calibration(expected, actual, bins),
        _luck(naive_errors - errors, np.arange(len(actual)) if days is None else np.array(days)),
    )


def _luck(gains: Floats, days: NDArray[np.int64]) -> float | None:
    """Return the standard error of the mean gain; None from less than two days.

    Days are what is drawn, for the symbols of a day go up and down together (F. X. Diebold and
    R. S. Mariano, Comparing predictive accuracy, Journal of Business & Economic Statistics 13, 1995).
    """
    _, day_of = np.unique(days, return_inverse=True)
    by_day = np.bincount(day_of, weights=gains)
    count = len(by_day)
    if count < 2:
        return None
    return float(by_day.std(ddof=1) * np.sqrt(count) / len(gains))


def calibration(expected: Floats, came: Floats, bins: int) -> tuple[CalibrationBin, ...]:
    """Return bins with the same count of forecasts, the first ones with one more, least expected first."""
    return tuple(
        CalibrationBin(float(expected[part].mean()), float(came[part].mean()), len(part))
        for part in np.array_split(np.argsort(expected, kind="stable"), bins)
    )
