"""One session over the vendors' own protocols: whose data it is, and in which format, changes nothing.

Massive's times are whole milliseconds, so the tape's are.
"""

from __future__ import annotations

import pytest

from liualgotrader.capture.reader import replay_capture
from liualgotrader.capture.records import Kind
from tests.e2e.audit import assert_books_agree, population
from tests.e2e.sessions import BUSY, Books, Setting, books
from tests.e2e.tapes import write_tape

_PLANS = {
    "alpaca, msgpack": 'data = "alpaca"\ncapture = true',
    "alpaca, json": 'data = "alpaca"\nstream_format = "json"',
    "massive": 'data = "massive"\ncapture = true',
}


class Heard:
    """Counts what a capture plays."""

    def __init__(self) -> None:
        self.frames = 0

    def __call__(self, payload: memoryview) -> None:
        self.frames += 1


def captured(setting: Setting, batch: str) -> tuple[int, int]:
    """Return how many frames of market data and of trade updates a session has kept."""
    (path,) = (setting.home / "captures" / batch).iterdir()
    market, updates = Heard(), Heard()
    replay_capture(path, {Kind.MARKET: market, Kind.UPDATES: updates})
    return market.frames, updates.frames


def traded(setting: Setting, choice: str) -> tuple[str, Books]:
    """Run the session with a choice of data; return its batch and what it left."""
    plan = setting.plan(strategies=BUSY)
    text = plan.read_text().replace("seed = 3", f"seed = 3\n{choice}")
    plan.write_text(text)
    outcome = setting.trade(plan)
    assert outcome.code == 0, outcome.err
    batch = outcome.summary["batch_id"]
    return batch, books(setting.dsn, batch)


@pytest.mark.timeout(180)
def test_the_same_session_whoever_has_the_data(setting: Setting) -> None:
    """Every order, fill and cent is the same, and equals what the venue executed."""
    setting.tape = write_tape(setting.home / "ms.parquet", minutes=24, grain=1_000_000)
    left: dict[str, Books] = {}
    frames: dict[str, tuple[int, int]] = {}
    for name, choice in _PLANS.items():
        batch, left[name] = traded(setting, choice)
        assert population(setting, batch).is_rich
        assert_books_agree(setting, batch)
        if "capture" in choice:
            frames[name] = captured(setting, batch)
    assert left["alpaca, json"] == left["alpaca, msgpack"]
    assert left["massive"] == left["alpaca, msgpack"]
    assert all(market > 500 and updates > 200 for market, updates in frames.values())
