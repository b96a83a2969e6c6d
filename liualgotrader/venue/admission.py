"""Whether this account may place this order now. The first failure answers (V1)."""

from __future__ import annotations

from decimal import Decimal

from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import OrderClass, Side, TimeInForce
from liualgotrader.venue import buying_power, pattern, shares, validation, wash
from liualgotrader.venue.books import Books, Step
from liualgotrader.venue.orders import OrderRequest, Rejection, VenueOrder
from liualgotrader.venue.sessions import Session

_SIMPLE, _SELL = OrderClass.SIMPLE, Side.SELL
_MINUTE = 60_000_000_000
# Orders for an auction are taken from seven in the evening, counted from 04:00.
_EVENING = 15 * 60 * _MINUTE
_OPG_CUTOFF = 2 * _MINUTE
_CLS_CUTOFF = 10 * _MINUTE


def check_request(step: Step, request: OrderRequest, instrument: Instrument) -> None:
    """Refuse what the request alone, the clock and the market on hand rule out."""
    if validation.is_plain(request, instrument):
        return
    current = step.books.market.last(request.symbol)
    session = step.books.sessions.current(step.ts)
    validation.check(request, instrument, session.date)
    if not step.books.rules.sub_penny:
        validation.check_increments(request, instrument)
    validation.check_exits(request, current)
    validation.check_stop_side(request, current)
    check_window(request.tif, session, step.ts)
    validation.check_asset(request, instrument)


def check_window(tif: TimeInForce, session: Session, ts: int) -> None:
    """Refuse orders for an auction that come too late for it and too early for the next.

    The broker's words name 3:55pm, its page and this venue ten minutes before the close.
    """
    evening = session.pre_open + _EVENING
    if tif is TimeInForce.OPG and session.open - _OPG_CUTOFF <= ts < evening:
        raise Rejection(
            403,
            40310000,
            "opg orders must be submitted after 7:00pm and before 9:28am",
        )
    if tif is TimeInForce.CLS and session.close - _CLS_CUTOFF <= ts < evening:
        raise Rejection(
            403,
            40310000,
            "cls orders must be submitted after 7:00pm and before 3:55pm",
        )


def check_account(books: Books, order: VenueOrder, *, without: VenueOrder | None = None) -> None:
    """Refuse what the account cannot carry. `without` is an order that this one replaces."""
    if order.order_class is not _SIMPLE:
        check_group(order)
    opens_short = order.opening and order.side is _SELL
    if opens_short:
        check_borrow(books.instruments[order.symbol])
    if books.day_trading.counts:
        pattern.check(books, order, without=without)
    is_alone = order.symbol not in books.store.working
    if not is_alone:
        wash.check(books, order, without=without)
    if order.opening:
        if not is_alone:
            shares.check_one_way(books, order, without=without)
        if opens_short:
            check_short(books, order)
        else:
            check_worth(order)
        buying_power.check(books, order, without=without)
    else:
        shares.check(books, order, without=without)


def check_group(order: VenueOrder) -> None:
    """Refuse groups whose first order goes the wrong way: an OCO closes, the others open."""
    if order.parent is not None:
        return
    if order.order_class is OrderClass.OCO and order.opening:
        raise validation.refuse("oco orders must be exit orders")
    if order.order_class is not OrderClass.OCO and not order.opening:
        raise validation.refuse(f"{order.order_class} orders must be entry orders")


def check_borrow(instrument: Instrument) -> None:
    """Refuse to sell short what cannot be borrowed; hard to borrow needs a locate, not offered."""
    if not (instrument.shortable and instrument.easy_to_borrow):
        raise validation.refuse(f'asset "{instrument.symbol}" cannot be sold short')


def check_short(books: Books, order: VenueOrder) -> None:
    """Refuse short sales without margin, and of fractions."""
    lot = books.instruments[order.symbol].lot
    if order.qty is None or order.qty % lot:
        raise validation.refuse("fractional orders cannot be sold short")
    if not (books.rules.shorting and books.account.has_margin):
        raise Rejection(403, 40310000, "account is not allowed to short")


def check_worth(order: VenueOrder) -> None:
    """Refuse a purchase of less than a dollar."""
    worth = order.notional if order.qty is None else order.qty * order.value_price
    if worth is not None and worth < validation.ONE_DOLLAR:
        raise Rejection(403, 40310000, "cost basis must be >= minimal amount of order 1")


def priced(step: Step, order: VenueOrder) -> Decimal:
    """Return what a unit is valued at. An order that nobody can value is refused."""
    price = buying_power.value_price(step, order)
    if price is None:
        raise validation.refuse(f"no price is known for {order.symbol}: cannot value the order")
    return price
