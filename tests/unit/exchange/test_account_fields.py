"""What the account tells of day trading, and on which days."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal

import pytest

from liualgotrader.common.calendar import us_equities
from liualgotrader.common.events import Quote
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import Side
from liualgotrader.exchange.account_api import AccountApi, account_json
from liualgotrader.exchange.app import Settings, build
from liualgotrader.exchange.service import Exchange
from liualgotrader.exchange.tape import ListTape
from liualgotrader.venue.orders import OrderRequest
from tests.unit.venue.rules_of_the_day import moment, one_case

FIELDS = ("pattern_day_trader", "daytrade_count", "daytrading_buying_power")


def _exchange(day: date, cash: str = "100000") -> Exchange:
    tape = ListTape(
        date=day,
        instruments=[Instrument("AAA")],
        events=[],
        start=moment(day, time(9)),
        end=moment(day, time(16)),
    )
    exchange, _ = build(tape, Settings(cash=Decimal(cash)))
    return exchange


def test_the_fields_are_there_until_alpaca_took_them_away() -> None:
    given, expect = one_case("margin", "account_fields_by_date")
    assert tuple(given["fields"]) == FIELDS
    for day, present in zip(given["dates"], expect["present"], strict=True):
        exchange = _exchange(us_equities().sessions(day - timedelta(days=5), day)[-1].date)
        assert all((field in account_json(exchange)) is present for field in FIELDS)
        settings = AccountApi(exchange)._settings
        assert ("pdt_check" in settings) is ("dtbp_check" in settings) is present


def test_the_fields_tell_of_the_day_s_trades() -> None:
    day = date(2026, 3, 12)
    exchange = _exchange(day)
    for number, side in enumerate((Side.BUY, Side.SELL, Side.BUY)):
        at = moment(day, time(10, number))
        exchange.venue.on_quote(Quote("AAA", at, 50.0, 50.0, 1e6, 1e6), at)
        exchange.venue.submit(OrderRequest(symbol="AAA", side=side, qty=Decimal(100)), at)
    account = account_json(exchange)
    assert [account[field] for field in FIELDS] == [True, 1, "395000"]
    assert (account["multiplier"], account["maintenance_margin"]) == ("4", "1500")


@pytest.mark.parametrize(("cash", "multiplier"), [("24999", "2"), ("25000", "4")])
def test_four_times_take_25000_while_day_trades_are_counted(cash: str, multiplier: str) -> None:
    account = account_json(_exchange(date(2026, 3, 12), cash))
    assert account["multiplier"] == multiplier
    assert account_json(_exchange(date(2026, 6, 4), cash))["multiplier"] == "4"


def test_under_2000_nothing_is_sold_short() -> None:
    account = account_json(_exchange(date(2026, 10, 6), "1999"))
    assert account["shorting_enabled"] is False
