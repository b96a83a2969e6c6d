"""Whether an order could make one day trade too many (Alpaca's pattern day trader protection).

Source: docs.alpaca.markets, User Protection, as it was to June 2026. Open orders count as if they could
fill in any order. Whether the broker looked at FINRA's exception for accounts with day trades of six
percent of all was not found: it is not looked at here.
"""

from __future__ import annotations

from liualgotrader.common.orders import OrderClass
from liualgotrader.venue.books import Books
from liualgotrader.venue.margin_tables import DAY_TRADES
from liualgotrader.venue.orders import Rejection, VenueOrder


def check(books: Books, order: VenueOrder, *, without: VenueOrder | None = None) -> None:
    """Refuse an order that could make the fourth day trade, in an account where they are counted."""
    rules = books.day_trading
    if books.is_crypto(order.symbol):
        return
    rules.read(books.uncharged)
    if not _may_trade_back(books, order, without):
        return
    others = {
        other.symbol
        for other in books.store.open()
        if other is not without and other.symbol != order.symbol
        if _may_trade_back(books, other, without)
    }
    if rules.count + len(others) + 1 >= DAY_TRADES:
        raise Rejection(403, 40310100, "trade denied due to pattern day trading protection")


def _may_trade_back(books: Books, order: VenueOrder, without: VenueOrder | None) -> bool:
    """Whether an order could close what was opened today, alone or with others at work."""
    if not order.opening and books.day_trading.today.is_open(order.symbol):
        return True
    if order.opening and order.order_class is not OrderClass.SIMPLE:
        return True  # its exits follow at once
    return any(
        other.side is not order.side and other is not without
        for other in books.store.of_symbol(order.symbol)
    )
