"""What the broker says no to while the client waits.

Before the order travels, on what is known then.

The venue asks the same again when the order arrives, for much may happen on the way. What travels
already counts as taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from liualgotrader.exchange.order_requests import malformed
from liualgotrader.venue import admission, buying_power, groups, shares, validation
from liualgotrader.venue.books import Books, Step
from liualgotrader.venue.orders import OrderRequest, Rejection, VenueOrder, plain

ZERO = Decimal(0)


def check_form(books: Books, request: OrderRequest, day: date) -> None:
    """Refuse what no account could ask for on a day: the same answer whenever it is asked."""
    instrument = books.instruments.get(request.symbol)
    if instrument is None:
        raise malformed(f'could not find asset "{request.symbol}"')
    validation.check(request, instrument, day)
    validation.check_increments(request, instrument)
    validation.check_asset(request, instrument)


def check_now(
    books: Books,
    request: OrderRequest,
    order: VenueOrder,
    travelling: Iterable[VenueOrder],
    *,
    ts: int,
) -> None:
    """Refuse what this account may not do now; gives `order` its value on the way."""
    step = Step(books, ts, [])
    admission.check_request(step, request, books.instruments[request.symbol])
    position = books.account.position_qty(order.symbol)
    order.opening = not shares.reduces(position, order.side)
    groups.set_collar(books, order)
    order.value_price = admission.priced(step, order)
    admission.check_account(books, order)
    if order.opening:
        _check_power(books, order, travelling)
    else:
        _check_shares(books, order, travelling)


def _check_power(books: Books, order: VenueOrder, travelling: Iterable[VenueOrder]) -> None:
    taken = sum((buying_power.reserved(other) for other in travelling), ZERO)
    power = buying_power.available(books) - taken
    value = buying_power.reserved(order)
    if value > power:
        raise Rejection(
            403,
            40310000,
            "insufficient buying power",
            buying_power=plain(max(power, ZERO)),
            cost_basis=plain(value),
        )


def _check_shares(books: Books, order: VenueOrder, travelling: Iterable[VenueOrder]) -> None:
    taken = sum(
        (
            other.remaining
            for other in travelling
            if other.symbol == order.symbol and not other.opening
        ),
        ZERO,
    )
    position = abs(books.account.position_qty(order.symbol))
    available = max(position - shares.held(books, order.symbol) - taken, ZERO)
    if order.remaining > available:
        raise Rejection(
            403,
            40310000,
            "insufficient qty available for order "
            f"(requested: {plain(order.remaining)}, available: {plain(available)})",
            symbol=order.symbol,
            existing_qty=plain(position),
            held_for_orders=plain(position - available),
            available=plain(available),
        )
