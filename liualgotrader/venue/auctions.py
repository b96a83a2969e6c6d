"""The opening and the closing auction, as far as a tape shows them (C2).

Slippage and participation do not apply: everybody gets the one price. What does not fill with the
auction is over.
"""

from __future__ import annotations

from decimal import Decimal

from liualgotrader.common.events import Bar, Trade
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import OrderStatus, TimeInForce
from liualgotrader.venue import groups
from liualgotrader.venue.books import Books, Out
from liualgotrader.venue.market import Source, exact
from liualgotrader.venue.matching_limit import by_auction
from liualgotrader.venue.orders import VenueOrder
from liualgotrader.venue.sessions import Phase, Session


def by_trade(books: Books, out: Out, trade: Trade, ts: int) -> None:
    """Take a print for the auction's when it is the first of regular hours, or after them."""
    phase = books.phase(trade.symbol, ts)
    tif = {Phase.REGULAR: TimeInForce.OPG, Phase.POST: TimeInForce.CLS}.get(phase)
    if tif is not None:
        _cross(books, out, _waiting(books, tif, trade.symbol), exact(trade.price), ts)


def by_bar(books: Books, out: Out, bar: Bar, ts: int) -> None:
    """Take the open of the first minute's bar for the opening price, the last close for the close.

    A day whose first bar comes later had no opening print: those orders end.
    """
    session = books.sessions.current(bar.start)
    if bar.start >= session.open:
        price = exact(bar.open) if bar.start == session.open else None
        _cross(books, out, _waiting(books, TimeInForce.OPG, bar.symbol), price, ts)
    if bar.ts_event == session.close <= ts:
        closing_bars(books, out, session, ts)


def closing_bars(books: Books, out: Out, session: Session, ts: int) -> None:
    """Fill at the close of the last bar where bars are all that was seen."""
    for order in _waiting(books, TimeInForce.CLS):
        bar = books.market.bars.get(order.symbol)
        bars_only = books.market.finest(order.symbol, session.open) is Source.BAR
        if bar is not None and bars_only and bar.ts_event == session.close:
            _cross(books, out, [order], exact(bar.close), ts)


def without_print(books: Books, out: Out, session: Session, ts: int) -> None:
    """Fill at the last print before the close when none came after it, else end."""
    for order in _waiting(books, TimeInForce.CLS):
        price = books.market.last_seen(order.symbol, session.open)
        _cross(books, out, [order], price, ts)


def _waiting(books: Books, tif: TimeInForce, symbol: str | None = None) -> list[VenueOrder]:
    orders = books.store.open_orders() if symbol is None else books.store.of_symbol(symbol)
    return [o for o in orders if o.tif is tif and o.status is OrderStatus.NEW]


def _cross(
    books: Books,
    out: Out,
    orders: list[VenueOrder],
    price: Decimal | None,
    ts: int,
) -> None:
    for order in orders:
        paid = None if price is None else by_auction(order.side, order.limit, price)
        if paid is None:
            groups.end(books, out, order, Kind.EXPIRED, ts)
            continue
        if order.qty is None and order.notional is not None:
            order.qty = books.instruments[order.symbol].qty(order.notional / paid)
        books.fill(out, order, order.remaining, paid, ts)
        groups.after_fill(books, out, order, order.filled_qty, ts)
