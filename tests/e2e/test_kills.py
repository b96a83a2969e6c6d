"""Whoever is killed, at whatever moment: no order is lost, doubled or unrecorded."""

import os
import signal
from random import Random

import pytest

from tests.e2e.audit import assert_books_agree, population, replays
from tests.e2e.proofs import assert_proved
from tests.e2e.sessions import (
    BUSY,
    STRATEGIES,
    Setting,
    count_orders,
    ended,
    query,
    reached,
    started,
)
from tests.e2e.tapes import SYMBOLS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.mark.parametrize(
    ("link", "kills"),
    [
        ("queue", "consumer-A:journal:120,consumer-B:verdict:20"),
        ("pipe", "consumer-A:commit:25,consumer-B:send:30"),
        ("queue", "consumer-A:acknowledgement:40,consumer-B:acknowledgement:60"),
        pytest.param(
            "pipe",
            "consumer-A:send:20,consumer-A:verdict:30,consumer-B:commit:1,consumer-B:journal:9",
            marks=pytest.mark.soak,
        ),
    ],
)
def test_a_consumer_killed_at_a_named_point_recovers(
    setting: Setting, link: str, kills: str
) -> None:
    setting.environ["LIU_KILL_AT"] = kills
    outcome = setting.trade(setting.plan(link=link))
    assert outcome.code == 0, outcome.err
    batch = outcome.summary["batch_id"]
    assert outcome.err.count("died (signal 9)") == len(kills.split(","))
    assert population(setting, batch).is_rich
    assert_books_agree(setting, batch)
    lived = replays(setting, batch)
    assert [(name, each) for name, each in lived.items() if not each.identical] == []
    assert len(lived) == 2 + len(kills.split(","))
    assert_proved(setting, batch, lives=len(lived))


_SCANNER = f"""
[scanners.in_turn]
class_name = "InTurn"
filename = "{STRATEGIES}/in_turn.py"
recurrence = 2
names = "{" ".join(SYMBOLS)}"
"""


@pytest.mark.parametrize(
    ("link", "seed"), [("queue", 1), pytest.param("pipe", 2, marks=pytest.mark.soak)]
)
def test_children_killed_from_outside_at_any_moment_recover(
    setting: Setting, link: str, seed: int
) -> None:
    plan = setting.plan(link=link, symbols=(), strategies=_SCANNER + BUSY)
    random = Random(seed)
    victims = ["producer", "scanners", "consumer A", "consumer B", "producer"]
    random.shuffle(victims)
    session = setting.start(plan, "--json")
    for number, victim in enumerate(victims):
        wanted = number * 40 + random.randint(5, 40)
        assert reached(session, lambda: count_orders(setting.dsn) >= wanted)  # noqa: B023
        os.kill(started(setting)[victim], signal.SIGKILL)
    outcome = ended(session, within=60)
    assert outcome.code == 0, outcome.err
    batch = outcome.summary["batch_id"]
    assert outcome.err.count("died (signal 9)") == len(victims)
    assert population(setting, batch).is_rich
    assert_books_agree(setting, batch)
    assert [(k, v) for k, v in replays(setting, batch).items() if not v.identical] == []


def test_a_killed_supervisor_is_resumed(setting: Setting) -> None:
    plan = setting.plan(symbols=(), strategies=_SCANNER + BUSY)
    session = setting.start(plan, "--json")
    assert reached(session, lambda: count_orders(setting.dsn) >= 90)
    session.kill()
    session.communicate()
    batch = query(setting.dsn, "SELECT batch_id FROM batches")[0]["batch_id"]
    outcome = setting.trade(plan, "--resume", batch)
    assert outcome.code == 0, outcome.err
    assert outcome.summary["batch_id"] == batch
    assert population(setting, batch).is_rich
    assert_books_agree(setting, batch)
    lived = replays(setting, batch)
    assert [(name, each) for name, each in lived.items() if not each.identical] == []
    assert len(lived) == 4


def test_children_killed_while_the_tape_runs_recover(setting: Setting) -> None:
    plan = setting.plan(speed="60", symbols=(), strategies=_SCANNER + BUSY)
    session = setting.start(plan, "--json")
    for number, victim in enumerate(("consumer A", "producer", "consumer B", "scanners")):
        wanted = 15 + 20 * number
        assert reached(session, lambda: count_orders(setting.dsn) >= wanted)  # noqa: B023
        os.kill(started(setting)[victim], signal.SIGKILL)
    assert reached(session, lambda: count_orders(setting.dsn) >= 100)
    session.send_signal(signal.SIGTERM)
    outcome = ended(session, within=20)
    assert outcome.code == 0, outcome.err
    assert outcome.err.count("died (signal 9)") == 4
    batch = outcome.summary["batch_id"]
    assert [(k, v) for k, v in replays(setting, batch).items() if not v.identical] == []
    assert query(setting.dsn, "SELECT 1 FROM orders WHERE is_open") == []
