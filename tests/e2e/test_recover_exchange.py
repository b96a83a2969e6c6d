"""The exchange in a box is killed in the middle of a session: it comes back, and nothing is lost or doubled."""

import os
import signal
import subprocess
from collections import Counter
from random import Random

import pytest

from tests.e2e.audit import assert_books_agree, population, relived, replays
from tests.e2e.sessions import (
    BUSY,
    STRATEGIES,
    Setting,
    books,
    count_orders,
    ended,
    query,
    reached,
    started,
)
from tests.e2e.simulations import simulate
from tests.e2e.tapes import SYMBOLS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

_SCANNER = f"""
[scanners.in_turn]
class_name = "InTurn"
filename = "{STRATEGIES}/in_turn.py"
recurrence = 2
names = "{" ".join(SYMBOLS)}"
"""


def _kill(setting: Setting, session: subprocess.Popen[str], *, orders: int) -> None:
    """Kill the exchange once there are so many orders."""
    assert reached(session, lambda: count_orders(setting.dsn) >= orders)
    os.kill(started(setting)["exchange"], signal.SIGKILL)


def _fills(setting: Setting) -> int:
    return int(query(setting.dsn, "SELECT count(*) AS n FROM new_trades")[0]["n"])


def _assert_same_executions(setting: Setting, batch: str) -> None:
    """As `assert_books_agree` has it, but for a day that was stopped before its fees were charged."""
    exchange, requests = relived(setting, batch)
    sent = Counter(each.client_id for each in requests if each.kind != "cancel")
    assert set(sent.values()) == {1}
    executed = [(e.execution_id, e.client_id, e.qty, e.price) for e in exchange.venue.executions]
    booked = query(setting.dsn, "SELECT execution_id, order_id, qty, price FROM new_trades")
    assert sorted(tuple(row.values()) for row in booked) == sorted(executed)
    account = exchange.venue.account
    charged = sum(each.amount for each in account.charges)
    assert books(setting.dsn, batch).cash == account.cash + charged
    assert query(setting.dsn, "SELECT 1 FROM orders WHERE is_open") == []


@pytest.mark.parametrize(
    ("link", "seed"), [pytest.param("queue", 1, marks=pytest.mark.soak), ("pipe", 2)]
)
def test_killed_in_lockstep_the_session_ends_as_if_it_had_not_been(
    setting: Setting, link: str, seed: int
) -> None:
    random = Random(seed)
    plan = setting.plan(link=link)
    expected = simulate(plan, batch="12345678-simulated")
    session = setting.start(plan, "--json")
    for number in range(3):
        _kill(setting, session, orders=number * 60 + random.randint(10, 60))
    outcome = ended(session, within=60)
    assert outcome.code == 0, outcome.err
    batch = outcome.summary["batch_id"]
    assert outcome.err.count("the exchange in a box died (signal 9); it is started again") == 3
    assert population(setting, batch).is_rich
    found = books(setting.dsn, batch)
    assert found.orders == expected.orders
    assert found.fills == expected.fills
    assert (found.cash, found.positions) == (expected.cash, expected.positions)
    assert_books_agree(setting, batch)
    assert [(k, v) for k, v in replays(setting, batch).items() if not v.identical] == []


@pytest.mark.soak
def test_killed_beside_scanners_and_consumers_it_recovers(setting: Setting) -> None:
    plan = setting.plan(symbols=(), strategies=_SCANNER + BUSY)
    session = setting.start(plan, "--json")
    for number, other in enumerate(("scanners", "consumer A", "producer")):
        _kill(setting, session, orders=number * 60 + 30)
        assert reached(session, lambda: count_orders(setting.dsn) >= number * 60 + 60)  # noqa: B023
        os.kill(started(setting)[other], signal.SIGKILL)
    outcome = ended(session, within=60)
    assert outcome.code == 0, outcome.err
    batch = outcome.summary["batch_id"]
    assert outcome.err.count("died (signal 9)") == 6
    assert population(setting, batch).is_rich
    assert_books_agree(setting, batch)
    assert [(k, v) for k, v in replays(setting, batch).items() if not v.identical] == []


def test_killed_while_paced_the_session_goes_on_where_it_was(setting: Setting) -> None:
    plan = setting.plan(speed="60")
    session = setting.start(plan, "--json")
    for number in range(2):
        before = count_orders(setting.dsn)
        _kill(setting, session, orders=max(20, before + 10))
        fills = _fills(setting)
        assert fills >= 5 * (number + 1)
        wanted = count_orders(setting.dsn) + 20
        assert reached(session, lambda: count_orders(setting.dsn) >= wanted)  # noqa: B023
        assert reached(session, lambda: _fills(setting) >= fills + 5)  # noqa: B023
    session.send_signal(signal.SIGINT)
    outcome = ended(session, within=30)
    assert outcome.code == 0, outcome.err
    batch = outcome.summary["batch_id"]
    assert outcome.err.count("the exchange in a box died (signal 9); it is started again") == 2
    _assert_same_executions(setting, batch)
    assert [(k, v) for k, v in replays(setting, batch).items() if not v.identical] == []


def test_one_that_dies_again_and_again_is_given_up_with_a_clear_word(setting: Setting) -> None:
    plan = setting.plan(speed="60")
    session = setting.start(plan, "--json")
    assert reached(session, lambda: count_orders(setting.dsn) >= 5)
    killed: set[int] = set()

    def gone() -> bool:
        pid = started(setting)["exchange"]
        if pid not in killed:
            killed.add(pid)
            os.kill(pid, signal.SIGKILL)
        return False

    reached(session, gone)
    outcome = ended(session, within=30)
    assert outcome.code != 0
    assert len(killed) == 5
    assert "the exchange in a box died (signal 9), and died too often" in outcome.err
    batch = query(setting.dsn, "SELECT end_reason FROM batches")[0]
    assert "died too often" in batch["end_reason"]
