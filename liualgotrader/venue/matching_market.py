"""What a market order pays."""

from __future__ import annotations

from decimal import Decimal

from liualgotrader.venue.ranges import Range


def market_price(seen: Range) -> Decimal:
    """Return where the event began: the first price a market order meets."""
    return seen.open
