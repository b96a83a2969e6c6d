"""The rules of order entry, by tests/venue_cases/by_date/held_for_orders.toml: form, hours, groups, changes."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest

from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import OrderStatus
from liualgotrader.venue.orders import Rejection
from liualgotrader.venue.venue import Venue
from tests.unit.venue.orders_by_date import NOON, TUESDAY, answer, at_work, says
from tests.unit.venue.rules_of_the_day import Case, a_venue, cases, instant, moment, one_case, show

_FRACTIONS = ("fractional_gtc", "fractional_bracket", "fractional_short")


def _accepted(venue: Venue, orders: list[dict[str, Any]], ts: int = NOON) -> list[bool]:
    """Ask for each order alone: what is taken is cancelled before the next."""
    taken = []
    for fields in orders:
        refusal = answer(venue, fields, ts)
        taken.append(refusal is None)
        for order in venue.open_orders():
            if order.is_open:
                venue.cancel(order.id, ts)
    return taken


# ---------------------------------------------------------------------------- form


@pytest.mark.parametrize("name", ["sub_penny", "sub_penny_stop"])
def test_prices_between_ticks_are_refused_in_these_words(name: str) -> None:
    given, expect = one_case("held_for_orders", name)
    kind = "limit" if given["field"] == "limit_price" else "stop"
    prices = given["prices"]
    orders = [
        {"type": kind, "side": "buy", given["field"]: price, "qty": "100"} for price in prices
    ]
    venue = at_work({}, price="50" if kind == "stop" else "300")
    refusal = answer(venue, orders[0])
    body = expect.get("body", expect.get("first_body"))
    assert says(refusal, {"http": expect["http"], "body": body})
    assert _accepted(venue, orders) == expect.get("accepted", [False])


@pytest.mark.parametrize("case", cases("held_for_orders", *_FRACTIONS))
def test_fractions_are_refused_in_these_words(case: Case) -> None:
    assert says(answer(at_work(case["given"], price="50"), case["given"]["new"]), case["expect"])


def test_fractions_come_in_these_types() -> None:
    given, expect = one_case("held_for_orders", "fractional_types_by_day")
    prices = {
        "market": {},
        "limit": {"limit_price": "100"},
        "stop": {"stop_price": "110"},
        "stop_limit": {"stop_price": "110", "limit_price": "111"},
        "trailing_stop": {"trail_percent": "5"},
    }
    orders = [{"type": kind, "qty": given["qty"], **prices[kind]} for kind in given["types"]]
    venue = at_work({})
    assert _accepted(venue, orders) == expect["accepted"]


def test_amounts_and_quantities_have_so_many_decimals() -> None:
    given, expect = one_case("held_for_orders", "notional_decimals")
    venue = at_work({})
    assert (
        _accepted(venue, [{"notional": n} for n in given["notional"]])
        == expect["notional_accepted"]
    )
    assert _accepted(venue, [{"qty": f"2{q[1:]}"} for q in given["qty"]]) == expect["qty_accepted"]


def test_the_least_purchase_is_a_dollar() -> None:
    given, expect = one_case("held_for_orders", "minimum_order")
    first, second, sale = given["orders"]
    venue = at_work({"position_qty": "0.004"})
    refusal = answer(venue, first)
    assert says(refusal, expect["first"])
    assert answer(venue, second) is None
    assert Decimal(sale["position_value"]) == venue.account.gross()
    venue = at_work({"position_qty": "0.004"})
    assert answer(venue, {"side": "sell", "qty": "0.004"}) is None


def test_quantity_or_amount_but_one_of_them() -> None:
    given, expect = one_case("held_for_orders", "qty_and_notional_together")
    for number, fields in enumerate(given["orders"]):
        words = {key: expect[key][number] for key in ("http", "code", "message")}
        assert says(answer(at_work({}), fields), words)


def test_what_is_not_fractionable_is_refused_in_these_words() -> None:
    given, expect = one_case("held_for_orders", "not_fractionable")
    whole = Instrument("AAA", fractionable=given["asset"]["fractionable"])
    venue = a_venue(TUESDAY, instruments=[whole])
    assert says(answer(venue, given["new"]), expect)


def test_sales_by_amount_do_not_mix_with_others_outside_hours() -> None:
    given, expect = one_case("held_for_orders", "notional_sell_mixed_outside_hours")
    at = instant(given["at"])
    sales = {
        "notional sell": {"side": "sell", "notional": "100"},
        "quantity sell": {"side": "sell", "qty": "2"},
        "quantity sell within the position": {"side": "sell", "qty": "2"},
    }
    for (first, second), accepted in zip(given["pairs"], expect["second_accepted"], strict=True):
        venue = at_work({"position_qty": "50"}, day=given["at"].date())
        assert answer(venue, sales[first], at) is None
        refusal = answer(venue, sales[second], at)
        assert (refusal is None) is accepted
        assert refusal is None or refusal.message == expect["message"]


# ---------------------------------------------------------------------------- hours


@pytest.mark.parametrize("case", cases("held_for_orders", "extended_hours_types"))
def test_what_works_in_extended_hours_by_date(case: Case) -> None:
    given, expect = case["given"], case["expect"]
    at = moment(given["date"], time(8))
    for fields, accepted in zip(given["orders"], expect["accepted"], strict=True):
        venue = at_work({}, day=given["date"])
        prices = {"limit": {"limit_price": "50"}, "stop": {"stop_price": "150"}}.get(
            fields["type"], {}
        )
        refusal = answer(venue, {**fields, **prices, "qty": "1", "extended_hours": True}, at)
        assert (refusal is None) is accepted
        assert refusal is None or says(refusal, {k: expect[k] for k in ("http", "code", "message")})


def test_groups_do_not_work_in_extended_hours() -> None:
    given, expect = one_case("held_for_orders", "bracket_in_extended_hours")
    exits = {"take_profit": {"limit_price": "110"}, "stop_loss": {"stop_price": "90"}}
    fields = {**given["new"], **exits, "limit_price": "100", "qty": "1", "extended_hours": True}
    assert (answer(at_work({}), fields) is None) is expect["accepted"]


@pytest.mark.parametrize("name", ["opg_window", "cls_window"])
def test_orders_for_an_auction_are_taken_by_the_clock(name: str) -> None:
    given, expect = one_case("held_for_orders", name)
    for at, accepted, auction in zip(
        given["at"], expect["accepted"], expect["auction_of"], strict=True
    ):
        venue = at_work({}, ts=instant(at))
        price = {"limit_price": "90"} if given["type"] == "limit" else {}
        fields = {
            "type": given["type"],
            "time_in_force": given["time_in_force"],
            "qty": "1",
            **price,
        }
        refusal = answer(venue, fields, instant(at))
        assert (refusal is None) is accepted
        if refusal is not None:
            assert refusal.code == expect["code"]
            continue
        (order,) = venue.open_orders()
        at_auction = moment(date.fromisoformat(auction), time(15, 59))
        venue.on_clock(moment(date.fromisoformat(auction), time(9, 29)))
        assert order.is_open
        venue.on_clock(at_auction)
        assert order.status is OrderStatus.NEW


def test_stops_are_not_for_auctions() -> None:
    given, expect = one_case("held_for_orders", "stop_orders_in_auctions")
    prices = {
        "stop": {"stop_price": "110"},
        "stop_limit": {"stop_price": "110", "limit_price": "111"},
    }
    venue = at_work({})
    orders = [{**fields, **prices[fields["type"]], "qty": "1"} for fields in given["orders"]]
    assert _accepted(venue, orders) == expect["accepted"]


def test_a_day_order_of_the_night_ends_with_the_next_evening() -> None:
    given, expect = one_case("held_for_orders", "overnight_order_life")
    venue = at_work({}, day=given["entered"].date())
    assert (
        answer(venue, {**given["new"], "limit_price": "50", "qty": "1"}, instant(given["entered"]))
        is None
    )
    (order,) = venue.open_orders()
    end = instant(expect["cancelled_if_unfilled_at"])
    venue.on_clock(end - 1)
    assert order.is_open
    venue.on_clock(end)
    assert order.status is OrderStatus.EXPIRED


def test_the_night_takes_limit_orders_alone() -> None:
    given, expect = one_case("held_for_orders", "overnight_market_order_refused")
    for fields, eligible in zip(given["orders"], expect["eligible_overnight"], strict=True):
        venue = at_work({}, ts=instant(given["at"]))
        price = {"limit_price": "50"} if fields["type"] == "limit" else {}
        assert (
            answer(venue, {**fields, **price, "qty": "1"}, instant(given["at"])) is None
        ) is eligible


def test_a_day_order_after_the_close_works_the_next_day() -> None:
    given, expect = one_case("held_for_orders", "day_order_after_the_close")
    venue = at_work({})
    assert answer(venue, {**given["new"], "qty": "1"}, instant(given["entered"])) is None
    (order,) = venue.open_orders()
    statuses = []
    for at in (time(9, 29), time(9, 30)):
        venue.on_clock(moment(expect["works_on"], at))
        statuses.append(order.status)
    assert statuses == [OrderStatus.ACCEPTED, OrderStatus.NEW]


def test_an_order_that_lasts_ends_after_90_days() -> None:
    given, expect = one_case("held_for_orders", "gtc_ages_out")
    venue = at_work({}, day=given["created"].date(), days_after=100)
    fields = {"type": "limit", "limit_price": "50", "qty": "1", "time_in_force": "gtc"}
    assert answer(venue, fields, instant(given["created"])) is None
    (order,) = venue.open_orders()
    end = instant(expect["cancel_requested_at"])
    venue.on_clock(end - 1)
    assert order.is_open
    venue.on_clock(end)
    assert order.status is OrderStatus.CANCELED


# ---------------------------------------------------------------------------- groups and changes


def test_the_exits_of_a_bracket_keep_their_distance() -> None:
    given, expect = one_case("held_for_orders", "bracket_prices")
    orders = [
        {
            "type": "limit",
            "limit_price": given["entry_limit"],
            "qty": "1",
            "order_class": "bracket",
            "take_profit": {"limit_price": sample["take_profit"]},
            "stop_loss": {"stop_price": sample["stop"]},
        }
        for sample in given["samples"]
    ]
    assert _accepted(at_work({}, price=given["market"]), orders) == expect["accepted"]


def test_the_stop_of_an_oco_keeps_its_distance_to_the_market() -> None:
    given, expect = one_case("held_for_orders", "oco_stop_base_price")
    orders = [
        {
            "side": given["side"],
            "type": "limit",
            "qty": "1",
            "order_class": "oco",
            "take_profit": {"limit_price": given["take_profit"]},
            "stop_loss": {"stop_price": stop},
        }
        for stop in given["stops"]
    ]
    venue = at_work({"position_qty": "1"}, price=given["market"])
    assert _accepted(venue, orders) == expect["accepted"]


def _replaced(status: str) -> bool:
    """Whether an order in a status is replaced; what is pending is so by the box's own word."""
    venue = at_work({})
    assert answer(venue, {"type": "limit", "limit_price": "90", "qty": "2"}) is None
    (order,) = venue.open_orders()
    order.status = OrderStatus(status)
    try:
        venue.replace(order.id, NOON, limit=Decimal(91))
    except Rejection as no:
        assert no.message.startswith("unable to replace order")
        return False
    return True


def test_an_order_on_its_way_is_not_replaced() -> None:
    given, expect = one_case("held_for_orders", "replace_by_status")
    assert [_replaced(status) for status in given["statuses"]] == expect["replace_accepted"]


def test_a_replacement_has_an_id_of_its_own() -> None:
    given, expect = one_case("held_for_orders", "replace_gives_a_new_id")
    venue = at_work({})
    assert (
        answer(venue, {"type": "limit", **{k: given["old"][k] for k in ("limit_price", "qty")}})
        is None
    )
    (old,) = venue.open_orders()
    venue.replace(old.id, NOON, limit=Decimal(given["patch"]["limit_price"]))
    (new,) = venue.open_orders()
    assert (str(old.status), old.replaced_by, new.replaces) == (
        expect["old_status"],
        new.id,
        old.id,
    )
    assert (new.limit, new.qty) == (
        Decimal(expect["new"]["limit_price"]),
        Decimal(expect["new"]["qty"]),
    )


def test_a_replacement_that_comes_after_the_fill_is_refused() -> None:
    _, expect = one_case("held_for_orders", "replace_loses_the_race")
    venue = at_work({})
    show(venue, NOON, "100")
    assert answer(venue, {"qty": expect["filled_qty"]}) is None
    (old,) = venue.orders()
    assert str(old.status) == expect["old_status"]
    with pytest.raises(Rejection, match="order is not open"):
        venue.replace(old.id, NOON, qty=Decimal(11))
    assert old.filled_qty == Decimal(expect["filled_qty"])


def test_amounts_and_one_exit_groups_are_not_replaced() -> None:
    given, expect = one_case("held_for_orders", "replace_limits")
    exits = {"take_profit": {"limit_price": "110"}, "stop_loss": {"stop_price": "80"}}
    entry = {"type": "limit", "limit_price": "90", "qty": "10"}
    kinds: dict[str, dict[str, Any]] = {
        "notional": {"notional": "100"},
        "oto leg": {**entry, "order_class": "oto", "stop_loss": exits["stop_loss"]},
        "whole shares": entry,
        "bracket leg": {"qty": "10", "order_class": "bracket", **exits},
    }
    for fields, accepted in zip(given["orders"], expect["replace_accepted"], strict=True):
        venue = at_work({})
        if fields["kind"] == "bracket leg":
            show(venue, NOON, "100")
        assert answer(venue, kinds[fields["kind"]]) is None
        last = venue.open_orders()[-1].id
        whole = fields["kind"] == "whole shares"
        qty, trigger = (Decimal("10.5"), None) if whole else (None, Decimal(96))
        try:
            venue.replace(last, NOON, qty=qty, trigger=trigger)
        except Rejection:
            assert not accepted
        else:
            assert accepted


def test_a_client_s_id_is_of_128_characters_and_its_own() -> None:
    _, expect = one_case("held_for_orders", "client_order_id")
    venue = at_work({})
    ids = ["x" * 128, "x" * 129, "x" * 128]
    refusals = [answer(venue, {"id": name, "qty": "1"}) for name in ids]
    assert [refusal is None for refusal in refusals] == expect["accepted"]
    assert refusals[1] is not None
    assert refusals[1].message == expect["second_message"]
    assert says(refusals[2], expect["third"])


def test_an_account_under_2000_sells_nothing_short() -> None:
    given, expect = one_case("held_for_orders", "short_not_allowed")
    venue = at_work(given, cash=given["equity"])
    assert says(answer(venue, given["new"]), expect)
