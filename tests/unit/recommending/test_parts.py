"""A history in parts, and what is chosen for each by what was known before."""

from __future__ import annotations

import numpy as np
import pytest

from liualgotrader.recommending.metric import Metric
from liualgotrader.recommending.parts import cut, ranks, walk_forward


@pytest.mark.parametrize(("days", "parts"), [(10, 5), (11, 5), (3310, 5), (7, 7), (100, 3)])
def test_parts_are_consecutive_whole_and_of_one_length(days: int, parts: int) -> None:
    spans = cut(days, parts)
    assert [begin for begin, _ in spans] == [0, *(end for _, end in spans[:-1])]
    assert spans[-1][1] == days and len(spans) == parts
    lengths = [end - begin for begin, end in spans]
    assert max(lengths) - min(lengths) <= 1


def test_the_choice_is_of_the_past_alone() -> None:
    """The first is best in the first part, the second from then on by far: it is chosen once it is seen."""
    first = [0.01, 0.02, -0.01, -0.01, -0.01, -0.01]
    second = [0.0, 0.001, 0.05, 0.06, 0.05, 0.06]
    returns = np.array([first, second])
    choices = walk_forward(returns, np.ones_like(returns), cut(6, 3), Metric.RETURN, 252)
    assert [choice.chosen for choice in choices] == [0, 1]
    assert choices[0].returns.tolist() == [-0.01, -0.01]
    assert choices[1].returns.tolist() == [0.05, 0.06]


def test_no_choice_depends_on_what_comes_after_its_part_begins() -> None:
    chance = np.random.default_rng(1)
    returns, traded = chance.normal(0, 0.01, (4, 60)), np.ones((4, 60))
    before = walk_forward(returns, traded, cut(60, 4), Metric.SHARPE, 252)
    returns[:, 30:] = chance.normal(0, 0.05, (4, 30))
    traded[:, 30:] = 0
    after = walk_forward(returns, traded, cut(60, 4), Metric.SHARPE, 252)
    assert [each.chosen for each in before[:2]] == [each.chosen for each in after[:2]]


def test_nothing_is_chosen_when_nothing_was_better_than_cash_or_had_traded() -> None:
    returns = np.array([[-0.01, -0.02, 0.5], [0.1, 0.2, 0.5]])
    traded = np.array([[1, 1, 1], [0, 0, 1]])
    choices = walk_forward(returns, traded, cut(3, 3), Metric.SHARPE, 252)
    assert [choice.chosen for choice in choices] == [None, None]
    assert choices[1].returns.tolist() == [0.0]


def test_ranks_are_among_those_that_traded() -> None:
    scores, traded = np.array([0.5, 2.0, 0.5, 9.0]), np.array([True, True, True, False])
    assert ranks(scores, traded) == [2, 1, 2, None]
