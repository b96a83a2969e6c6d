"""Changing an order that is at work: the numbers made exact, and what the order becomes."""

from __future__ import annotations

import msgspec

from liualgotrader.common.instruments import Instrument, Number
from liualgotrader.common.orders import Order, OrderType, Replace, Submit, TimeInForce


def change(
    intent: Replace,
    instrument: Instrument,
    *,
    buy: bool,
    qty: Number | None,
    limit: Number | None,
    trigger: Number | None,
    trail: Number | None,
) -> Replace:
    """Return `intent` with exact numbers. Raises BadNumber on what no venue could take."""
    return msgspec.structs.replace(
        intent,
        qty=None if qty is None else instrument.qty(qty),
        limit=None if limit is None else instrument.limit(limit, buy=buy),
        trigger=None if trigger is None else instrument.price(trigger),
        trail=None if trail is None else instrument.price(trail),
    )


def changed_order(order: Order, intent: Replace) -> Order:
    """Return the order that a change makes of `order`. What is filled counts in its quantity."""
    return Order(
        order_id=intent.new_id,
        strategy=order.strategy,
        symbol=order.symbol,
        side=order.side,
        qty=intent.qty if intent.qty is not None else order.qty,
        filled=order.filled,
        limit=intent.limit if intent.limit is not None else order.limit,
        stop=order.stop,
        target=order.target,
        exit=order.exit,
        type=order.type,
    )


def only_shrinks(order: Order, intent: Replace) -> bool:
    """Whether a change takes back a part of an order and leaves its prices alone."""
    if intent.qty is None or order.qty is None or intent.qty > order.qty:
        return False
    return intent.limit is None and intent.trigger is None and intent.trail is None


def as_if_new(changed: Order, intent: Replace) -> Submit:
    """Return what risk judges: the rest of the changed order, as if it were a new one."""
    return Submit(
        order_id=changed.order_id,
        strategy=changed.strategy,
        symbol=changed.symbol,
        side=changed.side,
        type=OrderType.MARKET if changed.limit is None else OrderType.LIMIT,
        tif=TimeInForce.DAY,
        decided_at=intent.decided_at,
        qty=changed.remaining,
        limit=changed.limit,
        trigger=intent.trigger,
    )
