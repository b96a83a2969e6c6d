"""Massive's documented rows become what they say; spoilt ones are counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liualgotrader.common.calendar import new_york
from liualgotrader.common.events import Bar, CorporateAction, Quote, Trade
from liualgotrader.common.instruments import AssetClass, Instrument, coin
from liualgotrader.common.ports import Snapshot
from liualgotrader.data import massive_rows as rows
from liualgotrader.data.tolerant import RowReader
from tests.properties.test_market_frames import junk

MS = 1_763_649_000_123
NS = MS * 1_000_000
Json = dict[str, Any]
Make = Callable[[Any], Any]

AGGREGATE: Json = {
    "o": 71.0, "h": 71.4, "l": 70.9, "c": 71.1, "v": 5230, "dv": "5230.25", "vw": 71.08, "n": 81,
    "t": MS, "otc": False,
}  # fmt: skip
TRADE: Json = {
    "conditions": [12, 41], "correction": 0, "exchange": 11, "id": "1", "price": 171.55, "size": 1,
    "decimal_size": "1.5", "sip_timestamp": NS, "participant_timestamp": NS - 9,
    "sequence_number": 1063, "tape": 3, "trf_id": 2, "trf_timestamp": NS,
}  # fmt: skip
COIN_TRADE: Json = {
    "conditions": [1], "exchange": 1, "id": "191450340", "participant_timestamp": NS,
    "price": 35060.25, "size": 0.00042,
}  # fmt: skip
QUOTE: Json = {
    "ask_exchange": 10, "ask_price": 71.03, "ask_size": 200, "bid_exchange": 11, "bid_price": 71.02,
    "bid_size": 300, "conditions": [1], "participant_timestamp": NS - 9, "sequence_number": 2060,
    "sip_timestamp": NS, "tape": 1, "indicators": [604],
}  # fmt: skip
TICKER: Json = {
    "active": True, "cik": "0000021344", "composite_figi": "BBG000BMX289", "currency_name": "usd",
    "last_updated_utc": "2025-11-20T00:00:00Z", "locale": "us", "market": "stocks",
    "name": "Coca-Cola Company", "primary_exchange": "XNYS", "ticker": "KO", "type": "CS",
}  # fmt: skip
COIN: Json = {
    "active": True, "base_currency_name": "Bitcoin", "base_currency_symbol": "BTC",
    "currency_name": "United States dollar", "currency_symbol": "USD", "locale": "global",
    "market": "crypto", "name": "Bitcoin - United States dollar", "ticker": "X:BTCUSD",
}  # fmt: skip
SPLIT: Json = {
    "execution_date": "2025-11-20", "id": "E36", "split_from": 2, "split_to": 3, "ticker": "KO",
}  # fmt: skip
DIVIDEND: Json = {
    "cash_amount": 0.51, "currency": "USD", "declaration_date": "2025-10-16", "dividend_type": "CD",
    "ex_dividend_date": "2025-11-28", "frequency": 4, "id": "E8e", "pay_date": "2025-12-15",
    "record_date": "2025-12-01", "ticker": "KO",
}  # fmt: skip
SNAPSHOT: Json = {
    "day": {k: v for k, v in AGGREGATE.items() if k not in ("t", "n")},
    "lastQuote": {"P": 71.03, "S": 200, "p": 71.02, "s": 300, "t": NS},
    "lastTrade": {"c": [14], "i": "4046", "p": 71.1, "s": 1, "ds": "1.5", "t": NS, "x": 4},
    "min": AGGREGATE, "prevDay": AGGREGATE, "ticker": "KO", "todaysChange": 0.1,
    "todaysChangePerc": 0.14, "updated": NS + 60_000_000_000,
}  # fmt: skip
READER = RowReader()
CASES: list[tuple[Json, Make, object]] = [
    (
        AGGREGATE,
        partial(rows.bar, "KO", seconds=60),
        Bar("KO", NS, 71.0, 71.4, 70.9, 71.1, 5230.25, 60, 71.08, 81),
    ),
    (TRADE, partial(rows.trade, "KO"), Trade("KO", NS, 171.55, 1.5)),
    (COIN_TRADE, partial(rows.trade, "BTC/USD"), Trade("BTC/USD", NS, 35060.25, 0.00042)),
    (QUOTE, partial(rows.quote, "KO"), Quote("KO", NS, 71.02, 71.03, 300.0, 200.0)),
    (COIN, partial(rows.instrument, asset_class=AssetClass.CRYPTO), coin("BTC/USD", 9)),
    (
        SPLIT,
        rows.split,
        CorporateAction("KO", new_york(date(2025, 11, 20)), ratio=Decimal("1.5")),
    ),
    (
        DIVIDEND,
        rows.dividend,
        CorporateAction("KO", new_york(date(2025, 11, 28)), cash=Decimal("0.51")),
    ),
]
SPOILT: list[tuple[Json, Make]] = [
    *((row, make) for row, make, _ in CASES),
    (TICKER, partial(rows.instrument, asset_class=AssetClass.US_EQUITY)),
    (SNAPSHOT, partial(rows.snapshot, READER, "KO")),
]


@pytest.mark.parametrize(("row", "make", "expected"), CASES)
def test_documented_rows_become_what_they_say(row: Json, make: Make, expected: object) -> None:
    assert make(row) == expected


def test_a_ticker_is_nothing_that_massive_does_not_know() -> None:
    assert rows.instrument(TICKER, AssetClass.US_EQUITY) == Instrument(
        "KO",
        fractionable=False,
        shortable=False,
        easy_to_borrow=False,
        marginable=False,
        name="Coca-Cola Company",
    )


def test_a_minute_in_the_making_is_left_out_of_a_snapshot() -> None:
    whole = rows.snapshot(RowReader(), "KO", SNAPSHOT)
    assert whole.minute is not None and whole.day is not None
    early = rows.snapshot(RowReader(), "KO", SNAPSHOT | {"updated": NS + 59_000_000_000})
    assert early.minute is None


@pytest.mark.parametrize(
    ("made_at", "today", "before"),
    [
        ("2025-11-20T15:00", date(2025, 11, 20), date(2025, 11, 19)),
        ("2025-11-22T15:00", date(2025, 11, 21), date(2025, 11, 20)),
        ("2025-11-28T23:00", date(2025, 11, 28), date(2025, 11, 26)),
    ],
)
def test_days_of_a_snapshot_are_those_of_the_calendar(
    made_at: str, today: date, before: date
) -> None:
    day, hour = made_at.split("T")
    midnight = new_york(date.fromisoformat(day))
    now = midnight + int(hour[:2]) * 3_600_000_000_000
    snapshot = rows.snapshot(RowReader(), "KO", SNAPSHOT | {"updated": now})
    assert snapshot.day is not None and snapshot.day.start == new_york(today)
    assert snapshot.previous_day is not None and snapshot.previous_day.start == new_york(before)


@settings(max_examples=1_500)
@given(st.sampled_from(SPOILT), st.data())
def test_a_spoilt_row_is_read_or_counted(case: tuple[Json, Make], data: st.DataObject) -> None:
    row, make = case
    spoilt: Any = dict(row)
    for field in data.draw(st.lists(st.sampled_from(sorted(row)), max_size=3)):
        if data.draw(st.booleans()):
            spoilt.pop(field, None)
        else:
            spoilt[field] = data.draw(junk)
    spoilt = data.draw(st.sampled_from([spoilt, spoilt | {"new": {}}, [], "row", 5]))
    withdrawn = isinstance(spoilt, dict) and spoilt.get("correction") in (1, 7, 8, 10, 11)
    reader = RowReader()
    made = list(reader.each("rows", [spoilt, row], make))
    assert len(made) + reader.skipped.total() == 2 - withdrawn
    assert made[-1] == make(row)
    for value in made:
        if isinstance(value, Bar):
            assert 0 < value.low <= value.high and 0 <= value.start < 1 << 63
        if isinstance(value, CorporateAction):
            assert value.ratio > 0 and value.cash >= 0
        if isinstance(value, Snapshot):
            assert value.symbol == "KO"
