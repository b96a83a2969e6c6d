"""Halts, late fills, and executions that are taken back or corrected: shares, money, fees."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import OrderStatus, Side, TimeInForce
from liualgotrader.venue.fees import PerShareFees, UsRegulatoryFees
from liualgotrader.venue.orders import Rejection, VenueEvent, VenueOrder
from liualgotrader.venue.venue import Venue
from tests.unit.venue.a_venue import (
    CLOSE,
    DAYS,
    MINUTE,
    OPEN,
    ask_for,
    bracket,
    limit_order,
    make,
    quote,
    trade,
)

AT = OPEN + MINUTE


def of(events: Sequence[VenueEvent], kind: Kind) -> VenueEvent:
    return next(event for event in events if event.kind is kind)


def placed(venue: Venue, limit: str, ts: int) -> VenueOrder:
    order = venue.submit(limit_order(limit), ts)[0].order
    return venue.books.store.orders[order.id]


def test_a_busted_buy_leaves_the_account_as_it_was() -> None:
    venue = make(fees=PerShareFees(Decimal("0.01")))
    quote(venue, AT, 49, 50)
    bought = of(venue.submit(ask_for(), AT), Kind.FILL)
    assert bought.execution_id is not None
    told = venue.bust(bought.execution_id, AT + MINUTE)
    assert [(e.kind, e.amends, e.qty, e.price) for e in told] == [
        (Kind.TRADE_BUST, bought.execution_id, Decimal(10), Decimal(50))
    ]
    assert venue.account.cash == 100_000
    assert venue.account.positions == {}
    assert venue.executions == []
    order = told[0].order
    assert (order.status, order.filled_avg_price) == (OrderStatus.FILLED, None)
    assert order.filled_qty == 0


def test_a_busted_sale_costs_no_fee_and_settles_nothing() -> None:
    venue = make(qty=10, fees=UsRegulatoryFees())
    quote(venue, AT, 50, 51)
    sold = of(venue.submit(ask_for(Side.SELL), AT), Kind.FILL)
    assert venue.account.unsettled
    venue.bust(sold.execution_id or "", AT + 1)
    assert venue.account.unsettled == []
    venue.on_clock(DAYS[0].post_close)
    assert venue.account.charges == []
    assert venue.account.cash == 100_000
    assert venue.account.position_qty("A") == 10


def test_a_corrected_price_moves_money_and_nothing_else() -> None:
    venue = make(fees=PerShareFees(Decimal("0.01")))
    quote(venue, AT, 49, 50)
    bought = of(venue.submit(ask_for(), AT), Kind.FILL)
    told = venue.correct(bought.execution_id or "", Decimal("-0.25"), AT + 1)[0]
    assert (told.kind, told.amends, told.price) == (
        Kind.TRADE_CORRECT,
        bought.execution_id,
        Decimal("49.75"),
    )
    assert told.execution_id != bought.execution_id
    assert venue.account.cash == 100_000 - 10 * Decimal("49.75") - Decimal("0.10")
    assert venue.account.positions["A"].avg_entry == Decimal("49.75")
    assert [(e.execution_id, e.price) for e in venue.executions] == [
        (told.execution_id, Decimal("49.75"))
    ]
    assert told.order.filled_avg_price == Decimal("49.75")


def test_what_took_over_from_an_order_loses_its_busted_fills_too() -> None:
    venue = make()
    quote(venue, AT, 49, 50, 4)
    first = placed(venue, "50", AT)
    fill = venue.executions[0]
    changed = venue.replace(first.id, AT + 1, limit=Decimal(48))
    heir = of(changed, Kind.NEW).order
    assert heir.filled_qty == 4
    venue.bust(fill.execution_id, AT + 2)
    after = venue.order(heir.id)
    assert after is not None
    assert after.filled_qty == 0
    assert after.remaining == 10


def test_a_groups_executions_and_unknown_ones_are_not_amended() -> None:
    venue = make()
    quote(venue, AT, 49, 50)
    venue.submit(bracket("60", "40"), AT)
    execution = venue.executions[0]
    assert not venue.can_amend(execution.execution_id)
    for name in (execution.execution_id, "nobody's"):
        with pytest.raises(Rejection, match="no execution"):
            venue.bust(name, AT + 1)


@pytest.mark.parametrize(("part", "filled"), [("1", 10), ("0.55", 5), ("0.01", 1)])
def test_a_late_fill_takes_a_part_in_whole_lots_at_the_limit(part: str, filled: int) -> None:
    venue = make()
    quote(venue, AT, 49, 50)
    order = placed(venue, "45", AT)
    assert venue.can_fill(order.id, AT)
    told = venue.fill_late(order.id, Decimal(part), AT + 1)
    assert [(e.qty, e.price) for e in told] == [(Decimal(filled), Decimal(45))]
    assert venue.account.cash == 100_000 - 45 * filled


def test_what_is_over_or_halted_is_not_filled_late() -> None:
    venue = make()
    quote(venue, AT, 49, 50)
    order = placed(venue, "45", AT)
    venue.halted = frozenset("A")
    assert not venue.can_fill(order.id, AT)
    venue.halted = frozenset()
    venue.cancel(order.id, AT + 1)
    assert not venue.can_fill(order.id, AT + 1)
    assert not venue.can_fill("nobody's", AT)
    late = placed(venue, "45", AT + 2)
    assert not venue.can_fill(late.id, CLOSE + MINUTE)


def test_orders_wait_while_trading_stands_still() -> None:
    venue = make()
    quote(venue, AT, 49, 50)
    venue.halted = frozenset("A")
    told = venue.submit(ask_for(), AT + 1)
    assert [event.kind for event in told] == [Kind.NEW]
    at_once = venue.submit(ask_for(tif=TimeInForce.IOC), AT + 2)
    assert [event.kind for event in at_once] == [Kind.NEW, Kind.CANCELED]
    venue.halted = frozenset()
    assert [e.kind for e in trade(venue, AT + MINUTE, 51)] == []
    filled = quote(venue, AT + MINUTE + 1, 51, 52)
    assert [(event.kind, event.price) for event in filled] == [(Kind.FILL, Decimal(52))]
