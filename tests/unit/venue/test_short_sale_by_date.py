"""Rule 201, by tests/venue_cases/by_date/short_sale.toml."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.common.orders import OrderStatus, OrderType, Side, TimeInForce
from liualgotrader.venue.orders import OrderRequest, Rejection
from liualgotrader.venue.short_sale import PriceTest
from liualgotrader.venue.venue import Venue
from tests.unit.venue.rules_of_the_day import (
    NEW_YORK,
    Case,
    a_venue,
    cases,
    facts,
    instant,
    moment,
    one_case,
    sessions,
)

_ORDERS = ("limit_short", "market_short", "long_sale", "resting_order", "crossed")
_DURATION = ("duration", "retrigger", "before_compliance")
_ELSEWHERE = {
    "short_exempt_is_free": "no order is marked short exempt: the API has no such field",
    "alpaca_borrow_gate": "below: equity and borrow come first",
}
DAY = date(2026, 8, 11)
NOON = moment(DAY)


class Remembered:
    """A past of closes by day and prints of one symbol."""

    def __init__(self, prints: Sequence[tuple[int, str]], *closes: str) -> None:
        self.prints = prints
        self.closes = closes

    def days(self, symbol: str, now: int) -> Sequence[Bar]:
        """Return the closes as days that moved nowhere."""
        closes = [float(close) for close in self.closes[-2:]]
        return [Bar("AAA", 0, close, close, close, close, 1.0, 86_400) for close in closes]

    def low(self, symbol: str, since: int, upto: int) -> float | None:
        """Return the lowest print."""
        return min((float(p) for ts, p in self.prints if since <= ts < upto), default=None)


def _triggers() -> list[Any]:
    chosen = [each.id for each in cases("short_sale", *_ORDERS, *_DURATION)]
    return cases("short_sale", elsewhere={**dict.fromkeys(chosen, "below"), **_ELSEWHERE})


@pytest.mark.parametrize("case", _triggers())
def test_a_fall_of_ten_percent_in_regular_hours_restricts(case: Case) -> None:
    given, expect = case["given"], case["expect"]
    prints = [(moment(given["date"], each["t"]), each["price"]) for each in given["trades"]]
    hours = sessions(given["date"], given["date"] + timedelta(days=3))
    seconds = range(moment(given["date"], time(8)), moment(given["date"], time(18)), 10**9)
    restricted = PriceTest(hours, Remembered(prints, given["prior_close"]))
    first = next((ts for ts in seconds if restricted.restricts("AAA", ts)), None)
    if "triggered_at" in expect:
        # The trade itself comes first, what arrives after it is restricted.
        assert first == moment(given["date"], expect["triggered_at"]) + 10**9
    else:
        assert first is None


class Days:
    """A past of whole days, and of the one print at which a day fell."""

    def __init__(self, falls: dict[date, tuple[int, float]], close: float) -> None:
        self.falls = falls
        self.close = close

    def days(self, symbol: str, now: int) -> Sequence[Bar]:
        """Return two days before now, of which the last fell if it is among those that did."""
        day = datetime.fromtimestamp(now / 1e9, NEW_YORK).date()
        business = [day - timedelta(days=n) for n in range(1, 6)]
        before = [each for each in business if each.weekday() < 5][:2][::-1]
        closes = [self.falls.get(each, (0, self.close))[1] for each in before]
        return [Bar("AAA", 0, c, c, c, c, 1.0, 86_400) for c in closes]

    def low(self, symbol: str, since: int, upto: int) -> float | None:
        """Return the fall of a day."""
        return min((p for ts, p in self.falls.values() if since <= ts < upto), default=None)


@pytest.mark.parametrize("name", ["duration_next_day_all_sessions", "duration_over_a_weekend"])
def test_it_lasts_for_the_rest_of_the_day_and_the_next(name: str) -> None:
    given, expect = one_case("short_sale", name)
    at = given["triggered_at"]
    hours = sessions(at.date() - timedelta(days=3), at.date() + timedelta(days=9))
    past = Days({at.date(): (instant(at), 72.0)}, 80.0)
    test = PriceTest(hours, past)
    assert [test.restricts("AAA", instant(ask)) for ask in given["ask_at"]] == expect["restricted"]


def test_a_second_fall_restricts_another_day() -> None:
    given, expect = one_case("short_sale", "retrigger_extends")
    one, two = given["day_one"], given["day_two"]
    falls = {
        one["date"]: (moment(one["date"]), float(one["trade"])),
        two["date"]: (moment(two["date"], time(9, 31)), float(two["trade"])),
    }
    test = PriceTest(
        sessions(one["date"] - timedelta(days=5), two["date"] + timedelta(days=5)),
        Days(falls, float(one["prior_close"])),
    )
    # On the third day the second is over, and its fall was one from the first's close.
    assert [test.restricts("AAA", instant(ask)) for ask in given["ask_at"][:2]] == expect[
        "restricted"
    ][:2]
    quiet = Days({two["date"]: falls[two["date"]]}, float(one["close"]))
    test = PriceTest(sessions(one["date"], two["date"] + timedelta(days=5)), quiet)
    assert test.restricts("AAA", instant(given["ask_at"][1]))
    assert not test.restricts("AAA", instant(given["ask_at"][2]))


def test_there_was_no_test_before_its_first_day() -> None:
    given, expect = one_case("short_sale", "before_compliance_date")
    for day, triggered in zip(given["dates"], expect["triggered"], strict=True):
        prints = [(moment(day, time(10)), given["trade"])]
        test = PriceTest(sessions(day, day), Remembered(prints, given["prior_close"]))
        assert test.restricts("AAA", moment(day, time(11))) is triggered


# ---------------------------------------------------------------------------- orders


def _restricted(given: dict[str, Any]) -> Venue:
    """Return a venue at noon of a restricted day, with the quote of a case."""
    venue = a_venue(DAY, cash="100000", multiplier="4")
    venue.remember(Remembered([(moment(DAY, time(10)), "72")], "80"))
    if "position_qty" in given:
        venue.account.hold("AAA", Decimal(given["position_qty"]), Decimal(70))
    bid = given["national_best_bid"]
    _quote(venue, NOON, bid, given.get("national_best_ask", str(Decimal(bid) + Decimal("0.03"))))
    return venue


def _quote(venue: Venue, ts: int, bid: str, ask: str) -> None:
    venue.on_quote(Quote("AAA", ts, float(bid), float(ask), 1e6, 1e6), ts)


def _sell(venue: Venue, limit: str | None = None, **fields: Any) -> None:
    kind = OrderType.MARKET if limit is None else OrderType.LIMIT
    price = None if limit is None else Decimal(limit)
    venue.submit(
        OrderRequest(
            symbol="AAA", side=Side.SELL, qty=Decimal(10), type=kind, limit=price, **fields
        ),
        NOON + 1,
    )


def test_a_limit_short_trades_above_the_bid_alone() -> None:
    given, expect = one_case("short_sale", "limit_short_at_the_bid_refused")
    for order, at_its_limit in zip(
        given["orders"], expect["may_execute_or_display_at_limit"], strict=True
    ):
        venue = _restricted(given)
        _sell(venue, order["limit_price"])
        (shown,) = venue.open_orders()
        assert (shown.working_limit == Decimal(order["limit_price"])) is at_its_limit
        _quote(venue, NOON + 2, "71.51", "71.54")
        assert [each.price for each in venue.executions] == [Decimal("71.51")]


def test_a_market_short_waits_above_the_bid() -> None:
    given, expect = one_case("short_sale", "market_short_cannot_hit_the_bid")
    assert expect["fill_at_bid"] is False
    venue = _restricted(given)
    _sell(venue)
    _quote(venue, NOON + 2, "71.40", "71.43")  # it is not moved after a bid that falls
    _quote(venue, NOON + 3, "71.50", "71.53")
    assert venue.executions == []
    _quote(venue, NOON + 4, "71.60", "71.63")
    (fill,) = venue.executions
    assert Decimal(expect["may_fill_at"].removeprefix("> ")) < fill.price == Decimal("71.51")


def test_what_is_held_is_sold_at_the_bid() -> None:
    given, expect = one_case("short_sale", "long_sale_is_free")
    venue = _restricted(given)
    _sell(venue)
    assert (venue.executions[0].price == Decimal(given["national_best_bid"])) is expect[
        "fill_at_bid"
    ]


def test_what_was_shown_above_the_bid_may_trade_with_one_that_rises() -> None:
    given, expect = one_case("short_sale", "resting_order_overtaken_by_the_bid")
    shown = given["displayed"]
    venue = _restricted({"national_best_bid": shown["national_best_bid_then"]})
    _sell(venue, shown["limit_price"])
    _quote(venue, NOON + 2, given["national_best_bid_now"], "71.60")
    assert bool(venue.executions) is expect["may_execute"]


def test_in_a_crossed_market_there_is_no_test() -> None:
    given, expect = one_case("short_sale", "crossed_market")
    venue = _restricted(given)
    _sell(venue, given["order"]["limit_price"])
    assert bool(venue.executions) is expect["may_execute_or_display_at_limit"]


def test_a_short_that_must_trade_at_once_does_not() -> None:
    venue = _restricted({"national_best_bid": "71.50"})
    _sell(venue, "71.50", tif=TimeInForce.IOC)
    assert [order.status for order in venue.orders()] == [OrderStatus.CANCELED]


def test_a_short_that_waits_when_the_fall_comes_is_held_too() -> None:
    venue = a_venue(DAY, cash="100000", multiplier="4")
    venue.account.market.marks["AAA"] = Decimal(80)
    prints = [(NOON + 5, "72")]
    venue.remember(Remembered(prints, "80"))
    _sell(venue)
    venue.on_trade(Trade("AAA", NOON + 6, 72.0, 100.0), NOON + 6)
    assert venue.executions == []
    venue.on_trade(Trade("AAA", NOON + 7, 72.01, 100.0), NOON + 7)
    assert venue.executions == []
    venue.on_trade(Trade("AAA", NOON + 8, 72.02, 100.0), NOON + 8)
    assert [each.price for each in venue.executions] == [Decimal("72.01")]


def test_on_bars_the_last_price_stands_for_the_bid() -> None:
    venue = a_venue(DAY, cash="100000", multiplier="4")
    venue.account.market.marks["AAA"] = Decimal("71.50")
    venue.remember(Remembered([(moment(DAY, time(10)), "72")], "80"))
    _sell(venue)
    minute = 60 * 10**9
    venue.on_bar(Bar("AAA", NOON + minute, 71.5, 71.51, 71.0, 71.2, 1000.0), NOON + 2 * minute)
    assert venue.executions == []
    venue.on_bar(Bar("AAA", NOON + 2 * minute, 71.2, 71.9, 71.0, 71.2, 1000.0), NOON + 3 * minute)
    assert [each.price for each in venue.executions] == [Decimal("71.51")]


def test_a_restricted_short_has_no_part_in_an_auction_at_the_bid() -> None:
    for bid, filled in (("71.50", False), ("71.40", True)):
        venue = _restricted({"national_best_bid": bid})
        _sell(venue, tif=TimeInForce.CLS)
        close = moment(DAY, time(16))
        venue.on_trade(Trade("AAA", close, 71.5, 1000.0), close)
        assert bool(venue.executions) is filled


def test_equity_and_borrow_come_before_the_test() -> None:
    given, expect = one_case("short_sale", "alpaca_borrow_gate")
    assert expect["may_open_short"] == [False, True, False, True]
    assert [sample["borrow_status"] for sample in given["samples"]].count("hard_to_borrow") == 2
    for cash, opens in (("1500", False), ("5000", True)):
        venue = a_venue(DAY, cash=cash, multiplier="4")
        _quote(venue, NOON, "71.50", "71.53")
        try:
            _sell(venue)
        except Rejection:
            assert not opens
        else:
            assert opens


def test_without_a_last_close_nothing_is_restricted() -> None:
    test = PriceTest(sessions(DAY, DAY), Remembered([(moment(DAY, time(10)), "1")]))
    assert not test.restricts("AAA", NOON)


def test_the_first_day_is_the_one_on_file() -> None:
    before, rule = facts("short_sale")["rule"]
    assert before["to"] + timedelta(days=1) == rule["from"]
