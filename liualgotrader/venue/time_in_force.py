"""When an order may work, and when it ends by itself."""

from __future__ import annotations

from liualgotrader.common.instruments import AssetClass, Instrument
from liualgotrader.common.orders import OrderStatus, TimeInForce
from liualgotrader.venue.orders import VenueOrder
from liualgotrader.venue.sessions import Phase

DAY_NS = 86_400 * 1_000_000_000
AUCTION = frozenset({TimeInForce.OPG, TimeInForce.CLS})
IMMEDIATE = frozenset({TimeInForce.IOC, TimeInForce.FOK})


def may_trade(order: VenueOrder, instrument: Instrument, phase: Phase) -> bool:
    """Whether an order can fill in continuous trading in this phase."""
    if order.status is OrderStatus.HELD or order.tif in AUCTION:
        return False
    return works_in(instrument, phase, extended_hours=order.extended_hours)


def works_in(instrument: Instrument, phase: Phase, *, extended_hours: bool) -> bool:
    """Whether a phase takes part in trading for such an order. Crypto never closes."""
    if instrument.asset_class is AssetClass.CRYPTO or phase is Phase.REGULAR:
        return True
    return extended_hours and phase is not Phase.CLOSED


def expires_at_boundary(order: VenueOrder, begins: Phase) -> bool:
    """Whether a day order ends where `begins` begins: the close, or the end of extended hours."""
    if order.tif is not TimeInForce.DAY:
        return False
    return begins is (Phase.CLOSED if order.extended_hours else Phase.POST)


def expires_of_age(order: VenueOrder, ts: int, days: int) -> bool:
    """Whether a good-till-cancelled order is older than the broker keeps it (Alpaca: 90 days)."""
    return order.tif is TimeInForce.GTC and ts - order.submitted_at >= days * DAY_NS
