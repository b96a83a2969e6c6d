"""When an order may work, and when it ends by itself."""

from __future__ import annotations

from datetime import date, timedelta

from liualgotrader.common.orders import OrderStatus, TimeInForce
from liualgotrader.venue.orders import VenueOrder
from liualgotrader.venue.sessions import Moment, Phase

AUCTION = frozenset({TimeInForce.OPG, TimeInForce.CLS})
_HELD, _ACCEPTED, _OPG, _CLS = (
    OrderStatus.HELD,
    OrderStatus.ACCEPTED,
    TimeInForce.OPG,
    TimeInForce.CLS,
)
_REGULAR = Phase.REGULAR
IMMEDIATE = frozenset({TimeInForce.IOC, TimeInForce.FOK})


def may_trade(order: VenueOrder, phase: Phase) -> bool:
    """Whether an order can fill in continuous trading in this part of the day."""
    status, tif = order.status, order.tif
    # Compared one by one: a set would ask the enumeration's slow hash, for every order and event.
    if status is _HELD or status is _ACCEPTED or tif is _OPG or tif is _CLS:
        return False
    return works_in(phase, extended_hours=order.extended_hours)


def works_in(phase: Phase, *, extended_hours: bool) -> bool:
    """Whether such an order is routed in this part of the day (T2, T3)."""
    return phase is _REGULAR or (extended_hours and phase is not Phase.CLOSED)


def routed_at(order: VenueOrder, moment: Moment) -> bool:
    """Whether an accepted order is routed now: at the open, or when extended hours begin."""
    return moment is (Moment.PRE_OPEN if order.extended_hours else Moment.OPEN)


def expires_at(order: VenueOrder, moment: Moment) -> bool:
    """Whether a day order ends now: at the close, or at the end of extended hours (T1).

    Orders for the opening auction that never saw a row end with the day as well.
    """
    if order.tif is TimeInForce.OPG:
        return moment is Moment.CLOSE
    if order.tif is not TimeInForce.DAY:
        return False
    return moment is (Moment.POST_CLOSE if order.extended_hours else Moment.CLOSE)


def is_aged(order: VenueOrder, created: date, *, today: date, days: int) -> bool:
    """Whether a good-till-cancelled order has been kept as long as the broker keeps one."""
    return order.tif is TimeInForce.GTC and today >= created + timedelta(days=days)
