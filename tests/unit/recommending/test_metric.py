"""What strategies are ranked by, by hand."""

from __future__ import annotations

from math import inf, sqrt

import numpy as np
import pytest

from liualgotrader.analytics import statistics
from liualgotrader.recommending.figures import NANO_DAY, figures
from liualgotrader.recommending.metric import Metric

RETURNS = np.array([0.01, -0.02, 0.03, 0.0])


def test_the_three_metrics_of_a_series() -> None:
    assert Metric.SHARPE.score(RETURNS, 252) == pytest.approx(statistics.sharpe(RETURNS))
    assert Metric.RETURN.score(RETURNS, 252) == pytest.approx(1.01 * 0.98 * 1.03 - 1)
    assert Metric.PROFIT_FACTOR.score(RETURNS, 252) == pytest.approx(2.0)


def test_a_year_has_as_many_days_as_its_market() -> None:
    ratio = Metric.SHARPE.score(RETURNS, 365) / Metric.SHARPE.score(RETURNS, 252)
    assert ratio == pytest.approx(sqrt(365 / 252))


@pytest.mark.parametrize("metric", Metric)
def test_who_does_nothing_scores_as_cash(metric: Metric) -> None:
    assert metric.score(np.zeros(10), 252) == metric.of_cash
    assert metric.score(np.zeros(0), 252) == metric.of_cash


def test_who_never_lost_has_no_end_of_a_profit_factor() -> None:
    assert Metric.PROFIT_FACTOR.score(np.array([0.0, 0.01]), 252) == inf


def test_rows_are_scored_each_for_itself() -> None:
    both = np.array([RETURNS, -RETURNS])
    for metric in Metric:
        alone = [metric.score(row, 252) for row in both]
        assert metric.scores(both, 252) == pytest.approx(alone)


def test_figures_of_returns() -> None:
    found = figures(np.array([0.1, -0.2, 0.5]), span=int(365.25 * 2 * NANO_DAY), periods=252)
    assert found.total_return == pytest.approx(1.1 * 0.8 * 1.5 - 1)
    assert found.growth == pytest.approx(1.32**0.5 - 1)
    assert found.drawdown == pytest.approx(-0.2)
    short = figures(np.zeros(3), span=NANO_DAY, periods=252)
    assert (short.growth, short.sharpe, short.drawdown) == (None, None, 0.0)
