"""The venue and broker as one: requests, market events and the clock go in, events of orders come
out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from liualgotrader.common.events import Bar, OrderEventKind, Quote, Trade
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import OrderStatus, OrderType, Side, next_status
from liualgotrader.venue import ranges
from liualgotrader.venue.account import Account
from liualgotrader.venue.matching_limit import limit_price
from liualgotrader.venue.matching_market import market_price
from liualgotrader.venue.orders import (
    Execution,
    OrderRequest,
    Rejection,
    VenueEvent,
    VenueOrder,
)
from liualgotrader.venue.ranges import Range, Sight
from liualgotrader.venue.rules import VenueRules
from liualgotrader.venue.sessions import Phase, SessionTimes
from liualgotrader.venue.store import OrderStore
from liualgotrader.venue.time_in_force import expires_at_boundary, may_trade, works_in

Kind = OrderEventKind
Events = Sequence[VenueEvent]
NOTHING: Events = ()


class Venue:
    """One account at one venue. Hand in everything with its time (ns UTC, never backwards)."""

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
        self.instruments = instruments
        self.sessions = sessions
        self.rules = rules
        self.executions: list[Execution] = []
        self._ids = ids
        self._store = OrderStore()
        self._working = self._store.working
        self._last = account.last
        self._quotes: dict[str, Quote] = {}
        self._clock = 0

    # ------------------------------------------------------------------ what is asked of it

    def submit(self, request: OrderRequest, ts: int) -> list[VenueEvent]:
        """Take an order. Raises Rejection for what a broker refuses at once."""
        out = list(self.on_clock(ts))
        instrument = self.instruments.get(request.symbol)
        if instrument is None:
            raise Rejection(422, 42210000, f"asset {request.symbol} not found")
        order = self._order_of(request, ts)
        self._store.add(order)
        works = works_in(
            instrument,
            self.sessions.phase(ts),
            extended_hours=order.extended_hours,
        )
        self._emit(out, order, Kind.NEW if works else Kind.ACCEPTED, ts)
        self._match_on_arrival(out, order, ts)
        return out

    def cancel(self, order_id: str, ts: int) -> list[VenueEvent]:
        """Take an order back. Raises Rejection 404 when unknown, 422 when it has ended."""
        out = list(self.on_clock(ts))
        order = self._open_order(order_id)
        self._emit(out, order, Kind.CANCELED, ts)
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
        client_id: str | None = None,
    ) -> list[VenueEvent]:
        """Change an order: the old one ends as replaced, a new one with a new id takes over."""
        raise Rejection(501, 50110000, "replace comes with the next commit")

    # ------------------------------------------------------------------ what the market shows it

    def on_trade(self, trade: Trade, ts: int) -> Events:
        """See a print. Two dictionary operations for a symbol without an order at work."""
        symbol = trade.symbol
        self._last[symbol] = trade
        if symbol not in self._working:
            return NOTHING
        return self._match(symbol, ranges.of_trade(trade), ts, phase_at=ts)

    def on_quote(self, quote: Quote, ts: int) -> Events:
        """See a new best bid and ask."""
        symbol = quote.symbol
        self._quotes[symbol] = quote
        if symbol not in self._working:
            return NOTHING
        return self._match(symbol, ranges.of_quote(quote), ts, phase_at=ts)

    def on_bar(self, bar: Bar, ts: int) -> Events:
        """See a complete bar: it belongs to the phase it began in."""
        symbol = bar.symbol
        self._last[symbol] = bar
        if symbol not in self._working:
            return NOTHING
        return self._match(symbol, ranges.of_bar(bar), ts, phase_at=bar.start)

    def on_clock(self, ts: int) -> Events:
        """Live through the boundaries up to and with `ts`: opens, closes, expiries, settlement."""
        if ts <= self._clock:
            return NOTHING
        out: list[VenueEvent] = []
        for boundary, begins in self.sessions.boundaries(self._clock, ts):
            self._at_boundary(out, boundary, begins)
        self._clock = ts
        return out

    def next_clock(self) -> int | None:
        """Return when `on_clock` wants to be called next, or None."""
        if not self._working and not self.account.unsettled:
            return None
        return self.sessions.next_boundary(self._clock)

    # ------------------------------------------------------------------ what it knows

    def order(self, order_id: str) -> VenueOrder | None:
        """Return an order by the broker's id."""
        return self._store.orders.get(order_id)

    def order_by_client_id(self, client_id: str) -> VenueOrder | None:
        """Return an order by the client's id."""
        return self._store.by_client.get(client_id)

    def orders(self) -> list[VenueOrder]:
        """Return all orders ever taken, oldest first, legs among them."""
        return list(self._store.orders.values())

    def open_orders(self) -> list[VenueOrder]:
        """Return the orders that can still fill, oldest first, held legs among them."""
        return self._store.open_orders()

    # ------------------------------------------------------------------ inside

    def _order_of(self, request: OrderRequest, ts: int) -> VenueOrder:
        order_id = self._ids()
        return VenueOrder(
            id=order_id,
            client_id=request.client_id or self._ids(),
            symbol=request.symbol,
            side=request.side,
            type=request.type,
            tif=request.tif,
            qty=request.qty,
            notional=request.notional,
            limit=request.limit,
            trigger=request.trigger,
            trail_price=request.trail_price,
            trail_percent=request.trail_percent,
            extended_hours=request.extended_hours,
            order_class=request.order_class,
            submitted_at=ts,
            updated_at=ts,
        )

    def _open_order(self, order_id: str) -> VenueOrder:
        order = self._store.orders.get(order_id)
        if order is None:
            raise Rejection(404, 40410000, f"order not found for {order_id}")
        if not order.is_open:
            raise Rejection(422, 42210000, f'order is already in "{order.status}" state')
        return order

    def _at_boundary(self, out: list[VenueEvent], ts: int, begins: Phase) -> None:
        self.account.settle(ts)
        for order in self._store.open_orders():
            if expires_at_boundary(order, begins):
                self._emit(out, order, Kind.EXPIRED, ts)
            elif order.status is OrderStatus.ACCEPTED and works_in(
                self.instruments[order.symbol],
                begins,
                extended_hours=order.extended_hours,
            ):
                self._emit(out, order, Kind.NEW, ts)

    def _match_on_arrival(self, out: list[VenueEvent], order: VenueOrder, ts: int) -> None:
        quote = self._quotes.get(order.symbol)
        if quote is not None:
            self._match_orders(out, [order], ranges.of_quote(quote), ts, self.sessions.phase(ts))

    def _match(self, symbol: str, sight: Sight, ts: int, *, phase_at: int) -> Events:
        out = list(self.on_clock(phase_at))
        phase = self.sessions.phase(phase_at)
        self._match_orders(out, self._store.of_symbol(symbol), sight, ts, phase)
        return out

    def _match_orders(
        self,
        out: list[VenueEvent],
        orders: Sequence[VenueOrder],
        sight: Sight,
        ts: int,
        phase: Phase,
    ) -> None:
        for order in orders:
            seen = sight.of(order.side)
            if seen is None or not may_trade(order, self.instruments[order.symbol], phase):
                continue
            price = _price(order, seen)
            if price is not None:
                self._fill(out, order, order.remaining, price, ts)

    def _fill(
        self,
        out: list[VenueEvent],
        order: VenueOrder,
        qty: Decimal,
        price: Decimal,
        ts: int,
    ) -> None:
        session = self.sessions.current(ts)
        day = session.date if session is not None else self.sessions.sessions[-1].date
        fee = self.rules.fees.fee(order.side, qty, price, day)
        position = self.account.book(order.symbol, order.side, qty, price, fee)
        order.filled_qty += qty
        order.filled_cost += qty * price
        execution = Execution(
            execution_id=self._ids(),
            order_id=order.id,
            client_id=order.client_id,
            symbol=order.symbol,
            side=order.side,
            qty=qty,
            price=price,
            fee=fee,
            ts=ts,
        )
        self.executions.append(execution)
        kind = Kind.PARTIAL_FILL if order.remaining else Kind.FILL
        self._emit(out, order, kind, ts, execution=execution, position_qty=position)

    def _emit(
        self,
        out: list[VenueEvent],
        order: VenueOrder,
        kind: OrderEventKind,
        ts: int,
        *,
        execution: Execution | None = None,
        position_qty: Decimal | None = None,
        reason: str | None = None,
    ) -> None:
        order.status = next_status(order.status, kind)
        order.updated_at = ts
        if kind is Kind.FILL:
            order.filled_at = ts
        elif kind is Kind.CANCELED:
            order.canceled_at = ts
        elif kind is Kind.EXPIRED:
            order.expired_at = ts
        if not order.is_open:
            self._store.retire(order)
        out.append(
            VenueEvent(
                kind=kind,
                order=order.snapshot(),
                ts=ts,
                qty=execution.qty if execution else None,
                price=execution.price if execution else None,
                execution_id=execution.execution_id if execution else None,
                fee=execution.fee if execution else Decimal(0),
                position_qty=position_qty,
                reason=reason,
            ),
        )


def _price(order: VenueOrder, seen: Range) -> Decimal | None:
    if order.type is OrderType.LIMIT and order.limit is not None:
        return limit_price(order.side, order.limit, seen)
    return market_price(seen) if order.type is OrderType.MARKET else None


def opposite(side: Side) -> Side:
    """Return the other side."""
    return Side.SELL if side is Side.BUY else Side.BUY
