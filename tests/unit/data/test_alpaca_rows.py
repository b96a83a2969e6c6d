"""Rows of Alpaca's REST answers, as its reference has them, and as they may come instead."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liualgotrader.common.calendar import new_york, us_equities
from liualgotrader.common.events import Bar, CorporateAction, Quote, Trade
from liualgotrader.common.instruments import AssetClass, Instrument
from liualgotrader.common.ports import Snapshot
from liualgotrader.common.timestamps import parse_time
from liualgotrader.data import alpaca_rows as rows

TIME = "2026-11-20T14:30:00.123456789Z"
NS = parse_time(TIME)
BAR = {"t": TIME, "o": 71.0, "h": 71.4, "l": 70.9, "c": 71.1, "v": 5230, "n": 81, "vw": 71.08}
TRADE = {"t": TIME, "x": "V", "p": 71.1, "s": 40, "c": ["@"], "i": 5, "z": "A"}
QUOTE = {
    "t": TIME, "ax": "Q", "ap": 71.03, "as": 200, "bx": "N", "bp": 71.02, "bs": 300, "c": ["R"],
    "z": "A",
}  # fmt: skip
SNAPSHOT = {
    "latestTrade": TRADE, "latestQuote": QUOTE, "minuteBar": BAR, "dailyBar": BAR,
    "prevDailyBar": BAR,
}  # fmt: skip
SHARE = {
    "id": "b0b6dd9d-8b9b-48a9-ba46-b9d54906e415", "class": "us_equity", "exchange": "NYSE",
    "symbol": "KO", "name": "Coca-Cola", "status": "active", "tradable": True, "marginable": True,
    "shortable": True, "easy_to_borrow": False, "fractionable": True, "attributes": ["ipo"],
}  # fmt: skip
COIN = {
    "id": "276e2673-764b-4ab6-a611-caf665ca6340", "class": "crypto", "exchange": "CRYPTO",
    "symbol": "BTC/USD", "name": "Bitcoin / US Dollar", "status": "active", "tradable": True,
    "marginable": False, "shortable": False, "easy_to_borrow": False, "fractionable": True,
    "min_order_size": "0.00001", "min_trade_increment": "0.000000001", "price_increment": "0.01",
}  # fmt: skip
DAY = {
    "date": "2026-11-20", "open": "09:30", "close": "16:00", "session_open": "0400",
    "session_close": "2000", "settlement_date": "2026-11-23",
}  # fmt: skip
ACTIONS: dict[str, list[dict[str, Any]]] = {
    "forward_splits": [{
        "id": "1", "symbol": "FOUR", "cusip": "1", "new_rate": 4, "old_rate": 1,
        "process_date": "2026-11-20", "ex_date": "2026-11-20", "record_date": "2026-11-18",
        "payable_date": "2026-11-19", "due_bill_redemption_date": "2026-11-23",
    }],
    "reverse_splits": [{
        "symbol": "TENTH", "old_cusip": "1", "new_cusip": "2", "new_rate": 1, "old_rate": 10,
        "process_date": "2026-11-20", "ex_date": "2026-11-20",
    }],
    "stock_dividends": [{
        "symbol": "STOCK", "cusip": "1", "rate": 0.05, "process_date": "2026-11-24",
        "ex_date": "2026-11-20",
    }],
    "cash_dividends": [{
        "symbol": "CASH", "cusip": "1", "rate": 0.485, "special": False, "foreign": False,
        "process_date": "2026-12-15", "ex_date": "2026-11-20",
    }],
    "name_changes": [{
        "old_symbol": "FB", "old_cusip": "1", "new_symbol": "META", "new_cusip": "1",
        "process_date": "2026-11-20",
    }],
    "cash_mergers": [{
        "acquirer_symbol": "BIG", "acquiree_symbol": "SMALL", "acquiree_cusip": "1", "rate": 54.2,
        "process_date": "2026-11-23", "effective_date": "2026-11-20",
    }],
    "stock_mergers": [{
        "acquirer_symbol": "BIG", "acquirer_rate": 1, "acquiree_symbol": "SWAP", "acquiree_rate": 4,
        "process_date": "2026-11-20", "effective_date": "2026-11-20",
    }],
    "stock_and_cash_mergers": [{
        "acquirer_symbol": "BIG", "acquirer_rate": 0.5, "acquiree_symbol": "BOTH",
        "acquiree_rate": 1, "cash_rate": 3.25, "process_date": "2026-11-20",
        "effective_date": "2026-11-20",
    }],
    "redemptions": [{
        "symbol": "BACK", "cusip": "1", "rate": 10.02, "process_date": "2026-11-20",
    }],
    "worthless_removals": [{"symbol": "GONE", "cusip": "1", "process_date": "2026-11-20"}],
}  # fmt: skip
EX_DATE = new_york(date(2026, 11, 20))


def test_documented_rows_become_what_they_say() -> None:
    assert rows.bar("KO", BAR, 60) == Bar(
        "KO", NS, 71.0, 71.4, 70.9, 71.1, 5230.0, 60, 71.08, 81
    )  # fmt: skip
    assert rows.trade("KO", TRADE) == Trade("KO", NS, 71.1, 40.0)
    assert rows.quote("KO", QUOTE) == Quote("KO", NS, 71.02, 71.03, 300.0, 200.0)
    assert rows.session(DAY) == us_equities().session(date(2026, 11, 20))
    assert rows.instrument(SHARE) == Instrument("KO", easy_to_borrow=False, name="Coca-Cola")


def test_a_pairs_steps_are_the_vendors_and_it_is_never_short() -> None:
    coin = rows.instrument(COIN)
    assert coin.asset_class is AssetClass.CRYPTO
    assert (coin.lot, coin.fraction, coin.tick) == (
        Decimal("1E-9"),
        Decimal("1E-9"),
        Decimal("0.01"),
    )
    assert (coin.shortable, coin.marginable, coin.fractionable) == (False, False, True)
    untold = {key: value for key, value in COIN.items() if not key.endswith("increment")}
    assert rows.instrument(untold | {"price_increment": "?"}).tick is None


def test_a_half_day_that_no_calendar_knew_is_a_day_with_its_own_hours() -> None:
    day = rows.session(DAY | {"close": "13:00"})
    assert day.is_half_day
    assert day.close == EX_DATE + 13 * 3_600_000_000_000
    assert day.post_close == EX_DATE + 17 * 3_600_000_000_000
    with pytest.raises(rows.Odd):
        rows.session(DAY | {"close": "09:00"})


def test_each_kind_of_corporate_action_says_what_becomes_of_a_share() -> None:
    reader = rows.Reader()
    found = {action.symbol: action for action in reader.actions(ACTIONS)}
    zero = Decimal(0)

    def action(symbol: str, ratio: str = "1", cash: str = "0", new: str = "") -> CorporateAction:
        return CorporateAction(symbol, EX_DATE, Decimal(ratio), Decimal(cash), new)

    assert found == {
        "FOUR": action("FOUR", "4"),
        "TENTH": action("TENTH", "0.1"),
        "STOCK": action("STOCK", "1.05"),
        "CASH": action("CASH", cash="0.485"),
        "FB": action("FB", new="META"),
        "SMALL": action("SMALL", "0", "54.2"),
        "SWAP": action("SWAP", "0.25", new="BIG"),
        "BOTH": action("BOTH", "0.5", "3.25", "BIG"),
        "BACK": action("BACK", "0", "10.02"),
        "GONE": action("GONE", "0"),
    }
    assert found["GONE"].cash == zero
    assert not reader.skipped


def test_actions_that_have_no_counterpart_are_counted() -> None:
    reader = rows.Reader()
    odd = {
        "spin_offs": [{}, {}],
        "brand_new": [{}],
        "cash_dividends": [{"symbol": "X"}],
        "none": [],
    }
    assert list(reader.actions(odd)) == []
    assert reader.skipped == {
        "corporate actions: spin_offs": 2,
        "corporate actions: brand_new": 1,
        "corporate actions: cash_dividends": 1,
    }


def test_a_snapshot_with_an_odd_part_has_the_others() -> None:
    reader = rows.Reader()
    found = reader.snapshot("KO", SNAPSHOT | {"latestQuote": None, "minuteBar": BAR | {"h": 1}})
    assert (found.quote, found.minute) == (None, None)
    assert found.trade is not None and found.day is not None and found.previous_day is not None
    assert reader.skipped == {"a bar": 1}
    assert reader.snapshot("KO", {}) == Snapshot("KO")


junk: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just([])
)
documented = st.sampled_from(
    [
        (BAR, lambda row: rows.bar("KO", row, 60)),
        (TRADE, lambda row: rows.trade("KO", row)),
        (QUOTE, lambda row: rows.quote("KO", row)),
        (SHARE, rows.instrument),
        (COIN, rows.instrument),
        (DAY, rows.session),
        *((ACTIONS[kind][0], rows._ACTIONS[kind]) for kind in ACTIONS),
    ]
)


@settings(max_examples=1_000)
@given(documented, st.data())
def test_a_spoilt_row_is_read_or_counted(
    case: tuple[dict[str, Any], Any], data: st.DataObject
) -> None:
    row, make = case
    spoilt: Any = dict(row)
    for field in data.draw(st.lists(st.sampled_from(sorted(row)), max_size=3)):
        if data.draw(st.booleans()):
            spoilt.pop(field, None)
        else:
            spoilt[field] = data.draw(junk)
    spoilt = data.draw(st.sampled_from([spoilt, spoilt | {"new": {}}, [], "row", 5]))
    reader = rows.Reader()
    made = list(reader.each("rows", [spoilt, row], make))
    assert len(made) + reader.skipped.total() == 2
    assert made[-1] == make(row)
    for value in made:
        if isinstance(value, Bar):
            assert 0 < value.low <= value.high and 0 <= value.start < 1 << 63
        if isinstance(value, CorporateAction):
            assert value.ratio >= 0 and value.cash >= 0
