"""Which orders a quote, a print or a bar fills, in which turn, and for how much.

The letters in brackets are the rules of tests/venue_cases/README.md.
"""

from __future__ import annotations

from decimal import Decimal

from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import OrderType, Side, TimeInForce
from liualgotrader.venue import groups, matching_limit, shares, triggers
from liualgotrader.venue.books import Books, Out
from liualgotrader.venue.market import Source, exact
from liualgotrader.venue.orders import VenueOrder
from liualgotrader.venue.participation import Budget, allot, share_of
from liualgotrader.venue.slippage import slipped
from liualgotrader.venue.time_in_force import IMMEDIATE, may_trade


def arrive(books: Books, out: Out, order: VenueOrder, ts: int) -> None:
    """Let an order that just came alive see the market on hand (M1, L1, C1)."""
    phase = books.phase(order.symbol, ts)
    if order.waits_for_stop or not order.is_open or not may_trade(order, phase):
        return
    since = books.since(order.symbol, ts)
    if books.market.quote(order.symbol, since) is not None:
        _meet_quote(books, out, order, ts, since)
        return
    limit = order.working_limit
    last = books.market.printed(order.symbol, since)
    if limit is not None and last is not None:
        order.resting = not matching_limit.within(order.side, limit, last)


def by_quote(books: Books, out: Out, quote: Quote, ts: int) -> None:
    """Match the orders of a symbol against a new quote (M2, L2, S1)."""
    phase = books.phase(quote.symbol, ts)
    since = books.since(quote.symbol, ts)
    prints = books.market.printed(quote.symbol, since) is not None
    for order in _queue(books, quote.symbol):
        if not order.is_open or not may_trade(order, phase):
            continue
        if not order.waits_for_stop:
            _meet_quote(books, out, order, ts, since)
        elif not prints and _elected_by_quote(books, order, since):
            _elect(books, out, order, ts)


def by_trade(books: Books, out: Out, trade: Trade, ts: int) -> None:
    """Match the orders of a symbol against a print (M3, L1, L3, S1, S6, P1)."""
    phase = books.phase(trade.symbol, ts)
    since = books.since(trade.symbol, ts)
    price = exact(trade.price)
    budget = _budget(books, trade.symbol, trade.size)
    for order in _queue(books, trade.symbol):
        if not order.is_open or not may_trade(order, phase):
            continue
        if order.waits_for_stop:
            if _print_counts(books, order.symbol, price, since):
                _test_stop(books, out, order, price, ts)
        else:
            _meet_print(books, out, order, price, budget, ts, since)


def by_bar(books: Books, out: Out, bar: Bar, ts: int) -> None:
    """Match the orders of a symbol against a bar, unless finer views exist (M4, L4, S3, S7, G2)."""
    if books.market.finest(bar.symbol, books.since(bar.symbol, bar.start)) is not Source.BAR:
        return
    phase = books.phase(bar.symbol, bar.start)
    budget = _budget(books, bar.symbol, bar.volume)
    queue = [
        order
        for order in _queue(books, bar.symbol)
        if order.live_since <= bar.start and may_trade(order, phase)
    ]
    while queue:
        order = queue.pop(0)
        if order.is_open:
            queue += _meet_bar(books, out, order, bar, budget, ts)
            queue.sort(key=_turn)


# ---------------------------------------------------------------------------- turns and amounts


def _queue(books: Books, symbol: str) -> list[VenueOrder]:
    return sorted(books.store.of_symbol(symbol), key=_turn)


def _turn(order: VenueOrder) -> tuple[int, int]:
    """Market orders, then stops, then limits, each by arrival (S7, P2).

    Pessimistic: of two exits that one bar reaches, the stop-loss is taken.
    """
    if order.waits_for_stop:
        return 1, order.arrival
    return (2 if order.working_limit is not None else 0), order.arrival


def _budget(books: Books, symbol: str, volume: float) -> Budget:
    rules = books.rules
    if rules.participation is None:
        return Budget(None)
    return share_of(exact(volume), rules.participation, books.instruments[symbol])


def _size_by_amount(books: Books, order: VenueOrder, price: Decimal) -> None:
    """Give an order by amount its size at the price it meets, down to the smallest fraction.

    A sale by amount never sells more than is there, however far the price has fallen.
    """
    if order.qty is None and order.notional is not None:
        qty = books.instruments[order.symbol].qty(order.notional / price)
        spare = qty if order.opening else shares.free(books, order.symbol, without=order)
        order.qty = min(qty, spare)


def _take(
    books: Books,
    out: Out,
    order: VenueOrder,
    price: Decimal,
    left: Decimal | None,
    ts: int,
) -> Decimal:
    """Fill what is left for an order at a price; return how much that was."""
    _size_by_amount(books, order, price)
    qty = allot(order, left, books.instruments[order.symbol])
    if order.tif is TimeInForce.FOK and qty < order.remaining:
        return Decimal(0)
    if qty > 0:
        books.fill(out, order, qty, price, ts)
        groups.after_fill(books, out, order, qty, ts)
    return qty


def _slip(books: Books, order: VenueOrder, price: Decimal) -> Decimal:
    """Make the price of a taker worse (Q1)."""
    worse_by = books.rules.slippage.per_unit(price, books.market.spread(order.symbol))
    return slipped(
        order.side,
        price,
        worse_by,
        limit=order.working_limit,
        instrument=books.instruments[order.symbol],
    )


def _settle_immediate(books: Books, out: Out, order: VenueOrder, ts: int) -> None:
    """Cancel what an immediate order did not get from the first row it saw (C1)."""
    if order.tif in IMMEDIATE and order.is_open:
        groups.end(books, out, order, Kind.CANCELED, ts)


# ---------------------------------------------------------------------------- quotes


def _meet_quote(books: Books, out: Out, order: VenueOrder, ts: int, since: int) -> None:
    far = books.market.far_side(order.symbol, order.side, since)
    price = None if far is None else _quote_price(books, order, far)
    if far is not None:
        order.resting = order.working_limit is not None
    if price is not None:
        left = books.market.shown(order.symbol, order.side)
        qty = _take(books, out, order, price, left, ts)
        books.market.take(order.symbol, order.side, qty)
        _greet_legs(books, out, order, ts)
    _settle_immediate(books, out, order, ts)


def _quote_price(books: Books, order: VenueOrder, far: Decimal) -> Decimal | None:
    limit = order.working_limit
    if limit is None:
        return _slip(books, order, far)
    price = matching_limit.by_quote(order.side, limit, far, resting=order.resting)
    return price if price is None or order.resting else _slip(books, order, price)


def _elected_by_quote(books: Books, order: VenueOrder, since: int) -> bool:
    """On a tape of quotes alone the bid elects a sell stop, the ask a buy stop (S1)."""
    far = books.market.far_side(order.symbol, order.side, since)
    return (
        far is not None
        and order.trigger is not None
        and triggers.reaches(order.side, order.trigger, far)
    )


# ---------------------------------------------------------------------------- prints


def _meet_print(
    books: Books,
    out: Out,
    order: VenueOrder,
    price: Decimal,
    budget: Budget,
    ts: int,
    since: int,
) -> None:
    if not order.resting and books.market.quote(order.symbol, since) is not None:
        return
    found = _print_price(books, order, price)
    order.resting = order.working_limit is not None
    if found is not None:
        budget.take(_take(books, out, order, found, budget.left, ts))
        _greet_legs(books, out, order, ts)
    _settle_immediate(books, out, order, ts)


def _print_price(books: Books, order: VenueOrder, price: Decimal) -> Decimal | None:
    limit = order.working_limit
    if limit is None:
        return _slip(books, order, price)
    found = matching_limit.by_print(order.side, limit, price, resting=order.resting)
    return found if found is None or order.resting else _slip(books, order, found)


def _print_counts(books: Books, symbol: str, price: Decimal, since: int) -> bool:
    market = books.market
    return triggers.print_counts(
        price,
        market.far_side(symbol, Side.SELL, since),
        market.far_side(symbol, Side.BUY, since),
    )


def _test_stop(books: Books, out: Out, order: VenueOrder, price: Decimal, ts: int) -> None:
    """Test the stop that stands, then move the water mark (S6)."""
    if order.trigger is not None and triggers.reaches(order.side, order.trigger, price):
        _elect(books, out, order, ts)
    else:
        trail(books, order, price)


def _elect(books: Books, out: Out, order: VenueOrder, ts: int) -> None:
    """Turn a stop into the order it stands for: an arrival of its own (S2, S5)."""
    order.triggered = True
    order.updated_at = ts
    arrive(books, out, order, ts)


def trail(books: Books, order: VenueOrder, price: Decimal) -> None:
    """Move the water mark of a trailing stop by a price, and its stop behind it."""
    if order.type is not OrderType.TRAILING_STOP:
        return
    order.hwm = triggers.moved_mark(order.side, order.hwm, price)
    order.trigger = triggers.trailing_stop(
        books.instruments[order.symbol],
        order.side,
        order.hwm,
        by_price=order.trail_price,
        by_percent=order.trail_percent,
    )


def _greet_legs(books: Books, out: Out, parent: VenueOrder, ts: int) -> None:
    """Let the exits that an entry brought alive see the market on hand."""
    if parent.legs and not parent.is_open and not groups.is_exit(parent):
        for leg in books.store.legs(parent):
            arrive(books, out, leg, ts)


# ---------------------------------------------------------------------------- bars


def _meet_bar(
    books: Books,
    out: Out,
    order: VenueOrder,
    bar: Bar,
    budget: Budget,
    ts: int,
) -> list[VenueOrder]:
    """Match one order against a bar; return the exits that may act in the same bar."""
    if order.waits_for_stop:
        price, at_open = _bar_stop(books, order, bar)
    else:
        price, at_open = _bar_price(books, order, bar)
    order.resting = order.working_limit is not None and not order.waits_for_stop
    awake: list[VenueOrder] = []
    if price is not None:
        budget.take(_take(books, out, order, price, budget.left, ts))
        awake = _exits_in_bar(books, order, bar, at_open=at_open)
    _settle_immediate(books, out, order, ts)
    return awake


def _bar_price(books: Books, order: VenueOrder, bar: Bar) -> tuple[Decimal | None, bool]:
    """Return what an order that is no waiting stop pays, and whether that was at the open."""
    limit = order.working_limit
    opened = exact(bar.open)
    if limit is None:
        return _slip(books, order, opened), True
    if order.tif in IMMEDIATE:
        # Only the open is immediate: a better price later in the bar is not (C1).
        price = matching_limit.by_print(order.side, limit, opened, resting=False)
        return (None if price is None else _slip(books, order, price)), True
    price = matching_limit.by_bar(order.side, limit, bar)
    at_open = price is not None and matching_limit.through(order.side, limit, opened)
    if price is not None and at_open and not order.resting:
        price = _slip(books, order, price)
    return price, at_open


def _bar_stop(books: Books, order: VenueOrder, bar: Bar) -> tuple[Decimal | None, bool]:
    """Return what a stop pays that a bar elects (S3, S5), and whether that was at the open."""
    stop, side = order.trigger, order.side
    if stop is None or not triggers.bar_reaches(side, stop, bar):
        # The new stop counts from the next bar: which came first, high or low, is not known.
        trail(books, order, exact(bar.low if side is Side.BUY else bar.high))
        return None, False
    order.triggered = True
    at_open = triggers.reaches(side, stop, exact(bar.open))
    if at_open and order.working_limit is not None:
        return _bar_price(books, order, bar)
    price = triggers.elected_at(side, stop, bar)
    if not matching_limit.within(side, order.working_limit, price):
        return None, False
    return _slip(books, order, price), at_open


def _exits_in_bar(
    books: Books,
    entry: VenueOrder,
    bar: Bar,
    *,
    at_open: bool,
) -> list[VenueOrder]:
    """Return the exits that may act in the bar that filled their entry (G2).

    Pessimistic: the stop-loss always may; the take-profit only when the entry filled at the open,
    for otherwise the best price may have come before it.
    """
    if not entry.legs or entry.is_open or groups.is_exit(entry):
        return []
    legs = books.store.legs(entry)
    for leg in legs:
        leg.live_since = min(leg.live_since, bar.start)
    return [leg for leg in legs if at_open or leg.waits_for_stop]
