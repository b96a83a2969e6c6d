"""Whatever goes wrong at the exchange, alone: no order or fill is lost or doubled, and all books agree."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.exchange_faults import MINUTES, SPEED, Fault, Lived, live_through, random_faults
from tests.e2e.sessions import Setting
from tests.e2e.tapes import write_tape

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

# The seeds that tools/test runs; tools/soak runs all.
_IN_CI = range(20)
_SEEDS = [
    seed if seed in _IN_CI else pytest.param(seed, marks=pytest.mark.soak) for seed in range(200)
]


@pytest.fixture(scope="session")
def ten_minutes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a tape of ten minutes."""
    return write_tape(tmp_path_factory.mktemp("faults") / "tape.parquet", minutes=MINUTES)


@pytest.fixture
def faulty(setting: Setting, ten_minutes: Path) -> Setting:
    """Return a setting with the short tape."""
    setting.tape = ten_minutes
    return setting


def _assert_busy(lived: Lived) -> None:
    """Enough happened to prove something."""
    many = lived.population
    assert many.orders >= 60, many
    assert many.parts >= 20, many
    assert many.cancels >= 8, many


IN_LOCKSTEP: dict[str, tuple[Fault, int]] = {
    "duplicated updates": ({"kind": "duplicate", "stream": "updates", "times": 100}, 60),
    "duplicated market data": ({"kind": "duplicate", "stream": "data", "times": 300}, 200),
    "updates out of order": (
        {"kind": "reorder", "stream": "updates", "times": 100, "chance": 0.4, "behind": 2},
        20,
    ),
    "market data out of order": (
        {"kind": "reorder", "stream": "data", "times": 300, "chance": 0.3, "behind": 4},
        50,
    ),
    "replayed updates": ({"kind": "replay", "stream": "updates", "after": 300, "last": 40}, 1),
    "replayed market data": ({"kind": "replay", "stream": "data", "after": 300, "last": 40}, 1),
    "accepted and answered 504": ({"kind": "answer_lost", "nth": 5, "times": 12}, 12),
    "accepted and never answered": (
        {"kind": "answer_lost", "nth": 9, "times": 1, "answer": "timeout"},
        1,
    ),
    "accepted and cut off": (
        {"kind": "answer_lost", "nth": 5, "times": 12, "answer": "close"},
        12,
    ),
    "a cancel accepted and answered 500": (
        {"kind": "answer_lost", "request": "DELETE /v2/orders/*", "times": 8, "answer": 500},
        8,
    ),
    "a change accepted and answered 502": (
        {"kind": "answer_lost", "request": "PATCH /v2/orders/*", "times": 2, "answer": 502},
        1,
    ),
    "not accepted and answered 500": ({"kind": "server_error", "nth": 5, "times": 4}, 4),
    "look-ups answered 503": (
        {"kind": "server_error", "request": "* /v2/orders*", "nth": 4, "times": 4, "status": 503},
        4,
    ),
    "too many orders": ({"kind": "rate_limit", "nth": 8, "times": 3}, 3),
    "too many requests for data": (
        {"kind": "rate_limit", "request": "GET /v2/stocks/*", "times": 2},
        2,
    ),
    "whole fills that overtake cancels": ({"kind": "late_fill", "times": 5}, 3),
    "parts that overtake cancels": ({"kind": "late_fill", "times": 5, "part": 0.5}, 3),
    "a halt": ({"kind": "halt", "symbols": ["AAPL", "GE"], "after": 120, "for": 240}, 1),
    "a volatility halt": (
        {"kind": "halt", "symbols": ["KO"], "after": 120, "for": 300, "luld": True},
        1,
    ),
    "a split": ({"kind": "split", "symbol": "AAPL", "ratio": 2}, 1),
    "busts": ({"kind": "bust", "nth": 3, "times": 8, "chance": 0.5, "delay": 2}, 5),
    "corrections": ({"kind": "correct", "nth": 3, "times": 8, "chance": 0.5, "by": -0.02}, 5),
    "a new field in updates": ({"kind": "unknown_field", "where": "updates", "times": 50}, 50),
    "a new field in market data": ({"kind": "unknown_field", "where": "data", "times": 200}, 200),
    "a new field in answers": ({"kind": "unknown_field", "where": "orders", "times": 50}, 50),
    "a new event": (
        {"kind": "unknown_value", "where": "updates", "field": "event", "times": 50},
        50,
    ),
    "a new order type": (
        {"kind": "unknown_value", "where": "updates", "field": "type", "times": 50},
        50,
    ),
    "a new status": (
        {"kind": "unknown_value", "where": "orders", "field": "status", "times": 50},
        50,
    ),
    "a new order class": (
        {"kind": "unknown_value", "where": "orders", "field": "order_class", "times": 50},
        50,
    ),
    "a new kind of market data": (
        {"kind": "unknown_value", "where": "data", "field": "T", "times": 200},
        200,
    ),
}


# What differs little from another one: tools/soak runs these.
_VARIANTS = {
    "accepted and cut off",
    "look-ups answered 503",
    "parts that overtake cancels",
    "a volatility halt",
    "a new field in answers",
    "a new order type",
    "a new order class",
    "slow market data",
}


def _alone(names: Iterable[str]) -> list[Any]:
    marks = pytest.mark.soak
    return [pytest.param(name, marks=marks) if name in _VARIANTS else name for name in names]


@pytest.mark.parametrize("name", _alone(IN_LOCKSTEP))
def test_a_session_survives_each_fault_in_lockstep(faulty: Setting, name: str) -> None:
    fault, at_least = IN_LOCKSTEP[name]
    lived = live_through(faulty, [fault], lockstep=True, consumers=1)
    assert lived.struck[str(fault["kind"])] >= at_least, lived.struck
    _assert_busy(lived)


AT_A_SPEED: dict[str, Fault] = {
    "no updates for a while": {
        "kind": "disconnect",
        "stream": "updates",
        "after": 120,
        "for": 45,
    },
    "no market data for a while": {
        "kind": "disconnect",
        "stream": "data",
        "after": 120,
        "for": 45,
    },
    "one connection too many": {
        "kind": "disconnect",
        "stream": "data",
        "after": 30,
        "limit": 1,
    },
    "mute updates": {"kind": "mute", "stream": "updates", "after": 120, "for": 120},
    "mute market data": {"kind": "mute", "stream": "data", "after": 120, "for": 60},
    "slow updates": {"kind": "slow", "stream": "updates", "after": 60, "for": 300, "delay": 0.5},
    "slow market data": {"kind": "slow", "stream": "data", "after": 60, "for": 300, "delay": 0.5},
}


@pytest.mark.parametrize("name", _alone(AT_A_SPEED))
def test_a_session_survives_each_fault_of_connections(faulty: Setting, name: str) -> None:
    fault = AT_A_SPEED[name]
    # Who is told 406 comes back after five seconds of the machine's: of the tape there must be some left.
    speed = 30 if "limit" in fault else SPEED
    lived = live_through(faulty, [fault], lockstep=False, consumers=1, speed=speed)
    assert lived.struck[str(fault["kind"])] == 1
    _assert_busy(lived)


@pytest.mark.mixture
@pytest.mark.parametrize("seed", _SEEDS)
def test_a_session_survives_a_mixture_of_faults(faulty: Setting, seed: int) -> None:
    faults = random_faults(seed)
    again = f"tools/soak -k 'mixture_of_faults[{seed}]' -n 0"
    try:
        lived = live_through(faulty, faults, lockstep=False, seed=seed)
        assert lived.population.orders >= 30, lived.population
        assert sum(lived.struck.values()) >= 1, lived.struck
    except BaseException:
        print(f"seed {seed}: {faults}\nagain: {again}")
        raise
