"""Orders of one account must not be able to meet each other (W1, FINRA Rule 5210).

Source: docs.alpaca.markets, User Protection. Complex orders and trailing stops are exempt.
"""

from __future__ import annotations

from decimal import Decimal

from liualgotrader.common.orders import OrderClass, OrderType, Side
from liualgotrader.venue.books import Books
from liualgotrader.venue.orders import Rejection, VenueOrder


def check(books: Books, order: VenueOrder, *, without: VenueOrder | None = None) -> None:
    """Refuse an order that could trade with an open one of the other side."""
    if not books.rules.wash_trades or is_exempt(order):
        return
    for other in books.store.of_symbol(order.symbol):
        if other is without or other.side is order.side or is_exempt(other):
            continue
        if may_meet(order, other):
            raise Rejection(
                403,
                40310000,
                "potential wash trade detected. use complex orders",
                existing_order_id=other.id,
                reject_reason=f"opposite side {_kind(other)} order exists",
            )


def _kind(order: VenueOrder) -> str:
    """Return the broker's word for a type: it tells two apart, those with and without a limit."""
    return "market/stop" if order.limit is None else "limit"


def is_exempt(order: VenueOrder) -> bool:
    """Whether an order is left out of the check, on either side."""
    return order.order_class is not OrderClass.SIMPLE or order.type is OrderType.TRAILING_STOP


def may_meet(one: VenueOrder, other: VenueOrder) -> bool:
    """Whether two orders of opposite sides could trade with each other.

    An order without a limit meets everything; limits meet when they overlap or touch.
    """
    buy, sell = (one, other) if one.side is Side.BUY else (other, one)
    highest, lowest = _worst_price(buy), _worst_price(sell)
    return highest is None or lowest is None or highest >= lowest


def _worst_price(order: VenueOrder) -> Decimal | None:
    return order.limit
