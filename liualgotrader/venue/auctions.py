"""The opening and the closing auction, as far as a tape shows them (C2).

Slippage and participation do not apply: everybody gets the one price. What does not fill with the
auction is over.
"""

from __future__ import annotations

from decimal import Decimal

from liualgotrader.common.events import Bar, Trade
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import OrderStatus, TimeInForce
from liualgotrader.venue import groups, short_sale
from liualgotrader.venue.books import Books, Step
from liualgotrader.venue.market import exact
from liualgotrader.venue.matching_limit import by_auction
from liualgotrader.venue.orders import VenueOrder
from liualgotrader.venue.sessions import Phase, Session

_OPG, _CLS = TimeInForce.OPG, TimeInForce.CLS


def by_trade(step: Step, trade: Trade) -> None:
    """Take a print for the auction's when it is the first of regular hours, or after them."""
    phase = step.phase(trade.symbol)
    if phase is Phase.REGULAR:
        waiting = _waiting(step.books, TimeInForce.OPG, trade.symbol)
    elif phase is Phase.POST:
        waiting = _waiting(step.books, TimeInForce.CLS, trade.symbol)
    else:
        return
    if waiting:
        _cross(step, waiting, exact(trade.price))


def by_bar(step: Step, bar: Bar, start: int) -> None:
    """Take the open of the first minute's bar for the opening price, the last close for the close.

    A day whose first bar comes later had no opening print: those orders end.
    """
    for order in step.books.store.working.get(bar.symbol, {}).values():
        if order.tif is _OPG or order.tif is _CLS:
            break
    else:
        return
    session = step.books.sessions.current(start)
    if start >= session.open:
        price = exact(bar.open) if start == session.open else None
        _cross(step, _waiting(step.books, TimeInForce.OPG, bar.symbol), price)
    if bar.ts_event == session.close <= step.ts:
        closing_bars(step, session)


def closing_bars(step: Step, session: Session) -> None:
    """Fill at the close of the last bar where bars are all that was seen."""
    books = step.books
    for order in _waiting(books, TimeInForce.CLS):
        bar = books.market.bars.get(order.symbol)
        if bar is None or books.market.is_seen_finely(order.symbol, session.open):
            continue
        if bar.ts_event == session.close:
            _cross(step, [order], exact(bar.close))


def without_print(step: Step, session: Session) -> None:
    """Fill at the last print before the close when none came after it, else end."""
    for order in _waiting(step.books, TimeInForce.CLS):
        price = step.books.market.last_seen(order.symbol, session.open)
        _cross(step, [order], price)


def _waiting(books: Books, tif: TimeInForce, symbol: str | None = None) -> list[VenueOrder]:
    orders = books.store.open_orders() if symbol is None else books.store.of_symbol(symbol)
    return [o for o in orders if o.tif is tif and o.status is OrderStatus.NEW]


def _cross(step: Step, orders: list[VenueOrder], price: Decimal | None) -> None:
    for order in orders:
        paid = None if price is None else by_auction(order.side, order.limit, price)
        if paid is not None and short_sale.keeps_out(step, order, paid):
            paid = None
        if paid is None:
            groups.end(step, order, Kind.EXPIRED)
        else:
            step.fill(order, order.remaining, paid)  # of no group: such orders are simple
