"""Ex-dates at the venue and in the broker's account: shares, money, open orders."""

from __future__ import annotations

from liualgotrader.common.corporate_actions import Terms, adjusted, ends_orders, split_qty
from liualgotrader.common.events import CorporateAction
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.venue import groups
from liualgotrader.venue.account import Position
from liualgotrader.venue.books import Books, Step
from liualgotrader.venue.orders import VenueOrder


def take_effect(step: Step, action: CorporateAction) -> None:
    """Adjust the account and the open orders of a symbol.

    A dividend is in the cash on the ex-date: the price falls then, and equity would show a loss
    that is none. (It is paid weeks later; who is short owes it.)
    """
    books = step.books
    for order in books.store.of_symbol(action.symbol):
        if not order.is_open:
            continue
        if ends_orders(action):
            groups.end(step, order, Kind.CANCELED)
        else:
            _adjust(step, order, action)
    _hold(books, action)


def _adjust(step: Step, order: VenueOrder, action: CorporateAction) -> None:
    terms = adjusted(
        Terms(
            qty=order.qty,
            filled=order.filled_qty,
            limit=order.limit,
            trigger=order.trigger,
            trail_price=order.trail_price,
        ),
        action,
        side=order.side,
        kind=order.type,
        instrument=step.books.instruments[order.symbol],
    )
    order.qty, order.filled_qty = terms.qty, terms.filled
    order.limit, order.trigger = terms.limit, terms.trigger
    order.trail_price = terms.trail_price
    if order.hwm is not None:
        # The mark falls with the price, or the stop would be dragged back up to the old one.
        order.hwm = (order.hwm - action.cash) / action.ratio
    order.value_price = order.value_price / action.ratio
    step.tell(order, Kind.RESTATED)


def _hold(books: Books, action: CorporateAction) -> None:
    account = books.account
    held = account.positions.pop(action.symbol, None)
    account.shorts.discard(action.symbol)
    _move_mark(books, action)
    if held is None:
        return
    qty = split_qty(held.qty, action, books.instruments[action.symbol])
    account.cash += held.qty * action.cash
    if not qty:
        account.realised += held.qty * action.cash - held.cost
        return
    account.realised += held.qty * action.cash
    symbol = action.new_symbol or action.symbol
    account.put(Position(symbol, qty, held.cost))


def _move_mark(books: Books, action: CorporateAction) -> None:
    """Value the shares at the old price, adjusted, until the first print of the day."""
    market = books.account.market
    mark = market.last(action.symbol)
    market.bars.pop(action.symbol, None)
    market.trades.pop(action.symbol, None)
    market.quotes.pop(action.symbol, None)
    if mark is not None and action.ratio:
        market.marks[action.new_symbol or action.symbol] = (mark - action.cash) / action.ratio
    elif not action.ratio:
        market.marks.pop(action.symbol, None)
