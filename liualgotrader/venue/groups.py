"""Bracket, OCO and OTO: what becomes of the others when one order of a group fills or ends.

The exits of a group are its legs, and for an OCO also the parent, which is the take-profit itself.
"""

from __future__ import annotations

from decimal import Decimal

from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import OrderClass, OrderStatus, OrderType, Side
from liualgotrader.venue import shares, triggers
from liualgotrader.venue.books import Books, Step
from liualgotrader.venue.orders import LegRole, OrderRequest, VenueOrder


def opposite(side: Side) -> Side:
    """Return the other side."""
    return Side.SELL if side is Side.BUY else Side.BUY


def make_legs(step: Step, parent: VenueOrder, request: OrderRequest) -> list[VenueOrder]:
    """Return the legs that a request brings with it, take-profit first, waiting for the parent."""
    legs: list[VenueOrder] = []
    take, stop = request.take_profit, request.stop_loss
    if take is not None and request.order_class is not OrderClass.OCO:
        leg = _leg(step, parent, LegRole.TAKE_PROFIT)
        leg.limit = take.limit
        legs.append(leg)
    if stop is not None:
        leg = _leg(step, parent, LegRole.STOP_LOSS)
        leg.type = OrderType.STOP if stop.limit is None else OrderType.STOP_LIMIT
        leg.trigger, leg.limit = stop.trigger, stop.limit
        set_collar(step.books, leg)
        legs.append(leg)
    parent.legs = tuple(leg.id for leg in legs)
    return legs


def set_collar(books: Books, order: VenueOrder) -> None:
    """Give a buy stop the limit that it is kept with."""
    if order.trigger is not None and order.type is OrderType.STOP and order.side is Side.BUY:
        order.collar = triggers.collar(books.instruments[order.symbol], order.trigger)


def family(books: Books, order: VenueOrder) -> list[VenueOrder]:
    """Return the whole group of an order: parent, take-profit, stop-loss."""
    parent = order if order.parent is None else books.store.orders[order.parent]
    return [parent, *books.store.legs(parent)]


def is_exit(order: VenueOrder) -> bool:
    """Whether an order is one of the exits of a group."""
    return order.role is not None


def after_fill(step: Step, order: VenueOrder, qty: Decimal) -> None:
    """Do what a fill of one order means for the others of its group."""
    if is_exit(order):
        if order.is_open:
            _shrink_other_exits(step.books, order, qty)
        else:
            _end_rest(step, order, Kind.CANCELED)
    elif not order.is_open and order.legs:
        _awaken_legs(step, order)


def end(step: Step, order: VenueOrder, kind: Kind) -> None:
    """End an order and with it the open rest of its group."""
    for member in family(step.books, order) if order.parent or order.legs else [order]:
        if member.is_open:
            step.tell(member, kind)


def _leg(step: Step, parent: VenueOrder, role: LegRole) -> VenueOrder:
    is_oco = parent.order_class is OrderClass.OCO
    return VenueOrder(
        id=step.books.ids(),
        client_id=step.books.ids(),
        symbol=parent.symbol,
        side=parent.side if is_oco else opposite(parent.side),
        type=OrderType.LIMIT,
        tif=parent.tif,
        qty=parent.qty,
        extended_hours=parent.extended_hours,
        order_class=parent.order_class,
        status=OrderStatus.HELD,
        parent=parent.id,
        role=role,
        opening=False,
        submitted_at=step.ts,
        updated_at=step.ts,
        live_since=step.ts,
    )


def _shrink_other_exits(books: Books, order: VenueOrder, qty: Decimal) -> None:
    for other in family(books, order):
        if other is not order and is_exit(other) and other.is_open and other.qty is not None:
            other.qty -= qty


def _end_rest(step: Step, order: VenueOrder, kind: Kind) -> None:
    for other in family(step.books, order):
        if other is not order and other.is_open:
            step.tell(other, kind)


def _awaken_legs(step: Step, parent: VenueOrder) -> None:
    # What was bought may have been sold by hand while the entry was still filling.
    qty = min(parent.filled_qty, shares.free(step.books, parent.symbol))
    for leg in step.books.store.legs(parent):
        leg.qty = qty or leg.qty
        step.tell(leg, Kind.NEW if qty else Kind.CANCELED)
