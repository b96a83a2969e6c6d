"""What a session heard is kept from its journals, and gives way to the vendor's final bars."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from liualgotrader.analytics.live_differences import LiveDifference
from liualgotrader.common.calendar import us_equities
from liualgotrader.common.events import Bar, Trade
from liualgotrader.common.wire import encode_events
from liualgotrader.data.finalising import Finalised
from liualgotrader.data.kept_history import SETTLES
from liualgotrader.data.lake import Kind
from liualgotrader.models.journal import Header, Journal
from liualgotrader.session.live_bars import finalise_live_bars, keep_live_bars
from tests.unit.data.lake_samples import DAY, MINUTE, at, midnight
from tests.unit.data.test_kept_history import MONDAY, TUESDAY, WEDNESDAY, World

TEN = at(TUESDAY, "10:00")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "history")


def bar(minute: int, close: float = 100.0, day: int = 0) -> Bar:
    start = TEN + minute * MINUTE + day * DAY
    return Bar("AAPL", start, close, close, close, close, 50.0, 60)


def journal(path: Path, *batches: Sequence[Bar | Trade]) -> Path:
    with Journal(path, Header("batch", "A", 1, b"", "plan", {}, {})) as written:
        for batch in batches:
            written.batch(9, encode_events(batch))
    return written.paths[0]


async def finalised(
    world: World, today: str, kept: list[LiveDifference] | None = None
) -> list[str]:
    told: list[str] = []
    day = date.fromisoformat(today)

    async def keep(done: Finalised) -> None:
        if kept is not None:
            kept.extend(done.by_symbol())

    await finalise_live_bars(world.history(), us_equities(), day, told.append, keep)
    return told


async def test_what_journals_hold_is_kept_until_the_final_bars_come(
    world: World, tmp_path: Path
) -> None:
    one = journal(tmp_path / "a", [bar(0), Trade("AAPL", TEN, 1.0, 1.0)], [bar(1, 99.0)])
    two = journal(tmp_path / "b", [bar(2), bar(0, day=1)])
    assert await keep_live_bars(world.history(), date.fromisoformat(TUESDAY), [one, two]) == 1
    assert len(world.lake.read(Kind.MINUTE, "AAPL", 0, world.now)) == 3

    assert await finalised(world, TUESDAY) == []  # today's own are not looked at
    world.now = midnight(WEDNESDAY) + SETTLES
    kept: list[LiveDifference] = []
    assert await finalised(world, WEDNESDAY, kept) == [
        f"{TUESDAY}, alpaca/sip: 3 live minutes of 1 symbols; 1 minutes differ in 1 symbols:"
        " open 1, high 1, low 1, close 1; each is in the log"
    ]
    (differs,) = kept
    assert (differs.symbol, differs.minutes, differs.differing) == ("AAPL", 3, 1)
    assert differs.worst == pytest.approx(0.01)
    assert (world.lake.read(Kind.MINUTE, "AAPL", TEN, TEN + 9 * MINUTE).close == 100.0).all()
    assert await finalised(world, WEDNESDAY) == []


async def test_days_that_agree_are_not_told(world: World, tmp_path: Path) -> None:
    heard = journal(tmp_path / "a", [bar(0), bar(1), bar(2)])
    await keep_live_bars(world.history(), date.fromisoformat(TUESDAY), [heard])
    world.now = midnight(WEDNESDAY) + SETTLES
    assert await finalised(world, WEDNESDAY) == []
    assert (world.lake.root / "kept" / "minute" / "AAPL.json").exists()


async def test_live_bars_stay_while_the_vendor_is_away_or_the_day_not_final(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    heard = journal(tmp_path / "a", [bar(0, 99.0)])
    await keep_live_bars(world.history(), date.fromisoformat(TUESDAY), [heard])
    world.now = midnight(WEDNESDAY)
    assert await finalised(world, WEDNESDAY) == []
    assert "not final yet" in caplog.text
    world.now += SETTLES
    world.vendor.fails = True
    assert await finalised(world, WEDNESDAY) == []
    assert f"the live bars of {TUESDAY} stay: no answer" in caplog.text
    world.vendor.fails = False
    assert len(await finalised(world, WEDNESDAY)) == 1


async def test_a_journal_that_is_gone_is_named_and_the_others_are_kept(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    heard = journal(tmp_path / "b", [bar(0, day=-1)])
    gone = tmp_path / "gone"
    assert await keep_live_bars(world.history(), date.fromisoformat(MONDAY), [gone, heard]) == 1
    assert f"the live bars of {gone} are not kept" in caplog.text
