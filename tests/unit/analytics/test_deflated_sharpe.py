"""The deflated Sharpe ratio against the example that its authors worked."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from liualgotrader.analytics.deflated_sharpe import (
    Moments,
    deflated_sharpe,
    expected_best,
    moments,
    probabilistic_sharpe,
)

# The paper's "numerical example": five years of 250 days, a ratio of 2.5 a year, and a variance of
# 1/2 among the yearly ratios of the trials.
_DAYS = 250
VARIANCE = 0.5 / _DAYS
SKEWED = Moments(count=1250, sharpe=2.5 / sqrt(_DAYS), skewness=-3.0, kurtosis=10.0)
NORMAL = Moments(count=1250, sharpe=2.5 / sqrt(_DAYS), skewness=0.0, kurtosis=3.0)


def test_the_published_example() -> None:
    assert expected_best(VARIANCE, 100) == pytest.approx(0.1132, abs=5e-5)
    assert deflated_sharpe(SKEWED, variance=VARIANCE, trials=100) == pytest.approx(0.9004, abs=5e-5)
    assert deflated_sharpe(SKEWED, variance=VARIANCE, trials=46) == pytest.approx(0.9505, abs=5e-5)
    assert deflated_sharpe(NORMAL, variance=VARIANCE, trials=88) == pytest.approx(0.9505, abs=5e-5)


def test_one_trial_alone_is_not_deflated() -> None:
    assert expected_best(VARIANCE, 1) == 0.0
    alone = deflated_sharpe(SKEWED, variance=VARIANCE, trials=1)
    assert alone == probabilistic_sharpe(SKEWED, 0.0)
    assert probabilistic_sharpe(SKEWED, SKEWED.sharpe) == pytest.approx(0.5)


def test_the_best_of_many_is_expected_where_a_simulation_finds_it() -> None:
    best = np.random.default_rng(3).normal(0, 0.1, (20_000, 12)).max(axis=1).mean()
    assert expected_best(0.01, 12) == pytest.approx(best, rel=0.03)


def test_moments_are_those_of_the_returns() -> None:
    found = moments(np.array([0.0, 0.0, 0.0, 0.04]))
    assert found is not None
    assert found.count == 4
    assert found.sharpe == pytest.approx(0.01 / 0.02)
    assert found.skewness == pytest.approx(2 / sqrt(3))
    assert found.kurtosis == pytest.approx(7 / 3)


@pytest.mark.parametrize("returns", [[0.01, 0.02], [0.01] * 5, [0.0] * 5])
def test_what_has_no_ratio_has_no_moments(returns: list[float]) -> None:
    assert moments(np.array(returns)) is None


def test_a_root_that_is_not_defined_is_no_answer() -> None:
    wild = Moments(count=100, sharpe=1.0, skewness=4.0, kurtosis=5.0)
    assert probabilistic_sharpe(wild, 0.0) is None
