"""What one market event shows to one side: where it began, how far it went, where it ended.

A trade is a range of one price, a quote is the ask to a buyer and the bid to a seller, a bar is
its four prices. So each fill rule is written once, for all three.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.common.orders import Side
from liualgotrader.venue.account import exact


class Range(msgspec.Struct, frozen=True, gc=False):
    """Prices per unit, and the volume that goes with them; None where it is unknown.

    `printed` is whether something traded: stops and trails listen to trades, not to quotes.
    """

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None
    printed: bool = True
    bar: bool = False


class Sight(msgspec.Struct, frozen=True, gc=False):
    """One market event as both sides see it; None for a side that it shows nothing to."""

    buyer: Range | None
    seller: Range | None

    def of(self, side: Side) -> Range | None:
        """Return what `side` sees."""
        return self.buyer if side is Side.BUY else self.seller


def of_trade(trade: Trade) -> Sight:
    """Return a print as a sight."""
    price = exact(trade.price)
    seen = Range(price, price, price, price, exact(trade.size))
    return Sight(seen, seen)


def of_quote(quote: Quote) -> Sight:
    """Return a quote as a sight. A side without price or size offers nothing."""
    return Sight(
        _quoted(quote.ask, quote.ask_size),
        _quoted(quote.bid, quote.bid_size),
    )


def of_bar(bar: Bar) -> Sight:
    """Return a bar as a sight."""
    seen = Range(
        exact(bar.open),
        exact(bar.high),
        exact(bar.low),
        exact(bar.close),
        exact(bar.volume),
        bar=True,
    )
    return Sight(seen, seen)


def _quoted(price: float, size: float) -> Range | None:
    if price <= 0 or size <= 0:
        return None
    exact_price = exact(price)
    return Range(exact_price, exact_price, exact_price, exact_price, exact(size), printed=False)
