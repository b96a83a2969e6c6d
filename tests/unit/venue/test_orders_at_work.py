"""What becomes of orders between their beginning and their end: stamps, groups, bars, changes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from liualgotrader.common.orders import (
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
)
from liualgotrader.venue.fees import PerShareFees
from liualgotrader.venue.orders import LegRole, OrderRequest, Rejection, VenueOrder
from liualgotrader.venue.slippage import FixedSlippage
from liualgotrader.venue.venue import Venue
from tests.unit.venue.a_venue import (
    CLOSE,
    DAYS,
    MINUTE,
    OPEN,
    a_bar,
    ask_for,
    bracket,
    exact,
    fills,
    limit_order,
    make,
    oco,
    quote,
    stop_order,
    trade,
)

# ---------------------------------------------------------------------------- stamps and orders


def test_each_end_of_an_order_leaves_its_own_stamp() -> None:
    venue = make()
    requests = [
        limit_order("49"),
        limit_order("48"),
        limit_order("47"),
        ask_for(tif=TimeInForce.IOC),
    ]
    orders = [venue.submit(request, OPEN)[0].order for request in requests]
    venue.cancel(orders[0].id, OPEN + 1)
    venue.replace(orders[1].id, OPEN + 2, limit=Decimal(46))
    trade(venue, OPEN + 3, 50.0)
    venue.on_clock(CLOSE)
    found = [venue.order(order.id) for order in orders]
    stamps = [
        [o.canceled_at, o.replaced_at, o.expired_at, o.filled_at, o.failed_at, o.updated_at]
        for o in found
        if o is not None
    ]
    assert stamps == [
        [OPEN + 1, None, None, None, None, OPEN + 1],
        [None, OPEN + 2, None, None, None, OPEN + 2],
        [None, None, CLOSE, None, None, CLOSE],
        [None, None, None, OPEN + 3, None, OPEN + 3],
    ]


def test_an_elected_stop_was_updated_when_it_was_elected() -> None:
    venue = make()
    order = venue.submit(
        ask_for(type=OrderType.STOP_LIMIT, trigger=Decimal(52), limit=Decimal("51.50")), OPEN
    )[0].order
    trade(venue, OPEN + 5, 52.0)
    elected = venue.order(order.id)
    assert elected is not None
    assert (elected.triggered, elected.updated_at) == (True, OPEN + 5)
    assert elected.status is OrderStatus.NEW


def test_open_orders_are_told_oldest_first_over_all_symbols() -> None:
    venue = make()
    for number, symbol in enumerate("ABA"):
        venue.submit(limit_order("40", symbol=symbol), OPEN + number)
    assert [order.submitted_at - OPEN for order in venue.open_orders()] == [0, 1, 2]


def test_a_client_s_own_id_may_have_128_characters_and_comes_once() -> None:
    venue = make()
    old = venue.submit(limit_order("40", client_id="x" * 128), OPEN)[0].order
    for wrong in ("x" * 129, "x" * 128):
        with pytest.raises(Rejection, match="client_order_id") as caught:
            venue.submit(limit_order("40", client_id=wrong), OPEN)
        assert (caught.value.status, caught.value.code) == (422, 40010001)
        with pytest.raises(Rejection, match="client_order_id"):
            venue.replace(old.id, OPEN, limit=Decimal(41), client_id=wrong)


@pytest.mark.parametrize("qty", ["10", "11"])
def test_more_than_is_free_of_a_position_cannot_be_sold(qty: str) -> None:
    venue = make(qty=20)
    venue.submit(limit_order("60", Side.SELL, qty), OPEN)
    with pytest.raises(Rejection, match="insufficient qty available") as caught:
        venue.submit(limit_order("61", Side.SELL, "11"), OPEN)
    no = caught.value
    assert (no.status, no.code) == (403, 40310000)
    assert no.details == {
        "symbol": "A",
        "existing_qty": "20",
        "held_for_orders": qty,
        "available": str(20 - int(qty)),
    }


# ---------------------------------------------------------------------------- takers


def test_what_all_or_nothing_did_not_take_is_there_for_the_next() -> None:
    venue = make()
    quote(venue, OPEN, 49.9, 50.0, 20.0)
    events = venue.submit(ask_for(qty="30", tif=TimeInForce.FOK), OPEN + 1)
    assert [str(e.kind) for e in events] == ["new", "canceled"]
    venue.submit(ask_for(qty="20"), OPEN + 2)
    assert fills(venue) == [exact("20", "50")]


def test_a_limit_that_rests_pays_no_slippage() -> None:
    venue = make(slippage=FixedSlippage(Decimal("0.10")))
    venue.submit(limit_order("50"), OPEN)
    venue.on_bar(a_bar(OPEN, "52 52 51 51"), OPEN + MINUTE)
    venue.on_bar(a_bar(OPEN + MINUTE, "49 50 48 49"), OPEN + 2 * MINUTE)
    assert fills(venue) == [exact("10", "49")]


def test_a_limit_that_takes_the_open_of_its_first_bar_pays_slippage() -> None:
    venue = make(slippage=FixedSlippage(Decimal("0.10")))
    venue.submit(limit_order("50"), OPEN)
    venue.on_bar(a_bar(OPEN, "49 50 48 49"), OPEN + MINUTE)
    assert fills(venue) == [exact("10", "49.10")]


def test_a_stop_that_a_bar_elected_beyond_its_limit_stays_elected() -> None:
    venue = make()
    request = ask_for(type=OrderType.STOP_LIMIT, trigger=Decimal(52), limit=Decimal("52.50"))
    venue.submit(request, OPEN)
    assert not venue.on_bar(a_bar(OPEN, "53 54 53 54"), OPEN + MINUTE)
    venue.on_bar(a_bar(OPEN + MINUTE, "51 51.5 50 51"), OPEN + 2 * MINUTE)
    assert fills(venue) == [exact("10", "51")]


def test_the_rest_of_a_stop_goes_on_as_the_order_it_stood_for() -> None:
    venue = make(qty=20, participation=Decimal("0.1"))
    venue.submit(stop_order("48", Side.SELL, "15"), OPEN)
    venue.on_bar(a_bar(OPEN, "50 50 47 49", 100.0), OPEN + MINUTE)
    venue.on_bar(a_bar(OPEN + MINUTE, "49.5 50 49 49.5", 100.0), OPEN + 2 * MINUTE)
    assert fills(venue) == [exact("10", "48"), exact("5", "49.5")]


def test_a_sale_s_money_waits_for_its_settlement_less_its_fee() -> None:
    venue = make(qty=10, fees=PerShareFees(Decimal("0.10")))
    venue.submit(ask_for(Side.SELL), OPEN)
    trade(venue, OPEN + 1, 50.0)
    assert venue.account.cash == 100_499
    assert venue.account.withdrawable == 100_000
    venue.on_clock(DAYS[1].pre_open - 1)
    assert venue.account.withdrawable == 100_000
    venue.on_clock(DAYS[1].pre_open)
    assert venue.account.withdrawable == 100_499


# ---------------------------------------------------------------------------- auctions


def test_an_order_for_the_close_takes_the_last_print_when_no_other_comes() -> None:
    venue = make()
    venue.submit(ask_for(tif=TimeInForce.CLS), OPEN)
    trade(venue, CLOSE - 1, 50.5)
    assert not venue.on_clock(CLOSE + 5 * MINUTE - 1)
    events = venue.on_clock(CLOSE + 5 * MINUTE)
    assert [(str(e.kind), e.price) for e in events] == [("fill", Decimal("50.5"))]


def test_an_order_for_the_close_of_a_day_without_a_print_ends() -> None:
    venue = make()
    venue.submit(ask_for(tif=TimeInForce.CLS), OPEN)
    assert [str(e.kind) for e in venue.on_clock(CLOSE + 5 * MINUTE)] == ["expired"]


@pytest.mark.parametrize(("limit", "paid"), [("50.51", ["50.5"]), ("50.50", []), ("50.49", [])])
def test_a_limit_must_be_better_than_the_auction(limit: str, paid: list[str]) -> None:
    venue = make()
    venue.submit(limit_order(limit, tif=TimeInForce.CLS), OPEN)
    trade(venue, CLOSE, 50.5)
    assert [price for _, price in fills(venue)] == [Decimal(p) for p in paid]
    assert not venue.open_orders()


# ---------------------------------------------------------------------------- groups


def _legs(venue: Venue, parent: VenueOrder) -> tuple[VenueOrder, VenueOrder]:
    known = venue.order(parent.id)
    assert known is not None
    take, stop = venue.legs(known)
    assert (take.role, stop.role) == (LegRole.TAKE_PROFIT, LegRole.STOP_LOSS)
    return take, stop


@pytest.mark.parametrize(
    ("held", "request_", "words"),
    [
        (20, bracket("45", "55", Side.SELL), "bracket orders must be entry orders"),
        (-20, bracket("55", "45"), "bracket orders must be entry orders"),
        (20, oco("40", "60", Side.BUY), "oco orders must be exit orders"),
    ],
)
def test_a_group_opens_but_for_an_oco_which_closes(
    held: int,
    request_: OrderRequest,
    words: str,
) -> None:
    with pytest.raises(Rejection, match=words) as caught:
        make(qty=held).submit(request_, OPEN)
    assert (caught.value.status, caught.value.code) == (422, 42210000)


def test_an_oco_is_its_own_take_profit() -> None:
    venue = make(qty=10)
    order = venue.submit(oco("55", "45"), OPEN)[0].order
    (stop,) = venue.legs(order)
    assert (order.role, order.limit) == (LegRole.TAKE_PROFIT, Decimal(55))
    assert (stop.role, stop.side, stop.trigger) == (LegRole.STOP_LOSS, Side.SELL, Decimal(45))
    assert venue.held("A") == 10
    trade(venue, OPEN + 1, 55.01)
    assert fills(venue) == [
        exact("10", "55.01")
    ]  # the first print it sees: it is no standing order
    assert not venue.open_orders()


def test_the_stop_that_covers_a_short_is_kept_with_a_collar() -> None:
    venue = make()
    _, stop = _legs(venue, venue.submit(bracket("45", "60", Side.SELL), OPEN)[0].order)
    assert (stop.side, stop.collar) == (Side.BUY, Decimal("61.50"))


def test_exits_sleep_until_all_of_the_entry_has_filled() -> None:
    venue = make(participation=Decimal("0.1"))
    entry = venue.submit(bracket("55", "45"), OPEN)[0].order
    take, stop = _legs(venue, entry)
    venue.on_bar(a_bar(OPEN, "50 56 44 50", 50.0), OPEN + MINUTE)
    assert fills(venue) == [exact("5", "50")]
    assert [take.status, stop.status] == [OrderStatus.HELD, OrderStatus.HELD]
    venue.on_bar(a_bar(OPEN + MINUTE, "50 50 50 50"), OPEN + 2 * MINUTE)
    assert [take.status, stop.status] == [OrderStatus.NEW, OrderStatus.NEW]
    assert [take.qty, stop.qty] == [10, 10]


def test_of_two_exits_that_the_bar_of_the_entry_reaches_the_stop_is_taken() -> None:
    venue = make()
    venue.submit(bracket("55", "45"), OPEN)
    venue.on_bar(a_bar(OPEN, "50 56 44 50"), OPEN + MINUTE)
    assert fills(venue) == [exact("10", "50"), exact("10", "45")]
    assert not venue.open_orders()


def test_an_exit_that_saw_the_quote_of_its_entry_rests_and_is_paid_its_limit() -> None:
    venue = make()
    quote(venue, OPEN, 49.9, 50.0)
    venue.submit(bracket("55", "45"), OPEN + 1)
    quote(venue, OPEN + 2, 56.0, 56.1)
    assert fills(venue) == [exact("10", "50"), exact("10", "55")]


def test_an_exit_that_saw_the_print_of_its_entry_rests_and_is_paid_its_limit() -> None:
    venue = make()
    venue.submit(bracket("55", "45"), OPEN)
    trade(venue, OPEN + 1, 50.0)
    trade(venue, OPEN + 2, 56.0)
    assert fills(venue) == [exact("10", "50"), exact("10", "55")]


def test_part_of_one_exit_leaves_the_other_the_rest() -> None:
    venue = make(participation=Decimal("0.1"))
    entry = venue.submit(bracket("55", "45"), OPEN)[0].order
    trade(venue, OPEN + 1, 50.0, 100.0)
    trade(venue, OPEN + 2, 56.0, 40.0)
    take, stop = _legs(venue, entry)
    assert [take.filled_qty, take.qty, stop.qty] == [4, 10, 6]
    trade(venue, OPEN + 3, 45.0, 100.0)
    trade(venue, OPEN + 4, 45.0, 100.0)  # what elects a stop does not fill it, too
    assert fills(venue) == [exact("10", "50"), exact("4", "55"), exact("6", "45")]
    assert take.status is OrderStatus.CANCELED


# ---------------------------------------------------------------------------- changes


def test_the_exits_of_a_changed_entry_belong_to_what_it_became() -> None:
    venue = make()
    request = bracket("55", "45", type=OrderType.LIMIT, limit=Decimal(48))
    old = venue.submit(request, OPEN)[0].order
    new = venue.replace(old.id, OPEN + 1, limit=Decimal(49))[1].order
    assert [leg.parent for leg in _legs(venue, new)] == [new.id, new.id]
    venue.cancel(new.id, OPEN + 2)
    assert not venue.open_orders()


def test_a_changed_exit_takes_the_place_of_the_old_one_in_its_group() -> None:
    venue = make()
    entry = venue.submit(bracket("55", "45"), OPEN)[0].order
    trade(venue, OPEN + 1, 50.0)
    take, stop = _legs(venue, entry)
    new = venue.replace(stop.id, OPEN + 2, trigger=Decimal(46))[1].order
    assert [leg.id for leg in _legs(venue, entry)] == [take.id, new.id]
    trade(venue, OPEN + 3, 46.0)
    trade(venue, OPEN + 4, 46.0)
    assert fills(venue)[1:] == [exact("10", "46")]
    assert not venue.open_orders()


@pytest.mark.parametrize(("qty", "is_taken"), [("3", False), ("4", False), ("5", True)])
def test_a_change_must_leave_something_to_fill(qty: str, is_taken: bool) -> None:
    venue = make()
    quote(venue, OPEN, 49.9, 50.0, 4.0)
    old = venue.submit(limit_order("50"), OPEN + 1)[0].order
    if is_taken:
        assert venue.replace(old.id, OPEN + 2, qty=Decimal(qty))[1].order.remaining == 1
    else:
        with pytest.raises(Rejection, match="more than what has been filled"):
            venue.replace(old.id, OPEN + 2, qty=Decimal(qty))


@pytest.mark.parametrize(
    ("trail", "change", "stop"),
    [
        ({"trail_price": Decimal(2)}, {"trail": Decimal(3)}, "52"),
        ({"trail_percent": Decimal(2)}, {"trail": Decimal(4)}, "52.80"),
        ({"trail_price": Decimal(2)}, {"qty": Decimal(5)}, "53"),
    ],
)
def test_a_changed_trailing_stop_keeps_the_mark_it_has_seen(
    trail: dict[str, Any],
    change: dict[str, Any],
    stop: str,
) -> None:
    venue = make(qty=10)
    request = ask_for(Side.SELL, type=OrderType.TRAILING_STOP, **trail)
    old = venue.submit(request, OPEN)[0].order
    trade(venue, OPEN + 1, 55.0)
    trade(venue, OPEN + 2, 54.0)
    new = venue.replace(old.id, OPEN + 3, **change)[1].order
    assert [new.hwm, new.trigger] == [Decimal(55), Decimal(stop)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"trail": Decimal(1)}, "only trailing stop orders take a trail"),
        ({"notional": Decimal(500)}, "notional orders cannot be replaced"),
        ({"qty": Decimal("5.5")}, "qty must be whole"),
    ],
)
def test_a_change_that_the_order_does_not_take_is_refused_and_it_works_on(
    change: dict[str, Any],
    words: str,
) -> None:
    venue = make()
    old = venue.submit(limit_order("49"), OPEN)[0].order
    with pytest.raises(Rejection, match=words):
        venue.replace(old.id, OPEN + 1, **change)
    assert [order.id for order in venue.open_orders()] == [old.id]


def test_a_change_of_limit_and_time_keeps_all_else() -> None:
    # A summer later: before July 2026 no order for extended hours lasts.
    venue = make(days=[replace(day, date=day.date + timedelta(days=60)) for day in DAYS])
    old = venue.submit(limit_order("49", extended_hours=True), OPEN)[0].order
    new = venue.replace(old.id, OPEN + 1, limit=Decimal(48), tif=TimeInForce.GTC)[1].order
    assert (new.limit, new.tif, new.qty) == (Decimal(48), TimeInForce.GTC, Decimal(10))
    assert (new.extended_hours, new.side, new.type) == (True, Side.BUY, OrderType.LIMIT)
    assert (new.submitted_at, new.replaces) == (OPEN + 1, old.id)
