"""What every StreamingAPI promises: Alpaca's in both formats, Massive's of stocks and of crypto, over the box."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from random import Random
from typing import Any, Protocol

import msgspec
import pytest

from liualgotrader.common.errors import FeedRefused
from liualgotrader.common.events import Bar, Event, Quote, Trade
from liualgotrader.common.instruments import Instrument, coin
from liualgotrader.common.ports import StreamingAPI
from liualgotrader.data.alpaca_stream import AlpacaStream
from liualgotrader.data.massive_stream import MassiveStream
from liualgotrader.exchange.app import Address, Settings, build, serving
from liualgotrader.exchange.pacing import PacedDriver
from liualgotrader.exchange.service import Exchange
from liualgotrader.exchange.tape import ListTape
from liualgotrader.session.lockstep import LockstepSocket
from tests.contracts.line import line_to
from tests.integration.exchange.box import DAY, KEYS, MINUTE, OPEN, SECOND, quote, trade

MS = 1_000_000


class Kind(msgspec.Struct, frozen=True):
    """A stream to be held to its promises. `grain`: the smallest difference of its times, ns."""

    name: str
    symbols: tuple[str, str]
    grain: int

    def url(self, at: Address) -> str:
        """Return where the box streams it."""
        urls = {"massive": at.massive_stocks_url, "massive-crypto": at.massive_crypto_url}
        return urls.get(self.name, at.stream_url)

    def stream(self, url: str, secret: str, **hearing: Any) -> AnyStream:
        """Return a stream of prints, quotes and minutes."""
        if self.name.startswith("alpaca"):
            channels = ("trades", "quotes", "bars", "updatedBars")
            packed = self.name == "alpaca-msgpack"
            return AlpacaStream(
                url, key=KEYS.key, secret=secret, channels=channels, msgpack=packed, **hearing
            )
        prefixes = ("XT", "XQ", "XA") if self.name == "massive-crypto" else ("T", "Q", "AM")
        return MassiveStream(url, key=secret, channels=prefixes, **hearing)


class AnyStream(StreamingAPI, Protocol):
    """What the producer asks of a stream beside."""

    @property
    def is_up(self) -> bool: ...

    @property
    def reconnects(self) -> int: ...


STOCKS, COINS = ("AAPL", "BRK.B"), ("BTC/USD", "ETH/USD")
KINDS = [
    Kind("alpaca-json", STOCKS, 1),
    Kind("alpaca-msgpack", STOCKS, 1),
    Kind("massive", STOCKS, MS),
    Kind("massive-crypto", COINS, MS),
]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    """One of the streams."""
    found: Kind = request.param
    return found


class Market:
    """An exchange whose tape goes where a test moves it."""

    def __init__(self, exchange: Exchange, driver: PacedDriver, at: Address) -> None:
        self.exchange, self.driver, self.at = exchange, driver, at
        self.elapsed = 0

    def move(self, at: int) -> None:
        """Let the tape go on to OPEN + `at`."""
        self.elapsed = at
        self.driver.wake()

    async def reads(self, *symbols: str) -> None:
        """Wait until the prints of these symbols, and of no others, are read."""
        readers = self.exchange.feeds.subscribers
        while {s for r in readers for s in r.wanted["trades"]} != set(symbols):  # noqa: ASYNC110
            await asyncio.sleep(0)  # the exchange has no event for a test to wait for


def tape_of(kind: Kind) -> ListTape:
    """Return a tape of quotes and prints of two symbols."""
    one, other = kind.symbols
    return ListTape(
        date=DAY,
        instruments=[coin(s, 2) if "/" in s else Instrument(s) for s in kind.symbols],
        events=[
            quote(one, 10 * SECOND, 99.98, 100.0),
            trade(one, 11 * SECOND + 123_456_789, 100.5, 10),
            trade(other, 12 * SECOND, 200.0, 7),
            trade(one, 20 * SECOND, 101.5, 30.5),
            trade(one, 90 * SECOND, 102.0, 1),
            trade(other, 91 * SECOND, 201.0, 1),
            trade(one, 150 * SECOND, 103.0, 1),
        ],
        start=OPEN,
        end=OPEN + 3 * MINUTE,
    )


@asynccontextmanager
async def market(kind: Kind) -> AsyncIterator[Market]:
    """Run an exchange whose tape a test moves."""
    markets: list[Market] = []
    exchange, driver = build(
        tape_of(kind), Settings(), monotonic=lambda: markets[0].elapsed if markets else 0
    )
    assert isinstance(driver, PacedDriver)
    async with asyncio.timeout(30), serving(exchange, driver, KEYS) as address:
        markets.append(Market(exchange, driver, address))
        driver.start()
        yield markets[0]


class Ear:
    """A stream with all that it tells."""

    def __init__(
        self,
        kind: Kind,
        url: str,
        secret: str = KEYS.secret,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.events: list[Event] = []
        self.on_mark: Callable[[int], object] = lambda mark: None
        self.live: asyncio.Queue[bool] = asyncio.Queue()
        self._heard = asyncio.Event()
        self.stream = kind.stream(
            url,
            secret,
            sink=self._sink,
            on_mark=lambda mark: self.on_mark(mark),
            on_live=self.live.put_nowait,
            headers=headers,
            random=Random(1),
        )

    def _sink(self, read_at: int, events: list[Event]) -> None:
        assert read_at > 0 and events
        self.events += events
        self._heard.set()

    async def heard(self, count: int) -> list[Event]:
        """Wait for so many events, and return them."""
        while len(self.events) < count:
            self._heard.clear()
            await self._heard.wait()
        return self.events

    async def subscribed(self, *symbols: str) -> None:
        """Want symbols, and wait for the vendor's yes."""
        confirmed = asyncio.Event()
        self.stream.subscribe(symbols, confirmed.set)
        await confirmed.wait()


@asynccontextmanager
async def listening(
    kind: Kind, url: str, *symbols: str
) -> AsyncIterator[tuple[Ear, asyncio.Task[None]]]:
    """Run a stream that is signed on and has a yes for these symbols."""
    ear = Ear(kind, url)
    running = asyncio.create_task(ear.stream.run())
    try:
        assert await ear.live.get()
        await ear.subscribed(*symbols)
        yield ear, running
    finally:
        ear.stream.close()
        with suppress(FeedRefused):
            await running


def told(events: list[Event]) -> list[tuple[str, str, float]]:
    """Return kind, symbol and price of events."""
    price: dict[type[Event], Callable[[Any], float]] = {
        Trade: lambda e: e.price,
        Quote: lambda e: e.ask,
        Bar: lambda e: e.close,
    }
    return [(type(e).__name__, e.symbol, price[type(e)](e)) for e in events]  # type: ignore[attr-defined]


async def test_the_tape_is_heard_as_it_is(kind: Kind) -> None:
    one, _ = kind.symbols
    async with market(kind) as at, listening(kind, kind.url(at.at), one) as (ear, _):
        at.move(MINUTE + SECOND)
        events = await ear.heard(4)
    bid, first, second, minute = events
    start = OPEN + 11 * SECOND + 123_456_789
    assert isinstance(bid, Quote) and isinstance(first, Trade) and isinstance(second, Trade)
    assert (bid.symbol, bid.bid, bid.ask, bid.bid_size) == (one, 99.98, 100.0, 1_000.0)
    assert (first.symbol, first.price, first.size) == (one, 100.5, 10.0)
    assert first.ts_event == start - start % kind.grain
    assert second.size == 30.5
    assert isinstance(minute, Bar)
    assert (minute.open, minute.high, minute.low, minute.close) == (100.5, 101.5, 100.5, 101.5)
    assert (minute.start, minute.seconds, minute.volume) == (OPEN, 60, 40.5)
    assert (minute.ts_event, minute.correction) == (OPEN + MINUTE, False)
    assert ear.stream.counts == {}


async def test_symbols_come_and_go(kind: Kind) -> None:
    one, other = kind.symbols
    async with market(kind) as at, listening(kind, kind.url(at.at), one) as (ear, _):
        at.move(15 * SECOND)
        await ear.heard(2)
        await ear.subscribed(other)
        ear.stream.unsubscribe([one])
        await at.reads(other)
        at.move(150 * SECOND)
        events = await ear.heard(5)
    assert told(events)[:2] == [("Quote", one, 100.0), ("Trade", one, 100.5)]
    assert told(events)[2:] == [
        ("Bar", other, 200.0),
        ("Trade", other, 201.0),
        ("Bar", other, 201.0),
    ]


async def test_everybody_who_waits_for_a_yes_gets_one(kind: Kind) -> None:
    one, other = kind.symbols
    async with market(kind) as at, listening(kind, kind.url(at.at)) as (ear, _):
        confirmed: list[str] = []
        ear.stream.subscribe([one], lambda: confirmed.append("first"))
        ear.stream.subscribe([other], lambda: confirmed.append("second"))
        await ear.subscribed(one, other)
    assert sorted(confirmed) == ["first", "second"]


async def test_what_is_wanted_before_the_connection_is_asked_for_after_it(kind: Kind) -> None:
    one, _ = kind.symbols
    async with market(kind) as at:
        ear = Ear(kind, kind.url(at.at))
        confirmed = asyncio.Event()
        ear.stream.subscribe([one], confirmed.set)
        running = asyncio.create_task(ear.stream.run())
        await confirmed.wait()
        at.move(15 * SECOND)
        assert len(await ear.heard(2)) == 2
        ear.stream.close()
        await running


async def test_a_lost_connection_comes_back_with_all_that_was_wanted(kind: Kind) -> None:
    one, other = kind.symbols
    async with (
        market(kind) as at,
        line_to(kind.url(at.at)) as line,
        listening(kind, line.url, one, other) as (ear, _),
    ):
        at.move(15 * SECOND)
        before = len(await ear.heard(3))
        line.cut()
        assert await ear.live.get() is False
        assert await ear.live.get() is True
        await ear.subscribed()
        at.move(92 * SECOND)
        events = (await ear.heard(before + 5))[before:]
    assert {(type(e).__name__, e.symbol) for e in events} == {  # type: ignore[attr-defined]
        ("Trade", one),
        ("Trade", other),
        ("Bar", one),
        ("Bar", other),
    }
    assert (line.taken, ear.stream.reconnects) == (2, 1)


async def test_closing_ends_it_for_good(kind: Kind) -> None:
    async with market(kind) as at, listening(kind, kind.url(at.at), *kind.symbols) as (ear, run):
        ear.stream.close()
        await run
        assert await ear.live.get() is False
        assert not ear.stream.is_up
        await at.reads()


async def test_a_wrong_key_ends_it_and_says_what_to_check(kind: Kind) -> None:
    async with market(kind) as at:
        ear = Ear(kind, kind.url(at.at), secret="wr0ng")
        with pytest.raises(FeedRefused, match="key") as refusal:
            await ear.stream.run()
    assert "wr0ng" not in str(refusal.value)
    assert ear.live.empty()


async def test_marks_come_behind_the_data_they_stand_for(kind: Kind) -> None:
    exchange, driver = build(tape_of(kind), Settings(speed=None))
    async with asyncio.timeout(30), serving(exchange, driver, KEYS) as at:
        updates = at.box_url.replace("http", "ws") + "/lockstep"
        control = LockstepSocket(updates, slot="A", prefix="A-", participants=1, marks=False)
        ear = Ear(kind, kind.url(at), headers={"X-Liu-Lockstep": "1"})
        until: list[tuple[int, int]] = []

        def on_mark(mark: int) -> None:
            until.append((mark, len(ear.events)))
            control.ack(mark)

        ear.on_mark = on_mark
        tasks = [asyncio.create_task(part.run()) for part in (ear.stream, control)]
        await ear.subscribed(*kind.symbols)
        control.ack(await control.welcomed())
        driver.start()
        while not control.ended:
            control.marked.clear()
            await control.marked.wait()
        ear.stream.close()
        control.close()
        await asyncio.gather(*tasks)
    stamps = [event.ts_event for event in ear.events]  # type: ignore[attr-defined]
    assert len(stamps) == 12 and until[-1] == (OPEN + 3 * MINUTE, 12)
    for (before, _), (mark, count) in pairwise([(OPEN - 1, 0), *until]):
        assert before <= mark
        assert all(stamp <= mark for stamp in stamps[:count])
        assert all(stamp > mark - kind.grain for stamp in stamps[count:])


async def test_two_programs_with_one_key_are_told_of_each_other(kind: Kind) -> None:
    """One of them stays: at Alpaca the first, at Massive the second."""
    async with market(kind) as at:
        ears = [Ear(kind, kind.url(at.at)) for _ in range(2)]
        first = asyncio.create_task(ears[0].stream.run())
        assert await ears[0].live.get()
        second = asyncio.create_task(ears[1].stream.run())
        done, (stays,) = await asyncio.wait({first, second}, return_when=asyncio.FIRST_COMPLETED)
        (gone,) = done
        with pytest.raises(FeedRefused, match=r"another program .* stop it first"):
            await gone
        assert stays is (second if kind.name.startswith("massive") else first)
        ears[0].stream.close()
        ears[1].stream.close()
        await stays
