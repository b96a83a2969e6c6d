"""What a limit order pays: its limit or better, never worse."""

from __future__ import annotations

from decimal import Decimal

from liualgotrader.common.orders import Side
from liualgotrader.venue.ranges import Range


def limit_price(side: Side, limit: Decimal, seen: Range) -> Decimal | None:
    """Return the fill price of a limit order, or None when the event did not reach it."""
    if side is Side.BUY:
        return min(seen.open, limit) if seen.low <= limit else None
    return max(seen.open, limit) if seen.high >= limit else None


def within_limit(side: Side, limit: Decimal | None, price: Decimal) -> bool:
    """Whether a price keeps a limit; every price keeps none."""
    if limit is None:
        return True
    return price <= limit if side is Side.BUY else price >= limit
