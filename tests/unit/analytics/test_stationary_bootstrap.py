"""The stationary bootstrap against what is known of it in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from liualgotrader.analytics.rows import Floats
from liualgotrader.analytics.stationary_bootstrap import (
    drawn_scores,
    resampled,
    share_above,
    usual_block,
)


def means(columns: Floats) -> Floats:
    return np.asarray(columns.mean(axis=1))


def test_blocks_go_on_day_by_day_and_are_as_long_as_asked_on_average() -> None:
    days = resampled(50_000, 20.0, np.random.default_rng(1))
    follows = (days[:-1] + 1) % 50_000 == days[1:]
    assert (0 <= days).all() and (days < 50_000).all()
    # A new block begins with probability 1/20; 1/50,000 of those go on by chance.
    assert 1 / (1 - follows.mean()) == pytest.approx(20.0, rel=0.05)


def test_blocks_of_one_day_are_days_drawn_one_by_one() -> None:
    days = resampled(20_000, 1.0, np.random.default_rng(1))
    assert ((days[:-1] + 1) % 20_000 == days[1:]).mean() < 0.001


def test_the_variance_of_the_mean_is_that_of_the_paper() -> None:
    """Lemma 1: C(0) + 2 * sum((1 - i / n) * (1 - p) ** i * C(i)), C the circular autocovariances."""
    count, block = 60, 5.0
    series = np.convolve(np.random.default_rng(2).normal(0, 1, count + 3), np.ones(4), "valid")
    centred = series - series.mean()
    lags = np.arange(1, count)
    covariances = np.array([np.mean(centred * np.roll(centred, -lag)) for lag in lags])
    weights = (1 - lags / count) * (1 - 1 / block) ** lags
    expected = np.mean(centred**2) + 2 * np.sum(weights * covariances)
    drawn = drawn_scores(series[None, :], means, draws=20_000, seed=5, block=block)
    assert count * drawn[:, 0].var() == pytest.approx(expected, rel=0.04)
    # Days drawn one by one would not know that what follows each other goes together.
    assert expected > 1.5 * np.mean(centred**2)


def test_columns_are_drawn_together_and_a_seed_gives_the_same_again() -> None:
    first = np.random.default_rng(4).normal(0, 1, 100)
    columns = np.array([first, first + 0.01])
    drawn = drawn_scores(columns, means, draws=200, seed=6)
    assert drawn.shape == (200, 2)
    assert drawn[:, 1] - drawn[:, 0] == pytest.approx(np.full(200, 0.01))
    assert share_above(drawn[:, 1], drawn[:, 0]) == 1.0
    assert np.array_equal(drawn, drawn_scores(columns, means, draws=200, seed=6))
    assert not np.array_equal(drawn, drawn_scores(columns, means, draws=200, seed=7))


def test_the_share_is_what_a_test_of_the_mean_says() -> None:
    """A mean of two standard errors above 0 is above it in 97.7 % of the draws."""
    noise = np.random.default_rng(8).normal(0, 1, 400)
    series = (noise - noise.mean()) / noise.std() + 2 / 20
    drawn = drawn_scores(np.array([series, np.zeros(400)]), means, draws=4_000, seed=9, block=1.0)
    assert share_above(drawn[:, 0], drawn[:, 1]) == pytest.approx(0.977, abs=0.008)


def test_equal_scores_are_nobody_s() -> None:
    same = np.zeros(4)
    assert share_above(same, same) == 0.5


def test_the_usual_block_is_a_cube_root() -> None:
    assert usual_block(1_000) == pytest.approx(10.0)
    assert usual_block(1) == 1.0
