"""Which orders a quote, a print or a bar fills, in which turn, and for how much.

The letters in brackets are the rules of tests/venue_cases/README.md.
"""

from __future__ import annotations

from decimal import Decimal

from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.frozen import Frozen
from liualgotrader.common.orders import OrderType, Side, TimeInForce
from liualgotrader.venue import groups, matching_limit, shares, short_sale, triggers
from liualgotrader.venue.books import Books, Step
from liualgotrader.venue.market import exact
from liualgotrader.venue.orders import ZERO, VenueOrder
from liualgotrader.venue.participation import Budget, allot, share_of
from liualgotrader.venue.slippage import NoSlippage, slipped
from liualgotrader.venue.time_in_force import may_trade

_BUY, _SELL = Side.BUY, Side.SELL
_IOC, _FOK = TimeInForce.IOC, TimeInForce.FOK
_TRAILING_STOP = OrderType.TRAILING_STOP


class Seen(Frozen, frozen=True):
    """A print as the orders of its symbol see it: price, what it gives, when its session began."""

    price: Decimal
    budget: Budget
    since: int


def arrive(step: Step, order: VenueOrder) -> None:
    """Let an order that just came alive see the market on hand (M1, L1, C1)."""
    if not step.books.market.shows(order.symbol):
        return
    if order.waits_for_stop or not order.is_open or not may_trade(order, step.phase(order.symbol)):
        return
    if order.symbol in step.books.halted:
        _settle_immediate(step, order)
        return
    market, since = step.books.market, step.since(order.symbol)
    if order.side is _SELL and order.opening:
        short_sale.restrain(step, order, market.last(order.symbol), step.ts)
    if market.quote(order.symbol, since) is not None:
        _meet_quote(step, order)
        return
    limit, last = order.working_limit, market.printed(order.symbol, since)
    if limit is not None and last is not None:
        order.resting = not matching_limit.within(order.side, limit, last)


def by_quote(step: Step, quote: Quote) -> None:
    """Match the orders of a symbol against a new quote (M2, L2, S1)."""
    phase, since = step.phase(quote.symbol), step.since(quote.symbol)
    prints = step.books.market.printed(quote.symbol, since) is not None
    for order in _queue(step.books, quote.symbol):
        if not order.is_open or not may_trade(order, phase):
            continue
        if not order.waits_for_stop:
            _meet_quote(step, order)
        elif not prints and _elected_by_quote(step, order):
            _elect(step, order)


def by_trade(step: Step, trade: Trade) -> None:
    """Match the orders of a symbol against a print (M3, L1, L3, S1, S6, P1)."""
    phase = step.phase(trade.symbol)
    budget = _budget(step.books, trade.symbol, trade.size)
    seen = Seen(exact(trade.price), budget, step.since(trade.symbol))
    for order in _queue(step.books, trade.symbol):
        if not order.is_open or not may_trade(order, phase):
            continue
        if not order.waits_for_stop:
            _meet_print(step, order, seen)
        elif _print_counts(step.books, order.symbol, seen):
            _test_stop(step, order, seen.price)


def by_bar(step: Step, bar: Bar, start: int) -> None:
    """Match the orders of a symbol against a bar, unless finer views exist (M4, L4, S3, S7, G2).

    `start`: when it began, ns UTC.
    """
    books, symbol = step.books, bar.symbol
    market = books.market
    if market.shows(symbol) and market.is_seen_finely(symbol, books.since(symbol, start)):
        return
    phase = books.phase(symbol, start)
    budget = _budget(books, symbol, bar.volume)
    at_work = books.store.working.get(symbol)
    if at_work is not None and len(at_work) == 1:
        (order,) = at_work.values()
        if not order.legs:
            if order.live_since <= start and may_trade(order, phase):
                _meet_bar(step, order, bar=bar, budget=budget)
            return
    queue = [
        order
        for order in _queue(books, symbol)
        if order.live_since <= start and may_trade(order, phase)
    ]
    while queue:
        order = queue.pop(0)
        if order.is_open:
            queue += _meet_bar(step, order, bar=bar, budget=budget)
            queue.sort(key=_turn)


# ---------------------------------------------------------------------------- turns and amounts


def _queue(books: Books, symbol: str) -> list[VenueOrder]:
    orders = books.store.of_symbol(symbol)
    return orders if len(orders) == 1 else sorted(orders, key=_turn)


def _turn(order: VenueOrder) -> tuple[int, int]:
    """Market orders, then stops, then limits, each by arrival (S7, P2).

    Pessimistic: of two exits that one bar reaches, the stop-loss is taken.
    """
    if order.waits_for_stop:
        return 1, order.arrival
    return (2 if order.working_limit is not None else 0), order.arrival


def _budget(books: Books, symbol: str, volume: float) -> Budget:
    participation = books.rules.participation
    if participation is None:
        return Budget(None)
    return share_of(exact(volume), participation, books.instruments[symbol])


def _size_by_amount(books: Books, order: VenueOrder, price: Decimal) -> None:
    """Give an order by amount its size at the price it meets, down to the smallest fraction.

    A sale by amount never sells more than is there, however far the price has fallen.
    """
    if order.notional is not None:
        qty = books.instruments[order.symbol].qty(order.notional / price)
        spare = qty if order.opening else shares.free(books, order.symbol, without=order)
        order.qty = min(qty, spare)


def _take(step: Step, order: VenueOrder, *, price: Decimal, left: Decimal | None) -> Decimal:
    """Fill what is left for an order at a price; return how much that was.

    Nothing trades outside the price bands or in a pause: the order waits.
    """
    bands = step.books.bands
    if bands is not None and not bands.allows(order.symbol, price, step.ts):
        return ZERO
    if order.qty is None:
        _size_by_amount(step.books, order, price)
    if left is None:
        qty = order.remaining
    else:
        qty = allot(order, left, step.books.instruments[order.symbol])
        if order.tif is _FOK and qty < order.remaining:
            return ZERO
    if qty > 0:
        step.fill(order, qty, price)
        if order.legs or groups.is_exit(order):
            groups.after_fill(step, order, qty)
    return qty


def _slip(books: Books, order: VenueOrder, price: Decimal) -> Decimal:
    """Make the price of a taker worse (Q1)."""
    if type(books.rules.slippage) is NoSlippage:
        return price
    model = books.slippage.get(order.symbol, books.rules.slippage)
    return slipped(
        order.side,
        price,
        worse_by=model.per_unit(price, books.market.spread(order.symbol)),
        limit=order.working_limit,
        instrument=books.instruments[order.symbol],
    )


def _is_immediate(order: VenueOrder) -> bool:
    return order.tif is _IOC or order.tif is _FOK


def _settle_immediate(step: Step, order: VenueOrder) -> None:
    """Cancel what an immediate order did not get from the first row it saw (C1)."""
    if _is_immediate(order) and order.is_open:
        groups.end(step, order, Kind.CANCELED)


# ---------------------------------------------------------------------------- quotes


def _meet_quote(step: Step, order: VenueOrder) -> None:
    market = step.books.market
    far = market.far_side(order.symbol, order.side, step.since(order.symbol))
    if order.side is _SELL and order.opening:
        short_sale.restrain(step, order, far, step.ts)
    if far is not None:
        price = _quote_price(step.books, order, far)
        order.resting = order.working_limit is not None
        if price is not None:
            left = market.shown(order.symbol, order.side)
            market.take(order.symbol, order.side, _take(step, order, price=price, left=left))
            _greet_legs(step, order)
    _settle_immediate(step, order)


def _quote_price(books: Books, order: VenueOrder, far: Decimal) -> Decimal | None:
    limit = order.working_limit
    if limit is None:
        return _slip(books, order, far)
    price = matching_limit.by_quote(order.side, limit, far, resting=order.resting)
    return price if price is None or order.resting else _slip(books, order, price)


def _elected_by_quote(step: Step, order: VenueOrder) -> bool:
    """On a tape of quotes alone the bid elects a sell stop, the ask a buy stop (S1)."""
    far = step.books.market.far_side(order.symbol, order.side, step.since(order.symbol))
    if far is None or order.trigger is None:
        return False
    return triggers.reaches(order.side, order.trigger, far)


# ---------------------------------------------------------------------------- prints


def _meet_print(step: Step, order: VenueOrder, seen: Seen) -> None:
    if not order.resting and step.books.market.quote(order.symbol, seen.since) is not None:
        return
    if order.side is _SELL and order.opening:
        short_sale.restrain(step, order, seen.price, step.ts)
    price = _print_price(step.books, order, seen.price)
    order.resting = order.working_limit is not None
    if price is not None:
        seen.budget.take(_take(step, order, price=price, left=seen.budget.left))
        _greet_legs(step, order)
    _settle_immediate(step, order)


def _print_price(books: Books, order: VenueOrder, price: Decimal) -> Decimal | None:
    limit = order.working_limit
    if limit is None:
        return _slip(books, order, price)
    found = matching_limit.by_print(order.side, limit, price, resting=order.resting)
    return found if found is None or order.resting else _slip(books, order, found)


def _print_counts(books: Books, symbol: str, seen: Seen) -> bool:
    market = books.market
    return triggers.print_counts(
        seen.price,
        bid=market.far_side(symbol, _SELL, seen.since),
        ask=market.far_side(symbol, _BUY, seen.since),
    )


def _test_stop(step: Step, order: VenueOrder, price: Decimal) -> None:
    """Test the stop that stands, then move the water mark (S6)."""
    if order.trigger is not None and triggers.reaches(order.side, order.trigger, price):
        _elect(step, order)
    else:
        trail(step.books, order, price)


def _elect(step: Step, order: VenueOrder) -> None:
    """Turn a stop into the order it stands for: an arrival of its own (S2, S5)."""
    order.triggered = True
    order.updated_at = step.ts
    arrive(step, order)


def trail(books: Books, order: VenueOrder, price: Decimal) -> None:
    """Move the water mark of a trailing stop by a price, and its stop behind it."""
    if order.type is not _TRAILING_STOP:
        return
    order.hwm = triggers.moved_mark(order.side, order.hwm, price)
    order.trigger = triggers.trailing_stop(
        books.instruments[order.symbol],
        order.side,
        mark=order.hwm,
        by_price=order.trail_price,
        by_percent=order.trail_percent,
    )


def _greet_legs(step: Step, parent: VenueOrder) -> None:
    """Let the exits that an entry brought alive see the market on hand."""
    if parent.legs and not parent.is_open and not groups.is_exit(parent):
        for leg in step.books.store.legs(parent):
            arrive(step, leg)


# ---------------------------------------------------------------------------- bars


def _meet_bar(step: Step, order: VenueOrder, *, bar: Bar, budget: Budget) -> list[VenueOrder]:
    """Match one order against a bar; return the exits that may act in the same bar."""
    waits = order.waits_for_stop
    if order.opening and order.side is _SELL and not waits:
        short_sale.restrain(step, order, exact(bar.open), bar.start)
    price_of = _bar_stop if waits else _bar_price
    price, at_open = price_of(step.books, order, bar)
    order.resting = order.working_limit is not None and not order.waits_for_stop
    awake: list[VenueOrder] = []
    if price is not None:
        budget.take(_take(step, order, price=price, left=budget.left))
        if order.legs:
            awake = _exits_in_bar(step.books, order, at_open=at_open)
    _settle_immediate(step, order)
    return awake


def _bar_price(books: Books, order: VenueOrder, bar: Bar) -> tuple[Decimal | None, bool]:
    """Return what an order that is no waiting stop pays, and whether that was at the open."""
    limit, opened = order.working_limit, exact(bar.open)
    if limit is None:
        return _slip(books, order, opened), True
    if _is_immediate(order):
        # Only the open is immediate: a better price later in the bar is not (C1).
        return _print_price(books, order, opened), True
    price = matching_limit.by_bar(order.side, limit, bar)
    at_open = matching_limit.through(order.side, limit, opened)
    if price is not None and at_open and not order.resting:
        price = _slip(books, order, price)
    return price, at_open


def _bar_stop(books: Books, order: VenueOrder, bar: Bar) -> tuple[Decimal | None, bool]:
    """Return what a stop pays that a bar elects (S3, S5), and whether that was at the open."""
    stop, side = order.trigger, order.side
    if stop is None or not triggers.bar_reaches(side, stop, bar):
        # The new stop counts from the next bar: which came first, high or low, is not known.
        trail(books, order, exact(bar.low if side is _BUY else bar.high))
        return None, False
    order.triggered = True
    at_open = triggers.reaches(side, stop, exact(bar.open))
    if at_open and order.working_limit is not None:
        return _bar_price(books, order, bar)
    price = triggers.elected_at(side, stop, bar)
    if not matching_limit.within(side, order.working_limit, price):
        return None, False
    return _slip(books, order, price), at_open


def _exits_in_bar(books: Books, entry: VenueOrder, *, at_open: bool) -> list[VenueOrder]:
    """Return the exits that may act in the bar that filled their entry (G2).

    Pessimistic: the stop-loss always may; the take-profit only when the entry filled at the open,
    for otherwise the best price may have come before it.
    """
    if entry.is_open or groups.is_exit(entry):
        return []
    return [leg for leg in books.store.legs(entry) if at_open or leg.waits_for_stop]
