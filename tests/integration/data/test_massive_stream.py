"""Massive's stream where no other vendor's is like it: bars of a second, plans, statuses, price bands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import pytest
from aiohttp import web

from liualgotrader.common.errors import ConfigError, FeedRefused
from liualgotrader.common.events import Bar, Event
from liualgotrader.common.instruments import AssetClass, Instrument
from liualgotrader.common.plan import Channel
from liualgotrader.data.market_status import MarketStatus
from liualgotrader.data.massive_feeds import feed_named, prefix_of, stream_url
from liualgotrader.data.massive_stream import MassiveStream
from liualgotrader.exchange.app import Settings, build, serving
from liualgotrader.exchange.massive.plans import PLANS
from liualgotrader.exchange.tape import ListTape
from tests.integration.exchange.box import DAY, KEYS, MINUTE, OPEN, SECOND, trade
from tests.unit.data import massive_payloads as payloads

TAPE = ListTape(
    date=DAY,
    instruments=[Instrument("AAPL")],
    events=[trade("AAPL", at * SECOND, 100.0 + at, 10.5) for at in (1, 1, 2, 30)],
    start=OPEN,
    end=OPEN + MINUTE,
)


class Ear:
    """A stream with what it tells."""

    def __init__(self, url: str, *channels: str, bands: bool = False) -> None:
        self.events: list[Event] = []
        self.said: asyncio.Queue[MarketStatus] = asyncio.Queue()
        self.confirmed = asyncio.Event()
        self.live: list[bool] = []
        self.stream = MassiveStream(
            url,
            key=KEYS.secret,
            channels=channels,
            sink=lambda _, events: self.events.extend(events),
            on_mark=lambda _: None,
            on_live=self.live.append,
            on_status=self.said.put_nowait if bands else None,
            random=Random(1),
        )
        self.stream.subscribe(["AAPL"], self.confirmed.set)


@asynccontextmanager
async def box(plan: str = "advanced") -> AsyncIterator[str]:
    exchange, driver = build(TAPE, Settings(speed=600.0))
    async with (
        asyncio.timeout(20),
        serving(exchange, driver, KEYS, plan=PLANS[plan]) as address,
    ):
        driver.start()
        yield address.massive_stocks_url


@asynccontextmanager
async def scripted(*answers: list[dict[str, object]]) -> AsyncIterator[tuple[str, list[str]]]:
    """Run a server that greets, and gives one answer after the other; yield what it is asked."""
    asked: list[str] = []

    async def serve(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json([payloads.CONTROL[0]])
        for answer in answers:
            asked.append(json.loads(await socket.receive_str())["params"])
            await socket.send_json(answer)
        await socket.receive()
        return socket

    app = web.Application()
    app.router.add_get("/stocks", serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        async with asyncio.timeout(20):
            yield f"ws://{host}:{port}/stocks", asked
    finally:
        await runner.cleanup()


def status(name: str, message: str) -> dict[str, object]:
    return {"ev": "status", "status": name, "message": message}


AUTHENTICATED = [status("auth_success", "authenticated")]


async def test_bars_of_a_second_are_the_vendors_own() -> None:
    exchange, driver = build(TAPE, Settings(speed=600.0))
    async with asyncio.timeout(20), serving(exchange, driver, KEYS) as address:
        ear = Ear(address.massive_stocks_url, prefix_of(Channel.SECOND, AssetClass.US_EQUITY))
        running = asyncio.create_task(ear.stream.run())
        await ear.confirmed.wait()
        driver.start()
        while len(ear.events) < 3:  # noqa: ASYNC110 - the sink has no event to await
            await asyncio.sleep(0.01)
        ear.stream.close()
        await running
    bars = [event for event in ear.events if isinstance(event, Bar)]
    assert [(bar.start - OPEN, bar.seconds, bar.close, bar.volume) for bar in bars] == [
        (1 * SECOND, 1, 101.0, 21.0),
        (2 * SECOND, 1, 102.0, 10.5),
        (30 * SECOND, 1, 130.0, 10.5),
    ]


@pytest.mark.parametrize(
    ("plan", "channels"), [("basic", ("AM",)), ("starter", ("AM", "T")), ("developer", ("Q",))]
)
async def test_a_plan_without_the_channel_is_refused(plan: str, channels: tuple[str, ...]) -> None:
    async with box(plan) as url:
        with pytest.raises(FeedRefused, match="upgrade the plan"):
            await Ear(url, *channels).stream.run()


async def test_a_plan_without_price_bands_goes_without(caplog: pytest.LogCaptureFixture) -> None:
    async with box("developer") as url:
        ear = Ear(url, "T", "AM", bands=True)
        running = asyncio.create_task(ear.stream.run())
        await ear.confirmed.wait()
        again = asyncio.Event()
        ear.stream.subscribe(["MSFT"], again.set)
        await again.wait()
        ear.stream.close()
        await running
    assert caplog.text.count("halts will not be heard of") == 1


async def test_halts_and_bands_are_handed_over() -> None:
    yes = [status("success", f"subscribed to: {topic}") for topic in ("T.AAPL", "LULD.AAPL")]
    async with scripted(AUTHENTICATED, [*yes, payloads.HALT]) as (url, asked):
        ear = Ear(url, "T", bands=True)
        running = asyncio.create_task(ear.stream.run())
        await ear.confirmed.wait()
        halt, band = await ear.said.get(), await ear.said.get()
        ear.stream.close()
        await running
    assert asked == [KEYS.secret, "T.AAPL,LULD.AAPL"]
    assert (halt.symbol, type(halt).__name__, type(band).__name__) == (
        "KO",
        "TradingStatus",
        "PriceBand",
    )


async def test_a_yes_needs_every_topic() -> None:
    some = [status("success", "subscribed to: T.AAPL"), payloads.TRADE]
    others = [status("success", f"subscribed to: {topic}") for topic in ("Q.AAPL", "T.KO", "Q.KO")]
    async with scripted(AUTHENTICATED, some, others) as (url, _):
        ear = Ear(url, "T", "Q")
        running = asyncio.create_task(ear.stream.run())
        while not ear.events:  # noqa: ASYNC110 - the sink has no event to await
            await asyncio.sleep(0.01)
        assert not ear.confirmed.is_set()
        ear.stream.subscribe(["KO"])
        await ear.confirmed.wait()
        ear.stream.close()
        await running


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        (status("max_connections", "Maximum number exceeded. "), "stop it first"),
        (status("error", "Subscription limit reached for feed."), "lower max_symbols"),
        (status("error", "not authorized"), "upgrade the plan"),
    ],
)
async def test_refusals_end_it_with_what_to_do(answer: dict[str, object], advice: str) -> None:
    async with scripted(AUTHENTICATED, [answer]) as (url, _):
        with pytest.raises(FeedRefused, match=advice):
            await Ear(url, "T").stream.run()


async def test_statuses_that_nobody_knows_are_counted_and_cost_nothing() -> None:
    odd = [status("error", "odd topic"), status("dancing", "tonight")]
    async with scripted(AUTHENTICATED, odd) as (url, _):
        ear = Ear(url, "T")
        running = asyncio.create_task(ear.stream.run())
        await ear.confirmed.wait()
        while sum(ear.stream.counts.values()) < 2:  # noqa: ASYNC110 - nothing tells of a count
            await asyncio.sleep(0.01)
        ear.stream.close()
        await running
    assert ear.stream.counts == {"refused by the vendor": 1, "unknown status": 1}


def test_addresses_are_the_vendors() -> None:
    assert stream_url("realtime", AssetClass.CRYPTO) == "wss://socket.massive.com/crypto"
    assert stream_url("delayed", AssetClass.US_EQUITY) == "wss://delayed.massive.com/stocks"
    assert stream_url("delayed", AssetClass.US_EQUITY, "ws://box/") == "ws://box/stocks"
    assert feed_named("delayed").delay == 900
    with pytest.raises(ConfigError, match="real time alone"):
        stream_url("delayed", AssetClass.CRYPTO)
    with pytest.raises(ConfigError, match=r"did you mean delayed\?"):
        feed_named("delay")
