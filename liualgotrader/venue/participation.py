"""How much of what the market shows an order may have."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from liualgotrader.common.instruments import Instrument
from liualgotrader.venue.orders import ZERO, VenueOrder


class Budget:
    """What one print or bar still gives to all our orders together; None is without limit."""

    __slots__ = ("left",)

    def __init__(self, left: Decimal | None) -> None:
        self.left = left

    def take(self, qty: Decimal) -> None:
        """Take from it."""
        if self.left is not None:
            self.left = max(self.left - qty, ZERO)


def share_of(volume: Decimal, participation: Decimal, instrument: Instrument) -> Budget:
    """Return the share of a volume that we may have, down to whole lots."""
    lots = (volume * participation / instrument.lot).to_integral_value(rounding=ROUND_DOWN)
    return Budget(lots * instrument.lot)


def allot(order: VenueOrder, left: Decimal | None, instrument: Instrument) -> Decimal:
    """Return how much of what is left an order gets.

    The broker completes fractions itself: when less than one share of a fractional order would stay
    open, that rest fills with the others.
    """
    wanted = order.remaining
    if left is None or left >= wanted:
        return wanted
    if wanted % instrument.lot and wanted - left < instrument.lot:
        return wanted
    return left
