"""`backtest --from` with classes written for 0.4: by days, with a scanner and a portfolio."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from liualgotrader.scripts.exits import run
from liualgotrader.scripts.portfolio import portfolio
from tests.integration.backtest.conftest import Call
from tests.integration.backtest.test_backtest_command import rows, write_history

OLD = Path(__file__).parents[2] / "old_classes"


@pytest.fixture
def plan(bundled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Return a plan of a scanner that picks what is cheap, and of a swing strategy with 20,000 dollars."""
    assert run(portfolio, ["create", "20000", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    path = tmp_path / "tradeplan.toml"
    path.write_text(f"""
portfolio_value = 100_000

[scanners.CheapScanner]
filename = "{OLD}/cheap_scanner.py"
max_price = 60.0

[strategies.SwingRebalance]
filename = "{OLD}/swing_rebalance.py"
portfolio_id = "{made["portfolio_id"]}"
window = 10
""")
    return path


def test_a_scanner_and_a_swing_of_0_4_trade_days(plan: Path, call: Call) -> None:
    span = ("--from", "2011-01-03", "--to", "2011-06-30", "--scale", "day")
    said = call(*span, "--plan", plan, "--json")
    assert said.code == 0, said.err
    batch = said.summary["batch_id"]
    assert said.summary["orders"] > 10 and said.summary["fills"] == said.summary["orders"]
    traded = rows("SELECT DISTINCT symbol FROM orders WHERE batch_id = $1", batch)
    # AAPL and IBM cost more than 60 dollars at the time; GOOG far more; FB was not there.
    assert {row["symbol"] for row in traded} == {"MSFT"}
    days = rows("SELECT decided_ns FROM orders WHERE batch_id = $1 ORDER BY 1", batch)
    weeks = [(b["decided_ns"] - a["decided_ns"]) / 86_400e9 for a, b in pairwise(days)]
    assert min(weeks) >= 5  # the day of the last rebalance is kept
    again = call(*span, "--plan", plan, "--json")
    assert again.summary["equity_end"] == said.summary["equity_end"]


def test_its_purse_bounds_what_it_buys(plan: Path, call: Call) -> None:
    text = plan.read_text().replace("max_price = 60.0", "max_price = 1000.0")
    plan.write_text(text)
    said = call("--from", "2011-01-03", "--to", "2011-03-31", "--scale", "day", "--plan", plan, "--json")  # fmt: skip
    assert said.code == 0, said.err
    batch = said.summary["batch_id"]
    orders = rows("SELECT symbol, status, side FROM orders WHERE batch_id = $1", batch)
    assert len({row["symbol"] for row in orders}) > 2
    assert {row["status"] for row in orders} == {"filled"}


def test_minutes_of_days_before_are_there_once_they_are_declared(
    home: Path, call: Call, tmp_path: Path
) -> None:
    write_history(home, days=9)
    path = tmp_path / "tradeplan.toml"
    text = """
[session]
symbols = ["AAA", "BBB"]
events = ["minute"]

[strategies.Minutes]
class_name = "DailyAverage"
filename = "minutes.py"
days = 2000
"""
    body = (OLD / "daily_average.py").read_text().replace("TimeScale.day)", "TimeScale.minute)")
    tmp_path.joinpath("minutes.py").write_text(body)
    path.write_text(text)
    day = ("--from", "2023-03-22", "--plan", path, "--json")
    said = call(*day)
    assert said.code == 1
    assert "set strategies.Minutes.warmup = 2000 in the plan" in " ".join(said.err.split())
    path.write_text(text + "warmup = 2000\n")
    said = call(*day)
    assert said.code == 0, said.err
    first = rows("SELECT min(decided_ns) AS at FROM orders WHERE batch_id = $1", said.summary["batch_id"])  # fmt: skip
    opened = 1_679_491_800 * 10**9  # 9:30 in New York
    assert first[0]["at"] < opened + 60 * 60 * 10**9
