"""Margin for those who trade within the day, by tests/venue_cases/by_date/margin.toml."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from liualgotrader.common.errors import ConfigError
from liualgotrader.venue.margin import Holding, maintenance, requirement, table_of
from liualgotrader.venue.margin_tables import (
    DAY_TRADES,
    INTRADAY_MARGIN_SINCE,
    PATTERN_MINIMUM,
    PHASE_IN_ENDS,
    WINDOW_DAYS,
)
from liualgotrader.venue.orders import Rejection
from liualgotrader.venue.rules import VenueRules
from liualgotrader.venue.venue import Venue
from tests.unit.venue.orders_by_date import answer, says
from tests.unit.venue.rules_of_the_day import (
    Case,
    a_venue,
    cases,
    facts,
    instant,
    moment,
    numbers,
    one_case,
    show,
    trade,
)

_NOT_PLAYED = {
    "pdt_six_percent_exception_of_the_designation": "whether Alpaca's check of orders looked at it was not found",
    "dtmc_amount": "an entry beyond the day-trading buying power is refused, so no call arises",
    "interest_over_a_weekend": "no interest is charged",
    "imd_at_regulatory_rate_is_zero_at_4x": "the broker's table counts, not FINRA's least",
    "imd_is_the_largest_of_the_day": "what would make a deficit is refused before it trades",
    "imd_de_minimis": "the same",
    "imd_freeze_dates": "the same",
    "account_fields_by_date": "tests/unit/exchange/test_account_fields.py",
}


# ---------------------------------------------------------------------------- counting


@pytest.mark.parametrize("case", cases("margin", "count_"))
def test_day_trades_are_counted_by_runs(case: Case) -> None:
    given = case["given"]
    venue = a_venue(given["date"], cash="100000", multiplier="4")
    if Decimal(given["start_qty"]):
        venue.account.hold(given["symbol"], Decimal(given["start_qty"]), Decimal(10))
    for fill in given["fills"]:
        side = "buy" if fill["side"] == "buy" else "sell"
        at = moment(given["date"], fill["t"])
        _fill(venue, at, side, fill["qty"], fill.get("symbol", "AAA"))
    venue.books.day_trading.read(venue.books.uncharged)
    assert venue.books.day_trading.count == case["expect"]["day_trades"]
    venue.on_clock(moment(given["date"], time(20)))
    assert sum(venue.books.day_trading.window) == case["expect"]["day_trades"]


def _fill(venue: Venue, at: int, side: str, qty: str, symbol: str) -> None:
    """Execute an order at ten dollars, also in extended hours."""
    limit = {"type": "limit", "limit_price": "10", "extended_hours": True}
    trade_at = {"side": side, "qty": qty, "symbol": symbol, **limit}
    show(venue, at, "10", symbol)
    assert answer(venue, trade_at, at) is None


# ---------------------------------------------------------------------------- the pattern day trader


def _small_account(given: dict[str, Any], **rules: Any) -> Venue:
    """Return a venue at eleven o'clock of a day that began as a case says."""
    venue = a_venue(given["date"], cash="100000", multiplier="4", **rules)
    day = venue.books.day_trading
    day.last_equity = Decimal(given["last_equity"])
    dates = given.get("day_trade_dates")
    counted = given.get("day_trades_in_window", given.get("day_trades_last_5_days", 0))
    day.window.extend([0, 0, 0, counted] if dates is None else _by_day(dates, given["date"]))
    day.begin(venue.books.sessions.current(moment(given["date"])))
    if "position" in given:
        venue.account.hold("AAA", Decimal(given["position"]["qty"]), Decimal(50))
    bought = given.get("bought_today")
    if bought is not None:
        trade(venue, moment(given["date"], time(10)), "buy", bought["qty"], "50")
    for fields in given.get("open_orders", []):
        assert answer(venue, fields, moment(given["date"], time(10, 30))) is None
    return venue


def _by_day(dates: list[date], today: date) -> list[int]:
    """Return the day trades of the four business days before a Thursday or later."""
    days = [today - timedelta(days=n) for n in range(1, 8)]
    business = [day for day in days if day.weekday() < 5][: WINDOW_DAYS - 1]
    return [dates.count(day) for day in reversed(business)]


_ORDERS = ("pdt_", "same_orders")
_OTHERS = {name: why for name, why in _NOT_PLAYED.items() if name.startswith("pdt_")}


@pytest.mark.parametrize("case", cases("margin", *_ORDERS, elsewhere=_OTHERS))
def test_the_fourth_day_trade_is_refused_where_it_is_counted(case: Case) -> None:
    given, expect = case["given"], case["expect"]
    venue = _small_account(given)
    if "day_trades_in_window" in expect:
        assert sum(venue.books.day_trading.window) == expect["day_trades_in_window"]
    at = moment(given["date"], time(11))
    show(venue, at, "50")
    refusal = answer(venue, given["order"], at)
    assert (refusal is None) is expect["accepted"], refusal
    assert says(refusal, expect)
    if "day_trades_in_window_after_fill" in expect:
        venue.books.day_trading.read(venue.books.uncharged)
        assert venue.books.day_trading.count == expect["day_trades_in_window_after_fill"]


def test_a_broker_that_phases_in_keeps_the_old_rules_until_its_day() -> None:
    given, expect = one_case("margin", "same_orders_first_day_without_pdt")
    assert expect["accepted"] is True
    for since, accepted in ((date(2026, 6, 4), True), (date(2026, 9, 1), False)):
        venue = _small_account(given, intraday_margin_since=since)
        at = moment(given["date"], time(11))
        show(venue, at, "50")
        assert (answer(venue, given["order"], at) is None) is accepted


@pytest.mark.parametrize("day", [date(2026, 6, 3), date(2027, 10, 21)])
def test_a_phase_in_beyond_the_rule_is_refused(day: date) -> None:
    with pytest.raises(ConfigError, match=r"intraday_margin_since.*2026-06-04 and 2027-10-20"):
        VenueRules(intraday_margin_since=day)


def test_without_the_rules_for_day_traders_nothing_is_counted() -> None:
    given, _ = one_case("margin", "pdt_fourth_day_trade_refused_on_exit")
    venue = _small_account(given, day_trading=False)
    at = moment(given["date"], time(11))
    show(venue, at, "50")
    assert answer(venue, given["order"], at) is None


def test_the_exits_of_a_bracket_could_be_a_day_trade() -> None:
    given, _ = one_case("margin", "pdt_fourth_day_trade_refused_on_exit")
    venue = _small_account({**given, "bought_today": {"qty": "1"}})
    at = moment(given["date"], time(11))
    show(venue, at, "50", "BBB")
    exits = {"take_profit": {"limit_price": "60"}, "stop_loss": {"stop_price": "40"}}
    bracket = {"symbol": "BBB", "qty": "1", "order_class": "bracket", **exits}
    assert says(answer(venue, bracket, at), {"http": 403, "code": 40310100})
    assert answer(venue, {"symbol": "BBB", "qty": "1"}, at) is None


# ---------------------------------------------------------------------------- day-trading buying power


def _flagged(given: dict[str, Any]) -> Venue:
    venue = a_venue(given["date"], cash="1000000", multiplier="4")
    day = venue.books.day_trading
    day.last_equity = Decimal(given.get("last_equity", "37500"))
    day.last_maintenance = Decimal(given.get("last_maintenance_margin", "0"))
    day.begin(venue.books.sessions.current(moment(given["date"])))
    return venue


@pytest.mark.parametrize(
    "name", ["dtbp_start_of_day", "dtbp_not_lifted_by_selling_overnight_positions"]
)
def test_the_day_begins_with_four_times_the_excess(name: str) -> None:
    given, expect = one_case("margin", name)
    venue = _flagged(given)
    for event in given.get("events", []):
        venue.account.hold("AAA", Decimal(1000), Decimal(75))
        trade(venue, moment(given["date"], time(10)), event["side"], "1000", "75")
    assert venue.books.day_trading.power() == Decimal(expect["daytrading_buying_power"])
    assert venue.books.day_trading.multiplier == Decimal(expect.get("multiplier", "4"))


def test_an_exit_gives_back_what_the_entry_took() -> None:
    given, expect = one_case("margin", "dtbp_use_and_credit_ignores_profit")
    venue = _flagged(given)
    assert venue.books.day_trading.power() == Decimal(given["start_dtbp"])
    powers = []
    for number, event in enumerate(given["events"]):
        side = "buy" if event["action"] == "enter" else "sell"
        trade(venue, moment(given["date"], time(10, number)), side, event["qty"], event["price"])
        venue.books.day_trading.read(venue.books.uncharged)
        powers.append(venue.books.day_trading.power())
    assert powers == numbers([expect["after_entry"], expect["after_exit"]])


def test_an_entry_beyond_the_day_trading_buying_power_is_refused() -> None:
    given, expect = one_case("margin", "dtmc_entry_protection_refuses")
    # 25,000 at the close needed 20,000 then, and everything has been sold since.
    venue = _flagged({**given, "last_equity": "25000", "last_maintenance_margin": "20000"})
    venue.account.cash = Decimal(given["regt_buying_power"]) / 2
    assert venue.buying_power() == Decimal(expect["buying_power"])
    refusal = answer(venue, given["order"], moment(given["date"], time(10)))
    assert says(refusal, {key: expect[key] for key in ("http", "code", "message")})
    assert refusal is not None
    assert Decimal(refusal.details["daytrading_buying_power"]) == Decimal(
        given["daytrading_buying_power"]
    )


# ---------------------------------------------------------------------------- Regulation T, maintenance


def test_under_2000_there_is_no_margin() -> None:
    given, expect = one_case("margin", "under_2000_is_1x")
    venue = a_venue(given["date"], cash=given["cash"], multiplier="4")
    assert venue.buying_power() == Decimal(expect["buying_power"])
    assert venue.account.has_margin is expect["shorting_enabled"]


def test_multiplier_2_is_twice_what_is_above_the_initial_margin() -> None:
    given, expect = one_case("margin", "multiplier_2_buying_power")
    (held,) = given["positions"]
    venue = a_venue(given["date"], cash="4000", multiplier=given["multiplier"])
    venue.account.hold("AAA", Decimal(held["qty"]), Decimal(held["price"]))
    assert venue.account.equity() == Decimal(given["equity"])
    assert venue.buying_power() == Decimal(expect["buying_power"])


_VERSIONS = {"old": date(2025, 1, 2), "2026-01": date(2026, 1, 27), "2026-09": date(2026, 9, 17)}


@pytest.mark.parametrize("case", cases("margin", "maintenance_long"))
def test_a_long_position_needs_so_much(case: Case) -> None:
    table = table_of(_VERSIONS[case["given"]["table"]])
    held = numbers(case["given"]["positions"])
    needs = [requirement(table, Holding(each["qty"], each["price"])) for each in held]
    assert needs == numbers(case["expect"]["maintenance"])


def test_a_short_position_needs_so_much_in_every_version() -> None:
    given, expect = one_case("margin", "maintenance_short")
    for day in _VERSIONS.values():
        shorts = [Holding(-Decimal(given["qty"]), Decimal(price)) for price in given["prices"]]
        needs = [requirement(table_of(day), short) for short in shorts]
        assert needs == numbers(expect["maintenance"])


def test_a_fund_with_leverage_needs_more() -> None:
    given, expect = one_case("margin", "maintenance_leveraged_etf")
    price = Decimal(100)
    qty = Decimal(given["value"]) / price
    for version, name in (("old", "old"), ("2026-01", "table_2026_01")):
        table = table_of(_VERSIONS[version])
        needs = [requirement(table, Holding(qty, price, turns)) for turns in (2, 3)]
        assert needs == numbers(expect[name])
    short = requirement(table_of(_VERSIONS["2026-09"]), Holding(-qty, price, 3))
    rates = facts("margin")["maintenance_regulatory"]["leveraged"]
    assert short == Decimal(given["value"]) * Decimal(rates["x3_short"])


def test_most_of_an_indebted_account_in_one_name_needs_more() -> None:
    given, expect = one_case("margin", "concentration")
    held = [
        Holding(Decimal(each["value"]) / Decimal(each["price"]), Decimal(each["price"]))
        for each in given["positions"]
    ]
    debit = Decimal(given["margin_balance"])
    table = table_of(_VERSIONS[given["table"]])
    assert maintenance(table, held, debit) == Decimal(expect["maintenance"])
    assert maintenance(table, held, Decimal(99_999)) == Decimal(120_000)


# ---------------------------------------------------------------------------- intraday margin


def test_what_maintenance_carries_may_be_bought() -> None:
    given, expect = one_case("margin", "iml_within_limit")
    venue = a_venue(given["date"], cash=given["equity"], multiplier="4")
    (event,) = given["events"]
    trade(venue, moment(given["date"]), event["side"], event["qty"], event["price"])
    left = venue.account.equity() - venue.books.day_trading.maintenance()
    assert left == Decimal(expect["iml_after"])


def test_what_would_make_a_deficit_is_refused_before_it_trades() -> None:
    given, expect = one_case("margin", "imd_from_a_purchase")
    assert Decimal(expect["imd"]) > 0
    venue = a_venue(given["date"], cash=given["equity"], multiplier="4")
    (event,) = given["events"]
    with pytest.raises(Rejection, match="insufficient buying power") as caught:
        trade(venue, moment(given["date"]), event["side"], event["qty"], event["price"])
    # What the refusal calls buying power is the most that would have been accepted.
    most = Decimal(caught.value.details["buying_power"])
    assert round(most, 2) == Decimal("33333.33")
    trade(venue, moment(given["date"]), "buy", str(int(most / 100)), "100")


def test_a_loss_alone_lets_nothing_more_be_bought() -> None:
    given, expect = one_case("margin", "market_loss_alone_makes_no_imd")
    held = numbers(given["position_from_yesterday"])
    cash = Decimal(given["equity_at_start"]) - held["qty"] * held["price"]
    venue = a_venue(given["date"], cash=str(cash), multiplier="4")
    venue.account.hold("AAA", held["qty"], held["price"])
    at = moment(given["date"])
    show(venue, at, given["events"][0]["price_now"])
    left = venue.account.equity() - venue.books.day_trading.maintenance()
    assert left == Decimal(expect["iml_now"])
    assert says(
        answer(venue, {"qty": "1"}, at), {"http": 403, "message": "insufficient buying power"}
    )


def test_the_night_has_twice_the_equity_at_most() -> None:
    given, expect = one_case("margin", "overnight_session_is_2x")
    at = instant(given["at"])
    most = Decimal(expect["max_buying_power"])
    for value, accepted in ((most + Decimal("0.01"), False), (most, True)):
        venue = a_venue(given["at"].date(), cash=given["equity"], multiplier="4")
        order = {"type": "limit", "limit_price": str(value), "qty": "1"}
        assert (answer(venue, order, at) is None) is accepted


# ---------------------------------------------------------------------------- the tables


def test_the_tables_hold_what_is_on_file() -> None:
    pattern, intraday = facts("margin")["regime"]
    assert pattern["to"] + timedelta(days=1) == intraday["from"] == INTRADAY_MARGIN_SINCE
    assert intraday["regulatory_phase_in_until"] == PHASE_IN_ENDS
    assert (pattern["day_trades"], pattern["window_business_days"]) == (DAY_TRADES, WINDOW_DAYS)
    assert Decimal(pattern["minimum_equity"]) == PATTERN_MINIMUM


def test_no_case_is_forgotten() -> None:
    played = {each.id for each in cases("margin", elsewhere=_NOT_PLAYED)}
    by_prefix = ("count_", *_ORDERS, "maintenance_long")
    rest = {name for name in played if not name.startswith(by_prefix)}
    assert rest <= set(_PLAYED)


_PLAYED = (
    "dtbp_start_of_day",
    "dtbp_not_lifted_by_selling_overnight_positions",
    "dtbp_use_and_credit_ignores_profit",
    "dtmc_entry_protection_refuses",
    "under_2000_is_1x",
    "multiplier_2_buying_power",
    "maintenance_short",
    "maintenance_leveraged_etf",
    "concentration",
    "iml_within_limit",
    "imd_from_a_purchase",
    "market_loss_alone_makes_no_imd",
    "overnight_session_is_2x",
)
