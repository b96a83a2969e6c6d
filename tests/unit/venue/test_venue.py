"""What the cases leave to whoever drives a venue: bars at their end, refusals, look-ups, coins."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import count

import pytest

from liualgotrader.common.events import Bar, OrderEventKind, Quote, Trade
from liualgotrader.common.instruments import AssetClass, Instrument
from liualgotrader.common.orders import (
    OrderClass,
    OrderStatus,
    OrderType,
    Side,
    StopLoss,
    TakeProfit,
    TimeInForce,
)
from liualgotrader.venue.account import Account
from liualgotrader.venue.orders import OrderRequest, Rejection
from liualgotrader.venue.rules import VenueRules
from liualgotrader.venue.sessions import Session, SessionTimes
from liualgotrader.venue.venue import Events, Venue

MINUTE = 60_000_000_000
HOUR = 60 * MINUTE
OPEN = 13 * HOUR + HOUR // 2
CLOSE = 20 * HOUR
DAYS = [
    Session(
        date=date(2026, 6, 15 + n),
        pre_open=n * 24 * HOUR + 8 * HOUR,
        open=n * 24 * HOUR + OPEN,
        close=n * 24 * HOUR + CLOSE,
        post_close=n * 24 * HOUR + 24 * HOUR,
    )
    for n in range(2)
]
COIN = Instrument("BTC/USD", AssetClass.CRYPTO, lot=Decimal("0.0001"), shortable=False)


@pytest.fixture
def venue() -> Venue:
    ids = count(1)
    account = Account(Decimal(10_000))
    account.market.marks["AAPL"] = Decimal(50)
    return Venue(
        account=account,
        instruments={"AAPL": Instrument("AAPL"), "BTC/USD": COIN},
        sessions=SessionTimes(DAYS),
        rules=VenueRules(),
        ids=lambda: f"id-{next(ids)}",
    )


def _market(side: Side = Side.BUY, qty: str = "10") -> OrderRequest:
    return OrderRequest(symbol="AAPL", side=side, qty=Decimal(qty))


def _limit(limit: str, side: Side = Side.BUY) -> OrderRequest:
    return OrderRequest(
        symbol="AAPL",
        side=side,
        type=OrderType.LIMIT,
        qty=Decimal(10),
        limit=Decimal(limit),
    )


def _bar(start: int, price: float = 50.0) -> Bar:
    return Bar("AAPL", start, price, price + 1, price - 1, price, 1000.0)


def _kinds(events: Events) -> list[str]:
    return [str(event.kind) for event in events]


def test_a_bar_handed_in_at_its_end_fills_what_was_at_work_when_it_began(venue: Venue) -> None:
    venue.submit(_market(), OPEN + MINUTE)
    events = venue.on_bar(_bar(OPEN + MINUTE), OPEN + 2 * MINUTE)
    assert [(e.price, e.ts) for e in events] == [(Decimal(50), OPEN + 2 * MINUTE)]


def test_a_bar_handed_in_at_its_end_does_not_fill_what_came_while_it_ran(venue: Venue) -> None:
    venue.submit(_market(), OPEN + MINUTE + 1)
    assert not venue.on_bar(_bar(OPEN + MINUTE), OPEN + 2 * MINUTE)
    assert _kinds(venue.on_bar(_bar(OPEN + 2 * MINUTE), OPEN + 3 * MINUTE)) == ["fill"]


def test_the_last_bar_of_the_day_fills_before_the_close_ends_the_day(venue: Venue) -> None:
    venue.submit(_limit("49.50"), OPEN + MINUTE)
    assert _kinds(venue.on_bar(_bar(CLOSE - MINUTE), CLOSE)) == ["fill"]
    assert not venue.on_clock(CLOSE)


def test_an_order_for_the_close_takes_the_last_bar_handed_in_at_its_end(venue: Venue) -> None:
    venue.submit(
        OrderRequest(symbol="AAPL", side=Side.BUY, qty=Decimal(1), tif=TimeInForce.CLS),
        OPEN + MINUTE,
    )
    assert _kinds(venue.on_bar(_bar(CLOSE - MINUTE, 51.0), CLOSE)) == ["fill"]
    assert venue.executions[0].price == 51


def test_finer_views_keep_bars_from_filling_twice(venue: Venue) -> None:
    venue.on_trade(Trade("AAPL", OPEN, 50.0, 100.0), OPEN)
    venue.submit(_limit("49.50"), OPEN + 1)
    assert not venue.on_bar(_bar(OPEN + MINUTE), OPEN + 2 * MINUTE)


def test_what_time_brought_before_a_refused_request_is_told_with_the_next_call(
    venue: Venue,
) -> None:
    venue.submit(_limit("49.50"), OPEN)
    with pytest.raises(Rejection):
        venue.cancel("nobody", CLOSE)
    assert venue.next_clock() == CLOSE
    assert _kinds(venue.on_clock(CLOSE)) == ["expired"]


def test_the_clock_is_wanted_only_while_something_waits_for_it(venue: Venue) -> None:
    assert venue.next_clock() is None
    placed = venue.submit(_limit("49.50"), OPEN)
    assert venue.next_clock() == CLOSE
    venue.cancel(placed[0].order.id, OPEN + 1)
    assert venue.next_clock() is None


def test_an_event_keeps_the_order_as_it_was(venue: Venue) -> None:
    placed = venue.submit(_market(), OPEN)
    venue.on_trade(Trade("AAPL", OPEN + 1, 50.0, 100.0), OPEN + 1)
    assert placed[0].order.status is OrderStatus.NEW
    order = venue.order(placed[0].order.id)
    assert order is not None
    assert order.status is OrderStatus.FILLED
    assert order.filled_avg_price == 50


def test_orders_are_found_by_either_id_and_stay_known_when_done(venue: Venue) -> None:
    request = OrderRequest(symbol="AAPL", side=Side.BUY, qty=Decimal(1), client_id="mine")
    placed = venue.submit(request, OPEN)
    venue.cancel(placed[0].order.id, OPEN + 1)
    assert venue.order_by_client_id("mine") is venue.order(placed[0].order.id)
    assert not venue.open_orders()
    assert len(venue.orders()) == 1


def test_a_fill_says_what_is_held_after_it(venue: Venue) -> None:
    venue.on_quote(Quote("AAPL", OPEN, 49.9, 50.0, 4.0, 4.0), OPEN)
    events = venue.submit(_market(), OPEN + 1)
    assert [e.position_qty for e in events] == [None, Decimal(4)]


def test_a_replaced_order_carries_on_what_has_filled(venue: Venue) -> None:
    venue.on_quote(Quote("AAPL", OPEN, 49.9, 50.0, 4.0, 4.0), OPEN)
    old = venue.submit(_limit("50.00"), OPEN + 1)[0].order
    events = venue.replace(old.id, OPEN + 2, limit=Decimal("49.00"), client_id="next")
    new = events[1].order
    assert [new.qty, new.filled_qty, new.remaining] == [Decimal(10), Decimal(4), Decimal(6)]
    assert (new.client_id, new.replaces) == ("next", old.id)
    assert events[0].order.replaced_by == new.id


def test_orders_of_both_sides_may_not_open_a_position_at_once(venue: Venue) -> None:
    venue.submit(_limit("49.00"), OPEN)
    with pytest.raises(Rejection, match="while a long buy order is open"):
        venue.submit(_limit("51.00", Side.SELL), OPEN + 1)


def test_exits_wake_for_what_is_left_when_part_was_sold_by_hand(venue: Venue) -> None:
    venue.on_quote(Quote("AAPL", OPEN, 49.9, 50.0, 50.0, 4.0), OPEN)
    entry = OrderRequest(
        symbol="AAPL",
        side=Side.BUY,
        type=OrderType.LIMIT,
        qty=Decimal(10),
        limit=Decimal(50),
        order_class=OrderClass.BRACKET,
        take_profit=TakeProfit(Decimal(55)),
        stop_loss=StopLoss(Decimal(45)),
    )
    venue.submit(entry, OPEN + 1)
    venue.submit(_market(Side.SELL, "3"), OPEN + 2)
    venue.on_quote(Quote("AAPL", OPEN + 3, 49.9, 50.0, 50.0, 50.0), OPEN + 3)
    assert [order.qty for order in venue.open_orders()] == [7, 7]
    assert venue.held("AAPL") == venue.account.position_qty("AAPL") == 7


def test_an_exit_order_without_a_position_is_refused(venue: Venue) -> None:
    request = OrderRequest(
        symbol="AAPL",
        side=Side.SELL,
        type=OrderType.LIMIT,
        qty=Decimal(1),
        order_class=OrderClass.OCO,
        take_profit=TakeProfit(Decimal(55)),
        stop_loss=StopLoss(Decimal(45)),
    )
    with pytest.raises(Rejection, match="must be exit orders"):
        venue.submit(request, OPEN)


def test_an_unknown_symbol_and_one_without_a_price_are_refused(venue: Venue) -> None:
    with pytest.raises(Rejection, match="could not find asset"):
        venue.submit(OrderRequest(symbol="XYZ", side=Side.BUY, qty=Decimal(1)), OPEN)
    coin = OrderRequest(
        symbol="BTC/USD",
        side=Side.BUY,
        qty=Decimal(1),
        tif=TimeInForce.GTC,
    )
    with pytest.raises(Rejection, match="no price is known"):
        venue.submit(coin, OPEN)


def test_coins_trade_at_night_and_in_fractions(venue: Venue) -> None:
    venue.on_quote(Quote("BTC/USD", 1, 999.0, 1000.0, 1.0, 1.0), 1)
    request = OrderRequest(
        symbol="BTC/USD",
        side=Side.BUY,
        qty=Decimal("0.25"),
        tif=TimeInForce.GTC,
    )
    assert _kinds(venue.submit(request, 2)) == ["new", "fill"]
    assert venue.account.cash == 9_750


def test_coins_are_paid_in_full_whatever_the_margin(venue: Venue) -> None:
    venue.on_quote(Quote("BTC/USD", 1, 9_999.0, 10_000.0, 9.0, 9.0), 1)
    coin = OrderRequest(
        symbol="BTC/USD",
        side=Side.BUY,
        qty=Decimal("1.1"),
        tif=TimeInForce.GTC,
    )
    with pytest.raises(Rejection, match="insufficient buying power"):
        venue.submit(coin, 2)


def test_a_refusal_carries_what_the_broker_says_with_it(venue: Venue) -> None:
    with pytest.raises(Rejection) as caught:
        venue.submit(_market(qty="100000"), OPEN)
    no = caught.value
    assert (no.status, no.code) == (403, 40310000)
    assert no.details["buying_power"] == "40000"


def test_kinds_of_events_are_the_kernel_s_own(venue: Venue) -> None:
    assert venue.submit(_market(), OPEN)[0].kind is OrderEventKind.NEW
