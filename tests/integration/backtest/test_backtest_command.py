"""`backtest --from`: what it prints, keeps and refuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from liualgotrader.common.calendar import us_equities
from liualgotrader.data.lake import Kind, Lake, Rows
from liualgotrader.models.postgres import connect
from tests.integration.backtest.conftest import Call, Said
from tests.postgres import run as complete

MINUTE = 60_000_000_000
KEYS = (
    "batch_id source_batch_id identical decisions first_divergence bars bars_per_s orders fills "
    "equity_start equity_end fees sharpe max_drawdown report"
).split()
FLIP = '''
from liualgotrader import Bar, Context, Strategy


class Flip(Strategy):
    """Buy in every tenth minute, sell in the fifth after it."""

    lot: int = 10

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        minute = (bar.start - ctx.session_open) // 60_000_000_000
        if minute % 10 == 0:
            ctx.buy(bar.symbol, self.lot, reason="tenth")
        elif minute % 10 == 5 and ctx.position(bar.symbol):
            ctx.close(bar.symbol, reason="fifth")
'''
PLAN = """
portfolio_value = 100_000

[session]
symbols = ["AAA", "BBB"]
events = ["minute"]

[strategies.flip]
class_name = "Flip"
filename = "flip.py"
"""


def write_history(home: Path, *, days: int = 2) -> None:
    """Fill the lake with minutes of two symbols from 2023-03-10 on: a weekend with a change of clocks."""
    lake = Lake(home / "history")
    sessions = us_equities().sessions(_date("2023-03-10"), _date("2023-06-30"))[:days]
    start = np.concatenate([np.arange(s.open, s.close, MINUTE) for s in sessions])
    for number, symbol in enumerate(("AAA", "BBB")):
        close = np.round(50 + number + np.sin(np.arange(len(start)) / 7.0), 2)
        opened = np.concatenate(([close[0]], close[:-1]))
        high, low = np.maximum(opened, close), np.minimum(opened, close)
        columns = (opened, high, low, close, np.full(len(start), 5_000.0))
        lake.write(Kind.MINUTE, symbol, Rows(symbol, start, columns))


def _date(text: str) -> Any:
    return np.datetime64(text).astype(object)


@pytest.fixture
def plan(home: Path, tmp_path: Path) -> Path:
    """Return a plan beside its strategy, over history that is there."""
    write_history(home)
    tmp_path.joinpath("flip.py").write_text(FLIP)
    path = tmp_path / "tradeplan.toml"
    path.write_text(PLAN)
    return path


def days(call: Call, *more: str | Path) -> Said:
    """Run over the two days."""
    return call("--from", "2023-03-10", "--to", "2023-03-13", *more)


def rows(sql: str, *values: object) -> list[dict[str, Any]]:
    """Return the rows of a query."""

    async def ask() -> list[dict[str, Any]]:
        connection = await connect(os.environ["DSN"])
        try:
            return [dict(row) for row in await connection.fetch(sql, *values)]
        finally:
            await connection.close()

    found: list[dict[str, Any]] = complete(ask())
    return found


@pytest.mark.usefixtures("plan")
def test_it_says_what_came_of_it_and_keeps_it(call: Call) -> None:
    said = days(call, "--json", "--csv", "out", "--benchmark", "AAA")
    assert said.code == 0, said.err
    told = said.summary
    assert list(told) == KEYS
    assert (told["bars"], told["identical"], told["source_batch_id"]) == (2 * 2 * 390, None, None)
    assert told["orders"] == told["fills"] > 100
    assert Path(told["report"]).read_text().startswith("<!DOCTYPE html>")
    assert told["equity_end"] != told["equity_start"] == 100_000
    kept = rows(
        """SELECT environment, mode, end_reason, summary->>'bars' AS bars,
            (SELECT count(*) FROM orders o WHERE o.batch_id = b.batch_id) AS orders,
            (SELECT count(*) FROM new_trades JOIN algo_run r USING (algo_run_id)
             WHERE r.batch_id = b.batch_id) AS fills,
            (SELECT balance FROM accounts a WHERE a.account_id = b.account_id) AS cash
        FROM batches b WHERE batch_id = $1""",
        told["batch_id"],
    )
    assert kept[0]["environment"] == "BACKTEST"
    assert (kept[0]["end_reason"], kept[0]["bars"]) == ("backtest over", str(told["bars"]))
    assert (kept[0]["orders"], kept[0]["fills"]) == (told["orders"], told["fills"])
    # Day trades are closed before the close, so the cash is all there is.
    assert float(kept[0]["cash"]) == pytest.approx(told["equity_end"], abs=1e-9)
    assert "Equity" in said.err and "Sharpe" in said.err
    assert {p.name for p in Path("out").iterdir()} >= {"equity.csv", "fills.csv", "monthly.csv"}


@pytest.mark.usefixtures("plan")
def test_without_an_end_it_goes_on_to_the_last_day_of_history(call: Call) -> None:
    assert call("--from", "2023-03-10", "--json").summary["bars"] == 2 * 2 * 390
    assert call("--from", "2023-03-13", "--json").summary["bars"] == 2 * 390


@pytest.mark.usefixtures("plan")
def test_a_second_run_is_the_same(call: Call) -> None:
    first, second = (days(call, "--json").summary for _ in range(2))
    for name in ("decisions", "orders", "fills", "equity_end", "fees"):
        assert first[name] == second[name]
    fills = [
        rows(
            """SELECT substr(order_id, 9) AS id, t.symbol, operation, t.qty, price, ts_ns
            FROM new_trades t JOIN algo_run r USING (algo_run_id) WHERE r.batch_id = $1
            ORDER BY ts_ns, 1""",
            each["batch_id"],
        )
        for each in (first, second)
    ]
    assert fills[0] == fills[1]


@pytest.mark.usefixtures("plan")
def test_options_change_the_plan(call: Call) -> None:
    plain = days(call, "--json").summary
    changed = days(
        call,
        *("--symbols", "AAA", "--param", "flip.lot=20", "--fees", "per_share:0.01", "--json"),
        *("--slippage", "5", "--latency", "0", "--cash", "50_000"),
    ).summary
    assert changed["equity_start"] == 50_000
    assert changed["bars"] == plain["bars"] // 2
    assert changed["fees"] == pytest.approx(0.01 * 20 * changed["fills"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--from", "2023-03-11", "--to", "2023-03-12"], "no trading day from 2023-03-11"),
        (["--from", "2001-01-02"], "bars by the minute go from 2023-03-10 to 2023-03-13"),
        (["--from", "2023-03-10", "--to", "2023-03-14"], "minute go from 2023-03-10 to 2023-03-13"),
        (["--from", "2023-03-13", "--to", "2023-03-10"], "--to 2023-03-10 lies before --from"),
        (["--from", "2023-03-10", "--symbols", "ZZZ"], "ZZZ"),
        (["--from", "2023-03-10", "--strategies", "flop"], "the nearest valid name is flip"),
        (["--from", "2023-03-10", "--param", "flip.lott=3"], "lott"),
        (["--from", "2023-03-10", "--param", "flip"], "STRATEGY.KEY=VALUE"),
        (["--from", "2023-03-10", "--fees", "much"], "us_regulatory"),
        (["--from", "2023-03-10", "--slippage", "-1"], "0 or more"),
        (["--from", "2023-03-10", "--cash", "0"], "more than 0"),
        (["--from", "2023-03-10", "--benchmark", "SPY"], "--benchmark SPY"),
        (["--from", "2023-03-10", "--plan", "nowhere.toml"], "nowhere.toml"),
        (["--from", "2023-03-10", "--strict"], "--strict needs a BATCH"),
        (["abcdef", "--to", "2023-03-10"], "--to is for a stretch of history, and abcdef is taken"),
        (["my.toml", "--from", "2023-03-10"], "backtest --plan my.toml --from DATE"),
        (["my.toml"], "my.toml is no BATCH"),
        (["abcdef"], "there is no batch 'abcdef'"),
        ([], "say what to run"),
    ],
)
@pytest.mark.usefixtures("plan")
def test_what_cannot_be_run_ends_with_2_and_the_next_step(
    call: Call, arguments: list[str], words: str
) -> None:
    said = call(*arguments)
    assert (said.code, said.out) == (2, "")
    assert words in said.err
    assert "Traceback" not in said.err


def test_without_history_it_says_where_to_get_some(call: Call, tmp_path: Path) -> None:
    tmp_path.joinpath("flip.py").write_text(FLIP)
    tmp_path.joinpath("tradeplan.toml").write_text(PLAN)
    said = days(call)
    assert said.code == 2
    assert "liu data import" in said.err


def test_a_lake_file_of_another_schema_is_named(call: Call, plan: Path, home: Path) -> None:
    (path,) = home.joinpath("history").rglob("AAA/2023.parquet")
    pq.write_table(pa.table({"a": [1]}), path)
    said = days(call)
    assert said.code == 2
    assert str(path) in said.err


def test_a_strategy_that_raises_is_named_and_fails_the_run(call: Call, plan: Path) -> None:
    plan.with_name("flip.py").write_text(FLIP + "\n    def on_start(self, ctx):\n        1 / 0\n")
    said = days(call, "--json")
    assert said.code == 1
    assert "strategy flip is disabled: raised in on_start: ZeroDivisionError" in said.err
    assert said.summary["orders"] == 0


def test_an_interrupt_keeps_what_was_computed(home: Path, plan: Path) -> None:
    write_history(home, days=40)
    command = "import sys; from liualgotrader.scripts.backtest import main; sys.exit(main())"
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-c", command, "--from", "2023-03-10", "--to", "2023-05-05", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=plan.parent,
    ) as process:
        assert process.stderr is not None
        process.stderr.readline()  # it is under way
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=40)
    assert time.monotonic() - began < 40
    assert process.returncode == 130, err
    told = json.loads(out)
    assert "Interrupted: the figures are of" in err
    assert 0 < told["bars"] < 40 * 2 * 390
    kept = rows("SELECT end_reason FROM batches WHERE batch_id = $1", told["batch_id"])
    assert kept[0]["end_reason"].startswith("interrupted after 2023-")
