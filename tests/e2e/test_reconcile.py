"""The broker's books and ours over several sessions of one account, with an owner who trades by hand."""

from __future__ import annotations

import json
import re
import signal
import time
import urllib.request
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.sessions import Outcome, Setting, count_orders, ended, query, reached
from tests.e2e.tapes import write_tape
from tests.e2e.test_paper import KEY, SECRET, environ, exchange, paper_plan


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a tape with a print of each symbol every tenth of a second."""
    path = tmp_path_factory.mktemp("dense") / "dense.parquet"
    return write_tape(path, minutes=4, mean_seconds=0.1)


def ask(at: dict[str, Any], method: str, path: str, body: object = None) -> Any:
    """Ask the broker by hand, as the account's owner does."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(at["trading_url"] + path, data, method=method)
    request.add_header("APCA-API-KEY-ID", KEY)
    request.add_header("APCA-API-SECRET-KEY", SECRET)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def by_hand(at: dict[str, Any], symbol: str, side: str, qty: int) -> None:
    """Trade without the framework once there is a price, and wait for the fill."""
    while symbol not in ask(at, "GET", f"/v2/stocks/trades/latest?symbols={symbol}")["trades"]:
        time.sleep(0.05)
    order = {"symbol": symbol, "side": side, "qty": qty, "type": "market", "time_in_force": "day"}
    sent = ask(at, "POST", "/v2/orders", order)
    while ask(at, "GET", f"/v2/orders/{sent['id']}")["status"] != "filled":
        time.sleep(0.05)


def positions(dsn: str) -> dict[tuple[str, str], Decimal]:
    """Return what the ledger holds."""
    rows = query(dsn, "SELECT strategy, symbol, qty FROM positions")
    return {(row["strategy"], row["symbol"]): row["qty"] for row in rows}


def found(dsn: str) -> list[tuple[str, str, str]]:
    """Return the differences that were found: kind, symbol, outcome."""
    rows = query(dsn, "SELECT kind, symbol, outcome FROM reconciliations ORDER BY 1, 2, 3")
    return [(row["kind"], row["symbol"], row["outcome"]) for row in rows]


def session(setting: Setting, plan: Path, *, orders: int = 6) -> Outcome:
    """Run a session until it has sent some orders more."""
    process = setting.start(plan, "--json")
    before = count_orders(setting.dsn)
    assert reached(process, lambda: count_orders(setting.dsn) >= before + orders)
    process.send_signal(signal.SIGINT)
    return ended(process, within=40)


@pytest.mark.timeout(120)
def test_sessions_of_one_account_know_what_its_owner_did(setting: Setting, dense: Path) -> None:
    """Held before, bought between sessions, and during one; none of it is the strategy's, and books agree."""
    with exchange(dense) as at:
        setting.environ = environ(at) | {"LIU_RECONCILE_SECONDS": "1"}
        by_hand(at, "KO", "buy", 5)
        plan = paper_plan(setting)
        first = session(setting, plan)
        assert first.code == 0, first.err
        assert positions(setting.dsn)["(manual)", "KO"] == 5
        assert found(setting.dsn) == [("held before", "KO", "healed")]

        by_hand(at, "GE", "buy", 3)
        before = count_orders(setting.dsn)
        process = setting.start(plan, "--json")
        assert reached(process, lambda: ("(manual)", "GE") in positions(setting.dsn))
        assert reached(process, lambda: count_orders(setting.dsn) > before)
        by_hand(at, "KO", "sell", 2)
        assert reached(process, lambda: positions(setting.dsn)["(manual)", "KO"] == 3)
        process.send_signal(signal.SIGINT)
        second = ended(process, within=40)
        assert second.code == 0, second.err
        assert "manual trade" in second.err
        assert len(query(setting.dsn, "SELECT 1 FROM accounts")) == 1
        assert found(setting.dsn)[1:] == [
            ("manual trade", "GE", "healed"),
            ("manual trade", "KO", "healed"),
        ]


@pytest.mark.timeout(120)
def test_a_difference_that_nothing_explains_stops_the_start(setting: Setting, dense: Path) -> None:
    """Unless the plan adopts it; then the session is a clean one."""
    with exchange(dense) as at:
        setting.environ = environ(at)
        first = session(setting, paper_plan(setting))
        assert first.code == 0, first.err
        query(setting.dsn, "UPDATE accounts SET balance = balance - 12.34")
        refused = ended(setting.start(paper_plan(setting)), within=30)
        assert refused.code == 2
        assert 'session.reconcile = "adopt"' in refused.err
        assert "cash: the ledger has" in refused.err
        adopted = session(setting, paper_plan(setting, more='reconcile = "adopt"'))
        assert adopted.code == 0, adopted.err
        assert found(setting.dsn) == [("unknown", "", "adopted"), ("unknown", "", "refused")]


@pytest.mark.timeout(120)
def test_a_strategy_gets_back_what_it_held(setting: Setting, dense: Path) -> None:
    """In the next session of the account, though nobody picked the symbol; with skip_existing it does not."""
    with exchange(dense) as at:
        setting.environ = environ(at)
        plan = setting.home / "plan.toml"
        plan.write_text(HOLDER)
        mine = ("holder", "AAPL")
        process = setting.start(plan, "--json")
        assert reached(process, lambda: positions(setting.dsn).get(mine) == 20)
        process.send_signal(signal.SIGINT)
        assert ended(process, within=40).code == 0
        other = HOLDER.replace('symbols = ["AAPL"]', 'symbols = ["KO"]')
        plan.write_text(other.replace("[session]", "[session]\nskip_existing = true"))
        process = setting.start(plan, "--json")
        assert reached(process, lambda: len(query(setting.dsn, "SELECT 1 FROM incarnations")) == 2)
        process.send_signal(signal.SIGINT)
        assert ended(process, within=40).code == 0
        assert positions(setting.dsn)[mine] == 20
        plan.write_text(other.replace("[strategies.holder]", "[strategies.holder]\nleave = true"))
        process = setting.start(plan, "--json")
        assert reached(process, lambda: mine not in positions(setting.dsn))
        process.send_signal(signal.SIGINT)
        assert ended(process, within=40).code == 0


@pytest.mark.timeout(120)
def test_shares_that_the_owner_sells_from_under_a_strategy(setting: Setting, dense: Path) -> None:
    """The strategy's position shrinks, in the ledger and before its eyes, so that it does not sell them again."""
    with exchange(dense) as at:
        setting.environ = environ(at) | {"LIU_RECONCILE_SECONDS": "1"}
        plan = setting.home / "plan.toml"
        plan.write_text(HOLDER)
        process = setting.start(plan, "--json")
        mine = ("holder", "AAPL")
        assert reached(process, lambda: positions(setting.dsn).get(mine) == 20)
        by_hand(at, "AAPL", "sell", 8)
        assert reached(process, lambda: positions(setting.dsn).get(mine) == 12)
        assert reached(process, lambda: mine not in positions(setting.dsn))
        process.send_signal(signal.SIGINT)
        outcome = ended(process, within=40)
    assert outcome.code == 0, outcome.err
    sold = query(setting.dsn, "SELECT qty, order_id FROM new_trades WHERE operation = 'sell'")
    assert sum(row["qty"] for row in sold if row["order_id"]) == 12
    # The sale may fill in parts, and each be found by a look of its own.
    assert sum(row["qty"] for row in sold if not row["order_id"]) == 8
    assert re.search(r"changed by -\d without an order of ours", outcome.err), outcome.err


HOLDER = f"""
[session]
mode = "paper"
consumers = 1
symbols = ["AAPL"]

[strategies.holder]
class_name = "Holder"
filename = "{Path(__file__).parent}/strategies/prints.py"
"""
