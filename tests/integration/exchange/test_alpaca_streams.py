"""The official client's two streams against the exchange in a box."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from typing import Any, Protocol

import pytest
from alpaca.data.live import StockDataStream
from alpaca.data.models import Bar, Quote, Trade
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderSide, TimeInForce
from alpaca.trading.models import TradeUpdate
from alpaca.trading.requests import LimitOrderRequest, MarketOrderRequest
from alpaca.trading.stream import TradingStream

from tests.integration.exchange.box import (
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

TAPE = tape_of(
    quote("AAPL", 10 * SECOND, 99.98, 100.0),
    trade("AAPL", 11 * SECOND + 123_456_000, 100.5, 10),
    trade("MSFT", 12 * SECOND, 200.0, 7),
    trade("AAPL", 20 * SECOND, 101.5, 30),
)


class Stream(Protocol):
    def run(self) -> None: ...

    def stop(self) -> None: ...


@contextmanager
def listening(box: Box, stream: Stream) -> Iterator[None]:
    thread = threading.Thread(target=stream.run, name="stream")
    box.guests.append(thread)
    thread.start()
    try:
        yield
    finally:
        stream.stop()


@pytest.fixture
def box() -> Iterator[Box]:
    with running(TAPE) as running_box:
        running_box.move(SECOND)
        yield running_box


def subscribed(box: Box) -> None:
    """Wait until a reader is there with what it wants."""
    box.until(lambda: any(any(s.wanted.values()) for s in box.exchange.feeds.subscribers))


def listened(box: Box) -> None:
    """Wait until somebody listens to trade updates."""
    box.until(lambda: any(listener.listens for listener in box.exchange.updates.listeners))


def test_data_stream_brings_prints_quotes_and_bars_in_msgpack(box: Box) -> None:
    heard: Queue[Any] = Queue()

    async def hear(message: Any) -> None:
        heard.put(message)

    stream = StockDataStream(KEYS.key, KEYS.secret, url_override=box.address.stream_url)
    stream.subscribe_trades(hear, "*")
    stream.subscribe_quotes(hear, "AAPL")
    stream.subscribe_bars(hear, "AAPL")
    with listening(box, stream):
        subscribed(box)
        box.move(2 * MINUTE)
        found = [heard.get(timeout=WAIT) for _ in range(5)]
    assert [type(message) for message in found] == [Quote, Trade, Trade, Trade, Bar]
    assert [m.symbol for m in found] == ["AAPL", "AAPL", "MSFT", "AAPL", "AAPL"]
    assert (found[0].bid_price, found[0].ask_price) == (99.98, 100.0)
    assert found[1].timestamp.timestamp() == pytest.approx((OPEN + 11_123_456_000) / 1e9)
    bar = found[4]
    assert (bar.open, bar.high, bar.close, bar.volume) == (100.5, 101.5, 101.5, 40.0)
    assert (bar.trade_count, bar.vwap) == (2, 101.25)


def test_unsubscribed_symbols_are_heard_no_more(box: Box) -> None:
    heard: Queue[Any] = Queue()

    async def hear(message: Any) -> None:
        heard.put(message)

    stream = StockDataStream(KEYS.key, KEYS.secret, url_override=box.address.stream_url)
    stream.subscribe_trades(hear, "AAPL", "MSFT")
    with listening(box, stream):
        subscribed(box)
        box.move(11 * SECOND + 500_000_000)
        assert heard.get(timeout=WAIT).symbol == "AAPL"
        stream.unsubscribe_trades("AAPL")
        box.until(
            lambda: all(s.wanted["trades"] == {"MSFT"} for s in box.exchange.feeds.subscribers)
        )
        box.move(MINUTE)
        assert heard.get(timeout=WAIT).symbol == "MSFT"
    assert heard.empty()


def test_trade_updates_tell_of_new_fill_and_cancel(box: Box) -> None:
    heard: Queue[TradeUpdate] = Queue()

    async def hear(update: TradeUpdate) -> None:
        heard.put(update)

    stream = TradingStream(KEYS.key, KEYS.secret, url_override=box.address.updates_url)
    stream.subscribe_trade_updates(hear)
    client = TradingClient(KEYS.key, KEYS.secret, url_override=box.address.trading_url)
    with listening(box, stream):
        listened(box)
        box.move(30 * SECOND)
        buy = MarketOrderRequest(
            symbol="AAPL", qty=2, side=OrderSide.BUY, time_in_force=TimeInForce.DAY
        )
        low = LimitOrderRequest(
            symbol="AAPL",
            qty=1,
            side=OrderSide.BUY,
            time_in_force=TimeInForce.DAY,
            limit_price=50.0,
        )
        bought, waiting = client.submit_order(buy), client.submit_order(low)
        assert not isinstance(bought, dict) and not isinstance(waiting, dict)
        box.move(31 * SECOND)
        client.cancel_order_by_id(waiting.id)
        box.move(32 * SECOND)
        found = [heard.get(timeout=WAIT) for _ in range(4)]
    told = [(str(u.order.id), u.event) for u in found]
    assert told == [
        (str(bought.id), "new"),
        (str(bought.id), "fill"),
        (str(waiting.id), "new"),
        (str(waiting.id), "canceled"),
    ]
    fill = found[1]
    assert (fill.qty, fill.price, fill.position_qty) == (2.0, 100.0, 2.0)
    assert fill.execution_id is not None
    assert fill.order.filled_avg_price == "100"
