"""What an account can still buy or sell short (B1 to B4)."""

from __future__ import annotations

from decimal import Decimal

from liualgotrader.common.instruments import AssetClass
from liualgotrader.common.orders import Side
from liualgotrader.venue.books import Books, Step
from liualgotrader.venue.margin import Holding, requirement, table_of
from liualgotrader.venue.margin_tables import INITIAL_MARGIN, INTRADAY, MARGIN_MINIMUM, OVERNIGHT
from liualgotrader.venue.orders import ZERO, Rejection, VenueOrder, plain
from liualgotrader.venue.sessions import Phase

_SELL = Side.SELL


def before_reserves(books: Books) -> Decimal:
    """Return buying power without open orders: cash, or what equity leaves to borrow on (B3)."""
    account, multiplier = books.account, books.day_trading.multiplier
    if multiplier <= 1:
        return account.cash
    equity, gross = account.worth()
    if equity < MARGIN_MINIMUM:
        return account.cash
    if books.day_trading.by_last_close:
        books.day_trading.read(books.uncharged)
        return books.day_trading.power()
    if multiplier >= INTRADAY:
        return max(equity * multiplier - gross, ZERO)
    return _regulation_t(equity, gross, multiplier)


def _regulation_t(equity: Decimal, gross: Decimal, multiplier: Decimal) -> Decimal:
    return max(equity - gross * INITIAL_MARGIN, ZERO) * multiplier


def shown(books: Books) -> Decimal:
    """Return the buying power that the broker shows, open orders taken off; never below 0.

    With a day-trading buying power it is that or Regulation T's, whichever is larger, though it is
    the former that an order must keep to.
    """
    power = before_reserves(books)
    if books.day_trading.by_last_close and books.account.has_margin:
        power = max(power, _regulation_t(*books.account.worth(), OVERNIGHT))
    return max(power - _taken(books), ZERO)


def reserved(order: VenueOrder) -> Decimal:
    """Return what an open order takes away: its value while it opens or adds (B1)."""
    if not order.opening:
        return ZERO
    if order.qty is None:
        return order.notional or ZERO
    return order.remaining * order.value_price


def available(books: Books, *, without: VenueOrder | None = None) -> Decimal:
    """Return what orders may use: buying power less what open orders reserve."""
    return before_reserves(books) - _taken(books, without=without)


def _taken(books: Books, *, without: VenueOrder | None = None) -> Decimal:
    others = (order for order in books.store.open_orders() if order is not without)
    reserves = sum((weighted(books, order) for order in others), ZERO)
    return _unsettled(books) + _unborrowed(books) + reserves


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
    elif books.phase(order.symbol, order.submitted_at) is Phase.CLOSED:
        power = min(power, _overnight(books, without=without))
    if value > power:
        raise _refused(books, order, power=power, value=value)
    if books.day_trading.intraday and books.account.has_margin:
        _check_maintenance(books, order, value, without=without)


def _refused(books: Books, order: VenueOrder, *, power: Decimal, value: Decimal) -> Rejection:
    power_text = plain(max(power, ZERO))
    on_margin = books.account.has_margin and not books.is_crypto(order.symbol)
    if books.day_trading.by_last_close and on_margin:
        return Rejection(
            403,
            40310000,
            "insufficient day trading buying power",
            daytrading_buying_power=power_text,
            cost_basis=plain(value),
        )
    return Rejection(
        403,
        40310000,
        "insufficient buying power",
        buying_power=power_text,
        cost_basis=plain(value),
    )


def _check_maintenance(
    books: Books, order: VenueOrder, value: Decimal, *, without: VenueOrder | None
) -> None:
    """Refuse what would leave less equity than the positions need: an intraday margin deficit.

    Pessimistic: Alpaca says that it refuses such orders before they trade, and not by which figure.
    Taken is its own maintenance table, by which most shares can be had 3.33 times and not 4 times.
    """
    orders = [other for other in books.store.open_orders() if other is not without]
    opening = [other for other in (*orders, order) if other.opening]
    cost = sum((reserved(each) for each in opening if each.side is Side.BUY), ZERO)
    needs = books.day_trading.maintenance([_holding(books, each) for each in opening], cost)
    missing = needs - books.account.equity()
    if missing > 0:
        its_own = requirement(table_of(books.day_trading.date), _holding(books, order))
        raise _refused(books, order, power=value - missing * value / its_own, value=value)


def _holding(books: Books, order: VenueOrder) -> Holding:
    """Return what an order would open, at what it is valued at."""
    price = order.value_price
    qty = order.remaining if order.qty is not None else reserved(order) / price
    return books.day_trading.holding(order.symbol, order.side.sign * qty, price)


def _is_in_cash(books: Books, value: Decimal, *, without: VenueOrder | None) -> bool:
    """Whether the cash pays for an order beside all others, so that nothing has to be valued.

    With long positions alone, all of them marginable, buying power is never less than the cash.
    """
    account = books.account
    if account.shorts or account.cash < MARGIN_MINIMUM or not books.all_marginable:
        return False
    if not books.day_trading.cash_suffices or (books.rules.settled_cash_only and account.unsettled):
        return False
    if not books.store.working:
        return value <= account.cash
    taken = sum((reserved(other) for other in books.store.open() if other is not without), ZERO)
    return value + taken <= account.cash


def _overnight(books: Books, *, without: VenueOrder | None) -> Decimal:
    """Return what may be used between 20:00 and 04:00, when twice the equity is the most."""
    account = books.account
    if not account.has_margin:
        return account.cash - _taken(books, without=without)
    multiplier = min(books.day_trading.multiplier, OVERNIGHT)
    return _regulation_t(*account.worth(), multiplier) - _taken(books, without=without)


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
    return (
        Decimal(1) if marginable or not books.account.has_margin else books.day_trading.multiplier
    )


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
    if order.opening and order.side is _SELL:
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
