"""Halts and price bands over a real socket, from the vendor's words to what is told of the feed."""

from __future__ import annotations

import asyncio
import json
from random import Random

from aiohttp import web

from liualgotrader.common.events import FeedStatus
from liualgotrader.data.alpaca_stream import AlpacaStream
from liualgotrader.session.feed_truth import FeedTruth, Hours
from tests.integration.links.vendor import Vendor, sends, serving

WAIT = 20.0


def status(code: str, message: str, **more: object) -> dict[str, object]:
    """Return a trading status as Alpaca's page on real-time stock data shows it."""
    return {"T": "s", "S": "AAPL", "sc": code, "sm": message, "t": "2026-06-15T14:00:00Z"} | more


def band(indicator: str) -> dict[str, object]:
    return {
        "T": "l", "S": "MSFT", "u": 3.24, "d": 2.65, "i": indicator, "t": "2026-06-15T14:00:01Z",
    }  # fmt: skip


async def test_halts_pauses_and_resumptions_are_told_in_their_order() -> None:
    asked: list[dict[str, object]] = []

    async def serve(socket: web.WebSocketResponse) -> None:
        await sends({"T": "success", "msg": "authenticated"})(socket)
        await socket.receive()  # the keys
        asked.append(json.loads((await socket.receive()).data))
        await sends(
            status("H", "Trading Halt", rc="T12", rm="Information requested", z="C"),
            band("D"),
            status("Q", "Quotation Resumption", z="C"),
            band("B"),
            status("T", "Trading Resumption", z="C", new="field"),
        )(socket)
        async for _ in socket:
            pass

    words: asyncio.Queue[FeedStatus] = asyncio.Queue()
    truth = FeedTruth(
        tell=words.put_nowait,
        warn=lambda _: None,
        reconnect=lambda _: None,
        hours=Hours(0, 1),
        random=Random(1),
    )
    async with serving(Vendor(serve)) as vendor:
        stream = AlpacaStream(
            vendor.url,
            key="key",
            secret="secret",
            channels=("trades",),
            sink=lambda *_: None,
            on_mark=lambda _: None,
            on_live=truth.connection,
            on_status=truth.status,
            msgpack=False,
        )
        stream.subscribe(["AAPL", "MSFT"])
        task = asyncio.create_task(stream.run())
        async with asyncio.timeout(WAIT):
            told = [await words.get() for _ in range(4)]
        stream.close()
        task.cancel()
    assert [(word.state.value, *word.symbols) for word in told] == [
        ("halted", "AAPL"),
        ("halted", "MSFT"),
        ("live", "MSFT"),
        ("live", "AAPL"),
    ]
    assert told[0].reason == "Trading Halt: Information requested"
    names = ["AAPL", "MSFT"]
    channels = {"trades": names, "statuses": names, "lulds": names}
    assert asked == [{"action": "subscribe"} | channels]
