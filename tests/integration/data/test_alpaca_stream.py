"""Our stream against the exchange in a box: what it hears is the tape, in either format."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import pytest

from liualgotrader.common.errors import FeedRefused
from liualgotrader.common.events import Bar, Event, Quote, Trade
from liualgotrader.data.alpaca_stream import AlpacaStream
from liualgotrader.exchange.app import Address, Driver, Settings, build, serving
from liualgotrader.exchange.tape import Tape
from tests.integration.exchange.box import KEYS, MINUTE, OPEN, SECOND, quote, tape_of, trade

TAPE = tape_of(
    quote("AAPL", 10 * SECOND, 99.98, 100.0),
    trade("AAPL", 11 * SECOND + 123_456_789, 100.5, 10),
    trade("MSFT", 12 * SECOND, 200.0, 7),
    trade("AAPL", 20 * SECOND, 101.5, 30.5),
    trade("AAPL", 90 * SECOND, 102.0, 1),
)
CHANNELS = ("trades", "quotes", "bars", "updatedBars")


class Ear:
    """What a stream told."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.live: asyncio.Queue[bool] = asyncio.Queue()
        self.heard = asyncio.Event()

    def sink(self, read_at: int, events: list[Event]) -> None:
        """Take events."""
        self.events += events
        self.heard.set()

    async def until(self, count: int) -> None:
        """Wait for so many events."""
        while len(self.events) < count:
            self.heard.clear()
            await self.heard.wait()


@asynccontextmanager
async def exchange(tape: Tape = TAPE) -> AsyncIterator[tuple[Address, Driver]]:
    made, driver = build(tape, Settings(speed=600.0))
    async with asyncio.timeout(20), serving(made, driver, KEYS) as address:
        yield address, driver


def stream_to(url: str, ear: Ear, *, msgpack: bool, secret: str = KEYS.secret) -> AlpacaStream:
    return AlpacaStream(
        url,
        key=KEYS.key,
        secret=secret,
        channels=CHANNELS,
        sink=ear.sink,
        on_mark=lambda _: None,
        on_live=ear.live.put_nowait,
        msgpack=msgpack,
        random=Random(1),
    )


@pytest.mark.parametrize("msgpack", [True, False], ids=["msgpack", "json"])
async def test_the_tape_is_heard_to_the_nanosecond(msgpack: bool) -> None:
    ear = Ear()
    async with exchange() as (address, driver):
        stream = stream_to(address.stream_url, ear, msgpack=msgpack)
        async with asyncio.TaskGroup() as group:
            group.create_task(stream.run())
            assert await ear.live.get()
            confirmed = asyncio.Event()
            stream.subscribe(["AAPL"], confirmed.set)
            await confirmed.wait()
            driver.start()
            await ear.until(5)
            stream.close()
    first, second, third, bar, last = ear.events
    assert isinstance(first, Quote) and (first.bid, first.ask) == (99.98, 100.0)
    assert isinstance(second, Trade) and second.ts_event == OPEN + 11 * SECOND + 123_456_789
    assert isinstance(third, Trade) and third.size == 30.5
    assert isinstance(bar, Bar) and (bar.start, bar.volume) == (OPEN, 40.5)
    assert isinstance(last, Trade) and last.ts_event == OPEN + 90 * SECOND < OPEN + 2 * MINUTE
    assert all(isinstance(event.time, int if msgpack else str) for event in (first, second, bar))
    assert stream.counts == {}


@pytest.mark.parametrize("msgpack", [True, False], ids=["msgpack", "json"])
async def test_a_wrong_secret_is_told_as_one(msgpack: bool) -> None:
    async with exchange() as (address, _):
        stream = stream_to(address.stream_url, Ear(), msgpack=msgpack, secret="no")
        with pytest.raises(FeedRefused, match="the key or the secret is wrong"):
            await stream.run()
