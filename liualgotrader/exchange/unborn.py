"""Orders that have been accepted and have not reached the venue: what their clients are shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from typing import Any

from liualgotrader.common.orders import OrderClass, OrderStatus, OrderType, Side
from liualgotrader.exchange.order_requests import number
from liualgotrader.venue.orders import LegRole, OrderRequest, VenueOrder

LegIds = Iterator[tuple[str, str]]


def unborn(asked: OrderRequest, order_id: str, client_id: str, *, at: int) -> VenueOrder:
    """Return the order that a request asks for; `at` is when it was received, ns UTC."""
    limit = asked.limit
    if asked.order_class is OrderClass.OCO and asked.take_profit is not None:
        limit = asked.take_profit.limit
    return VenueOrder(
        id=order_id,
        client_id=client_id,
        symbol=asked.symbol,
        side=asked.side,
        type=asked.type,
        tif=asked.tif,
        qty=asked.qty,
        notional=asked.notional,
        limit=limit,
        trigger=asked.trigger,
        trail_price=asked.trail_price,
        trail_percent=asked.trail_percent,
        extended_hours=asked.extended_hours,
        order_class=asked.order_class,
        status=OrderStatus.ACCEPTED,
        submitted_at=at,
        updated_at=at,
    )


def legs_of(parent: VenueOrder, asked: OrderRequest, ids: LegIds) -> list[VenueOrder]:
    """Return the legs that a request brings with it, take-profit first, and name them in it."""
    legs: list[VenueOrder] = []
    if asked.take_profit is not None and asked.order_class is not OrderClass.OCO:
        leg = _leg(parent, next(ids), LegRole.TAKE_PROFIT, OrderType.LIMIT)
        leg.limit = asked.take_profit.limit
        legs.append(leg)
    if asked.stop_loss is not None:
        stops = asked.stop_loss.limit is None
        kind = OrderType.STOP if stops else OrderType.STOP_LIMIT
        leg = _leg(parent, next(ids), LegRole.STOP_LOSS, kind)
        leg.trigger, leg.limit = asked.stop_loss.trigger, asked.stop_loss.limit
        legs.append(leg)
    parent.legs = tuple(leg.id for leg in legs)
    return legs


def _leg(
    parent: VenueOrder, ids: tuple[str, str], role: LegRole, order_type: OrderType
) -> VenueOrder:
    other = Side.SELL if parent.side is Side.BUY else Side.BUY
    return VenueOrder(
        id=ids[0],
        client_id=ids[1],
        symbol=parent.symbol,
        side=parent.side if parent.order_class is OrderClass.OCO else other,
        type=order_type,
        tif=parent.tif,
        qty=parent.qty,
        order_class=parent.order_class,
        status=OrderStatus.HELD,
        parent=parent.id,
        role=role,
        opening=False,
        submitted_at=parent.submitted_at,
        updated_at=parent.updated_at,
    )


def changed(
    old: VenueOrder, body: Mapping[str, Any], order_id: str, client_id: str, *, at: int
) -> VenueOrder:
    """Return the order that a replacement asks for."""
    new = copy(old)
    new.id, new.client_id = order_id, client_id
    new.replaces, new.replaced_by = old.id, None
    new.status = OrderStatus.ACCEPTED
    new.submitted_at = new.updated_at = at
    new.qty = number(body, "qty") or old.qty
    new.limit = number(body, "limit_price") or old.limit
    new.trigger = number(body, "stop_price") or old.trigger
    trail = number(body, "trail")
    if trail is not None and old.trail_percent is not None:
        new.trail_percent = trail
    elif trail is not None:
        new.trail_price = trail
    return new
