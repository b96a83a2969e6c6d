"""A file of the history that cannot be read leaves its symbol out, and nobody else."""

from __future__ import annotations

from datetime import date

import pytest

from liualgotrader.miners.base import Miner
from liualgotrader.miners.catch_up import CatchUp
from liualgotrader.miners.daily_ohlc import DailyOHLC
from liualgotrader.miners.portfolio import Portfolio
from liualgotrader.miners.stock_cluster import StockCluster
from tests.miner_bench import World, day_bars, minute_bars, sessions

DAYS = sessions(date(2025, 1, 2), date(2026, 3, 2))
SYMBOLS = ("AAA", "BAD", "CCC")


@pytest.mark.parametrize("kind", [DailyOHLC, CatchUp, Portfolio, StockCluster])
async def test_the_rest_is_done(kind: type[Miner]) -> None:
    world = World(
        days=[day_bars(symbol, DAYS) for symbol in SYMBOLS],
        minutes=[minute_bars(symbol, DAYS[-40:], count=9) for symbol in SYMBOLS],
    )
    world.lake = dict(world.vendor) if kind is not CatchUp else {}
    world.spoilt = {"BAD"}
    ctx, miner = world.at(DAYS[-1], SYMBOLS), kind()
    miner.name = "night"
    assert await miner.run(ctx) > 0
    assert set(ctx.skipped) == {"BAD"}
    assert ctx.skipped["BAD"].startswith("its history cannot be read: BAD.parquet")
