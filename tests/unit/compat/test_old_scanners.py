"""Scanners written for 0.4: what they are made with, and what they see at a moment of the past."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest

from liualgotrader.common.clock import MINUTE, SECOND
from liualgotrader.common.errors import FeedLost
from liualgotrader.common.events import Bar
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.plan import Mode
from liualgotrader.compat.errors import NothingLoaded
from tests.engine_bench import OPEN
from tests.old_bench import scanner

DAY = 86_400 * SECOND


class _Market:
    """A scan over bars by symbol; it says what it was asked."""

    def __init__(self, now: int, bars: dict[str, list[Bar]]) -> None:
        self.now = now
        self.data: Any = self
        self.asked: list[tuple[str, int, int, int]] = []
        self._bars = bars
        self.session_open, self.session_close = OPEN, OPEN + 390 * MINUTE

    async def assets(self) -> Sequence[Instrument]:
        return [Instrument(symbol) for symbol in self._bars]

    async def bars(
        self, symbols: Sequence[str], *, start: int, end: int, seconds: int
    ) -> dict[str, list[Bar]]:
        (symbol,) = symbols
        self.asked.append((symbol, start, end, seconds))
        rows = self._bars.get(symbol, [])
        fit = [b for b in rows if b.seconds == seconds and start <= b.start and b.ts_event <= end]
        return {symbol: fit}


def market_at(now: int, bars: dict[str, list[Bar]]) -> Any:
    return _Market(now, bars)


def minutes(symbol: str, *closes: float) -> list[Bar]:
    return [
        Bar(symbol, OPEN + number * MINUTE, close, close, close, close, 100)
        for number, close in enumerate(closes)
    ]


def days(symbol: str, *closes: float) -> list[Bar]:
    first = OPEN - OPEN % DAY - (len(closes)) * DAY
    return [
        Bar(symbol, first + number * DAY, close, close, close, close, 100, 86_400)
        for number, close in enumerate(closes)
    ]


async def test_it_reads_bars_as_of_its_moment_and_picks_assets() -> None:
    cheap = scanner(
        "cheap_scanner.py", "CheapScanner", recurrence=5, target="x", max_price=20.0, more=1
    )
    old: Any = cheap.old
    assert (old.max_price, old.more) == (20.0, {"more": 1})
    assert (old.recurrence, old.target_strategy_name) == (dt.timedelta(minutes=5), "x")
    assert cheap.every == dt.timedelta(minutes=5) and cheap.name == "CheapScanner"
    bars = {"AAPL": minutes("AAPL", 19, 21), "IBM": minutes("IBM", 30, 18, 40), "KO": []}
    # Two minutes are over, the third is not.
    market = market_at(OPEN + 2 * MINUTE, bars)
    assert await cheap.scan(market) == ["IBM"]
    assert await cheap.scan(market_at(OPEN + 3 * MINUTE, bars)) == []
    assert {(symbol, end) for symbol, _, end, _ in market.asked} == {
        (symbol, OPEN + 2 * MINUTE) for symbol in ("AAPL", "IBM", "KO")
    }


@pytest.mark.parametrize(
    ("mode", "is_told"), [(Mode.SIMULATED, True), (Mode.PAPER, False), (Mode.LIVE, False)]
)
async def test_it_is_told_its_moment_where_that_is_not_now(mode: Mode, is_told: bool) -> None:
    cheap = scanner("cheap_scanner.py", "CheapScanner", mode=mode, max_price=20.0)
    told: list[Any] = []

    async def run(back_time: Any = None) -> list[str]:
        told.append(back_time)
        return ["aapl"]

    cheap.old.run = run  # type: ignore[method-assign]
    assert await cheap.scan(market_at(OPEN, {"AAPL": []})) == ["AAPL"]
    assert (told[0] is not None) is is_told
    assert not is_told or told[0].value == OPEN


async def test_it_may_wait_in_a_loop_of_its_own() -> None:
    import asyncio

    cheap = scanner("cheap_scanner.py", "CheapScanner", max_price=20.0)

    async def run() -> list[str]:
        await asyncio.gather(asyncio.sleep(0.001), asyncio.sleep(0))
        return ["AAPL"]

    cheap.old.run = run  # type: ignore[assignment]
    assert await cheap.scan(market_at(OPEN, {"AAPL": []})) == ["AAPL"]


async def test_it_fetches_as_far_back_as_its_keys_reach_and_once() -> None:
    cheap = scanner("cheap_scanner.py", "CheapScanner", max_price=20.0)
    market = market_at(OPEN, {"AAPL": days("AAPL", *range(1, 101))})
    seen: list[Any] = []

    async def run(back_time: Any) -> list[str]:
        closes = cheap.old.data_loader["AAPL"].close
        for key in (-1, slice(-60, None), slice(back_time - dt.timedelta(days=90), back_time)):
            found = closes[key]
            seen.append(found if isinstance(found, float) else len(found))
        return []

    cheap.old.run = run  # type: ignore[assignment]
    cheap._world.facts = type(cheap._world.facts)(name="x", by_day=True)
    await cheap.scan(market)
    assert seen == [100.0, 60, 89]
    assert [(OPEN - start) // DAY for _, start, _, _ in market.asked] == [30, 125]
    assert {seconds for *_, seconds in market.asked} == {86_400}


async def test_what_goes_wrong_in_it_is_told_as_of_any_scanner() -> None:
    cheap = scanner("cheap_scanner.py", "CheapScanner", max_price=20.0)
    market = market_at(OPEN, {"AAPL": []})

    async def none_there() -> list[str]:
        return [str(cheap.old.data_loader["AAPL"].close[-1])]

    cheap.old.run = none_there  # type: ignore[assignment]
    with pytest.raises(NothingLoaded, match="AAPL: there are no minute bars from"):
        await cheap.scan(market)

    async def lost(*args: Any, **named: Any) -> Any:
        raise FeedLost("no answer")

    market.bars = lost
    with pytest.raises(FeedLost, match="no answer"):
        await cheap.scan(market)
