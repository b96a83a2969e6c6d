"""Pairs of currencies: the official clients of crypto, unmodified, against the exchange in a box."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from queue import Queue
from typing import Any

import pytest
from alpaca.common.exceptions import APIError
from alpaca.data.historical import CryptoHistoricalDataClient, StockHistoricalDataClient
from alpaca.data.historical.corporate_actions import CorporateActionsClient
from alpaca.data.live import CryptoDataStream, StockDataStream
from alpaca.data.models import Bar, BarSet, Quote, QuoteSet, Snapshot, Trade, TradeSet
from alpaca.data.models.corporate_actions import CashDividend, CorporateActionsSet, ForwardSplit
from alpaca.data.requests import (
    CorporateActionsRequest,
    CryptoBarsRequest,
    CryptoLatestBarRequest,
    CryptoLatestQuoteRequest,
    CryptoLatestTradeRequest,
    CryptoQuoteRequest,
    CryptoSnapshotRequest,
    CryptoTradesRequest,
)
from alpaca.data.timeframe import TimeFrame
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import AssetClass, OrderSide, OrderStatus, OrderType, TimeInForce
from alpaca.trading.models import Asset, Order, Position
from alpaca.trading.requests import (
    GetAssetsRequest,
    LimitOrderRequest,
    MarketOrderRequest,
    StopLimitOrderRequest,
    TrailingStopOrderRequest,
)

from liualgotrader.common.calendar import crypto
from liualgotrader.common.events import Bar as TapeBar
from liualgotrader.common.instruments import Instrument, coin
from liualgotrader.exchange.tape import ListTape, TapeEvent
from tests.integration.exchange.box import (
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
from tests.integration.exchange.test_alpaca_streams import listening, subscribed

BTC = "BTC/USD"
MIDNIGHT = crypto().session(DAY).open
EVENTS: list[TapeEvent] = [
    quote(BTC, 1 * SECOND, 60_000.0, 60_010.0, 0.5),
    trade(BTC, 2 * SECOND + 123_456_000, 60_010.0, 0.25),
    quote("ETH/USD", 3 * SECOND, 2_500.0, 2_500.5, 3.5),
    trade(BTC, 61 * SECOND, 60_020.0, 0.00042),
    quote(BTC, 62 * SECOND, 60_015.0, 60_025.0, 5.0),
    trade(BTC, 125 * SECOND, 59_990.0, 2.0),
]
YESTERDAY = TapeBar(BTC, MIDNIGHT - 1_440 * MINUTE, 1.0, 2.0, 1.0, 2.0, 10.5, 86_400)
TAPE = ListTape(
    date=DAY,
    instruments=[coin(BTC, 2), coin("ETH/USD", 2)],
    events=EVENTS,
    start=OPEN,
    end=crypto().session(DAY).close,
    daily_bars={BTC: [YESTERDAY]},
)


@pytest.fixture
def box() -> Iterator[Box]:
    with running(TAPE) as running_box:
        running_box.move(3 * MINUTE)
        yield running_box


@pytest.fixture
def data(box: Box) -> CryptoHistoricalDataClient:
    return CryptoHistoricalDataClient(url_override=box.address.data_url)


@pytest.fixture
def trading(box: Box) -> TradingClient:
    return TradingClient(KEYS.key, KEYS.secret, url_override=box.address.trading_url)


def at(ns: int) -> datetime:
    return datetime.fromtimestamp(ns / 1e9, UTC)


def order(**asked: Any) -> MarketOrderRequest:
    asked = {"symbol": BTC, "side": OrderSide.BUY, "time_in_force": TimeInForce.GTC} | asked
    return MarketOrderRequest(**asked)


def submitted(client: TradingClient, asked: Any) -> Order:
    found = client.submit_order(asked)
    assert isinstance(found, Order)
    return found


def test_history_needs_no_keys_and_has_the_vendors_shapes(data: CryptoHistoricalDataClient) -> None:
    asked: dict[str, Any] = {"symbol_or_symbols": [BTC, "ETH/USD"], "start": at(MIDNIGHT)}
    trades = data.get_crypto_trades(CryptoTradesRequest(**asked))
    quotes = data.get_crypto_quotes(CryptoQuoteRequest(**asked))
    bars = data.get_crypto_bars(CryptoBarsRequest(**asked, timeframe=TimeFrame.Minute))
    days = data.get_crypto_bars(
        CryptoBarsRequest(
            symbol_or_symbols=BTC, timeframe=TimeFrame.Day, start=datetime(2026, 1, 1, tzinfo=UTC)
        )
    )
    assert isinstance(trades, TradeSet) and isinstance(quotes, QuoteSet)
    assert isinstance(bars, BarSet) and isinstance(days, BarSet)
    assert [t.size for t in trades.data[BTC]] == [0.25, 0.00042, 2.0]
    assert trades.data[BTC][0].timestamp == at(OPEN + 2 * SECOND + 123_456_000)
    assert quotes.data["ETH/USD"][0].ask_price == 2_500.5
    assert [bar.volume for bar in bars.data[BTC]] == [0.25, 0.00042, 2.0]
    before, today = days.data[BTC]
    assert (before.volume, today.volume) == (10.5, 2.25042)
    assert today.timestamp == at(MIDNIGHT)


def test_latest_and_snapshots(data: CryptoHistoricalDataClient) -> None:
    trade_ = data.get_crypto_latest_trade(CryptoLatestTradeRequest(symbol_or_symbols=BTC))
    quote_ = data.get_crypto_latest_quote(CryptoLatestQuoteRequest(symbol_or_symbols=BTC))
    bar = data.get_crypto_latest_bar(CryptoLatestBarRequest(symbol_or_symbols=BTC))
    assert isinstance(trade_[BTC], Trade) and trade_[BTC].price == 59_990.0
    assert isinstance(quote_[BTC], Quote) and quote_[BTC].bid_size == 5.0
    assert isinstance(bar[BTC], Bar) and bar[BTC].volume == 2.0
    found: Any = data.get_crypto_snapshot(CryptoSnapshotRequest(symbol_or_symbols=[BTC, "ETH/USD"]))
    assert isinstance(found[BTC], Snapshot) and found[BTC].previous_daily_bar is not None
    assert isinstance(found["ETH/USD"], Snapshot) and found["ETH/USD"].latest_trade is None


def test_a_symbol_without_a_slash_is_none(data: CryptoHistoricalDataClient) -> None:
    with pytest.raises(APIError, match="invalid symbol: BTCUSD") as refused:
        data.get_crypto_latest_trade(CryptoLatestTradeRequest(symbol_or_symbols="BTCUSD"))
    assert refused.value.status_code == 400


def test_the_stream_brings_pairs_and_only_pairs(box: Box) -> None:
    mixed = ListTape(
        date=DAY,
        instruments=[coin(BTC, 2), Instrument("AAPL")],
        events=[*EVENTS[:2], trade("AAPL", 3 * SECOND, 100.0), EVENTS[3]],
        start=OPEN,
        end=OPEN + 10 * MINUTE,
    )
    heard: Queue[Any] = Queue()

    async def hear(message: Any) -> None:
        heard.put(message)

    with running(mixed) as both:
        assert both.address.stream_url.endswith("/v2/sip")
        url = both.address.stream_url.replace("/v2/sip", "/v1beta3/crypto/us")
        coins = CryptoDataStream(KEYS.key, KEYS.secret, url_override=url)
        for subscribe in (coins.subscribe_trades, coins.subscribe_quotes, coins.subscribe_bars):
            subscribe(hear, "*")
        shares = StockDataStream(KEYS.key, KEYS.secret, url_override=both.address.stream_url)
        shares.subscribe_trades(hear, "*")
        with listening(both, coins):
            subscribed(both)
            both.move(90 * SECOND)
            found = [heard.get(timeout=WAIT) for _ in range(4)]
        assert [type(message) for message in found] == [Quote, Trade, Bar, Trade]
        assert {message.symbol for message in found} == {BTC}
        assert (found[0].ask_size, found[1].size, found[3].size) == (0.5, 0.25, 0.00042)
        assert heard.empty()
    assert box.address.stream_url.endswith("/v1beta3/crypto/us")


def test_assets_of_class_crypto_say_their_steps(trading: TradingClient) -> None:
    found = trading.get_all_assets(GetAssetsRequest(asset_class=AssetClass.CRYPTO))
    asset = trading.get_asset("BTC%2FUSD")
    assert [each.symbol for each in found if isinstance(each, Asset)] == [BTC, "ETH/USD"]
    assert isinstance(asset, Asset) and asset.asset_class is AssetClass.CRYPTO
    assert (asset.min_trade_increment, asset.price_increment) == (1e-9, 0.01)
    assert (asset.shortable, asset.marginable, asset.fractionable) == (False, False, True)


def test_orders_in_coins_and_dollars_fill_around_the_clock(
    box: Box, trading: TradingClient
) -> None:
    bought = submitted(trading, order(qty=0.001))
    spent = submitted(trading, order(symbol="BTCUSD", notional=30))
    box.move(4 * MINUTE)
    first, second = (trading.get_order_by_id(each.id) for each in (bought, spent))
    assert isinstance(first, Order) and isinstance(second, Order)
    assert (first.status, first.filled_qty, first.symbol) == (OrderStatus.FILLED, "0.001", BTC)
    assert second.status is OrderStatus.FILLED and second.symbol == BTC
    (held,) = trading.get_all_positions()
    assert isinstance(held, Position)
    assert (held.symbol, held.asset_class) == ("BTCUSD", AssetClass.CRYPTO)
    assert isinstance(trading.get_open_position("BTCUSD"), Position)
    closing = trading.close_position("BTCUSD")
    assert isinstance(closing, Order) and closing.time_in_force is TimeInForce.GTC
    box.move(5 * MINUTE)
    assert trading.get_all_positions() == []


def test_limits_rest_over_midnight_and_immediate_ones_do_not(
    box: Box, trading: TradingClient
) -> None:
    low = LimitOrderRequest(
        symbol=BTC, qty=0.01, side=OrderSide.BUY, time_in_force=TimeInForce.GTC, limit_price=50_000
    )
    now_or_never = low.model_copy(update={"time_in_force": TimeInForce.IOC})
    stop = StopLimitOrderRequest(
        symbol=BTC, qty=0.01, side=OrderSide.BUY, time_in_force=TimeInForce.GTC,
        stop_price=70_000, limit_price=70_100,
    )  # fmt: skip
    resting, gone, stopped = (submitted(trading, each) for each in (low, now_or_never, stop))
    box.move(TAPE.end - OPEN + 5 * MINUTE)
    found = [trading.get_order_by_id(each.id) for each in (resting, gone, stopped)]
    assert [each.status for each in found if isinstance(each, Order)] == [
        OrderStatus.NEW,
        OrderStatus.CANCELED,
        OrderStatus.NEW,
    ]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (order(qty=0.01, time_in_force=TimeInForce.DAY), "crypto orders must be gtc or ioc"),
        (order(qty=0.01, side=OrderSide.SELL), "insufficient|not allowed|cannot be sold short"),
        (order(qty=0.0000000001), "qty must be a multiple"),
        (order(qty=1_000), "insufficient buying power"),
        (
            TrailingStopOrderRequest(
                symbol=BTC, qty=0.01, side=OrderSide.SELL, time_in_force=TimeInForce.GTC,
                trail_percent=1.0, type=OrderType.TRAILING_STOP,
            ),
            "trailing_stop orders are not supported for crypto",
        ),
        (order(symbol="NOPE/USD", qty=1), "could not find asset"),
    ],
)  # fmt: skip
def test_what_the_broker_does_not_take_for_crypto(
    trading: TradingClient, asked: Any, words: str
) -> None:
    with pytest.raises(APIError, match=words):
        trading.submit_order(asked)


def test_the_delayed_feed_is_a_quarter_of_an_hour_late() -> None:
    tape = tape_of(
        quote("AAPL", 10 * SECOND, 99.98, 100.0),
        trade("AAPL", 20 * SECOND, 100.5, 10),
        trade("AAPL", 70 * SECOND, 101.5, 30),
    )
    heard: Queue[Any] = Queue()

    async def hear(message: Any) -> None:
        heard.put(message)

    with running(tape) as box:
        url = box.address.stream_url.replace("sip", "delayed_sip")
        stream = StockDataStream(KEYS.key, KEYS.secret, url_override=url)
        for subscribe in (stream.subscribe_trades, stream.subscribe_quotes, stream.subscribe_bars):
            subscribe(hear, "AAPL")
        delayed = box.exchange.delayed.feeds
        with listening(box, stream):
            box.until(lambda: any(any(s.wanted.values()) for s in delayed.subscribers))
            box.move(15 * MINUTE + 15 * SECOND)
            assert isinstance(heard.get(timeout=WAIT), Quote)
            assert heard.empty()
            box.move(16 * MINUTE + 15 * SECOND)
            found = [heard.get(timeout=WAIT) for _ in range(3)]
    assert [type(message) for message in found] == [Trade, Bar, Trade]
    assert found[1].volume == 10.0
    assert found[2].timestamp == at(OPEN + 70 * SECOND)


def test_splits_and_dividends_of_the_bundled_companies() -> None:
    with running(tape_of(trade("AAPL", SECOND, 100.0))) as box:
        client = CorporateActionsClient(KEYS.key, KEYS.secret, url_override=box.address.data_url)
        asked = CorporateActionsRequest(
            symbols=["AAPL", "MSFT"], start=date(2003, 1, 1), end=date(2012, 12, 31)
        )
        found = client.get_corporate_actions(asked)
        assert isinstance(found, CorporateActionsSet)
        splits, dividends = found.data["forward_splits"], found.data["cash_dividends"]
        assert [
            (s.symbol, s.ex_date, s.new_rate) for s in splits if isinstance(s, ForwardSplit)
        ] == [("MSFT", date(2003, 2, 18), 2.0), ("AAPL", date(2005, 2, 28), 2.0)]
        apple = [d for d in dividends if isinstance(d, CashDividend) and d.symbol == "AAPL"]
        assert [d.rate for d in apple] == [2.65, 2.65]
        wrong = CorporateActionsClient("PKOTHER", "no", url_override=box.address.data_url)
        with pytest.raises(APIError) as refusal:
            wrong.get_corporate_actions(asked)
        assert refusal.value.status_code == 403
        stocks = StockHistoricalDataClient(KEYS.key, KEYS.secret, url_override=box.address.data_url)
        page = stocks.get(
            "/corporate-actions",
            {"symbols": "MSFT", "start": "2003-01-01", "end": "2012-12-31", "limit": 1},
            api_version="v1",
        )
        assert isinstance(page, dict) and page["next_page_token"] == "1"
