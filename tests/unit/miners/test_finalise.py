"""Days that wait are finalised once, and their differences kept."""

from __future__ import annotations

from datetime import date

from liualgotrader.analytics.live_differences import LiveDifference
from liualgotrader.miners.finalise import Finalise
from tests.miner_bench import World, sessions

DAYS = sessions(date(2026, 2, 2), date(2026, 3, 2))
_DIFFERENT = LiveDifference(
    symbol="AAA",
    minutes=390,
    differing=3,
    not_final=1,
    never_heard=2,
    worst=0.0123,
    worst_at=1_772_461_860_000_000_000,
    worst_field="close",
)


async def test_differences_are_kept_and_told_once() -> None:
    world = World()
    world.live = {
        DAYS[-1]: [_DIFFERENT, LiveDifference(symbol="BBB", minutes=380)],
        DAYS[-3]: [LiveDifference(symbol="BBB", minutes=390)],
        DAYS[0]: [_DIFFERENT],
    }
    ctx = world.at(DAYS[-1], ["AAA"])
    assert await Finalise().run(ctx) == 3
    rows = world.tables.all("live_differences")
    assert [(row["symbol"], row["day"], row["differing"]) for row in rows] == [
        ("AAA", DAYS[-1], 3),
        ("BBB", DAYS[-3], 0),
        ("BBB", DAYS[-1], 0),
    ]
    assert rows[0]["worst"] == 0.0123
    assert rows[0]["worst_field"] == "close"
    assert ctx.said == [
        f"{DAYS[-3]}: 390 live minutes of 1 symbols are as the final ones",
        f"{DAYS[-1]}: 770 live minutes of 2 symbols, 3 differ, 2 were never heard; the worst is"
        " 1.2300% in a close of AAA",
    ]
    assert await Finalise().run(world.at(DAYS[-1], ["AAA"])) == 0
    assert world.tables.all("live_differences") == rows


async def test_a_day_that_is_not_final_waits() -> None:
    world = World()
    world.live = {day: [_DIFFERENT] for day in DAYS[-2:]}
    world.final_day = DAYS[-2]
    ctx = world.at(DAYS[-1], [])
    assert await Finalise().run(ctx) == 1
    assert ctx.said[-1] == f"{DAYS[-1]} waits: its minutes are not final yet"
    assert list(world.live) == [DAYS[-1]]


async def test_days_after_the_night_are_left_alone() -> None:
    world = World()
    world.live = {DAYS[-1]: [_DIFFERENT]}
    assert await Finalise().run(world.at(DAYS[-2], [])) == 0
    assert world.tables.all("live_differences") == []
