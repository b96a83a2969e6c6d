"""Price bands and pauses on the streams, as the vendor's client and a plain socket hear them."""

from __future__ import annotations

import asyncio
from queue import Queue
from typing import Any

import aiohttp
import msgspec
from alpaca.data.live import StockDataStream
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderSide, OrderStatus, TimeInForce
from alpaca.trading.requests import MarketOrderRequest

from liualgotrader.exchange.app import Settings, build, serving
from tests.integration.exchange.box import (
    KEYS,
    MINUTE,
    OPEN,
    SECOND,
    WAIT,
    quote,
    running,
    tape_of,
    trade,
)
from tests.integration.exchange.test_alpaca_streams import listening, subscribed

# 20 dollars make bands of 18 and 22: the ask stands on the lower one for more than 15 seconds.
TAPE = tape_of(
    trade("AAPL", SECOND, 20.0),
    quote("AAPL", 2 * SECOND, 17.95, 18.0),
    trade("AAPL", 6 * MINUTE, 17.0),
    quote("AAPL", 7 * MINUTE, 16.9, 17.1),
)
HEADERS = {"APCA-API-KEY-ID": KEYS.key, "APCA-API-SECRET-KEY": KEYS.secret}


def test_the_vendor_s_client_hears_a_pause_begin_and_end_and_orders_wait() -> None:
    heard: Queue[Any] = Queue()

    async def hear(status: Any) -> None:
        heard.put(status)

    with running(TAPE, Settings(latency=SECOND)) as box:
        stream = StockDataStream(KEYS.key, KEYS.secret, url_override=box.address.stream_url)
        stream.subscribe_trading_statuses(hear, "AAPL")
        with listening(box, stream):
            subscribed(box)
            box.move(MINUTE)
            paused = heard.get(timeout=WAIT)
            trading: Any = TradingClient(
                KEYS.key, KEYS.secret, url_override=box.address.trading_url
            )
            asked = MarketOrderRequest(
                symbol="AAPL", qty=1, side=OrderSide.BUY, time_in_force=TimeInForce.DAY
            )
            order = trading.submit_order(asked)
            box.move(5 * MINUTE)
            waiting = trading.get_order_by_id(order.id)
            box.move(8 * MINUTE)
            resumed = heard.get(timeout=WAIT)
            filled = trading.get_order_by_id(order.id)
    assert (paused.status_code, paused.reason_code) == ("P", "LUDP")
    assert paused.timestamp.timestamp() == (OPEN + 17 * SECOND) / 1e9
    assert (resumed.status_code, resumed.timestamp.timestamp()) == ("T", (OPEN + 6 * MINUTE) / 1e9)
    assert waiting.status is OrderStatus.NEW
    assert (filled.status, filled.filled_avg_price) == (OrderStatus.FILLED, "17.1")


async def test_bands_come_on_their_channel() -> None:
    exchange, driver = build(TAPE, Settings(speed=1_000.0))
    async with (
        serving(exchange, driver, KEYS) as address,
        aiohttp.ClientSession() as http,
        http.ws_connect(address.stream_url, headers=HEADERS) as socket,
        asyncio.timeout(WAIT),
    ):
        await socket.send_json({"action": "subscribe", "lulds": ["*"]})
        found: list[dict[str, Any]] = []
        driver.start()
        while len(found) < 2:
            messages = msgspec.json.decode((await socket.receive()).data)
            found += [message for message in messages if message["T"] == "l"]
    assert found[0] == {
        "T": "l",
        "S": "AAPL",
        "u": 22.0,
        "d": 18.0,
        "i": "B",
        "t": "2026-01-15T14:30:01Z",
        "z": "C",
    }
    assert (found[1]["d"], found[1]["u"]) == (15.3, 18.7)
