"""The official client reads bars, prints, quotes and snapshots, and never what is still to come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from alpaca.common.enums import Sort
from alpaca.common.exceptions import APIError
from alpaca.data.historical import StockHistoricalDataClient
from alpaca.data.models import Bar, BarSet, Quote, QuoteSet, Snapshot, Trade, TradeSet
from alpaca.data.requests import (
    StockBarsRequest,
    StockLatestBarRequest,
    StockLatestQuoteRequest,
    StockLatestTradeRequest,
    StockQuotesRequest,
    StockSnapshotRequest,
    StockTradesRequest,
)
from alpaca.data.timeframe import TimeFrame, TimeFrameUnit

from liualgotrader.common.events import Bar as TapeBar
from liualgotrader.common.instruments import Instrument
from liualgotrader.exchange.days import midnight
from liualgotrader.exchange.tape import ListTape
from tests.integration.exchange.box import (
    CLOSE,
    DAY,
    KEYS,
    MINUTE,
    OPEN,
    SECOND,
    Box,
    quote,
    running,
    trade,
)

YESTERDAY = TapeBar(
    "AAPL", midnight(DAY) - 24 * 60 * MINUTE, 90.0, 99.0, 89.0, 98.0, 5_000.0, 86_400, 95.0, 42
)
TAPE = ListTape(
    date=DAY,
    instruments=[Instrument(symbol="AAPL"), Instrument(symbol="MSFT")],
    events=[
        trade("AAPL", 1 * SECOND, 100.0, 100),
        trade("AAPL", 2 * SECOND, 102.0, 300),
        quote("AAPL", 3 * SECOND, 101.9, 102.1, 500),
        trade("MSFT", 4 * SECOND, 200.0, 10),
        trade("AAPL", 61 * SECOND, 101.0, 50),
        trade("AAPL", 125 * SECOND, 99.0, 50),
        trade("AAPL", 600 * SECOND, 120.0, 50),
    ],
    start=OPEN,
    end=CLOSE,
    daily_bars={"AAPL": [YESTERDAY]},
)


@pytest.fixture
def box() -> Iterator[Box]:
    with running(TAPE) as running_box:
        running_box.move(3 * MINUTE)
        yield running_box


@pytest.fixture
def client(box: Box) -> StockHistoricalDataClient:
    return StockHistoricalDataClient(KEYS.key, KEYS.secret, url_override=box.address.data_url)


def at(ns: int) -> datetime:
    return datetime.fromtimestamp(ns / 1e9, UTC)


def bars(client: StockHistoricalDataClient, wanted: StockBarsRequest) -> dict[str, list[Bar]]:
    found = client.get_stock_bars(wanted)
    assert isinstance(found, BarSet)
    return found.data


def test_minute_bars_are_made_of_prints_and_only_complete_ones_are_told(
    client: StockHistoricalDataClient,
) -> None:
    found = bars(
        client, StockBarsRequest(symbol_or_symbols=["AAPL", "MSFT"], timeframe=TimeFrame.Minute)
    )
    first = found["AAPL"][0]
    assert (first.open, first.high, first.low, first.close) == (100.0, 102.0, 100.0, 102.0)
    assert (first.volume, first.trade_count, first.vwap) == (400.0, 2.0, 101.5)
    assert [bar.timestamp for bar in found["AAPL"]] == [at(OPEN + i * MINUTE) for i in range(3)]
    assert len(found["MSFT"]) == 1


def test_longer_bars_are_joined_from_minutes(client: StockHistoricalDataClient) -> None:
    five = TimeFrame(5, TimeFrameUnit.Minute)
    (bar,) = bars(client, StockBarsRequest(symbol_or_symbols="AAPL", timeframe=five))["AAPL"]
    assert (bar.open, bar.high, bar.low, bar.close) == (100.0, 102.0, 99.0, 99.0)
    assert (bar.volume, bar.trade_count) == (500.0, 4.0)


def test_daily_bars_are_history_and_today_so_far(client: StockHistoricalDataClient) -> None:
    wanted = StockBarsRequest(
        symbol_or_symbols="AAPL", timeframe=TimeFrame.Day, start=datetime(2026, 1, 1, tzinfo=UTC)
    )
    before, today = bars(client, wanted)["AAPL"]
    assert (before.close, before.vwap, before.trade_count) == (98.0, 95.0, 42.0)
    assert (today.close, today.timestamp) == (99.0, at(midnight(DAY)))


def test_range_bounds_are_both_included_and_the_future_is_not(
    client: StockHistoricalDataClient,
) -> None:
    wanted = StockTradesRequest(
        symbol_or_symbols="AAPL", start=at(OPEN + 2 * SECOND), end=at(OPEN + 900 * SECOND)
    )
    found = client.get_stock_trades(wanted)
    assert isinstance(found, TradeSet)
    assert [trade_.price for trade_ in found.data["AAPL"]] == [102.0, 101.0, 99.0]


def test_pages_follow_each_other_over_symbols_in_both_directions(
    client: StockHistoricalDataClient,
) -> None:
    def pages(sort: str) -> list[float]:
        prices: list[float] = []
        token = None
        while True:
            page = client.get(
                "/stocks/trades",
                {"symbols": "MSFT,AAPL", "limit": 2, "sort": sort, "page_token": token},
            )
            assert isinstance(page, dict)
            for rows in page["trades"].values():
                prices += [row["p"] for row in rows]
            token = page["next_page_token"]
            if token is None:
                return prices

    assert pages("asc") == [100.0, 102.0, 101.0, 99.0, 200.0]
    assert pages("desc") == [99.0, 101.0, 102.0, 100.0, 200.0]


def test_newest_first_is_the_order_the_client_asks_for(client: StockHistoricalDataClient) -> None:
    wanted = StockTradesRequest(symbol_or_symbols="AAPL", limit=1, sort=Sort.DESC)
    found = client.get_stock_trades(wanted)
    assert isinstance(found, TradeSet)
    assert [trade_.price for trade_ in found.data["AAPL"]] == [99.0]


def test_quotes_carry_both_sides_and_sizes(client: StockHistoricalDataClient) -> None:
    found = client.get_stock_quotes(StockQuotesRequest(symbol_or_symbols="AAPL"))
    assert isinstance(found, QuoteSet)
    (only,) = found.data["AAPL"]
    assert (only.bid_price, only.ask_price, only.bid_size) == (101.9, 102.1, 500.0)


def test_latest_of_everything(client: StockHistoricalDataClient) -> None:
    trade_ = client.get_stock_latest_trade(StockLatestTradeRequest(symbol_or_symbols="AAPL"))
    quote_ = client.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols="AAPL"))
    bar = client.get_stock_latest_bar(StockLatestBarRequest(symbol_or_symbols="AAPL"))
    assert isinstance(trade_["AAPL"], Trade) and trade_["AAPL"].price == 99.0
    assert isinstance(quote_["AAPL"], Quote) and quote_["AAPL"].ask_price == 102.1
    assert isinstance(bar["AAPL"], Bar) and bar["AAPL"].timestamp == at(OPEN + 2 * MINUTE)


def test_snapshot_shows_what_a_scanner_needs_and_leaves_unknown_symbols_out(
    client: StockHistoricalDataClient,
) -> None:
    wanted = StockSnapshotRequest(symbol_or_symbols=["AAPL", "NOPE"])
    found = client.get_stock_snapshot(wanted)
    assert list(found) == ["AAPL"]
    snapshot = found["AAPL"]
    assert isinstance(snapshot, Snapshot)
    assert snapshot.daily_bar is not None and snapshot.daily_bar.volume == 500.0
    assert snapshot.previous_daily_bar is not None and snapshot.previous_daily_bar.close == 98.0
    assert snapshot.latest_trade is not None and snapshot.latest_trade.price == 99.0


def test_data_api_tells_a_wrong_key_from_none(box: Box) -> None:
    stranger = StockHistoricalDataClient("PKOTHER", "no", url_override=box.address.data_url)
    with pytest.raises(APIError) as refusal:
        stranger.get_stock_latest_trade(StockLatestTradeRequest(symbol_or_symbols="AAPL"))
    assert refusal.value.status_code == 403
