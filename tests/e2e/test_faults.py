"""What goes wrong in a session is contained, said, and nothing is lost by it."""

import json
import os
import signal
import socket

import psutil
import pytest

from tests.e2e.audit import assert_books_agree, population
from tests.e2e.relay import relayed
from tests.e2e.sessions import (
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
from tests.e2e.tapes import SECOND

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


def _strategies(*names: str) -> str:
    return "".join(
        f'\n[strategies.{name.lower()}]\nclass_name = "{name}"\nfilename = "{STRATEGIES}/faulty.py"\n'
        for name in names
    )


def test_strategies_that_raise_or_spin_are_out_and_the_others_go_on(setting: Setting) -> None:
    setting.environ["LIU_SPIN_SECONDS"] = "3"
    plan = setting.plan(
        head='on_strategy_error = "flatten"', strategies=_strategies("Raises", "Spins", "Steady")
    )
    outcome = setting.trade(plan, within=80)
    assert outcome.code == 0, outcome.err
    batch = outcome.summary["batch_id"]
    assert "strategy raises is disabled: raised in on_bar: ZeroDivisionError" in outcome.err
    assert "strategy spins spins in consumer" in outcome.err
    assert_books_agree(setting, batch)
    held = query(setting.dsn, "SELECT strategy, symbol, qty FROM positions WHERE qty <> 0")
    assert [row for row in held if row["strategy"] == "raises"] == []
    # Only one consumer trades the symbol on which it spins; in the other one it does no harm.
    last = query(
        setting.dsn,
        "SELECT strategy, max(decided_ns) AS ns FROM orders WHERE slot ="
        " (SELECT max(slot) FROM orders WHERE symbol = 'AAPL') GROUP BY strategy",
    )
    when = {row["strategy"]: row["ns"] for row in last}
    assert when["steady"] > when["spins"] + 600 * SECOND
    assert query(setting.dsn, "SELECT 1 FROM incarnations WHERE failures <> '{}'")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_session_within_ten_seconds(
    setting: Setting, number: signal.Signals
) -> None:
    plan = setting.plan(speed="60", head='[fees]\nmodel = "per_share"\nper_share = 0.01\n')
    session = setting.start(plan, "--json")
    assert reached(session, lambda: count_orders(setting.dsn) >= 25)
    if number is signal.SIGINT:
        os.killpg(session.pid, number)  # as a terminal does: to everybody in it
    else:
        session.send_signal(number)
    outcome = ended(session, within=10)
    assert outcome.code == 0, outcome.err
    batch = query(setting.dsn, "SELECT end_reason, ended_at FROM batches")[0]
    assert batch["end_reason"] == f"stopped by {number.name}"
    assert batch["ended_at"] is not None
    assert [pid for pid in started(setting).values() if psutil.pid_exists(pid)] == []
    assert query(setting.dsn, "SELECT 1 FROM orders WHERE is_open") == []


def test_commands_reach_a_running_session(setting: Setting) -> None:
    plan = setting.plan(speed="30", strategies=_strategies("Steady"))
    session = setting.start(plan, "--json")
    assert reached(session, lambda: count_orders(setting.dsn) >= 20)
    batch = query(setting.dsn, "SELECT batch_id FROM batches")[0]["batch_id"]
    told = setting.liu("halt", batch, "--reason", "test")
    assert told.code == 0, told.err

    def refused() -> bool:
        return bool(query(setting.dsn, "SELECT 1 FROM batches WHERE halted = 'test'"))

    assert reached(session, refused)
    told = setting.liu("flatten", batch)
    assert told.code == 0, told.err
    assert reached(
        session, lambda: not query(setting.dsn, "SELECT 1 FROM positions WHERE qty <> 0")
    )
    status = setting.liu("status", batch, "--json")
    assert json.loads(status.out)["state"] == "running"
    told = setting.liu("stop", batch)
    assert told.code == 0, told.err
    outcome = ended(session, within=15)
    assert outcome.code == 0, outcome.err
    assert outcome.summary["batch_id"] == batch
    again = setting.liu("halt", batch)
    assert again.code == 2
    assert "not running" in again.err


def test_an_unknown_symbol_in_the_plan_is_named_and_nothing_goes_on(setting: Setting) -> None:
    outcome = setting.trade(setting.plan(symbols=("AAPL", "NOSUCH")))
    assert outcome.code == 2
    assert "NOSUCH is no asset" in outcome.err
    assert "Traceback" not in outcome.err
    assert outcome.out == ""


def test_a_strategy_that_cannot_be_loaded_is_told_by_file_and_line(setting: Setting) -> None:
    source = setting.home / "broken.py"
    source.write_text(
        "from liualgotrader.strategies.base import Strategy\n\nclass Broken(Strategy):\n    a = 1 / 0\n"
    )
    strategy = f'\n[strategies.broken]\nclass_name = "Broken"\nfilename = "{source}"\n'
    outcome = setting.trade(setting.plan(strategies=strategy))
    assert outcome.code in (1, 2)
    assert f"{source}:4: cannot be loaded: ZeroDivisionError" in "".join(outcome.err.splitlines())
    assert "Traceback" not in outcome.err
    assert "died" not in outcome.err


def test_a_port_in_use_is_said_in_one_line(setting: Setting) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        outcome = setting.liu("exchange", "--port", str(port), "--tape", setting.tape)
    assert outcome.code == 2
    assert str(port) in outcome.err or "in use" in outcome.err
    assert "Traceback" not in outcome.err


def test_a_database_that_goes_away_and_comes_back_changes_nothing(setting: Setting) -> None:
    direct = setting.dsn
    with relayed(direct) as (relay, setting.dsn):
        plan = setting.plan()
        session = setting.start(plan, "--json")
        assert reached(session, lambda: count_orders(direct) >= 60)
        relay.cut()

        def noticed() -> bool:
            logs = setting.home.glob("logs/*/consumer-*.log")
            return any("waiting for the database" in log.read_text() for log in logs)

        assert reached(session, noticed)
        relay.mend()
        outcome = ended(session, within=70)
    setting.dsn = direct
    assert outcome.code == 0, outcome.err
    batch = outcome.summary["batch_id"]
    assert population(setting, batch).is_rich
    assert_books_agree(setting, batch)
    found, expected = books(direct, batch), simulate(plan, batch=batch)
    assert (found.orders, found.fills) == (expected.orders, expected.fills)
