"""`liu recommend`: what it says, keeps and refuses."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from liualgotrader.common.plan_classes import BUILT_IN
from liualgotrader.models.postgres import connect
from liualgotrader.scripts import recommend_run
from tests.integration.recommending.conftest import Call
from tests.integration.recommending.series import trend, walk, write_minutes
from tests.postgres import run as complete

TWO = ("--strategies", "sma_cross,momentum_long")
MINE = '''
from liualgotrader import Bar, Context, Strategy


class Breaks(Strategy):
    def on_bar(self, ctx: Context, bar: Bar) -> None:
        print("this is not the command's output")
        raise ValueError("cannot")


class Sleeps(Strategy):
    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Do nothing."""
'''
PLAN = """
portfolio_value = 50_000

[session]
symbols = ["AAPL"]

[strategies.breaks]
class_name = "Breaks"
filename = "mine.py"

[strategies.sleeps]
class_name = "Sleeps"
filename = "mine.py"

[fees]
model = "none"
"""


def rows(columns: str, table: str = "recommendations") -> list[tuple[object, ...]]:
    """Return what is kept, by symbol."""

    async def ask() -> list[tuple[object, ...]]:
        connection = await connect(os.environ["DSN"])
        try:
            found = await connection.fetch(f"SELECT {columns} FROM {table} ORDER BY 1")
            return [tuple(row) for row in found]
        finally:
            await connection.close()

    found: list[tuple[object, ...]] = complete(ask())
    return found


def test_on_a_new_machine_it_says_at_once_what_it_finds(call: Call, home: Path) -> None:
    said = call("AAPL")
    assert said.code == 0, said.err
    first, *rest = said.out.splitlines()
    assert first == (
        "AAPL by the day, 2000-03-01 to 2013-03-01: 3,270 days in 5 parts; the bars come with the package"
    )
    assert [name for name in BUILT_IN["strategy"] if f"\n{name} " not in said.out] == []
    # From 13.69 dollars to 430.47, through a split of two for one and three dividends of 2.65.
    held = next(line for line in rest if line.startswith("holding AAPL"))
    assert held.split()[2:4] == ["+6,281.65", "%"]
    # None of ours beats holding this share in these years.
    assert " fits: " not in said.out
    assert [path.name for path in home.iterdir()] == []
    kept = rows("symbol, scale, through::text, strategy, jsonb_array_length(folds)")
    assert kept == [("AAPL", "day", "2013-03-01", None, 5)]
    assert rows("batch_id", "batches") == []


def test_a_trend_is_for_who_follows_it_and_a_walk_is_for_nobody(call: Call, home: Path) -> None:
    write_minutes(home, "TREND", trend(1))
    write_minutes(home, "WALK", walk(2))
    said = call("TREND", "WALK", "--folds", "3", "--json", *TWO)
    assert said.code == 0, said.err
    found = said.findings
    follows = found["TREND"]
    assert (follows["recommended"], follows["scale"]) == ("sma_cross", "minute")
    assert follows["confidence"] > 0.99
    assert [part["chosen"] for part in follows["parts"]] == [None, "sma_cross", "sma_cross"]
    assert follows["followed"]["sharpe"] > 3 > follows["held"]["sharpe"]
    assert found["WALK"]["verdict"] in ("none", "unclear")
    assert found["WALK"]["recommended"] is None
    kept = rows("symbol, strategy, confidence > 0.99, code_version, data_version")
    assert kept[0][:3] == ("TREND", "sma_cross", True)
    assert kept[0][3:] == (follows["code"], follows["data"])


def test_a_strategy_that_fails_is_named_and_the_others_go_on(call: Call, tmp_path: Path) -> None:
    tmp_path.joinpath("mine.py").write_text(MINE)
    tmp_path.joinpath("tradeplan.toml").write_text(PLAN)
    said = call(
        *("FB", "--plan", "tradeplan.toml", "--strategies", "breaks,sleeps,sma_cross", "--json")
    )
    assert said.code == 1
    found = said.findings["FB"]
    assert "ValueError: cannot" in found["failed"]["breaks"]
    assert [each["name"] for each in found["tried"]] == ["sleeps", "sma_cross"]
    assert found["verdict"] == "unclear"
    assert found["why"].startswith("no strategy closed 30 trades")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["AAPL", "ORCL"], "there is no history of ORCL: the lake has none; with the package come"),
        (["AAPL", "--from", "1999-01-04"], "there is not all of the history from 1999-01-04"),
        (["AAPL", "--to", "2013-03-04"], "bars by the day go from 2000-03-01 to 2013-03-01"),
        (["AAPL", "--scale", "minute"], "there is no history of AAPL by the minute"),
        (["AAPL", "--strategies", "sma"], "--strategies sma: there is no such strategy"),
        (["AAPL", "--cash", "none"], "--cash none: no number of dollars"),
        (
            ["AAPL", "--from", "2013-02-27", "--folds", "9"],
            "--folds 9: there are 3 days of AAPL by the day;",
        ),
        ([], "Missing argument 'SYMBOLS...'"),
    ],
)
def test_wrong_use_is_told_before_anything_runs(
    arguments: list[str], said: str, call: Call
) -> None:
    found = call(*arguments)
    assert (found.code, found.out) == (2, "")
    assert said in found.err
    assert rows("symbol") == []


def test_an_interrupt_keeps_what_is_done(
    call: Call, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_minutes(home, "WALK", walk(2))
    write_minutes(home, "LONG", walk(3))
    keep = recommend_run._keep

    async def keep_and_press(dsn: str, finding: object) -> None:
        await keep(dsn, finding)  # type: ignore[arg-type]  # as it came
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(recommend_run, "_keep", keep_and_press)
    before = threading.active_count()
    said = call("IBM", "WALK", "LONG", "--folds", "3", *TWO)
    assert said.code == 130
    assert "Interrupted: 1 of 3 symbols are done and kept." in said.err
    assert [row[0] for row in rows("symbol")] == ["IBM"]
    assert threading.active_count() == before
