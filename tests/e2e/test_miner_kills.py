"""A night of all built-in miners and forecasts, killed at any moment and run again: the same tables."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from liualgotrader.data.lake import Kind, Lake, Rows
from tests.e2e.sessions import Setting, ended, query
from tests.e2e.test_miners import MINER
from tests.generated_days import market, trading_days

pytestmark = pytest.mark.slow

LAST = date(2013, 1, 23)
NAMES = ("AAA", "BBB", "CCC")
MINERS = "DailyOHLC CatchUp Finalise TickerData StockCluster Portfolio Gainloss TradeAnalysis Cost"
FORECASTS = "dip_10 dip_45 volatility momentum profitability rally"
FILLED = ("stock_ohlc", "ticker_data", "portfolio_ranking", "forecasts", "forecast_samples")
_TABLES = """
SELECT table_name, string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) AS columns
FROM information_schema.columns
WHERE table_schema = 'public' AND is_identity = 'NO' AND data_type <> 'timestamp with time zone'
    AND table_name = ANY($1::text[])
GROUP BY table_name ORDER BY table_name"""
KEPT = (
    *FILLED,
    *("forecast_checks", "miner_runs", "miner_values", "live_differences", "slippage_costs"),
    *("gain_loss", "trade_analysis"),
)


@pytest.fixture
def plan(setting: Setting) -> Path:
    """Return a miner.toml, beside a history of a few symbols."""
    days = market(NAMES, 12, days=trading_days(LAST, 12 + 120))
    lake = Lake(setting.home / "history")
    for kind, tables in ((Kind.DAY, [days[-1].days]), (Kind.MINUTE, [d.minutes for d in days])):
        for each in tables:
            rows = {
                name: Rows(name, t.start, (t.open, t.high, t.low, t.close, t.volume))
                for name, t in each.items()
            }
            lake.write_all(kind, rows)
    miners = "".join(f"[miners.{name}]\n" for name in MINERS.split())
    forecasts = "".join(f"[forecasts.{name}]\npast = 3\n" for name in FORECASTS.split())
    path = setting.home / "miner.toml"
    path.write_text(f'[data]\nsource = "box"\ndate = 2013-01-24\nworkers = 2\n{miners}{forecasts}')
    return path


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kills", [6, pytest.param(20, marks=pytest.mark.soak)])
def test_a_night_killed_anywhere_and_run_again_leaves_the_same_tables(
    setting: Setting, plan: Path, kills: int
) -> None:
    shutil.copytree(setting.home / "history", setting.home / "before")
    began = os.times().elapsed
    expected = worked(setting, plan)
    length = os.times().elapsed - began
    assert all(expected[name] for name in FILLED)
    begin_anew(setting)
    random, killed = Random(kills), 0
    for _ in range(3 * kills):
        if killed == kills:
            break
        process = setting.start(plan, "--json", program=MINER)
        try:
            process.communicate(timeout=random.uniform(0.2, 0.9) * length)
        except subprocess.TimeoutExpired:
            killed += 1
            # Every other time the children are left to notice by themselves.
            (os.killpg if killed % 2 else os.kill)(process.pid, signal.SIGKILL)
            process.communicate()
        else:
            begin_anew(setting)  # done before its time, for what was done before stays done
    assert killed == kills
    assert worked(setting, plan) == expected


def begin_anew(setting: Setting) -> None:
    """Have neither rows nor what a night wrote into the history."""
    for name in KEPT:
        query(setting.dsn, f"TRUNCATE {name} CASCADE")
    shutil.rmtree(setting.home / "history")
    shutil.copytree(setting.home / "before", setting.home / "history")


def worked(setting: Setting, plan: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Work a night to its end; return all rows without serial ids and clocks."""
    done = ended(setting.start(plan, "--json", program=MINER), within=120)
    assert done.code == 0, done.err
    outcomes = {each["name"]: each["outcome"] for each in done.summary["miners"]}
    assert outcomes == dict.fromkeys((*MINERS.split(), *FORECASTS.split()), "done")
    rows = {}
    for table in query(setting.dsn, _TABLES, list(KEPT)):
        name, columns = table["table_name"], table["columns"]
        found = query(setting.dsn, f"SELECT {columns} FROM {name}")
        rows[name] = sorted((tuple(row.values()) for row in found), key=repr)
    assert sorted(rows) == sorted(KEPT)
    return rows
