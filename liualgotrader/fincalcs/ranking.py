"""Risk-adjusted momentum, and how many shares to hold of what has it (Clenow, Stocks on the Move, 2015).

The score of a symbol is the yearly growth of the exponential that fits its closes best, times how
well it fits. The size is what loses a given fraction of the account when the price moves by its
average true range. Both depend on the last bars alone, so a miner and a strategy that see the same
bars get the same bits.
"""

from math import expm1, floor, isfinite, isnan
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from liualgotrader.fincalcs.arrays import check_period, float_columns, floats
from liualgotrader.fincalcs.regression import fit_line
from liualgotrader.fincalcs.wilder import atr

DAYS_A_YEAR = 250
"""Trading days a year in the book; others take 252."""

RANGE_MEMORY = 30
"""An average range is made of the last 30 periods: what is older weighs less than 1e-13."""


class Momentum(NamedTuple):
    """A straight line through the logarithms of closes.

    `slope` is its rise a bar, `r_squared` the share of the variance that it explains, 0 for a price that never
    moved. `annual` is the growth in a year as a fraction, `score` that times `r_squared`.
    """

    slope: float
    r_squared: float
    annual: float
    score: float


def momentum(
    close: npt.ArrayLike, *, days: int = 90, days_a_year: int = DAYS_A_YEAR
) -> Momentum | None:
    """Return the momentum of the last `days` closes; None with fewer.

    Raises ValueError for closes that are no positive numbers.
    """
    closes = floats(close)[-check_period(days, at_least=3) :]
    if len(closes) < days:
        return None
    if not np.all((closes > 0) & (closes < np.inf)):
        raise ValueError("momentum is of positive prices; a close is zero, negative or no number")
    line = fit_line(np.arange(days, dtype=np.float64), np.log(closes))
    if isnan(line.r_squared):
        return Momentum(0.0, 0.0, 0.0, 0.0)
    annual = expm1(line.slope * days_a_year)
    return Momentum(line.slope, line.r_squared, annual, annual * line.r_squared)


def average_range(
    high: npt.ArrayLike, low: npt.ArrayLike, close: npt.ArrayLike, *, days: int = 20
) -> float | None:
    """Return Wilder's average true range after the last bar; None with fewer than `days` + 1 bars.

    It is made of the last 30 times `days` bars, however many there are.
    """
    kept = RANGE_MEMORY * check_period(days)
    columns = (column[-kept:] for column in float_columns(high, low, close))
    averages = atr(*columns, period=days)
    return float(averages[-1]) if len(averages) > days else None


def shares_at_risk(portfolio_size: float, risk_factor: float, average: float) -> int:
    """Return how many whole shares lose `risk_factor` of the portfolio when the price moves by `average`.

    0 where the range is 0: a price that does not move says nothing of its risk.
    """
    shares = portfolio_size * risk_factor / average if average > 0 else 0.0
    return floor(shares) if isfinite(shares) else 0
