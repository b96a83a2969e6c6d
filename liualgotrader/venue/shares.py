"""Which shares open orders have reserved, and what is left for another order (H1)."""

from __future__ import annotations

from decimal import Decimal

from liualgotrader.common.orders import OrderStatus, Side
from liualgotrader.venue.books import Books
from liualgotrader.venue.orders import ZERO, Rejection, VenueOrder, plain
from liualgotrader.venue.sessions import Phase

_REGULAR = Phase.REGULAR
_BUY = Side.BUY


def reduces(position: Decimal, side: Side) -> bool:
    """Whether an order of this side makes a position smaller."""
    return bool(position) and (position > 0) is not (side is _BUY)


def held(books: Books, symbol: str, *, without: VenueOrder | None = None) -> Decimal:
    """Return how much of a position open orders would close; a group's exits count once."""
    if symbol not in books.store.working:
        return ZERO
    by_group: dict[str, Decimal] = {}
    for order in closing_orders(books, symbol, without=without):
        key = _group(order)
        by_group[key] = max(by_group.get(key, ZERO), _open_qty(books, order))
    return sum(by_group.values(), ZERO)


def closing_orders(
    books: Books,
    symbol: str,
    *,
    without: VenueOrder | None = None,
) -> list[VenueOrder]:
    """Return the open orders that reserve shares; those of the group of `without` do not count."""
    ignored = None if without is None else _group(without)
    return [
        order
        for order in books.store.of_symbol(symbol)
        if not order.opening and order.status is not OrderStatus.HELD and _group(order) != ignored
    ]


def free(books: Books, symbol: str, *, without: VenueOrder | None = None) -> Decimal:
    """Return how much of a position no open order has reserved."""
    position = abs(books.account.position_qty(symbol))
    if symbol not in books.store.working:
        return position
    return max(position - held(books, symbol, without=without), ZERO)


def check(books: Books, order: VenueOrder, *, without: VenueOrder | None = None) -> None:
    """Refuse to close more than is held and not reserved. One order never crosses zero."""
    available = free(books, order.symbol, without=without)
    wanted = _open_qty(books, order)
    if wanted > available:
        position = books.account.position_qty(order.symbol)
        raise Rejection(
            403,
            40310000,
            "insufficient qty available for order "
            f"(requested: {plain(wanted)}, available: {plain(available)})",
            symbol=order.symbol,
            existing_qty=plain(abs(position)),
            held_for_orders=plain(abs(position) - available),
            available=plain(available),
        )
    if books.phase(order.symbol, order.live_since) is not _REGULAR:
        check_amounts(books, order, without=without)


def check_amounts(books: Books, order: VenueOrder, *, without: VenueOrder | None = None) -> None:
    """Refuse, outside regular hours, a second sale while one is open where either is by amount.

    Until the market opens nobody knows how many shares an amount is. Source: docs.alpaca.markets,
    Placing Orders; since 2021-10-27, and so for all days here.
    """
    others = closing_orders(books, order.symbol, without=without)
    by_amount = order.qty is None or any(other.qty is None for other in others)
    if others and by_amount:
        raise Rejection(
            403,
            40310000,
            "unable to open new notional orders while having open closing position orders",
        )


def check_one_way(books: Books, order: VenueOrder, *, without: VenueOrder | None = None) -> None:
    """Refuse to open one way while an order to open the other way is at work.

    Both could fill, and the second would close what the first opened, and with it the shares that
    exits have reserved.
    """
    for other in books.store.of_symbol(order.symbol):
        if other is not without and other.opening and other.side is not order.side:
            words = ("long buy", "short sell")
            mine, theirs = words if order.side is Side.BUY else words[::-1]
            raise Rejection(
                403,
                40310000,
                f"cannot open a {mine} while a {theirs} order is open",
                existing_order_id=other.id,
            )


def _group(order: VenueOrder) -> str:
    return order.parent or order.id


def _open_qty(books: Books, order: VenueOrder) -> Decimal:
    """Return what an order may still close; one by amount is taken at the last price."""
    if order.qty is not None:
        return order.remaining
    price = order.value_price
    if not price or order.notional is None:
        return ZERO
    return books.instruments[order.symbol].qty(order.notional / price)
