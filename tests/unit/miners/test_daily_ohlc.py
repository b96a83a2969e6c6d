"""A night's rows equal those made anew, bit for bit; splits, gaps, failures and the future do what they should."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
import talib

from liualgotrader.common.errors import FeedLost, StoreError
from liualgotrader.fincalcs.arrays import FloatArray
from liualgotrader.miners.daily_ohlc import DailyOHLC
from tests.miner_bench import World, day_bars, joined, sessions

DAYS = sessions(date(2021, 1, 4), date(2026, 3, 2))
SYMBOLS = ("AAA", "BBB", "CCC")


def _miner(**parameters: Any) -> DailyOHLC:
    miner = DailyOHLC()
    for name, value in {"years": 6.0, **parameters}.items():
        setattr(miner, name, value)
    return miner


def _world(symbols: tuple[str, ...] = SYMBOLS) -> World:
    return World(days=[day_bars(symbol, DAYS) for symbol in symbols])


def _rows(world: World) -> list[dict[str, Any]]:
    return world.tables.all("stock_ohlc")


async def _nights(world: World, nights: list[date], **parameters: Any) -> list[int]:
    return [await _miner(**parameters).run(world.at(day, SYMBOLS)) for day in nights]


async def test_nights_equal_all_made_anew() -> None:
    """The history that the vendor is asked for in one night is more than in the other: 2 and 5 years."""
    nightly, anew = _world(), _world()
    await _nights(nightly, DAYS[-40:], years=4.0)
    await _nights(anew, DAYS[-1:], years=5.0)
    start = DAYS[-500]
    rows = [
        [row for row in _rows(world) if row["symbol_date"] >= start] for world in (nightly, anew)
    ]
    assert len(rows[0]) == 500 * len(SYMBOLS)
    assert rows[0] == rows[1]


async def test_a_night_writes_and_asks_for_a_night() -> None:
    world = _world()
    changed = await _nights(world, [*DAYS[-3:], DAYS[-1]])
    assert changed[1:] == [3, 3, 0]
    assert [each[2:] for each in world.asked[-3:]] == [(DAYS[-1], DAYS[-1])] * 3


async def test_values_are_those_of_ta_lib_and_pandas() -> None:
    world = _world(("AAA",))
    await _miner().run(world.at(DAYS[-1], ["AAA"]))
    bars, rows = world.vendor[86_400, "AAA"], _rows(world)
    assert [row["symbol_date"] for row in rows] == DAYS

    def column(name: str) -> FloatArray:
        return np.array([row["indicators"].get(name, np.nan) for row in rows])

    for period in (7, 21, 50, 100, 200):
        rolled = pd.Series(bars.close).rolling(period).mean()
        np.testing.assert_allclose(column(f"sma{period}"), rolled, rtol=1e-11)
    np.testing.assert_allclose(column("rsi14"), talib.RSI(bars.close, 14), rtol=1e-10)
    atr = talib.ATR(bars.high, bars.low, bars.close, 14)
    np.testing.assert_allclose(column("atr14"), atr, rtol=1e-10)
    names = ("macd", "macd_signal", "macd_histogram")
    for name, values in zip(names, talib.MACD(bars.close), strict=True):
        np.testing.assert_allclose(column(name), values, rtol=0, atol=1e-9)


@pytest.mark.parametrize("late", [0, 3, 60])
async def test_a_split_makes_the_symbol_anew(late: int) -> None:
    """Also when it becomes known days after it took effect."""
    world, anew = _world(), _world()
    for each in (world, anew):
        each.splits["BBB"] = [(DAYS[-70], 7.0)]
    told = world.splits.pop("BBB")
    await _nights(world, DAYS[-80 : len(DAYS) - 70 + late])
    world.splits["BBB"] = told
    changed = await _nights(world, DAYS[len(DAYS) - 70 + late :])
    await _nights(anew, DAYS[-1:])
    assert _rows(world) == _rows(anew)
    assert changed[0] > 1_200
    assert set(changed[1:]) == {3}


async def test_the_future_changes_nothing() -> None:
    day, later = DAYS[-30], DAYS[-29:]
    world, other = _world(), _world()
    for symbol in SYMBOLS:
        past = other.vendor[86_400, symbol].cut(0, len(DAYS) - 29)
        other.vendor[86_400, symbol] = joined([past, day_bars(symbol, later, seed=7)])
        other.splits[symbol] = [(DAYS[-20], 3.0)]
    for each in (world, other):
        each.lake = dict(each.vendor)
        await _nights(each, [day])
    assert _rows(world) == _rows(other)
    assert _rows(world)


async def test_a_past_night_worked_again_changes_nothing() -> None:
    world = _world()
    await _nights(world, [DAYS[-30], DAYS[-1]])
    before = _rows(world)
    assert await _nights(world, [DAYS[-30], DAYS[-1]]) == [0, 0]
    assert _rows(world) == before


async def test_since_mends_rows_that_were_spoilt() -> None:
    world = _world()
    await _nights(world, DAYS[-1:])
    right = deepcopy(_rows(world))
    for row in world.tables.rows["stock_ohlc"].values():
        row["indicators"] = {}
    await _miner().run(world.at(DAYS[-1], SYMBOLS, since=date(2024, 6, 3)))
    mended = [row for row in right if row["symbol_date"] >= date(2024, 6, 3)]
    assert [row for row in _rows(world) if row["symbol_date"] >= date(2024, 6, 3)] == mended


async def test_a_corrected_bar_of_the_last_days_mends_what_follows_it() -> None:
    world, anew = _world(), _world()
    await _nights(world, DAYS[-2:-1])
    for each in (world, anew):
        bars = each.vendor[86_400, "AAA"]
        corrected = day_bars("AAA", [DAYS[-6]], seed=5)
        each.vendor[86_400, "AAA"] = joined([bars, corrected])
    world.lake[86_400, "AAA"] = world.vendor[86_400, "AAA"]
    assert await _nights(world, DAYS[-1:]) == [6 + 2]
    await _nights(anew, DAYS[-1:])
    assert _rows(world) == _rows(anew)


async def test_what_has_no_bars_and_what_is_halted_is_skipped_by_name() -> None:
    world = _world()
    world.vendor[86_400, "BBB"] = world.vendor[86_400, "BBB"].cut(0, len(DAYS) - 40)
    del world.vendor[86_400, "CCC"]
    for day in DAYS[-2:]:
        ctx = world.at(day, SYMBOLS)
        changed = await _miner().run(ctx)
        assert set(ctx.skipped) == {"BBB", "CCC"}
        assert ctx.skipped["CCC"] == "no day bars"
        assert f"no bar of {day}" in ctx.skipped["BBB"]
    assert changed == 1
    assert {row["symbol"] for row in _rows(world)} == {"AAA", "BBB"}
    assert world.asked[-1][1:] == ("CCC", DAYS[-1], DAYS[-1])


async def test_one_symbol_that_just_came_to_market() -> None:
    world = World(days=[day_bars("NEW", DAYS[-5:])])
    miner = _miner()
    assert [await miner.run(world.at(day, ["NEW"])) for day in DAYS[-5:]] == [1] * 5
    assert _rows(world)[-1]["indicators"] == {}
    assert await miner.run(world.at(DAYS[-1], [])) == 0


async def test_a_vendor_that_fails_for_some_leaves_the_rest_alone() -> None:
    symbols = [f"S{number:03d}" for number in range(120)]
    world = World(days=[day_bars(symbol, DAYS[-30:]) for symbol in symbols])
    world.refused["S007"] = FeedLost("no answer")
    ctx = world.at(DAYS[-1], symbols)
    assert await _miner().run(ctx) == 70 * 30
    assert set(ctx.skipped) == set(symbols[:50])
    assert ctx.skipped["S000"] == "not fetched: no answer"
    del world.refused["S007"]
    assert await _miner().run(world.at(DAYS[-1], symbols)) == 50 * 30


async def test_a_full_disk_is_the_outcome() -> None:
    world = _world()
    world.refused = dict.fromkeys(SYMBOLS, StoreError("history: no space left on device"))
    with pytest.raises(StoreError, match="no space"):
        await _nights(world, DAYS[-1:])


async def test_prices_out_of_bounds_are_left_out() -> None:
    world = World(
        days=[day_bars("LOW", DAYS[-9:], price=2.0), day_bars("HIGH", DAYS[-9:], price=900)]
    )
    ctx = world.at(DAYS[-1], ["LOW", "HIGH"])
    assert await _miner(min_price=10.0, max_price=500.0).run(ctx) == 0
    assert set(ctx.skipped) == {"LOW", "HIGH"}


async def test_parameters_say_which_indicators() -> None:
    world = _world(("AAA",))
    await _miner(averages=[5], rsi=0, atr=3, macd=[]).run(world.at(DAYS[-1], ["AAA"]))
    assert set(_rows(world)[-1]["indicators"]) == {"sma5", "atr3"}
    bare = _world(("AAA",))
    await _miner(averages=[], rsi=0, atr=0, macd=[]).run(bare.at(DAYS[-1], ["AAA"]))
    assert {str(row["indicators"]) for row in _rows(bare)} == {"{}"}
