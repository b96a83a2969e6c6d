"""What strategies are ranked by: one number for a series of daily returns."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from liualgotrader.analytics.rows import Floats


class Metric(StrEnum):
    """By what strategies are compared with each other, with holding and with cash."""

    SHARPE = "sharpe"
    RETURN = "return"
    PROFIT_FACTOR = "profit_factor"

    @property
    def of_cash(self) -> float:
        """The score of who does nothing."""
        return 1.0 if self is Metric.PROFIT_FACTOR else 0.0

    @property
    def words(self) -> str:
        """Its name in a sentence."""
        return {
            Metric.SHARPE: "Sharpe ratio",
            Metric.RETURN: "return",
            Metric.PROFIT_FACTOR: "profit factor",
        }[self]

    def scores(self, returns: Floats, periods: int) -> Floats:
        """Return the score of each row of `returns`, (n, days), `periods` days being a year; (n,).

        Sharpe ratio by the year as `statistics.sharpe` has it; compound return as a fraction; what
        was won on days that won over what was lost on those that lost (Babcock's profit factor by
        days, so that holding has one too). Who never moves has the score of cash.
        """
        if self is Metric.SHARPE:
            return _sharpe(returns, periods)
        if self is Metric.RETURN:
            return np.asarray(np.expm1(np.log1p(returns).sum(axis=-1)))
        return _profit_factor(returns)

    def score(self, returns: Floats, periods: int) -> float:
        """Return the score of one series, (days,)."""
        return float(self.scores(returns[None, :], periods)[0])


def _sharpe(returns: Floats, periods: int) -> Floats:
    if returns.shape[-1] < 2:
        return np.zeros(returns.shape[0])
    mean, deviation = returns.mean(axis=-1), returns.std(axis=-1, ddof=1)
    # Equal returns give a deviation of some 1e-19, not 0, and a ratio of nonsense.
    moves = deviation > 1e-12 * np.maximum(np.abs(mean), 1e-12)
    ratio = mean / np.where(moves, deviation, 1.0) * np.sqrt(periods)
    return np.where(moves, ratio, 0.0)


def _profit_factor(returns: Floats) -> Floats:
    won = np.maximum(returns, 0.0).sum(axis=-1)
    lost = -np.minimum(returns, 0.0).sum(axis=-1)
    factor = won / np.where(lost > 0.0, lost, 1.0)
    return np.where(lost > 0.0, factor, np.where(won > 0.0, np.inf, 1.0))
