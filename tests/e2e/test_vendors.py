"""One session over the vendors' own protocols: whose data it is, and in which format, changes nothing.

Massive's times are whole milliseconds, so the tape's are.
"""

from __future__ import annotations

import pytest

from tests.e2e.audit import assert_books_agree, population
from tests.e2e.sessions import BUSY, Books, Setting, books
from tests.e2e.tapes import write_tape

_PLANS = {
    "alpaca, msgpack": 'data = "alpaca"',
    "alpaca, json": 'data = "alpaca"\nstream_format = "json"',
    "massive": 'data = "massive"',
}


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
    for name, choice in _PLANS.items():
        batch, left[name] = traded(setting, choice)
        assert population(setting, batch).is_rich
        assert_books_agree(setting, batch)
    assert left["alpaca, json"] == left["alpaca, msgpack"]
    assert left["massive"] == left["alpaca, msgpack"]
