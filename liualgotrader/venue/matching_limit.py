"""What a limit order pays: its limit or better, never worse. Prices in, a price or None out.

An order is aggressive until the market has shown that it cannot trade; from then on it rests.
"""

from __future__ import annotations

from decimal import Decimal

from liualgotrader.common.events import Bar
from liualgotrader.common.orders import Side
from liualgotrader.venue.market import exact


def within(side: Side, limit: Decimal | None, price: Decimal) -> bool:
    """Whether a price keeps a limit; every price keeps none."""
    if limit is None:
        return True
    return price <= limit if side is Side.BUY else price >= limit


def through(side: Side, limit: Decimal, price: Decimal) -> bool:
    """Whether a price is strictly better than a limit: beyond it, not at it."""
    return price < limit if side is Side.BUY else price > limit


def by_quote(side: Side, limit: Decimal, far: Decimal, *, resting: bool) -> Decimal | None:
    """Return what the far side gives: its price to an aggressive order, our limit to a resting.

    Pessimistic: who meets a standing order trades at its price, whatever is shown afterwards.
    """
    if not within(side, limit, far):
        return None
    return limit if resting else far


def by_print(side: Side, limit: Decimal, price: Decimal, *, resting: bool) -> Decimal | None:
    """Return what a print gives: its price to an aggressive order, our limit to a resting one.

    Pessimistic: a print at the limit may have been somebody before us in the queue, so a resting
    order needs one strictly through it, and is not given the better price.
    """
    if resting:
        return limit if through(side, limit, price) else None
    return price if within(side, limit, price) else None


def by_bar(side: Side, limit: Decimal, bar: Bar) -> Decimal | None:
    """Return what a bar gives: the open when it gapped through, else the limit when passed.

    Pessimistic: a low or high at the limit is a touch, and no fill.
    """
    opened = exact(bar.open)
    extreme = exact(bar.low if side is Side.BUY else bar.high)
    if not through(side, limit, extreme):
        return None
    return opened if through(side, limit, opened) else limit


def by_auction(side: Side, limit: Decimal | None, price: Decimal) -> Decimal | None:
    """Return the auction's price to an order that is better than it.

    Pessimistic: at the price of the auction the queue is unknown, so a limit equal to it is not
    filled.
    """
    return price if limit is None or through(side, limit, price) else None
