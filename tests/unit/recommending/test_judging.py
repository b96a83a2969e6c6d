"""What is said of returns of which it is known what is in them."""

from __future__ import annotations

import numpy as np
import pytest

from liualgotrader.recommending.findings import Verdict
from liualgotrader.recommending.judging import SURE, in_percent, judge
from liualgotrader.recommending.metric import Metric
from tests.unit.recommending.worlds import NOISE, noise, trials


def test_one_that_earns_every_year_is_recommended_and_surely() -> None:
    returns = noise(1, 4)
    returns[2] += 0.3 * NOISE
    found = judge(trials(returns, noise(2, 1)[0]))
    assert (found.verdict, found.leader) == (Verdict.RECOMMENDED, 2)
    assert found.sure is not None and found.confidence is not None
    assert found.confidence == min(found.sure.than_holding, found.sure.than_luck or 0) >= SURE
    assert found.sure.than_second is not None and found.sure.than_second > 0.5


def test_luck_is_seldom_taken_for_skill() -> None:
    """Ten worlds without anything in them: what is tried there is hardly ever recommended."""
    verdicts = [judge(trials(noise(s, 4), noise(900 + s, 1)[0])).verdict for s in range(10)]
    assert verdicts.count(Verdict.RECOMMENDED) <= 1
    assert {Verdict.NONE, Verdict.UNCLEAR} <= set(verdicts)


def test_what_rises_by_itself_is_held() -> None:
    returns, held = noise(3, 4), noise(4, 1)[0] + 0.3 * NOISE
    returns[1] += 0.1 * NOISE
    found = judge(trials(returns, held))
    assert (found.verdict, found.leader, found.confidence) == (Verdict.NONE, 1, None)
    assert found.why.startswith("over all parts the best, b, has a Sharpe ratio of ")


def test_who_loses_less_than_a_fall_is_not_better_than_cash() -> None:
    returns, held = noise(3, 2) - 0.1 * NOISE, noise(4, 1)[0] - 0.5 * NOISE
    found = judge(trials(returns, held))
    assert found.verdict is Verdict.NONE
    assert found.why.endswith("keep the cash")


def test_a_choice_that_came_too_late_each_time_is_not_recommended() -> None:
    """Two that are good in turn: over all both beat holding, but whoever followed was always behind."""
    good, bad = noise(5, 2) / 10 + 0.4 * NOISE, noise(6, 2) / 10 - 0.3 * NOISE
    phase = (np.arange(500) // 100) % 2
    returns = np.where(np.array([phase == 0, phase == 1]), good, bad)
    found = judge(trials(returns, noise(7, 1)[0] * 0.1 + 0.001 * NOISE))
    assert found.verdict is Verdict.UNCLEAR
    assert found.confidence is None
    assert found.why.startswith("who had chosen by the past would have had a Sharpe ratio of -")


def test_a_rise_that_all_take_part_in_is_nobody_s_merit() -> None:
    """Eight strategies that earn what holding does, and luck besides: one of them always leads."""
    verdicts = []
    for seed in range(10):
        market, rise = noise(seed, 1)[0], 0.06 * NOISE
        returns = (noise(300 + seed, 8) + market) / np.sqrt(2) + rise
        world = trials(returns, market + rise, names=[f"s{n}" for n in range(8)])
        verdicts.append(judge(world).verdict)
    assert verdicts.count(Verdict.RECOMMENDED) <= 2


def test_the_number_of_trials_counts() -> None:
    """The same leader, alone and as the best of many equally noisy ones."""
    many = noise(8, 24)
    many[0] += 0.12 * NOISE
    names = [f"s{n}" for n in range(24)]
    alone = judge(trials(many[:1], noise(9, 1)[0] - 0.1 * NOISE, names=names))
    among = judge(trials(many, noise(9, 1)[0] - 0.1 * NOISE, names=names))
    assert alone.leader == among.leader == 0
    assert alone.sure is not None and among.sure is not None
    assert alone.sure.than_second is None
    assert (among.sure.than_luck or 0) < (alone.sure.than_luck or 0) - 0.1


def test_nothing_is_wholly_sure() -> None:
    shares = (1.0, 0.996, 0.99, 0.5, 0.0)
    assert [in_percent(each) for each in shares] == [
        *("over 99 %", "over 99 %", "99 %", "50 %", "under 1 %")
    ]


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"folds": 2}, "2 parts are too few"),
        ({"folds": 30}, "parts of 16 days are too short"),
        ({"every": 50}, "no strategy closed 30 trades, the busiest 10"),
    ],
)
def test_too_little_is_said_to_be_too_little(how: dict[str, int], why: str) -> None:
    returns = noise(1, 2) + NOISE
    found = judge(trials(returns, noise(2, 1)[0], **how))  # type: ignore[arg-type]
    assert (found.verdict, found.leader, found.sure) == (Verdict.UNCLEAR, None, None)
    assert found.why.startswith(why)


def test_who_traded_too_seldom_does_not_lead() -> None:
    returns = noise(1, 2)
    returns[0] += NOISE
    world = trials(returns, noise(2, 1)[0] - 0.5 * NOISE)
    world.closed[0] = 0
    world.closed[0, ::50] = 1
    assert judge(world).leader == 1


def test_a_judgement_is_the_same_again_and_by_any_metric_finds_the_best() -> None:
    returns = noise(1, 3)
    returns[1] += 0.3 * NOISE
    for metric in Metric:
        world = trials(returns, noise(2, 1)[0], metric=metric)
        assert judge(world) == judge(world)
        assert (judge(world).verdict, judge(world).leader) == (Verdict.RECOMMENDED, 1)
