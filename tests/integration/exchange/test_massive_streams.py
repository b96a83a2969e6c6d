"""Massive's official stream client, unmodified but for its address, against the exchange in a box."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from massive import WebSocketClient
from massive.exceptions import AuthError
from massive.websocket.models import (
    CryptoQuote,
    CryptoTrade,
    CurrencyAgg,
    EquityAgg,
    EquityQuote,
    EquityTrade,
)
from websockets.exceptions import ConnectionClosedError

from liualgotrader.common.instruments import Instrument, coin
from liualgotrader.exchange import market_stream
from liualgotrader.exchange.app import Settings, build, serving
from liualgotrader.exchange.tape import ListTape
from tests.integration.exchange.box import (
    CLOSE,
    DAY,
    KEYS,
    MINUTE,
    OPEN,
    SECOND,
    WAIT,
    Box,
    quote,
    running,
    tape_of,
    trade,
)

MS = 1_000_000
TAPE = ListTape(
    date=DAY,
    instruments=[Instrument("AAPL"), Instrument("BRK.B"), coin("BTC/USD", 2)],
    events=[
        quote("AAPL", 10 * SECOND, 99.98, 100.0),
        trade("AAPL", 11 * SECOND + 123_456_789, 100.5, 10.25),
        trade("BRK.B", 12 * SECOND, 200.0, 7),
        trade("BTC/USD", 13 * SECOND, 60_000.0, 0.5),
        quote("BTC/USD", 14 * SECOND, 59_999.0, 60_001.0, 1.5),
        trade("AAPL", 20 * SECOND, 101.5, 30),
    ],
    start=OPEN,
    end=CLOSE,
)


@pytest.fixture
def box() -> Iterator[Box]:
    with running(TAPE) as running_box:
        running_box.move(SECOND)
        yield running_box


def client_of(box: Box, *topics: str, market: str = "stocks") -> WebSocketClient:
    at = urlsplit(box.address.massive_stocks_url).netloc
    return WebSocketClient(
        KEYS.secret, feed=at, secure=False, market=market, subscriptions=list(topics)
    )


@contextmanager
def listening(box: Box, client: WebSocketClient) -> Iterator[Queue[Any]]:
    heard: Queue[Any] = Queue()
    loops: Queue[asyncio.AbstractEventLoop] = Queue()

    async def listen() -> None:
        loops.put(asyncio.get_running_loop())
        try:
            await client.connect(put)
        except ConnectionClosedError as exc:
            heard.put(exc)

    async def put(messages: list[Any]) -> None:
        for message in messages:
            heard.put(message)

    thread = threading.Thread(target=lambda: asyncio.run(listen()), name="massive")
    box.guests.append(thread)
    thread.start()
    loop = loops.get(timeout=WAIT)
    try:
        box.until(lambda: any(any(s.wanted.values()) for s in box.exchange.feeds.subscribers))
        yield heard
    finally:
        if not loop.is_closed():
            asyncio.run_coroutine_threadsafe(client.close(), loop).result(WAIT)


def test_stocks_bring_prints_quotes_minutes_and_seconds(box: Box) -> None:
    with listening(box, client_of(box, "T.*", "Q.AAPL", "AM.AAPL", "A.AAPL")) as heard:
        box.move(2 * MINUTE)
        found = [heard.get(timeout=WAIT) for _ in range(7)]
    assert [(type(m), m.symbol) for m in found] == [
        (EquityQuote, "AAPL"),
        (EquityTrade, "AAPL"),
        (EquityAgg, "AAPL"),
        (EquityTrade, "BRK.B"),
        (EquityTrade, "AAPL"),
        (EquityAgg, "AAPL"),
        (EquityAgg, "AAPL"),
    ]
    assert heard.empty()
    bid, first, second, _, _, _, minute = found
    assert (bid.bid_price, bid.ask_price, bid.bid_size) == (99.98, 100.0, 1_000)
    assert first.timestamp == (OPEN + 11 * SECOND) // MS + 123
    assert (first.price, first.size, first.fractional_shares) == (100.5, 10, "10.25")
    assert first.conditions == [0] and first.id == "1"
    assert (second.event_type, second.close, second.accumulated_volume) == ("A", 100.5, 10)
    assert (second.start_timestamp, second.end_timestamp) == (
        (OPEN + 11 * SECOND) // MS,
        (OPEN + 12 * SECOND) // MS,
    )
    assert (minute.event_type, minute.open, minute.high) == ("AM", 100.5, 101.5)
    assert (minute.volume, minute.fractional_volume) == (40, "40.25")
    assert (minute.official_open_price, minute.start_timestamp) == (100.5, OPEN // MS)


def test_crypto_is_a_cluster_of_its_own(box: Box) -> None:
    client = client_of(box, "XT.*", "XQ.BTC-USD", "XA.BTC-USD", "XAS.BTC-USD", market="crypto")
    with listening(box, client) as heard:
        box.move(2 * MINUTE)
        found = [heard.get(timeout=WAIT) for _ in range(4)]
    assert heard.empty()
    assert [type(m) for m in found] == [CryptoTrade, CurrencyAgg, CryptoQuote, CurrencyAgg]
    assert {m.pair for m in found} == {"BTC-USD"}
    print_, second, quote_, minute = found
    assert (print_.price, print_.size) == (60_000.0, 0.5)
    assert (second.event_type, second.volume) == ("XAS", 0.5)
    assert (quote_.bid_price, quote_.ask_size) == (59_999.0, 1.5)
    assert (minute.event_type, minute.end_timestamp) == ("XA", (OPEN + MINUTE) // MS)


def test_unsubscribed_topics_are_heard_no_more(box: Box) -> None:
    client = client_of(box, "T.AAPL", "T.BRK.B")
    with listening(box, client) as heard:
        box.move(11 * SECOND + 500 * MS)
        assert heard.get(timeout=WAIT).symbol == "AAPL"
        client.unsubscribe("T.AAPL")
        box.until(
            lambda: all(s.wanted["trades"] == {"BRK.B"} for s in box.exchange.feeds.subscribers)
        )
        box.move(MINUTE)
        assert heard.get(timeout=WAIT).symbol == "BRK.B"
    assert heard.empty()


def test_a_newer_connection_takes_the_place_of_the_oldest(
    box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    with listening(box, older := client_of(box, "T.AAPL")) as former:
        older.max_reconnects = 0
        with (
            caplog.at_level(logging.WARNING),
            listening(box, client_of(box, "Q.AAPL")) as heard,
        ):
            box.until(
                lambda: [s.wanted["quotes"] for s in box.exchange.feeds.subscribers] == [{"AAPL"}]
            )
            box.move(MINUTE)
            assert isinstance(heard.get(timeout=WAIT), EquityQuote)
        closed = former.get(timeout=WAIT)
    assert isinstance(closed, ConnectionClosedError) and closed.rcvd is not None
    assert closed.rcvd.code == 1008 and former.empty()
    assert "max_connections" in caplog.text


@pytest.mark.parametrize(
    ("plan", "key", "words"),
    [
        ("advanced", "wrong", "authentication failed"),
        ("basic", KEYS.secret, "doesn't include websocket access"),
    ],
)
def test_who_may_not_stream_is_told_why(plan: str, key: str, words: str) -> None:
    with running(TAPE, plan=plan) as box:
        client = client_of(box)
        client.api_key = key
        with pytest.raises(AuthError, match=words):
            client.run(lambda messages: None)


async def said(box: Box, *requests: object) -> list[Any]:
    """Return all that a cluster says after these requests, up to the answer of the last."""
    answers: list[Any] = []
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(box.address.massive_stocks_url) as socket,
    ):
        answers += await socket.receive_json()
        for request in requests:
            text = request if isinstance(request, str) else json.dumps(request)
            await socket.send_str(text)
            answers += await socket.receive_json()
    return [(answer["status"], answer["message"]) for answer in answers]


async def test_statuses_are_the_vendors(box: Box) -> None:
    auth = {"action": "auth", "params": KEYS.secret}
    subscribe = {"action": "subscribe", "params": "T.AAPL, LULD.AAPL,XT.BTC-USD,T"}
    again = {"action": "subscribe", "params": "T.AAPL,T.BRK.B"}
    assert await said(box, subscribe, auth, subscribe, again, "{", {"action": "dance"}) == [
        ("connected", "Connected Successfully"),
        ("error", "not authenticated"),
        ("auth_success", "authenticated"),
        ("success", "subscribed to: T.AAPL"),
        ("success", "subscribed to: LULD.AAPL"),
        ("error", "invalid subscription: XT.BTC-USD"),
        ("error", "invalid subscription: T"),
        ("success", "subscribed to: T.BRK.B"),
        ("error", "invalid message"),
        ("error", "invalid message"),
    ]


async def test_channels_beyond_the_plan_are_refused() -> None:
    with running(TAPE, plan="starter") as box:
        auth = {"action": "auth", "params": KEYS.secret}
        wanted = {"action": "subscribe", "params": "AM.AAPL,T.AAPL"}
        assert (await said(box, auth, wanted))[-2:] == [
            ("success", "subscribed to: AM.AAPL"),
            ("error", "not authorized"),
        ]


async def test_silence_ends_in_an_auth_timeout(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market_stream, "AUTH_SECONDS", 0.01)
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(box.address.massive_stocks_url) as socket,
    ):
        await socket.receive_json()
        (last,) = await socket.receive_json()
        assert (last["status"], (await socket.receive()).data) == ("auth_timeout", 1008)


async def test_reader_who_does_not_read_is_cut_off_as_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market_stream, "SLOW_LIMIT", 100)
    tape = tape_of(*(trade("AAPL", i * 1_000, 10.0) for i in range(200_000)))
    exchange, driver = build(tape, Settings(speed=1_000.0))
    async with (
        serving(exchange, driver, KEYS) as address,
        aiohttp.ClientSession() as session,
        session.ws_connect(address.massive_stocks_url) as socket,
        asyncio.timeout(20),
    ):
        for action, params in (("auth", KEYS.secret), ("subscribe", "T.*")):
            await socket.receive_json()
            await socket.send_json({"action": action, "params": params})
        await socket.receive_json()
        driver.start()
        messages = []
        async for frame in socket:
            messages += json.loads(frame.data)
        assert messages[-1]["status"] == "slow_consumer"
        assert socket.close_code == 1008
