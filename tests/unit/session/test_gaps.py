"""A gap is told, filled from history, marked, and only then taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from liualgotrader.common.clock import MINUTE
from liualgotrader.common.data_loader import DataLoader
from liualgotrader.common.errors import FeedRefused
from liualgotrader.common.events import (
    Bar,
    FeedSource,
    FeedState,
    FeedStatus,
    HistoryLoaded,
    Input,
)
from liualgotrader.session.gaps import Gaps
from liualgotrader.session.inbox import Inbox
from liualgotrader.session.past import Past
from tests.no_data import NoData

OPEN = 1_800_000_000_000_000_000 // MINUTE * MINUTE


def bar(symbol: str, minute: int) -> Bar:
    return Bar(symbol, OPEN + minute * MINUTE, 10.0, 10.0, 10.0, 10.0, 100.0)


class Vendor(NoData):
    """History of ten minutes for everybody, given when a test says so."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.gives = asyncio.Event()
        self.refuses = False

    async def bars(
        self, symbols: Sequence[str], *, start: int, end: int, seconds: int
    ) -> dict[str, list[Bar]]:
        self.asked.append(tuple(symbols))
        await self.gives.wait()
        if self.refuses:
            raise FeedRefused("no")
        bars = {s: [bar(s, m) for m in range(10)] for s in symbols}
        return {s: [b for b in found if start <= b.start < end] for s, found in bars.items()}


class Bench:
    def __init__(self) -> None:
        self.vendor = Vendor()
        self.filled = asyncio.Event()
        self.inbox = Inbox(self.filled.set)
        self.told: list[str] = []
        data = DataLoader(60, daily=DataLoader(86_400))
        for each in (bar("A", 0), bar("B", 0), bar("B", 1), bar("B", 2)):
            data.admit(each)
        past = Past(self.vendor, (), session_open=OPEN, tell=self.told.append)
        self.gaps = Gaps(past, data, self.inbox, lambda: OPEN + 5 * MINUTE)

    async def inputs(self) -> list[Input]:
        """Return what was put in, once it was."""
        self.vendor.gives.set()
        for _ in range(20):
            await asyncio.sleep(0)
        return list(self.inbox.take())


def live(*symbols: str) -> FeedStatus:
    reason = "what was missing is filled in"
    return FeedStatus(FeedState.LIVE, OPEN + 5 * MINUTE, symbols, reason, FeedSource.LINK)


async def test_what_the_stream_missed_is_asked_for_at_once_and_marked_and_ends_the_gap() -> None:
    bench = Bench()
    (word,) = bench.gaps.missed(["A", "B", "NEW"], OPEN, "away")
    assert (word.state, word.symbols) == (FeedState.GAPPED, ("A", "B"))
    assert word.source is FeedSource.LINK
    *histories, last = await bench.inputs()
    assert last == live("A", "B")
    found = {h.symbol: h for h in histories if isinstance(h, HistoryLoaded)}
    assert all(history.gap for history in found.values())
    assert [b.start for b in found["A"].bars] == [OPEN + m * MINUTE for m in (1, 2, 3, 4)]
    assert [b.start for b in found["B"].bars] == [OPEN + m * MINUTE for m in (3, 4)]
    assert bench.vendor.asked == [("A", "B")], "one request for all"


async def test_what_was_dropped_waits_until_data_flows_again() -> None:
    bench = Bench()
    bench.gaps.lost(["A"], OPEN, "too old")
    opened = [bench.gaps.are_open]
    assert await bench.inputs() == []
    bench.gaps.fill()
    assert [*opened, bench.gaps.are_open] == [True, False]
    assert (await bench.inputs())[-1] == live("A")


async def test_what_is_lost_again_meanwhile_keeps_the_gap_open() -> None:
    bench = Bench()
    bench.gaps.missed(["A", "B"], OPEN, "away")
    bench.gaps.note(["A"])
    assert (await bench.inputs())[-1] == live("B")
    bench.gaps.fill()
    assert (await bench.inputs())[-1] == live("A")


async def test_without_bars_there_is_nothing_to_fill_in() -> None:
    bench = Bench()
    assert bench.gaps.missed(["NEW"], OPEN, "away") == []
    bench.gaps.lost(["NEW"], OPEN, "too old")
    bench.gaps.fill()
    assert await bench.inputs() == [live("NEW")]


async def test_history_that_is_refused_is_told_and_does_not_stop_the_session() -> None:
    bench = Bench()
    bench.vendor.refuses = True
    bench.gaps.missed(["A"], OPEN, "away")
    history, word = await bench.inputs()
    assert history == HistoryLoaded("A", OPEN + 5 * MINUTE, (), gap=True)
    assert word == live("A")
    assert bench.told == ["no history for A: no"]
