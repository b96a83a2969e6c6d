"""Bracket, OCO and OTO: what becomes of the others when one order of a group fills or ends.

The exits of a group are its legs, and for an OCO also the parent, which is the take-profit itself.
"""

from __future__ import annotations

from decimal import Decimal

from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import OrderClass, OrderStatus, OrderType, Side
from liualgotrader.venue import shares, triggers
from liualgotrader.venue.books import Books, Out
from liualgotrader.venue.orders import LegRole, OrderRequest, VenueOrder


def opposite(side: Side) -> Side:
    """Return the other side."""
    return Side.SELL if side is Side.BUY else Side.BUY


def make_legs(books: Books, parent: VenueOrder, request: OrderRequest, ts: int) -> list[VenueOrder]:
    """Return the legs that a request brings with it, take-profit first, waiting for the parent."""
    legs: list[VenueOrder] = []
    is_oco = request.order_class is OrderClass.OCO
    if request.take_profit is not None and not is_oco:
        legs.append(
            _leg(books, parent, LegRole.TAKE_PROFIT, OrderType.LIMIT, ts),
        )
        legs[-1].limit = request.take_profit.limit
    if request.stop_loss is not None:
        stop_type = OrderType.STOP if request.stop_loss.limit is None else OrderType.STOP_LIMIT
        legs.append(_leg(books, parent, LegRole.STOP_LOSS, stop_type, ts))
        legs[-1].trigger = request.stop_loss.trigger
        legs[-1].limit = request.stop_loss.limit
        set_collar(books, legs[-1])
    parent.legs = tuple(leg.id for leg in legs)
    return legs


def set_collar(books: Books, order: VenueOrder) -> None:
    """Give a buy stop the limit that it is kept with."""
    if order.type is OrderType.STOP and order.side is Side.BUY and order.trigger is not None:
        order.collar = triggers.collar(books.instruments[order.symbol], order.trigger)


def family(books: Books, order: VenueOrder) -> list[VenueOrder]:
    """Return the whole group of an order: parent, take-profit, stop-loss."""
    parent = order if order.parent is None else books.store.orders[order.parent]
    return [parent, *books.store.legs(parent)]


def is_exit(order: VenueOrder) -> bool:
    """Whether an order is one of the exits of a group."""
    return order.role is not None


def after_fill(books: Books, out: Out, order: VenueOrder, qty: Decimal, ts: int) -> None:
    """Do what a fill of one order means for the others of its group."""
    if is_exit(order):
        if order.is_open:
            _shrink_other_exits(books, order, qty)
        else:
            _end_rest(books, out, order, Kind.CANCELED, ts)
    elif not order.is_open and order.legs:
        _awaken_legs(books, out, order, ts)


def end(books: Books, out: Out, order: VenueOrder, kind: Kind, ts: int) -> None:
    """End an order and with it the open rest of its group."""
    for member in family(books, order) if order.parent or order.legs else [order]:
        if member.is_open:
            books.tell(out, member, kind, ts)


def _leg(
    books: Books,
    parent: VenueOrder,
    role: LegRole,
    order_type: OrderType,
    ts: int,
) -> VenueOrder:
    is_oco = parent.order_class is OrderClass.OCO
    return VenueOrder(
        id=books.ids(),
        client_id=books.ids(),
        symbol=parent.symbol,
        side=parent.side if is_oco else opposite(parent.side),
        type=order_type,
        tif=parent.tif,
        qty=parent.qty,
        extended_hours=parent.extended_hours,
        order_class=parent.order_class,
        status=OrderStatus.HELD,
        parent=parent.id,
        role=role,
        opening=False,
        submitted_at=ts,
        updated_at=ts,
        live_since=ts,
    )


def _shrink_other_exits(books: Books, order: VenueOrder, qty: Decimal) -> None:
    for other in family(books, order):
        if other is not order and is_exit(other) and other.is_open and other.qty is not None:
            other.qty -= qty


def _end_rest(books: Books, out: Out, order: VenueOrder, kind: Kind, ts: int) -> None:
    for other in family(books, order):
        if other is not order and other.is_open:
            books.tell(out, other, kind, ts)


def _awaken_legs(books: Books, out: Out, parent: VenueOrder, ts: int) -> None:
    # What was bought may have been sold by hand while the entry was still filling.
    qty = min(parent.filled_qty, shares.free(books, parent.symbol))
    for leg in books.store.legs(parent):
        if not qty:
            books.tell(out, leg, Kind.CANCELED, ts)
            continue
        leg.qty = qty
        leg.live_since = ts
        books.tell(out, leg, Kind.NEW, ts)
