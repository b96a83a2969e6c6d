"""What open orders hold, by tests/venue_cases/by_date/held_for_orders.toml."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from liualgotrader.common.events import Quote, Trade
from liualgotrader.venue.venue import Venue
from tests.unit.venue.orders_by_date import NOON, TUESDAY, answer, at_work, says
from tests.unit.venue.rules_of_the_day import Case, a_venue, cases, instant, one_case

_NOT_PLAYED = {
    "overnight_holidays": "the venue has no session between 20:00 and 04:00; orders wait for 04:00",
    "old_market_buy_collar": "the day on which the collar went was not found: nothing depends on it",
}


# ---------------------------------------------------------------------------- shares


_SHARES = ("resting_stop", "cancel_frees", "crossing_zero", "whole_share_sell")
_PLAYED_BY_PREFIX = (*_SHARES, "fractional_", "extended_hours_types")


@pytest.mark.parametrize("case", cases("held_for_orders", *_SHARES))
def test_what_is_held_cannot_be_sold_again(case: Case) -> None:
    given, expect = case["given"], case["expect"]
    venue = at_work(given)
    held = Decimal(given["position"]["qty"])
    if "qty_available" in expect:
        assert abs(held) - venue.held("AAA") == Decimal(expect["qty_available"])
    refusal = answer(venue, given["new"])
    assert says(refusal, expect), refusal and refusal.details


def test_a_part_of_the_position_is_free() -> None:
    given, expect = one_case("held_for_orders", "part_of_the_position_is_free")
    venue = at_work(given, price="50")
    assert 100 - venue.held("AAA") == Decimal(expect["qty_available"])
    sales = [{"side": "sell", "qty": qty} for qty in given["new_quantities"]]
    refusal = answer(venue, sales[0])
    assert refusal is not None
    assert refusal.message == expect["first_message"]
    assert answer(venue, sales[1]) is None


def test_the_filled_part_is_no_longer_held() -> None:
    given, expect = one_case("held_for_orders", "filled_part_no_longer_held")
    venue = at_work({"position": {"qty": given["position_before"]}}, price="50")
    sale = {"side": "sell", "type": "limit", "limit_price": "50", "qty": given["open"][0]["qty"]}
    venue.on_quote(Quote("AAA", NOON, 50.0, 50.1, float(given["open"][0]["filled_qty"]), 1.0), NOON)
    assert answer(venue, sale) is None
    position = venue.account.position_qty("AAA")
    assert position == Decimal(expect["qty"])
    assert venue.held("AAA") == Decimal(expect["held_for_orders"])
    assert position - venue.held("AAA") == Decimal(expect["qty_available"])


def test_a_resting_buy_holds_no_shares() -> None:
    given, expect = one_case("held_for_orders", "buys_do_not_hold_shares")
    assert 50 - at_work(given).held("AAA") == Decimal(expect["qty_available"])


def test_the_two_exits_of_a_group_hold_once() -> None:
    given, expect = one_case("held_for_orders", "oco_holds_once")
    venue = at_work({"position": given["position"]})
    exits = {"take_profit": {"limit_price": "110"}, "stop_loss": {"stop_price": "90"}}
    assert (
        answer(
            venue, {"side": "sell", "type": "limit", "order_class": "oco", "qty": "100", **exits}
        )
        is None
    )
    assert venue.held("AAA") == Decimal(expect["held_for_orders"])


def test_closing_a_position_meets_the_same_check() -> None:
    given, expect = one_case("held_for_orders", "close_position_endpoint_refused_too")
    assert given["call"].startswith("DELETE /v2/positions/")
    refusal = answer(at_work(given), {"side": "sell", "qty": given["position"]["qty"]})
    assert says(refusal, expect)


# ---------------------------------------------------------------------------- buying power


def test_an_open_buy_takes_buying_power() -> None:
    given, expect = one_case("held_for_orders", "open_buy_takes_power")
    venue = at_work({"open": given["open"]}, cash=given["buying_power"], multiplier="1")
    assert venue.buying_power() == Decimal(expect["available"])
    refusals = [
        answer(venue, {"type": "limit", "limit_price": value, "qty": "1"})
        for value in given["new_values"]
    ]
    assert [refusal is None for refusal in refusals] == expect["accepted"]
    assert refusals[0] is not None
    body = {"code": refusals[0].code, "message": refusals[0].message, **refusals[0].details}
    assert body.keys() == expect["first_body"].keys()
    for key in ("buying_power", "cost_basis"):
        assert Decimal(body[key]) == Decimal(expect["first_body"][key])


def test_an_open_sale_gives_no_buying_power() -> None:
    given, expect = one_case("held_for_orders", "open_sell_gives_no_power")
    venue = at_work(
        {"position": {"qty": "100"}, "open": given["open"]},
        cash=given["buying_power"],
        multiplier="1",
        price="40",
    )
    refusal = answer(venue, given["new"])
    assert refusal is not None
    assert Decimal(refusal.details["cost_basis"]) == Decimal(expect["cost_basis"])


def _quoted(given: dict[str, Any], at: datetime, power: str) -> Venue:
    venue = a_venue(at.date(), cash=power)
    ts = instant(at)
    last = given.get("last", given["ask"])
    venue.account.market.marks["AAA"] = Decimal(last)
    venue.on_trade(Trade("AAA", ts - 2, float(last), 1.0), ts - 2)
    venue.on_quote(
        Quote("AAA", ts - 1, float(given["bid"]), float(given["ask"]), 100.0, 100.0), ts - 1
    )
    return venue


def test_a_market_buy_is_valued_at_the_ask_in_the_session() -> None:
    given, expect = one_case("held_for_orders", "market_buy_in_core_session_uses_ask")
    for power, accepted in zip(given["buying_power_samples"], expect["accepted"], strict=True):
        venue = _quoted(given, given["at"], power)
        assert (answer(venue, given["new"], instant(given["at"])) is None) is accepted


def test_a_market_buy_is_valued_at_the_middle_or_the_last_outside() -> None:
    given, expect = one_case("held_for_orders", "power_check_price_outside_core")
    for at, basis in zip(given["at"], expect["cost_basis"], strict=True):
        venue = _quoted(given, at, basis)
        assert answer(venue, given["new"], instant(at)) is None
        assert venue.buying_power() == 0


@pytest.mark.parametrize("name", ["market_short_value", "limit_short_value"])
def test_a_short_is_valued_at_3_percent_above_the_ask(name: str) -> None:
    given, expect = one_case("held_for_orders", name)
    at = datetime.combine(TUESDAY, time(11))
    shorts = (
        [given["new"]]
        if "new" in given
        else [
            {"side": "sell", "type": "limit", "limit_price": limit, "qty": given["qty"]}
            for limit in given["limits"]
        ]
    )
    values = (
        expect["order_value"]
        if isinstance(expect["order_value"], list)
        else [expect["order_value"]]
    )
    for short, value in zip(shorts, values, strict=True):
        venue = a_venue(TUESDAY, cash="100000", multiplier="4")
        ask = float(given["ask"])
        venue.on_quote(Quote("AAA", instant(at) - 1, 1.0, ask, 0.0, 100.0), instant(at) - 1)
        before = venue.buying_power()
        assert answer(venue, short, instant(at)) is None
        assert before - venue.buying_power() == Decimal(value)


def test_a_buy_stop_is_kept_with_a_limit() -> None:
    given, expect = one_case("held_for_orders", "stop_buy_is_converted")
    for stop, limit in zip(given["stops"], expect["limit"], strict=True):
        venue = at_work({}, price="30")
        assert answer(venue, {"type": "stop", "stop_price": stop, "qty": "1"}) is None
        assert venue.open_orders()[-1].working_limit == Decimal(limit)


def test_every_case_is_played_or_said_not_to_be() -> None:
    files = ("test_held_by_date.py", "test_order_entry_by_date.py")
    text = "".join(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in files)
    for each in cases("held_for_orders", elsewhere=_NOT_PLAYED):
        assert each.id in text or each.id.startswith(_PLAYED_BY_PREFIX), each.id
