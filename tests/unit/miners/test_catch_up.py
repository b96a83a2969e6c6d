"""Which days are asked for, what is remembered, and what is told."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from liualgotrader.common.errors import FeedLost, FeedRefused
from liualgotrader.miners.catch_up import CatchUp
from tests.miner_bench import World, joined, minute_bars, sessions

DAYS = sessions(date(2026, 1, 5), date(2026, 3, 2))
NIGHT = DAYS[-30:]
_MINUTE = 60


def _world(*symbols: str) -> World:
    return World(minutes=[minute_bars(symbol, DAYS) for symbol in symbols])


async def test_the_first_night_brings_all_and_the_next_a_day() -> None:
    world = _world("AAA", "BBB")
    assert await CatchUp().run(world.at(DAYS[-2], ["AAA", "BBB"])) == 2 * 30 * 390
    assert world.asked == [(60, symbol, DAYS[-31], DAYS[-2]) for symbol in ("AAA", "BBB")]
    assert await CatchUp().run(world.at(DAYS[-1], ["AAA", "BBB"])) == 2 * 390
    assert world.asked[2:] == [(60, symbol, DAYS[-1], DAYS[-1]) for symbol in ("AAA", "BBB")]
    assert await CatchUp().run(world.at(DAYS[-1], ["AAA", "BBB"])) == 0
    assert len(world.asked) == 4


async def test_days_with_too_few_minutes_are_asked_for() -> None:
    world = _world("AAA")
    few = minute_bars("AAA", [NIGHT[10]], count=100)
    rest = minute_bars("AAA", [day for day in NIGHT if day not in NIGHT[10:12]])
    world.lake[_MINUTE, "AAA"] = joined([few, rest])
    assert await CatchUp().run(world.at(DAYS[-1], ["AAA"])) == 290 + 390
    assert world.asked == [(60, "AAA", NIGHT[10], NIGHT[11])]


async def test_what_trades_rarely_has_few_and_is_left_alone() -> None:
    world = World(minutes=[minute_bars("RARE", DAYS, count=12)])
    world.lake[_MINUTE, "RARE"] = minute_bars("RARE", NIGHT, count=12)
    assert await CatchUp().run(world.at(DAYS[-1], ["RARE"])) == 0
    assert world.asked == []


async def test_a_known_absence_is_not_asked_for_again() -> None:
    world = _world("AAA")
    world.vendor[_MINUTE, "AAA"] = minute_bars("AAA", DAYS[:-3])
    for expected in (27 * 390, 0):
        ctx = world.at(DAYS[-1], ["AAA", "GONE"])
        assert await CatchUp().run(ctx) == expected
        assert ctx.skipped == {
            "AAA": f"no minutes on {DAYS[-1]}",
            "GONE": "no minutes in the last 30 trading days",
        }
    assert len(world.asked) == 2


async def test_a_vendor_that_fails_for_some_leaves_the_rest_alone() -> None:
    symbols = [f"S{number:02d}" for number in range(60)]
    world = World(minutes=[minute_bars(symbol, NIGHT, count=5) for symbol in symbols])
    world.refused["S03"] = FeedLost("half an answer")
    ctx = world.at(DAYS[-1], symbols)
    # The three before it in its portion were kept.
    assert await CatchUp().run(ctx) == 13 * 30 * 5
    assert ctx.skipped["S03"] == "not fetched: half an answer"
    assert set(ctx.skipped) == set(symbols[:50])
    del world.refused["S03"]
    assert await CatchUp().run(world.at(DAYS[-1], symbols)) == 47 * 30 * 5


async def test_a_vendor_that_refuses_all_is_the_outcome() -> None:
    world = _world("AAA")
    world.refused["AAA"] = FeedRefused("no such key")
    with pytest.raises(FeedRefused, match="no such key"):
        await CatchUp().run(world.at(DAYS[-1], ["AAA"]))


async def test_the_future_changes_nothing() -> None:
    world, other = _world("AAA"), _world("AAA")
    other.vendor[_MINUTE, "AAA"] = joined(
        [minute_bars("AAA", DAYS), minute_bars("AAA", DAYS[-5:], seed=9)]
    )
    for each in (world, other):
        await CatchUp().run(each.at(DAYS[-6], ["AAA"]))
    ours, theirs = world.lake[_MINUTE, "AAA"], other.lake[_MINUTE, "AAA"]
    assert len(ours) == 30 * 390
    assert np.array_equal(ours.start, theirs.start)
    assert np.array_equal(ours.close, theirs.close)


async def test_no_symbols_are_no_work() -> None:
    assert await CatchUp().run(World().at(DAYS[-1], [])) == 0
