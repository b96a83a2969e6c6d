"""Ranks and sizes; who is left out; what must not depend on the future."""

from __future__ import annotations

from datetime import date

import numpy as np
import talib

from liualgotrader.common.bar_table import BarTable
from liualgotrader.miners.portfolio import Portfolio
from tests.miner_bench import World, day_bars, joined, sessions

DAYS = sessions(date(2024, 1, 2), date(2026, 3, 2))
SYMBOLS = ("AAA", "BBB", "CCC", "DDD")


def _miner() -> Portfolio:
    miner = Portfolio()
    miner.name = "momentum"
    return miner


def _world(symbols: tuple[str, ...] = SYMBOLS) -> World:
    world = World(days=[day_bars(symbol, DAYS) for symbol in symbols])
    world.lake = dict(world.vendor)
    return world


async def test_ranks_follow_scores_and_sizes_ranges() -> None:
    world = _world()
    assert await _miner().run(world.at(DAYS[-1], SYMBOLS)) == 4
    rows = sorted(world.tables.all("portfolio_ranking"), key=lambda row: int(row["rank"]))
    assert [row["rank"] for row in rows] == [1, 2, 3, 4]
    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)
    for row in rows:
        bars = world.lake[86_400, row["symbol"]]
        slope = talib.LINEARREG_SLOPE(np.log(bars.close), 90)[-1]
        assert np.isclose(row["slope"], slope, rtol=1e-9)
        assert np.isclose(row["score"], np.expm1(250 * slope) * row["r_squared"], rtol=1e-9)
        atr = talib.ATR(bars.high, bars.low, bars.close, 20)[-1]
        assert np.isclose(row["atr"], atr, rtol=1e-10)
        assert row["shares"] == int(100_000 * 0.001 / atr)
    assert await _miner().run(world.at(DAYS[-1], SYMBOLS)) == 0


async def test_of_equal_scores_the_first_symbol_leads() -> None:
    world = _world(())
    for symbol in ("TWO", "ONE"):
        bars = day_bars("ONE", DAYS)
        world.lake[86_400, symbol] = BarTable(
            symbol, bars.start, bars.open, bars.high, bars.low, bars.close, bars.volume
        )
    await _miner().run(world.at(DAYS[-1], ["TWO", "ONE"]))
    ranks = {row["symbol"]: row["rank"] for row in world.tables.all("portfolio_ranking")}
    assert ranks == {"ONE": 1, "TWO": 2}


async def test_who_cannot_be_ranked_is_named() -> None:
    world = _world()
    world.lake[86_400, "BBB"] = world.lake[86_400, "BBB"].cut(0, 400)
    world.lake[86_400, "CCC"] = world.lake[86_400, "CCC"].cut(len(DAYS) - 50, len(DAYS))
    del world.lake[86_400, "DDD"]
    ctx = world.at(DAYS[-1], SYMBOLS)
    assert await _miner().run(ctx) == 1
    assert ctx.skipped == {
        "BBB": f"no bar of {DAYS[-1]}; the last is of {DAYS[399]}",
        "CCC": "50 day bars are too few to be ranked",
        "DDD": "no day bars",
    }


async def test_who_left_the_universe_leaves_the_ranking_of_the_day() -> None:
    world = _world()
    await _miner().run(world.at(DAYS[-1], SYMBOLS))
    assert await _miner().run(world.at(DAYS[-1], SYMBOLS[:2])) > 0
    assert {row["symbol"] for row in world.tables.all("portfolio_ranking")} == set(SYMBOLS[:2])


async def test_the_future_changes_nothing() -> None:
    world, other = _world(), _world()
    for symbol in SYMBOLS:
        past = other.lake[86_400, symbol].cut(0, len(DAYS) - 10)
        other.lake[86_400, symbol] = joined([past, day_bars(symbol, DAYS[-10:], seed=3)])
        other.splits[symbol] = [(DAYS[-5], 2.0)]
    for each in (world, other):
        await _miner().run(each.at(DAYS[-11], SYMBOLS))
    assert world.tables.all("portfolio_ranking") == other.tables.all("portfolio_ranking") != []


async def test_a_split_by_the_day_counts() -> None:
    """A fall by half that is a split is no fall."""
    world = _world(("AAA",))
    bars = world.lake[86_400, "AAA"]
    halves = np.where(np.arange(len(DAYS)) >= len(DAYS) - 30, 0.5, 1.0)
    columns = (column * halves for column in (bars.open, bars.high, bars.low, bars.close))
    split = _world(("AAA",))
    split.lake[86_400, "AAA"] = BarTable("AAA", bars.start, *columns, bars.volume)  # type: ignore[call-arg]
    split.splits["AAA"] = [(DAYS[-30], 2.0)]
    for each in (world, split):
        await _miner().run(each.at(DAYS[-1], ["AAA"]))
    ours, theirs = (each.tables.all("portfolio_ranking")[0] for each in (world, split))
    assert np.isclose(ours["score"], theirs["score"], rtol=1e-9)
    assert np.isclose(ours["atr"], 2 * theirs["atr"], rtol=1e-9)
