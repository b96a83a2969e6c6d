"""What a venue does now and then: it fills an order just before its cancel, takes an execution back, corrects one."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import OrderStatus
from liualgotrader.venue import groups
from liualgotrader.venue.books import Books, Step
from liualgotrader.venue.orders import ZERO, Execution, Rejection, VenueEvent, VenueOrder
from liualgotrader.venue.time_in_force import may_trade

_AT_WORK = frozenset({OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED})


def can_fill(step: Step, order: VenueOrder) -> bool:
    """Tell whether an order could be filled now at a price that is known."""
    return (
        order.status in _AT_WORK
        and not order.waits_for_stop
        and order.remaining > 0
        and order.symbol not in step.books.halted
        and may_trade(order, step.phase(order.symbol))
        and _price(step.books, order) is not None
    )


def fill_late(step: Step, order: VenueOrder, part: Decimal) -> None:
    """Fill a part of what is left of an order, whole lots and at least one, at its limit or the last price."""
    instrument = step.books.instruments[order.symbol]
    price = _price(step.books, order)
    if price is None:
        return
    lot = instrument.lot
    qty = order.remaining if part >= 1 else max(order.remaining * part // lot * lot, lot)
    qty = min(qty, order.remaining)
    step.fill(order, qty, price)
    groups.after_fill(step, order, qty)


def _price(books: Books, order: VenueOrder) -> Decimal | None:
    limit = order.working_limit
    return limit if limit is not None else books.market.last(order.symbol)


def amendable(books: Books, execution_id: str) -> Execution | None:
    """Return an execution that can be taken back: one of an order that stands alone, or None.

    What a group's exits were sized by cannot be taken away under them.
    """
    execution = next((e for e in books.executions if e.execution_id == execution_id), None)
    if execution is None:
        return None
    order = books.store.orders[execution.order_id]
    return None if order.legs or order.parent is not None else execution


def bust(step: Step, execution_id: str) -> None:
    """Take an execution back: shares, money and fee, as if it had never been. The order stays where it stands."""
    execution = _known(step.books, execution_id)
    step.books.executions.remove(execution)
    _undo(step, execution)
    _tell(step, Kind.TRADE_BUST, execution, amends=execution_id)


def correct(step: Step, execution_id: str, by: Decimal) -> None:
    """Put another execution in the place of one: at a price that is `by` dollars higher, under a new id."""
    books = step.books
    old = _known(books, execution_id)
    price = old.price + by
    if price <= 0:
        price = old.price
    fee = books.rules.fees.fee(old.side, old.qty, price)
    new = msgspec.structs.replace(old, execution_id=books.ids(), price=price, fee=fee)
    books.executions[books.executions.index(old)] = new
    _undo(step, old)
    books.account.book(new.symbol, new.side, qty=new.qty, price=price, fee=fee)
    books.await_charges(new)
    for order in _chain(books, new):
        order.filled_qty += new.qty
        order.filled_cost += new.qty * price
    _tell(step, Kind.TRADE_CORRECT, new, amends=execution_id)


def _known(books: Books, execution_id: str) -> Execution:
    execution = amendable(books, execution_id)
    if execution is None:
        raise Rejection(404, 40410000, f"there is no execution {execution_id} to amend")
    return execution


def _undo(step: Step, execution: Execution) -> None:
    books = step.books
    books.account.book(
        execution.symbol,
        groups.opposite(execution.side),
        qty=execution.qty,
        price=execution.price,
        fee=-execution.fee,
    )
    books.forget_charges(execution)
    for order in _chain(books, execution):
        order.filled_qty = max(order.filled_qty - execution.qty, ZERO)
        order.filled_cost = max(order.filled_cost - execution.qty * execution.price, ZERO)


def _chain(books: Books, execution: Execution) -> list[VenueOrder]:
    """Return an execution's order and those that took over from it: they carry its fills on (FIX: CumQty)."""
    found = [books.store.orders[execution.order_id]]
    while (heir := found[-1].replaced_by) is not None:
        found.append(books.store.orders[heir])
    return found


def _tell(step: Step, kind: Kind, execution: Execution, *, amends: str) -> None:
    order = step.books.store.orders[execution.order_id]
    order.updated_at = step.ts
    step.out.append(
        VenueEvent(
            kind=kind,
            order=order.snapshot(),
            ts=step.ts,
            qty=execution.qty,
            price=execution.price,
            execution_id=execution.execution_id,
            amends=amends,
            position_qty=step.books.account.position_qty(execution.symbol),
            fee=execution.fee,
        )
    )
