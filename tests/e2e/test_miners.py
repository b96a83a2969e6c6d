"""`market_miner` as its user runs it, on a home of its own: no key, no network."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import psutil
import pytest

from tests.e2e.sessions import TRADER, Setting, ended, query, reached

ROOT = Path(__file__).parents[2]
MINER = TRADER.replace("trader import", "market_miner import").replace("'trader'", "'market_miner'")

FILE = '''
import os
import time
from datetime import date

from liualgotrader import Miner
from liualgotrader.miners.base import MinerContext

COLUMNS = ("symbol", "symbol_date", "open", "high", "low", "close", "volume")
DAY = 86_400
NS = 1_000_000_000


class FromTheVendor(Miner):
    """Asks the exchange in a box over REST for a month of days of what it has."""

    async def run(self, ctx: MinerContext) -> int:
        symbols = [asset.symbol for asset in await ctx.assets()]
        found = await ctx.data.bars(symbols, start=ctx.now - 30 * DAY * NS, end=ctx.now, seconds=DAY)
        rows = [
            (symbol, date.fromtimestamp((bar.start + DAY * NS // 2) // NS),
             bar.open, bar.high, bar.low, bar.close, bar.volume)
            for symbol, bars in found.items() for bar in bars
        ]
        return await ctx.tables.put("stock_ohlc", COLUMNS, rows, key=COLUMNS[:2])


class FromTheHistory(Miner):
    """Compares what the vendor said of the companies of the history with the history."""

    after = ("FromTheVendor",)

    async def run(self, ctx: MinerContext) -> int:
        told = await ctx.tables.get(
            "stock_ohlc", ("symbol", "close"), where={"symbol": ctx.symbols, "symbol_date": ctx.day}
        )
        for symbol, close in told:
            bars = ctx.history.bars(symbol, DAY, ctx.day, ctx.day)
            assert bars.close.tolist() == [close], symbol
        ctx.log(f"{len(told)} alike, made for {ctx.next_day}")
        return 0


class Waits(Miner):
    folder: str

    async def run(self, ctx: MinerContext) -> int:
        with open(os.path.join(self.folder, "waits"), "w") as file:
            file.write(str(os.getpid()))
        os.rename(file.name, os.path.join(self.folder, "waits.pid"))
        time.sleep(60)
        return 0
'''
TABLES = """
[miners.from_the_history]
filename = "night.py"

[miners.from_the_vendor]
filename = "night.py"
"""


def written(setting: Setting, tables: str) -> Path:
    """Write a miner.toml with its file beside it."""
    (setting.home / "night.py").write_text(FILE)
    path = setting.home / "miner.toml"
    path.write_text(tables)
    return path


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_night_is_worked_twice_and_the_second_time_changes_nothing(setting: Setting) -> None:
    plan = written(setting, TABLES)
    first = ended(setting.start(plan, "--json", program=MINER), within=80)
    assert first.code == 0, first.err
    assert first.out.count("\n") == 1
    summary = first.summary
    assert (summary["day"], summary["next_day"]) == ("2013-01-23", "2013-01-24")
    told = [(each["name"], each["outcome"]) for each in summary["miners"]]
    assert told == [("from_the_vendor", "done"), ("from_the_history", "done")]
    count = query(setting.dsn, "SELECT count(*) AS n, count(DISTINCT symbol) AS s FROM stock_ohlc")
    assert summary["miners"][0]["rows"] == count[0]["n"] > 1000
    assert count[0]["s"] == 60
    assert "from_the_history: 5 alike, made for 2013-01-24" in first.err
    before = query(setting.dsn, "SELECT * FROM stock_ohlc ORDER BY symbol_id")

    second = ended(setting.start(plan, "--json", program=MINER), within=80)
    assert second.code == 0, second.err
    assert [each["rows"] for each in second.summary["miners"]] == [0, 0]
    assert query(setting.dsn, "SELECT * FROM stock_ohlc ORDER BY symbol_id") == before
    runs = query(
        setting.dsn, "SELECT miner, outcome, ended_at > started_at AS over FROM miner_runs"
    )
    assert sorted(runs, key=lambda row: str(row["miner"])) == [
        {"miner": name, "outcome": "done", "over": True}
        for name in ("from_the_history", "from_the_vendor")
    ]


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_the_file_of_the_package_runs_what_is_built_in(setting: Setting) -> None:
    """Twice; the five companies of the package have indicators, ranks and likes."""
    for rows in (1, 0):
        run = ended(setting.start(ROOT / "miner.toml", "--json", program=MINER), within=80)
        assert run.code == 0, run.err
        assert {each["outcome"] for each in run.summary["miners"]} == {"done"}
        made = {each["name"]: each["rows"] for each in run.summary["miners"]}
        assert len(made) >= 10
        assert (made["DailyOHLC"] > 5_000) == (sum(made.values()) > 0) == bool(rows)
    ranked = query(setting.dsn, "SELECT symbol FROM portfolio_ranking ORDER BY rank")
    assert [row["symbol"] for row in ranked] == ["FB", "GOOG", "IBM", "MSFT", "AAPL"]
    (row,) = query(
        setting.dsn,
        """SELECT name, similar_tickers, indicators->'sma200' AS sma200 FROM ticker_data
        JOIN stock_ohlc USING (symbol) WHERE symbol = 'IBM' AND symbol_date = '2013-01-23'""",
    )
    assert row["name"] == "International Business Machines Corporation"
    assert row["similar_tickers"] == ["MSFT", "GOOG", "AAPL"]
    assert row["sma200"] == pytest.approx(196.8337)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_word_to_stop_ends_all_and_says_what_became_of_it(setting: Setting) -> None:
    plan = written(
        setting, f'[miners.waits]\nfilename = "night.py"\nfolder = "{setting.home}"\n{TABLES}'
    )
    process = setting.start(plan, "--json", "--only", "waits", program=MINER)
    pid_file = setting.home / "waits.pid"
    assert reached(process, pid_file.exists)
    worker = psutil.Process(int(pid_file.read_text()))
    others = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    outcome = ended(process, within=60)
    assert outcome.code == 130, outcome.err
    (told,) = json.loads(outcome.out)["miners"]
    assert (told["name"], told["outcome"], told["detail"]) == ("waits", "failed", "interrupted")
    assert not worker.is_running()
    assert psutil.wait_procs(others, timeout=20)[1] == []


@pytest.mark.slow
@pytest.mark.timeout(90)
def test_a_schedule_stays_up_until_it_is_told_to_end(setting: Setting) -> None:
    plan = written(setting, TABLES)
    process = setting.start(plan, "--schedule", "18:30 America/New_York", program=MINER)
    log = setting.home / "logs" / "mining" / "market_miner.log"
    assert reached(process, lambda: log.exists() and "the next run is" in log.read_text())
    process.send_signal(signal.SIGTERM)
    outcome = ended(process, within=20)
    assert outcome.code == 0, outcome.err
    assert "18:30 America/New_York" in outcome.err
    assert outcome.out == ""
