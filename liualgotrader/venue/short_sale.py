"""The price test of short sales: Regulation SHO, Rule 201 (17 CFR 242.201).

A trade of regular hours at or under nine tenths of the last regular close restricts the symbol for
the rest of that day and the whole next one: what opens a short may then trade only above the best
bid. Sources in tests/venue_cases/by_date/short_sale.toml.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Protocol

from liualgotrader.common.events import Bar
from liualgotrader.common.orders import Side
from liualgotrader.venue.books import Step
from liualgotrader.venue.market import exact
from liualgotrader.venue.orders import VenueOrder
from liualgotrader.venue.sessions import Session, SessionTimes

# Compliance with SEC release 34-61595; from 2007-07-06 on there had been no price test at all.
IN_FORCE_SINCE = date(2011, 2, 28)
THRESHOLD = Decimal("0.90")


class Past(Protocol):
    """What has been traded. Nothing is told of what comes later."""

    def days(self, symbol: str, now: int) -> Sequence[Bar]:
        """Return the last two day bars that were complete before the day of `now`, ns UTC."""

    def low(self, symbol: str, since: int, upto: int) -> float | None:
        """Return the lowest price from `since` on that is known before `upto`, ns UTC."""


class Falls:
    """What is known of one symbol on one day: the price that restricts it, and whether it has."""

    __slots__ = ("date", "restricted", "seen", "trigger")

    def __init__(self, session: Session, days: Sequence[Bar]) -> None:
        closes = [exact(bar.close) for bar in days]
        self.date = session.date
        self.trigger = closes[-1] * THRESHOLD if closes else None
        self.restricted = len(days) > 1 and exact(days[-1].low) <= closes[-2] * THRESHOLD
        self.seen = session.open


class PriceTest:
    """Which symbols are restricted. Asked only when something would open a short."""

    def __init__(self, sessions: SessionTimes, past: Past) -> None:
        self._sessions = sessions
        self._past = past
        self._known: dict[str, Falls] = {}

    def restricts(self, symbol: str, ts: int) -> bool:
        """Whether a symbol is restricted; without a last close nothing is known, and it is not."""
        session = self._sessions.current(ts)
        if session.date < IN_FORCE_SINCE:
            return False
        falls = self._known.get(symbol)
        if falls is None or falls.date != session.date:
            days = self._past.days(symbol, session.open)
            falls = self._known[symbol] = Falls(session, days)
        if not falls.restricted:
            self._look(symbol, falls, min(ts, session.close))
        return falls.restricted

    def _look(self, symbol: str, falls: Falls, upto: int) -> None:
        """Look at what regular hours have traded since the last time."""
        if falls.trigger is None or upto <= falls.seen:
            return
        low = self._past.low(symbol, falls.seen, upto)
        falls.seen = upto
        falls.restricted = low is not None and exact(low) <= falls.trigger


def restrain(step: Step, order: VenueOrder, price: Decimal | None, ts: int) -> None:
    """Let a short that would take the bid wait a tick above it, in a restricted symbol.

    Pessimistic: what a broker does with such an order was not found. It rests like one shown at the
    lowest price that it may have, and is not moved after a bid that falls. `price` stands for the
    bid where nothing is quoted. What rested already was above the bid when it came, and may trade.
    """
    test = step.books.price_test
    if test is None or order.resting or order.collar is not None or not opens_short(order):
        return
    if not test.restricts(order.symbol, ts):
        return
    quote = step.books.market.quote(order.symbol, step.since(order.symbol))
    if quote is not None and 0 < quote.ask < quote.bid:
        return  # in a crossed market there is no test
    bid = exact(quote.bid) if quote is not None and quote.bid > 0 else price
    if bid is None:
        return
    lowest = bid + step.books.instruments[order.symbol].tick_at(bid)
    order.collar = lowest if order.limit is None else max(order.limit, lowest)
    order.resting = True


def keeps_out(step: Step, order: VenueOrder, price: Decimal) -> bool:
    """Whether an auction's price is not known to be above the bid, for a restricted short."""
    test = step.books.price_test
    if test is None or not opens_short(order) or not test.restricts(order.symbol, step.ts):
        return False
    bid = step.books.market.far_side(order.symbol, Side.SELL)
    return bid is None or price <= bid


def opens_short(order: VenueOrder) -> bool:
    """Whether an order opens a short or adds to one. What sells shares that are held does not."""
    return order.opening and order.side is Side.SELL
