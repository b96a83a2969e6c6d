"""Where a trade ends, how large it is, and what is remembered of it."""

from __future__ import annotations

import pytest

from liualgotrader.strategies.aim import Aim, Memory, recall, shares


def test_targets_are_multiples_of_the_risk_above_a_long_entry() -> None:
    aim = Aim.of(100.0, 98.0, first=1.5, target=3.0)
    assert (aim.stop, aim.first, aim.target) == (98.0, 103.0, 106.0)


def test_targets_are_multiples_of_the_risk_below_a_short_entry() -> None:
    aim = Aim.of(100.0, 102.0, first=1.5, target=3.0)
    assert (aim.stop, aim.first, aim.target) == (102.0, 97.0, 94.0)


@pytest.mark.parametrize(("size", "kept"), [(1.0, 1.0), (2.0, 1.0), (5.0, 3.0), (100.0, 50.0)])
def test_the_larger_half_stays(size: float, kept: float) -> None:
    assert Aim(0, 0, 0, size).kept == kept


@pytest.mark.parametrize(
    ("limits", "qty"),
    [
        ({}, 50),
        ({"weight": 0.02}, 20),
        ({"money": 1_550.0}, 15),
        ({"money": -5.0}, 0),
        ({"stop": 102.0}, 50),
        ({"stop": 100.0}, 0),
        ({"risk": 0.0000001}, 0),
    ],
    ids=["by risk", "by weight", "by money", "in debt", "short", "no distance", "no risk"],
)
def test_size_is_the_least_of_risk_weight_and_money(limits: dict[str, float], qty: int) -> None:
    usual = {
        "worth": 100_000.0,
        "money": 50_000.0,
        "risk": 0.001,
        "weight": 0.1,
        "entry": 100.0,
        "stop": 98.0,
    }
    assert shares(**{**usual, **limits}) == qty


def test_memory_comes_back_from_its_text() -> None:
    memory = Memory(7, 12.5, 99, Aim(1.0, 2.0, 3.0, 4.0))
    assert recall(memory.text(), 7) == memory


def test_of_another_session_only_the_aim_is_remembered() -> None:
    memory = Memory(7, 12.5, 99, Aim(1.0, 2.0, 3.0, 4.0))
    assert recall(memory.text(), 8) == Memory(8, None, 0, memory.aim)


@pytest.mark.parametrize("text", [None, ""])
def test_nothing_kept_is_a_fresh_memory(text: str | None) -> None:
    assert recall(text, 8) == Memory(8)
