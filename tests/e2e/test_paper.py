"""Paper sessions: what a user with an Alpaca key runs, against an exchange in a box that he started himself."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.sessions import Setting, books, count_orders, ended, query, reached
from tests.e2e.tapes import write_tape

KEY, SECRET = "PK7QXW2M4R8T1Z5K9B3V", "s3cr3tOfThePaperAccount0123456789abcdefg"
BY_PRINTS = f"""
[strategies.prints]
class_name = "ByPrints"
filename = "{Path(__file__).parent}/strategies/prints.py"
"""


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a tape with a print of each symbol every tenth of a second."""
    path = tmp_path_factory.mktemp("dense") / "dense.parquet"
    return write_tape(path, minutes=3, mean_seconds=0.1)


@contextmanager
def exchange(tape: Path, *, key: str = KEY) -> Iterator[dict[str, Any]]:
    """Run an exchange in real time, and give what it printed."""
    command = [sys.executable, "-m", "liualgotrader.exchange", "--tape", str(tape)]
    command += ["--latency-ms", "20", "--key", key, "--secret", SECRET]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)


def paper_plan(setting: Setting, *, mode: str = "paper", more: str = "") -> Path:
    """Write a plan for a session at the broker."""
    path = setting.home / "plan.toml"
    path.write_text(f"""
[session]
mode = "{mode}"
{more}
consumers = 2
symbols = ["AAPL", "MSFT", "IBM", "XOM"]
events = ["trades", "minute"]
{BY_PRINTS}
[limits]
max_order = 20_000
""")
    return path


def environ(at: dict[str, Any]) -> dict[str, str]:
    """Return what a user exports to trade there."""
    return {
        "APCA_API_KEY_ID": KEY,
        "APCA_API_SECRET_KEY": SECRET,
        "APCA_API_BASE_URL": at["trading_url"],
    }


def test_a_paper_session_trades_until_it_is_stopped(setting: Setting, dense: Path) -> None:
    """The whole of it at the broker: orders, fills, books that agree, a report, and nothing left open."""
    with exchange(dense) as at:
        setting.environ = environ(at)
        process = setting.start(paper_plan(setting), "--json")

        def enough() -> bool:
            return count_orders(setting.dsn) >= 60

        assert reached(process, enough)
        process.send_signal(signal.SIGINT)
        outcome = ended(process, within=40)
    assert outcome.code == 0, outcome.err
    summary = outcome.summary
    assert summary["mode"] == "paper"
    assert summary["fills"] >= 10
    assert Path(summary["report"]).exists()
    accounts = query(setting.dsn, "SELECT broker, external_account_id FROM accounts")
    assert [row["broker"] for row in accounts] == ["alpaca"]
    left = books(setting.dsn, summary["batch_id"])
    assert not [order for order in left.orders if order[8] in ("new", "accepted", "admitted")]


def refusal(setting: Setting, plan: Path) -> str:
    """Start a session that cannot begin; return what it says."""
    outcome = ended(setting.start(plan), within=40)
    assert outcome.code == 2, outcome.err
    return outcome.err


def test_without_keys_it_says_what_to_set(setting: Setting) -> None:
    """Exit code 2, the names, and where keys come from."""
    setting.environ = {"APCA_API_KEY_ID": "", "APCA_API_SECRET_KEY": ""}
    said = refusal(setting, paper_plan(setting))
    assert "APCA_API_KEY_ID and APCA_API_SECRET_KEY" in said
    assert "dashboard" in said


def test_a_wrong_secret_is_told_before_anything_starts(setting: Setting, dense: Path) -> None:
    """What the broker answers, and what to check."""
    with exchange(dense) as at:
        setting.environ = environ(at) | {"APCA_API_SECRET_KEY": "wrong" * 8}
        said = refusal(setting, paper_plan(setting))
    assert "refused the keys" in said
    assert "wrongwrong" not in said


def test_a_live_key_is_not_taken_for_paper(setting: Setting) -> None:
    """Key ids tell which environment they are of."""
    setting.environ = {"APCA_API_KEY_ID": "AK" + KEY[2:], "APCA_API_SECRET_KEY": SECRET}
    assert "is one of a live account" in refusal(setting, paper_plan(setting))


def test_a_live_url_is_not_taken_for_paper(setting: Setting) -> None:
    """Nor does a URL of the other environment pass."""
    setting.environ = {
        "APCA_API_KEY_ID": KEY,
        "APCA_API_SECRET_KEY": SECRET,
        "APCA_API_BASE_URL": "https://api.alpaca.markets",
    }
    said = refusal(setting, paper_plan(setting))
    assert "is the live environment" in said


def test_live_money_needs_a_word(setting: Setting, dense: Path) -> None:
    """Without a terminal to ask on it is --yes-live; with it the session is one of environment PROD."""
    with exchange(dense, key="AK" + KEY[2:]) as at:
        setting.environ = environ(at) | {"APCA_API_KEY_ID": "AK" + KEY[2:]}
        plan = paper_plan(setting, mode="live")
        assert "give --yes-live" in refusal(setting, plan)
        process = setting.start(plan, "--json", "--yes-live")
        assert reached(process, lambda: count_orders(setting.dsn) >= 8)
        process.send_signal(signal.SIGINT)
        outcome = ended(process, within=40)
    assert outcome.code == 0, outcome.err
    environments = query(setting.dsn, "SELECT environment FROM batches")
    assert [row["environment"] for row in environments] == ["PROD"]
