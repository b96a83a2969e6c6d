"""When money is settled, by tests/venue_cases/by_date/settlement.toml."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from liualgotrader.common.orders import Side, TimeInForce
from liualgotrader.venue.orders import OrderRequest, Rejection
from liualgotrader.venue.settlement import cycle_days, settles_at
from liualgotrader.venue.venue import Venue
from tests.unit.venue.rules_of_the_day import (
    COIN,
    NEW_YORK,
    Case,
    a_venue,
    cases,
    facts,
    instant,
    moment,
    one_case,
    sessions,
    show,
    trade,
)

# A venue plays these out. The last has a purchase with unsettled money that is held until the money is
# settled: brokers let it pass, this venue refuses it like the one before it, for it cannot know.
_PLAYED_OUT = ("alpaca_", "generic_cash_account_good", "generic_cash_account_hold")


def _settled_on(ts: int) -> date:
    day = _day(ts)
    settles = settles_at(sessions(day - timedelta(days=7), day + timedelta(days=14)), ts)
    assert settles is not None
    return _day(settles)


def _day(ts: int) -> date:
    return datetime.fromtimestamp(ts / 1e9, NEW_YORK).date()


def _by_the_calendar() -> list[Any]:
    played = [case.id for case in cases("settlement", *_PLAYED_OUT)]
    return cases("settlement", elsewhere=dict.fromkeys(played, "played out below"))


@pytest.mark.parametrize("case", _by_the_calendar())
def test_a_trade_settles_on_its_day(case: Case) -> None:
    given, expect = case["given"], case["expect"]
    executed = [instant(at) for at in given.get("executed", [])]
    executed += [moment(day) for day in given.get("trade_dates", [])]
    assert [_settled_on(ts) for ts in executed] == expect.get(
        "settles", expect.get("settled_cash_on")
    )
    if "trade_date" in expect:
        first, last = executed[0], executed[-1]
        known = sessions(_day(first), _day(last) + timedelta(days=7))
        assert [known.current(ts).date for ts in executed] == expect["trade_date"]


@pytest.mark.parametrize("cycle", facts("settlement")["cycle"], ids=lambda cycle: cycle["name"])
def test_a_cycle_holds_from_its_first_day_to_its_last(cycle: dict[str, Any]) -> None:
    for day in (cycle.get("from"), cycle.get("to")):
        if day is not None:
            assert cycle_days(day) == cycle["business_days"]


def _play(venue: Venue, given: dict[str, Any]) -> list[Decimal]:
    """Trade what is told, a minute apart; return the cash after each."""
    cash = []
    for number, event in enumerate(given["events"]):
        at = moment(event.get("date", given["date"]), time(10, number))
        symbol = event.get("symbol", "AAA")
        trade(venue, at, event["side"], event["qty"], event["price"], symbol)
        cash.append(venue.account.cash)
    return cash


def test_the_money_of_a_sale_buys_at_once_at_alpaca() -> None:
    given, expect = one_case("settlement", "alpaca_proceeds_buy_at_once")
    venue = a_venue(given["date"], cash=given["cash"], multiplier=given["multiplier"])
    venue.account.hold("AAA", Decimal(15), Decimal(100))
    after_sale, after_purchase = _play(venue, given)
    assert after_sale == Decimal(expect["cash_after_sale"])
    assert after_purchase == Decimal(expect["cash_after_purchase"])


def test_what_unsettled_money_bought_may_be_sold_the_same_day_at_alpaca() -> None:
    given, expect = one_case("settlement", "alpaca_same_day_round_trips_at_1x")
    venue = a_venue(given["date"], cash=given["cash"], multiplier=given["multiplier"])
    assert _play(venue, given)[-1] == Decimal(expect["cash_end"])


def test_the_money_of_a_sale_is_withdrawable_when_it_is_settled() -> None:
    given, expect = one_case("settlement", "alpaca_withdrawable_lags")
    sale = given["sale"]
    venue = a_venue(sale["date"], cash=given["cash_before"])
    venue.account.hold("AAA", Decimal(sale["qty"]), Decimal(sale["price"]))
    trade(venue, moment(sale["date"]), "sell", sale["qty"], sale["price"])
    assert venue.account.cash == Decimal(expect["cash_on_2026_10_06"])
    for day in (date(2026, 10, 6), date(2026, 10, 7)):
        venue.on_clock(moment(day, time(15)))
        wanted = expect[f"cash_withdrawable_on_{day:%Y_%m_%d}"]
        assert venue.account.withdrawable == Decimal(wanted)


def test_unsettled_money_buys_no_coins() -> None:
    given, expect = one_case("settlement", "alpaca_unsettled_money_buys_no_crypto")
    assert expect["accepted"] is False
    venue = a_venue(given["date"], cash=given["cash_settled"])
    venue.account.hold("AAA", Decimal(10), Decimal(100))
    trade(venue, moment(given["date"]), "sell", "10", "100")
    asked = Decimal(given["order"]["notional"])
    show(venue, moment(given["date"]), "60000", COIN.symbol)
    order = OrderRequest(symbol=COIN.symbol, side=Side.BUY, notional=asked, tif=TimeInForce.GTC)
    with pytest.raises(Rejection, match="insufficient buying power"):
        venue.submit(order, moment(given["date"]))
    next_day = moment(given["date"] + timedelta(days=1))
    show(venue, next_day, "60000", COIN.symbol)
    assert venue.submit(order, next_day)


def test_a_cash_account_elsewhere_buys_with_settled_money_alone() -> None:
    given, expect = one_case("settlement", "generic_cash_account_good_faith_violation")
    assert expect["good_faith_violation"] is True
    venue = a_venue(given["date"], cash=given["settled_cash"], settled_cash_only=True)
    venue.account.hold("AAA", Decimal(10), Decimal(100))
    trade(venue, moment(given["date"]), "sell", "10", "100")
    # The purchase that the violation begins with is refused; a day later it is not.
    with pytest.raises(Rejection, match="insufficient buying power"):
        trade(venue, moment(given["date"]), "buy", "10", "100", "BBB")
    trade(venue, moment(given["date"] + timedelta(days=1)), "buy", "10", "100", "BBB")
    assert venue.account.position_qty("BBB") == 10


@pytest.mark.parametrize(("day", "settled"), [(date(2023, 8, 14), 2), (date(2026, 8, 10), 1)])
def test_a_cash_account_waits_as_long_as_the_cycle_of_the_day(day: date, settled: int) -> None:
    venue = a_venue(day, cash="0", settled_cash_only=True)
    venue.account.hold("AAA", Decimal(100), Decimal(100))
    trade(venue, moment(day), "sell", "100", "100")
    for wait in range(settled):
        with pytest.raises(Rejection, match="insufficient buying power"):
            trade(venue, moment(day + timedelta(days=wait), time(15)), "buy", "10", "100", "BBB")
    trade(venue, moment(day + timedelta(days=settled)), "buy", "10", "100", "BBB")
    assert venue.account.position_qty("BBB") == 10
