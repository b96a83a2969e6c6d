"""What an account can still buy or sell short (B1 to B4)."""

from __future__ import annotations

from decimal import Decimal

from liualgotrader.common.instruments import AssetClass
from liualgotrader.common.orders import Side
from liualgotrader.venue.account import MARGIN_MINIMUM, Account
from liualgotrader.venue.books import Books, Step
from liualgotrader.venue.orders import ZERO, Rejection, VenueOrder, plain
from liualgotrader.venue.sessions import Phase

# Regulation T: half of a position's value is the initial margin.
INITIAL_MARGIN = Decimal("0.5")
INTRADAY = Decimal(4)


def before_reserves(account: Account) -> Decimal:
    """Return buying power without open orders: cash, or what equity leaves to borrow on (B3)."""
    if account.multiplier <= 1:
        return account.cash
    equity, gross = account.worth()
    if equity < MARGIN_MINIMUM:
        return account.cash
    if account.multiplier >= INTRADAY:
        return max(equity * account.multiplier - gross, ZERO)
    return max(equity - gross * INITIAL_MARGIN, ZERO) * account.multiplier


def reserved(order: VenueOrder) -> Decimal:
    """Return what an open order takes away: its value while it opens or adds (B1)."""
    if not order.opening:
        return ZERO
    if order.qty is None:
        return order.notional or ZERO
    return order.remaining * order.value_price


def available(books: Books, *, without: VenueOrder | None = None) -> Decimal:
    """Return buying power less what open orders reserve."""
    others = (order for order in books.store.open_orders() if order is not without)
    taken = sum((weighted(books, order) for order in others), ZERO)
    return before_reserves(books.account) - _unsettled(books) - _unborrowed(books) - taken


def weighted(books: Books, order: VenueOrder) -> Decimal:
    """Return what an order takes of the buying power: more than its value without margin."""
    value = reserved(order)
    return value if books.all_marginable else value * _weight(books, order.symbol)


def check(books: Books, order: VenueOrder, *, without: VenueOrder | None = None) -> None:
    """Refuse an order worth more than the buying power; one worth exactly it is accepted."""
    value = weighted(books, order)
    if _is_in_cash(books, value, without=without):
        return
    power = available(books, without=without)
    if books.is_crypto(order.symbol):
        power = min(power, _in_settled_cash(books, without=without))
    if value > power:
        raise Rejection(
            403,
            40310000,
            "insufficient buying power",
            buying_power=plain(max(power, ZERO)),
            cost_basis=plain(value),
        )


def _is_in_cash(books: Books, value: Decimal, *, without: VenueOrder | None) -> bool:
    """Whether the cash pays for an order beside all others, so that nothing has to be valued.

    With long positions alone, all of them marginable, buying power is never less than the cash.
    """
    account = books.account
    if account.shorts or account.cash < MARGIN_MINIMUM or not books.all_marginable:
        return False
    if books.rules.settled_cash_only and account.unsettled:
        return False
    taken = sum((reserved(other) for other in books.store.open() if other is not without), ZERO)
    return value + taken <= account.cash


def _unsettled(books: Books) -> Decimal:
    """Return the money of sales that buys nothing yet, in accounts where it has to settle first."""
    account = books.account
    return account.cash - account.withdrawable if books.rules.settled_cash_only else ZERO


def _in_settled_cash(books: Books, *, without: VenueOrder | None) -> Decimal:
    """Return what buys coins: settled money, less what open orders for coins reserve.

    Source: alpaca.markets/learn/understanding-unsettled-funds.
    """
    taken = sum(
        (
            reserved(other)
            for other in books.store.open()
            if other is not without and books.is_crypto(other.symbol)
        ),
        ZERO,
    )
    return books.account.withdrawable - taken


def _weight(books: Books, symbol: str) -> Decimal:
    """Return dollars of buying power per dollar bought: what has no margin is paid in full."""
    instrument = books.instruments[symbol]
    marginable = instrument.marginable and instrument.asset_class is not AssetClass.CRYPTO
    return Decimal(1) if marginable or not books.account.has_margin else books.account.multiplier


def _unborrowed(books: Books) -> Decimal:
    """Return what positions without margin take beyond what `before_reserves` took for them."""
    account = books.account
    total = ZERO
    if books.all_marginable:
        return total
    for position in account.positions.values():
        weight = _weight(books, position.symbol)
        if weight != 1:
            total += abs(account.market_value(position)) * (weight - 1)
    return total


def value_price(step: Step, order: VenueOrder) -> Decimal | None:
    """Return what one unit of an order is valued at; None when no price is known at all."""
    if order.side is Side.SELL and order.opening:
        return _short_price(step, order)
    if order.working_limit is not None:
        return order.working_limit
    return market_price(step, order.symbol, order.side)


def market_price(step: Step, symbol: str, side: Side) -> Decimal | None:
    """Return the price at which a market order is valued (B2)."""
    market, price = step.books.market, None
    if symbol in market.quotes:
        since, phase = step.since(symbol), step.phase(symbol)
        if phase is Phase.REGULAR:
            price = market.far_side(symbol, side, since)
        elif phase is not Phase.CLOSED:
            price = market.midpoint(symbol, since)
    return price if price is not None else market.last(symbol)


def _short_price(step: Step, order: VenueOrder) -> Decimal | None:
    """Return the larger of the limit and 1.03 times the ask (B4)."""
    ask = step.books.market.far_side(order.symbol, Side.BUY, step.since(order.symbol))
    if ask is None:
        ask = step.books.market.last(order.symbol)
    if ask is None:
        return order.limit
    banded = ask * step.books.rules.short_requirement
    return banded if order.limit is None else max(order.limit, banded)
