"""How likely a Sharpe ratio is more than luck, when it is the best of several that were tried.

Bailey and López de Prado, "The Deflated Sharpe Ratio: Correcting for Selection Bias, Backtest
Overfitting, and Non-Normality", Journal of Portfolio Management, 2014. All ratios here are per
period, not by the year.
"""

from __future__ import annotations

from math import e, sqrt
from statistics import NormalDist

import msgspec
import numpy as np

from liualgotrader.analytics.rows import Floats

_EULER = float(np.euler_gamma)
_NORMAL = NormalDist()


class Moments(msgspec.Struct, frozen=True, kw_only=True):
    """Of `count` returns: Sharpe ratio per period, skewness, and kurtosis (3 for a normal distribution)."""

    count: int
    sharpe: float
    skewness: float
    kurtosis: float


def moments(returns: Floats) -> Moments | None:
    """Return the moments of returns; None for under three of them, or where they do not differ.

    The ratio has the sample deviation (n - 1), skewness and kurtosis the population's moments.
    """
    if len(returns) < 3:
        return None
    mean, deviation = float(np.mean(returns)), float(np.std(returns, ddof=1))
    if deviation <= 1e-12 * max(abs(mean), 1e-12):
        return None
    standard = (returns - mean) / float(np.std(returns))
    return Moments(
        count=len(returns),
        sharpe=mean / deviation,
        skewness=float(np.mean(standard**3)),
        kurtosis=float(np.mean(standard**4)),
    )


def expected_best(variance: float, trials: int) -> float:
    """Return the greatest of `trials` Sharpe ratios to be expected where all true ones are 0.

    sqrt(variance) * ((1 - g) * Z(1 - 1 / trials) + g * Z(1 - 1 / (trials * e))), g Euler's constant,
    Z the quantiles of the normal distribution, `variance` that of the ratios over the trials. One
    trial alone has nothing to be chosen from: 0.
    """
    if trials < 2:
        return 0.0
    first, second = (_NORMAL.inv_cdf(1 - 1 / n) for n in (trials, trials * e))
    return sqrt(variance) * ((1 - _EULER) * first + _EULER * second)


def probabilistic_sharpe(known: Moments, benchmark: float) -> float | None:
    """Return how likely the true Sharpe ratio is greater than `benchmark`, 0 to 1.

    Phi((SR - benchmark) * sqrt(n - 1) / sqrt(1 - skewness * SR + (kurtosis - 1) / 4 * SR ** 2)).
    None where the returns are so skewed that the root is not defined.
    """
    ratio = known.sharpe
    spread = 1 - known.skewness * ratio + (known.kurtosis - 1) / 4 * ratio**2
    if spread <= 0:
        return None
    return _NORMAL.cdf((ratio - benchmark) * sqrt(known.count - 1) / sqrt(spread))


def deflated_sharpe(known: Moments, *, variance: float, trials: int) -> float | None:
    """Return how likely the best of `trials` beats what is to be expected of the luckiest, 0 to 1."""
    return probabilistic_sharpe(known, expected_best(variance, trials))
