"""White's reality check against what is known of the luckiest of several."""

from __future__ import annotations

from math import inf
from statistics import NormalDist

import numpy as np
import pytest

from liualgotrader.analytics.reality_check import reality_check
from liualgotrader.analytics.rows import Floats
from liualgotrader.analytics.stationary_bootstrap import drawn_scores

DAYS = 400


def means(columns: Floats) -> Floats:
    return np.asarray(columns.mean(axis=1))


def sure(columns: Floats, *, draws: int = 4_000) -> float:
    """How sure it is that the best mean is above 0, days being drawn one by one."""
    drawn = drawn_scores(columns, means, draws=draws, seed=1, block=1.0)
    scores = means(columns)
    return reality_check(drawn, scores, np.zeros(draws), 0.0, of=int(scores.argmax()))


def series(seed: int, rows: int, errors: float) -> Floats:
    """Independent rows of mean 0 and deviation 1, the first `errors` standard errors above 0."""
    found = np.random.default_rng(seed).normal(0, 1, (rows, DAYS))
    found -= found.mean(axis=1, keepdims=True)
    found /= found.std(axis=1, keepdims=True)
    found[0] += errors / np.sqrt(DAYS)
    return found


@pytest.mark.parametrize("rows", [1, 4, 16])
def test_the_best_of_independent_ones_is_as_sure_as_all_of_them_together(rows: int) -> None:
    """Two standard errors are 97.7 % for one; the luckiest of n stays below them in 0.977 ** n."""
    expected = NormalDist().cdf(2.0) ** rows
    assert sure(series(2, rows, 2.0)) == pytest.approx(expected, abs=0.025)


def test_the_same_one_tried_again_and_again_is_tried_once() -> None:
    one = series(3, 1, 2.0)
    assert sure(np.repeat(one, 16, axis=0)) == sure(one)


def test_where_nothing_is_better_it_is_seldom_sure() -> None:
    chance = np.random.default_rng(4)
    found = [sure(chance.normal(0, 1, (8, 200)), draws=300) for _ in range(60)]
    assert sum(each >= 0.9 for each in found) <= 12  # 6 are expected
    assert 0.35 < np.mean(found) < 0.65


def test_what_has_no_end_is_better_than_what_has() -> None:
    scores, drawn = np.array([inf, 2.0]), np.array([[inf, 3.0], [5.0, 1.0]])
    assert reality_check(drawn, scores, np.array([1.0, 1.0]), 1.0, of=0) == 1.0


def test_another_than_the_best_is_measured_by_the_luckiest_too() -> None:
    scores, drawn = np.array([3.0, 1.0]), np.array([[3.5, 1.0], [2.5, 1.0], [3.0, 3.0], [4.5, 1.0]])
    known = {of: reality_check(drawn, scores, np.zeros(4), 0.0, of=of) for of in (0, 1)}
    assert known == {0: 1.0, 1: 0.5}
