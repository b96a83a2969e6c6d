"""Massive's official client, unmodified but for its base URL, against the exchange in a box."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from massive import RESTClient
from massive.exceptions import BadResponse
from urllib3.exceptions import MaxRetryError

from liualgotrader.common.events import Bar
from liualgotrader.common.instruments import Instrument, coin
from liualgotrader.data.lake.actions import Action, ActionKind
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

MS = 1_000_000
YESTERDAY = Bar(
    "AAPL", midnight(DAY) - 24 * 60 * MINUTE, 90.0, 99.0, 89.0, 98.0, 5_000.0, 86_400, 95.0, 42
)
TAPE = ListTape(
    date=DAY,
    instruments=[Instrument("AAPL", name="Apple"), Instrument("MSFT"), coin("BTC/USD", 2)],
    events=[
        trade("AAPL", 1 * SECOND, 100.0, 100),
        trade("AAPL", 2 * SECOND + 500_123, 102.0, 300),
        quote("AAPL", 3 * SECOND, 101.9, 102.1, 500),
        trade("MSFT", 4 * SECOND, 200.0, 10.5),
        trade("BTC/USD", 5 * SECOND, 60_000.5, 0.25),
        trade("AAPL", 61 * SECOND, 101.0, 50),
        trade("AAPL", 125 * SECOND, 99.0, 50),
        trade("AAPL", 600 * SECOND, 120.0, 50),
    ],
    start=OPEN,
    end=CLOSE,
    daily_bars={"AAPL": [YESTERDAY]},
    actions=[
        Action(date(2025, 12, 1), "AAPL", ActionKind.DIVIDEND, Decimal("0.26")),
        Action(DAY, "AAPL", ActionKind.SPLIT, Decimal("2")),
        Action(date(2026, 2, 1), "AAPL", ActionKind.SPLIT, Decimal("3")),
    ],
)


@pytest.fixture
def box() -> Iterator[Box]:
    with running(TAPE) as running_box:
        running_box.move(3 * MINUTE)
        yield running_box


def client_of(box: Box, key: str = KEYS.secret, **options: Any) -> RESTClient:
    return RESTClient(key, base=box.address.massive_url, retries=0, **options)


@pytest.fixture
def client(box: Box) -> RESTClient:
    return client_of(box)


def minutes(client: RESTClient, **options: Any) -> list[Any]:
    return list(client.list_aggs("AAPL", 1, "minute", str(DAY), str(DAY), **options))


def test_minutes_are_complete_ones_with_times_in_ms(client: RESTClient) -> None:
    first, *others = minutes(client)
    assert (first.open, first.high, first.low, first.close) == (100.0, 102.0, 100.0, 102.0)
    assert (first.volume, first.transactions, first.vwap) == (400.0, 2, 101.5)
    assert [bar.timestamp for bar in (first, *others)] == [
        (OPEN + i * MINUTE) // MS for i in range(3)
    ]


def test_pages_follow_each_other_in_both_directions(client: RESTClient) -> None:
    assert [bar.close for bar in minutes(client, limit=1)] == [102.0, 101.0, 99.0]
    assert [bar.close for bar in minutes(client, limit=2, sort="desc")] == [99.0, 101.0, 102.0]


def test_a_page_stays_where_it_was_while_the_tape_goes_on(box: Box, client: RESTClient) -> None:
    pages = client.list_trades("AAPL", limit=1, order="desc")
    assert next(pages).price == 99.0
    box.move(11 * MINUTE)
    assert [trade_.price for trade_ in pages] == [101.0, 102.0, 100.0]


def test_bounds_of_a_range_are_both_included(client: RESTClient) -> None:
    first, last = OPEN // MS, (OPEN + MINUTE) // MS
    assert len(list(client.list_aggs("AAPL", 1, "minute", first, last))) == 2
    assert len(list(client.list_aggs("AAPL", 1, "minute", first + 1, last - 1))) == 0


def test_seconds_and_longer_spans(client: RESTClient) -> None:
    seconds = list(client.list_aggs("AAPL", 1, "second", str(DAY), str(DAY)))
    assert [(bar.timestamp - OPEN // MS, bar.close) for bar in seconds] == [
        (1_000, 100.0),
        (2_000, 102.0),
        (61_000, 101.0),
        (125_000, 99.0),
    ]
    (five,) = client.list_aggs("AAPL", 5, "minute", str(DAY), str(DAY))
    assert (five.open, five.high, five.close, five.volume) == (100.0, 102.0, 99.0, 500.0)


def test_days_before_a_split_are_adjusted_unless_raw_ones_are_asked_for(
    client: RESTClient,
) -> None:
    def days(adjusted: bool) -> list[tuple[float, float]]:
        bars = client.list_aggs("AAPL", 1, "day", "2026-01-01", str(DAY), adjusted=adjusted)
        return [(bar.close, bar.volume) for bar in bars]

    assert days(True) == [(49.0, 10_000.0), (99.0, 500.0)]
    assert days(False) == [(98.0, 5_000.0), (99.0, 500.0)]


def test_the_day_before_and_a_day_of_all(client: RESTClient) -> None:
    (before,) = client.get_previous_close_agg("AAPL", adjusted=False)
    assert (before.ticker, before.close) == ("AAPL", 98.0)
    rows = client.get_grouped_daily_aggs(str(DAY))
    assert [(row.ticker, row.close) for row in rows] == [("AAPL", 99.0), ("MSFT", 200.0)]
    (coins,) = client.get_grouped_daily_aggs(str(DAY), locale="global", market_type="crypto")
    assert coins.ticker == "X:BTCUSD"


def test_trades_and_quotes_carry_ns(client: RESTClient) -> None:
    trades = list(client.list_trades("AAPL", timestamp_gte=OPEN + 2 * SECOND, order="asc"))
    assert [t.price for t in trades] == [102.0, 101.0, 99.0]
    assert trades[0].sip_timestamp == OPEN + 2 * SECOND + 500_123
    (only,) = client.list_quotes("AAPL", timestamp=str(DAY))
    assert (only.bid_price, only.ask_price, only.bid_size) == (101.9, 102.1, 500)


def test_the_last_of_each(client: RESTClient) -> None:
    last = client.get_last_trade("MSFT")
    assert (last.ticker, last.price, last.fractional_size) == ("MSFT", 200.0, "10.5")
    assert client.get_last_quote("AAPL").ask_price == 102.1
    assert client.get_last_crypto_trade("BTC", "USD").price == 60_000.5


def test_snapshots_of_one_some_and_all(client: RESTClient) -> None:
    one = client.get_snapshot_ticker("stocks", "AAPL")
    assert (one.last_trade.price, one.last_quote.bid_price) == (99.0, 101.9)
    assert (one.min.timestamp, one.min.close) == ((OPEN + 2 * MINUTE) // MS, 99.0)
    assert (one.day.close, one.prev_day.close, one.todays_change) == (99.0, 49.0, 50.0)
    some = client.get_snapshot_all("stocks", tickers=["MSFT", "NOPE"])
    assert [row.ticker for row in some] == ["MSFT"]
    assert some[0].prev_day.close == 0
    assert len(client.get_snapshot_all("stocks")) == 2
    assert client.get_snapshot_ticker("crypto", "X:BTCUSD").last_trade.size == 0.25


def test_tickers_come_in_pages_and_by_market(client: RESTClient) -> None:
    assert [t.ticker for t in client.list_tickers(limit=1)] == ["AAPL", "MSFT", "X:BTCUSD"]
    (btc,) = client.list_tickers(market="crypto")
    assert (btc.base_currency_symbol, btc.currency_symbol) == ("BTC", "USD")
    assert [t.name for t in client.list_tickers(search="app")] == ["Apple"]
    assert client.get_ticker_details("MSFT").market == "stocks"


def test_splits_and_dividends_of_the_past_and_none_of_the_future(client: RESTClient) -> None:
    (split,) = client.list_splits("AAPL")
    assert (split.execution_date, split.split_from, split.split_to) == (str(DAY), 1, 2)
    (dividend,) = client.list_dividends(ticker="AAPL", ex_dividend_date_lt="2026-01-01")
    assert (dividend.ex_dividend_date, dividend.cash_amount) == ("2025-12-01", 0.26)


def test_status_and_holidays_follow_the_tape(client: RESTClient) -> None:
    status = client.get_market_status()
    assert (status.market, status.exchanges.nyse) == ("open", "open")
    assert status.server_time == "2026-01-15T09:33:00-05:00"
    holidays = client.get_market_holidays()
    assert (holidays[0].date, holidays[0].status) == ("2026-01-19", "closed")
    early = next(day for day in holidays if day.status == "early-close")
    assert (early.date, early.close) == ("2026-11-27", "2026-11-27T18:00:00.000Z")


@pytest.mark.parametrize(
    ("key", "words"), [("wrong", "Unknown API Key"), ("", "API Key was not provided")]
)
def test_a_wrong_key_and_none_are_told_apart(box: Box, key: str, words: str) -> None:
    with pytest.raises(BadResponse) as refusal:
        client_of(box, key).get_last_trade("AAPL")
    assert json.loads(str(refusal.value)) | {"request_id": ""} == {
        "status": "ERROR",
        "error": words,
        "request_id": "",
    }


def test_the_key_may_be_a_parameter(box: Box, client: RESTClient) -> None:
    answer = client.client.request(
        "GET",
        f"{box.address.massive_url}/v2/last/trade/AAPL?apiKey={KEYS.secret}",
        headers={},
    )
    assert (answer.status, answer.json()["results"]["p"]) == (200, 99.0)


def test_unknown_tickers_and_paths(box: Box, client: RESTClient) -> None:
    assert list(client.list_aggs("NOPE", 1, "day", str(DAY), str(DAY))) == []
    with pytest.raises(BadResponse, match="NOT_FOUND"):
        client.get_last_trade("NOPE")
    with pytest.raises(BadResponse, match="404 page not found"):
        client.get_options_contract("O:AAPL")
    with pytest.raises(BadResponse, match="Could not parse the time parameter: 'from'"):
        list(client.list_aggs("AAPL", 1, "day", "yesterday", str(DAY)))


def test_a_plan_has_its_limits() -> None:
    with running(TAPE, plan="basic") as box:
        box.move(3 * MINUTE)
        client = client_of(box)
        for ask in (
            lambda: client.get_last_trade("AAPL"),
            lambda: list(client.list_quotes("AAPL")),
            lambda: client.get_snapshot_all("stocks"),
        ):
            with pytest.raises(BadResponse, match=r"NOT_AUTHORIZED.*not entitled"):
                ask()
        assert minutes(client) and minutes(client)
        with pytest.raises((BadResponse, MaxRetryError), match=r"429|maximum requests per minute"):
            minutes(client)
