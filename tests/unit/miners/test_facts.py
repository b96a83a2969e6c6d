"""Real day bars against answers that were worked out without the package: tests/facts."""

from __future__ import annotations

import csv
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from liualgotrader.common.bar_table import BarTable
from liualgotrader.data.lake import ActionKind
from liualgotrader.data.lake.bundled import bundled_actions, bundled_rows
from liualgotrader.miners.daily_ohlc import DailyOHLC
from liualgotrader.miners.portfolio import Portfolio
from tests.miner_bench import World

_FACTS = Path(__file__).parents[2] / "facts"
_CASES: list[dict[str, Any]] = tomllib.loads((_FACTS / "ranking.toml").read_text())["case"]
SYMBOLS = ("AAPL", "IBM", "MSFT")
LAST = date(2013, 3, 1)


def _world(*, splits: bool) -> World:
    """Return the bundled companies' history, all of it on disk."""
    world = World()
    for symbol, rows in bundled_rows().items():
        world.lake[86_400, symbol] = BarTable(symbol, rows.start, *rows.values)
    for action in bundled_actions() if splits else ():
        if action.kind is ActionKind.SPLIT and action.value is not None:
            world.splits.setdefault(action.symbol, []).append((action.ex_date, float(action.value)))
    return world


@pytest.mark.parametrize("day", sorted({case["day"] for case in _CASES}))
async def test_ranking(day: str) -> None:
    world, miner = _world(splits=True), Portfolio()
    miner.name = "facts"
    await miner.run(world.at(date.fromisoformat(day), SYMBOLS))
    rows = {row["symbol"]: row for row in world.tables.all("portfolio_ranking")}
    for case in (case for case in _CASES if case["day"] == day):
        row = rows[case["symbol"]]
        for name, fact in (("slope", "slope"), ("r_squared", "r2"), ("score", "score")):
            assert row[name] == pytest.approx(float(case[fact]), rel=1e-9)
        assert row["atr"] == pytest.approx(float(case["atr_wilder"]), rel=1e-9)
        assert (row["shares"], row["rank"]) == (case["shares_wilder"], case["rank"])


@pytest.mark.parametrize("prices", ["raw", "split"])
async def test_indicators(prices: str) -> None:
    world, miner = _world(splits=prices == "split"), DailyOHLC()
    miner.years = 14.0
    await miner.run(world.at(LAST, SYMBOLS))
    stored = {(r["symbol"], str(r["symbol_date"])): r for r in world.tables.all("stock_ohlc")}
    with (_FACTS / "moving_averages.csv").open(encoding="utf-8", newline="") as file:
        facts = [row for row in csv.DictReader(file) if row["prices"] == prices]
    assert len(facts) >= 80
    for fact in facts:
        row = stored[fact["symbol"], fact["day"]]
        assert row["close"] == pytest.approx(float(fact["close"]), rel=1e-15)
        known = row["indicators"]
        for name in list(fact)[5:]:
            if not fact[name]:
                assert name not in known
            else:
                assert known[name] == pytest.approx(float(fact[name]), rel=1e-9, abs=1e-9), name
