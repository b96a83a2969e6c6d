"""The venue and broker as one: requests, market events and time go in, order events come out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal

from liualgotrader.common.events import Bar, CorporateAction, Quote, Trade
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import OrderStatus, TimeInForce
from liualgotrader.venue import (
    auctions,
    buying_power,
    corporate_actions,
    groups,
    incidents,
    matching,
    routing,
    shares,
)
from liualgotrader.venue.account import Account
from liualgotrader.venue.books import Books, Step
from liualgotrader.venue.orders import (
    Change,
    Execution,
    OrderRequest,
    Rejection,
    VenueEvent,
    VenueOrder,
)
from liualgotrader.venue.rules import VenueRules
from liualgotrader.venue.sessions import FAR, Moment, Session, SessionTimes
from liualgotrader.venue.short_sale import Past, PriceTest
from liualgotrader.venue.time_in_force import expires_at, is_aged, routed_at

Events = Sequence[VenueEvent]
NOTHING: Events = ()


class Venue:
    """One account at one venue. Hand in everything with its time, ns UTC, never backwards.

    A bar may be handed in when it begins or when it ends, always before `on_clock` of its end; it
    fills only what was at work when it began.
    """

    def __init__(
        self,
        *,
        account: Account,
        instruments: Mapping[str, Instrument],
        sessions: SessionTimes,
        rules: VenueRules,
        ids: Callable[[], str],
    ) -> None:
        self.account = account
        self.books = Books(
            account=account,
            instruments=instruments,
            sessions=sessions,
            rules=rules,
            ids=ids,
        )
        self._working = self.books.store.working
        self._quotes = account.market.quotes
        self._trades = account.market.trades
        self._bars = account.market.bars
        self.books.begin_day(0)
        self._clock = 0
        self._due = 0
        self._owed: list[VenueEvent] = []

    # ------------------------------------------------------------------ what is asked of it

    def submit(self, request: OrderRequest, ts: int) -> list[VenueEvent]:
        """Take an order. Raises Rejection for what the broker refuses at once: nothing changes.

        Call `on_clock(ts)` first where one has to know what time brought even when this raises;
        otherwise the next call tells it.
        """
        out = list(self.on_clock(ts))
        try:
            routing.submit(Step(self.books, ts, out), request)
        except Rejection:
            self._owed += out
            raise
        return out

    def cancel(self, order_id: str, ts: int) -> list[VenueEvent]:
        """Take an order back, and its group. Raises Rejection: 404 unknown, 422 final."""
        out = list(self.on_clock(ts))
        with self._owing(out):
            order = self._known(order_id)
            if not order.is_open:
                raise Rejection(422, 42210000, f"order is not cancelable: it is {order.status}")
            groups.end(Step(self.books, ts, out), order, Kind.CANCELED)
        return out

    def replace(
        self,
        order_id: str,
        ts: int,
        *,
        qty: Decimal | None = None,
        limit: Decimal | None = None,
        trigger: Decimal | None = None,
        trail: Decimal | None = None,
        tif: TimeInForce | None = None,
        notional: Decimal | None = None,
        client_id: str | None = None,
    ) -> list[VenueEvent]:
        """Change an order: the old one ends as replaced, a new one with a new id takes over.

        `qty` is the whole order with what has filled, and the new order carries that on. Raises
        Rejection, after which the old order works on unchanged.
        """
        out = list(self.on_clock(ts))
        change = Change(
            qty=qty,
            limit=limit,
            trigger=trigger,
            trail=trail,
            tif=tif,
            notional=notional,
            client_id=client_id,
        )
        with self._owing(out):
            routing.replace(Step(self.books, ts, out), self._known(order_id), change)
        return out

    def remember(self, past: Past) -> None:
        """Learn where to ask what was traded before; without it no short sale is restricted."""
        books = self.books
        if books.rules.short_sale_test:
            books.price_test = PriceTest(books.sessions, past)

    # ------------------------------------------------------------------ what the market shows it

    def on_trade(self, trade: Trade, ts: int) -> Events:
        """See a print. Two dictionary operations for a symbol without an order at work."""
        symbol = trade.symbol
        self._trades[symbol] = trade
        if symbol not in self._working:
            return NOTHING
        step = Step(self.books, ts, list(self.on_clock(ts)))
        auctions.by_trade(step, trade)
        matching.by_trade(step, trade)
        return step.out

    def on_quote(self, quote: Quote, ts: int) -> Events:
        """See a new best bid and ask. Sizes in units."""
        symbol = quote.symbol
        self._quotes[symbol] = quote
        if symbol not in self._working:
            return NOTHING
        step = Step(self.books, ts, list(self.on_clock(ts)))
        matching.by_quote(step, quote)
        return step.out

    def on_bar(self, bar: Bar, ts: int) -> Events:
        """See a bar. It belongs to the part of the day in which it began."""
        symbol = bar.symbol
        self._bars[symbol] = bar
        if symbol not in self._working:
            return NOTHING
        start = bar.start
        step = Step(self.books, ts, list(self.on_clock(start)))
        auctions.by_bar(step, bar, start)
        matching.by_bar(step, bar, start)
        return step.out

    def on_clock(self, ts: int) -> Events:
        """Live through what the venue does by itself up to and with `ts`: routing, expiry, fees."""
        if ts < self._due and not self._owed:
            self._clock = max(ts, self._clock)
            return NOTHING
        out, self._owed = self._owed, []
        for moment_ts, moment, session in self.books.sessions.moments(self._clock, ts):
            _live_through(Step(self.books, moment_ts, out), moment, session)
        self._clock = max(ts, self._clock)
        self._due = self.books.sessions.next_moment(self._clock) or FAR
        return out

    def next_clock(self) -> int | None:
        """Return when `on_clock` wants to be called next; None while nothing waits for time."""
        if self._owed:
            return self._clock
        if not (self._working or self.account.unsettled or self.books.uncharged):
            return None
        if self._due <= self._clock:
            self._due = self.books.sessions.next_moment(self._clock) or FAR
        return self._due if self._due < FAR else None

    def on_corporate_action(self, action: CorporateAction, ts: int) -> list[VenueEvent]:
        """Let an ex-date come: before the first print of its day."""
        out = list(self.on_clock(ts))
        corporate_actions.take_effect(Step(self.books, ts, out), action)
        return out

    # ------------------------------------------------------------------ what happens now and then

    @property
    def halted(self) -> frozenset[str]:
        """The symbols in which trading stands still: orders are taken and not filled.

        Whoever halts a symbol hands in no prints, quotes and bars of it.
        """
        return self.books.halted

    @halted.setter
    def halted(self, symbols: frozenset[str]) -> None:
        self.books.halted = symbols

    def can_fill(self, order_id: str, ts: int) -> bool:
        """Tell whether `fill_late` would fill an order."""
        order = self.order(order_id)
        return order is not None and incidents.can_fill(Step(self.books, ts, []), order)

    def fill_late(self, order_id: str, part: Decimal, ts: int) -> list[VenueEvent]:
        """Fill a part, in (0, 1], of what is left of an order, at its limit or the last price."""
        out = list(self.on_clock(ts))
        incidents.fill_late(Step(self.books, ts, out), self._known(order_id), part)
        return out

    def can_amend(self, execution_id: str) -> bool:
        """Tell whether an execution can be taken back or corrected: its order belongs to no group."""
        return incidents.amendable(self.books, execution_id) is not None

    def bust(self, execution_id: str, ts: int) -> list[VenueEvent]:
        """Take an execution back. Raises Rejection 404 for one that is not there."""
        out = list(self.on_clock(ts))
        incidents.bust(Step(self.books, ts, out), execution_id)
        return out

    def correct(self, execution_id: str, by: Decimal, ts: int) -> list[VenueEvent]:
        """Correct an execution's price by so many dollars. Raises Rejection 404 for one that is not there."""
        out = list(self.on_clock(ts))
        incidents.correct(Step(self.books, ts, out), execution_id, by)
        return out

    def forget_ended(self) -> None:
        """Forget orders that have ended, and all executions: a long run keeps them elsewhere."""
        self.books.store.forget_ended()
        self.books.executions.clear()

    # ------------------------------------------------------------------ what it knows

    @property
    def executions(self) -> list[Execution]:
        """Every fill, oldest first."""
        return self.books.executions

    def order(self, order_id: str) -> VenueOrder | None:
        """Return an order by the broker's id."""
        return self.books.store.orders.get(order_id)

    def order_by_client_id(self, client_id: str) -> VenueOrder | None:
        """Return an order by the client's id."""
        return self.books.store.by_client.get(client_id)

    def orders(self) -> list[VenueOrder]:
        """Return all orders ever taken, oldest first, legs among them."""
        return list(self.books.store.orders.values())

    def open_orders(self) -> list[VenueOrder]:
        """Return the orders that can still fill, oldest first, sleeping legs among them."""
        return self.books.store.open_orders()

    def legs(self, order: VenueOrder) -> list[VenueOrder]:
        """Return the legs of an order, take-profit first."""
        return self.books.store.legs(order)

    def buying_power(self) -> Decimal:
        """Return what can still be bought or sold short, open orders taken off; never below 0."""
        return buying_power.shown(self.books)

    def held(self, symbol: str) -> Decimal:
        """Return how much of a position open orders have reserved."""
        return shares.held(self.books, symbol)

    # ------------------------------------------------------------------ inside

    @contextmanager
    def _owing(self, out: list[VenueEvent]) -> Iterator[None]:
        """Keep what time brought before a refused request, and tell it with the next call."""
        try:
            yield
        except Rejection:
            self._owed += out
            raise

    def _known(self, order_id: str) -> VenueOrder:
        order = self.books.store.orders.get(order_id)
        if order is None:
            raise Rejection(404, 40410000, f"order not found for {order_id}")
        return order


def _live_through(step: Step, moment: Moment, session: Session) -> None:
    books = step.books
    books.account.settle(step.ts)
    if moment is Moment.CLOSE:
        books.day_trading.close()
        auctions.closing_bars(step, session)
    elif moment is Moment.LATE_CLOSE:
        auctions.without_print(step, session)
    elif moment is Moment.POST_CLOSE:
        books.charge_day(step.ts, session.date)
        books.begin_day(step.ts)
    for order in books.store.open_orders():
        if order.is_open:
            _age(step, order, moment, today=session.date)


def _age(step: Step, order: VenueOrder, moment: Moment, *, today: date) -> None:
    """Route an order whose hours begin, end one whose time is over."""
    if order.status is OrderStatus.ACCEPTED and routed_at(order, moment):
        step.tell(order, Kind.NEW)
    elif expires_at(order, moment):
        groups.end(step, order, Kind.EXPIRED)
    elif moment is Moment.AGED:
        created = step.books.sessions.date_of(order.submitted_at)
        if is_aged(order, created, today=today, days=step.books.rules.gtc_days):
            groups.end(step, order, Kind.CANCELED)
