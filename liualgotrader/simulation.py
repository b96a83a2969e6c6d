"""A session without processes: the same engines, ledger rules and exchange in lockstep, by calls instead of sockets.

What a session in lockstep does over sockets happens here by calls, so the two give the same orders and fills; that
they do is a test. No clock of the machine is asked, so it goes as fast as it can.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import repeat

import msgspec

from liualgotrader.common.errors import BrokerRefused
from liualgotrader.common.events import (
    Bar,
    Event,
    HistoryLoaded,
    Input,
    OrderEvent,
    Picked,
    Quote,
    Started,
    Trade,
)
from liualgotrader.common.ids import order_prefix
from liualgotrader.common.orders import Approved, Cancel, Replace, Submit
from liualgotrader.common.plan import Channel, Limits
from liualgotrader.common.ports import (
    BrokerAccount,
    BrokerFee,
    BrokerFill,
    BrokerOrder,
    BrokerPosition,
)
from liualgotrader.engine.core import Engine
from liualgotrader.engine.desk import SessionDesk
from liualgotrader.engine.runner import OWN_STAMPS, Batch, NoJournal, Runner
from liualgotrader.engine.second_bars import SecondBars
from liualgotrader.engine.settings import EngineSettings
from liualgotrader.exchange.desk import Request
from liualgotrader.exchange.service import Exchange
from liualgotrader.session.routing import slot_index
from liualgotrader.strategies.base import Strategy
from liualgotrader.trading.alpaca import change_request, order_request
from liualgotrader.trading.memory_ledger import MemoryLedger
from liualgotrader.venue.orders import Rejection, VenueEvent

_FAR = 1 << 62


class Driver:
    """The exchange's driver: its time is where the simulation has brought the tape."""

    speed = "max"
    state = "running"

    def __init__(self, exchange: Exchange, prefixes: Mapping[str, str]) -> None:
        self._exchange = exchange
        self._prefixes = prefixes

    def now(self) -> int:
        """Return the tape's time."""
        return self._exchange.floor.now

    def owner(self, client_id: str) -> str | None:
        """Return the slot whose order an id names."""
        return next((s for p, s in self._prefixes.items() if client_id.startswith(p)), None)

    def wake(self) -> None:
        """Do nothing: the simulation looks by itself."""

    def start(self) -> None:
        """Do nothing."""

    async def run(self) -> None:
        """Do nothing: the simulation drives."""


class DirectTrader:
    """A Trader that calls the exchange instead of posting to it."""

    def __init__(self, exchange: Exchange, account_id: str) -> None:
        self._exchange = exchange
        self._account_id = account_id

    async def send(self, approved: Approved) -> str | None:
        """Hand one intent to the exchange."""
        try:
            match approved.intent:
                case Submit() as order:
                    return self._exchange.submit(order_request(order)).id
                case Cancel(order_id=order_id):
                    self._exchange.cancel(self._broker_id(order_id))
                case Replace() as change:
                    self._exchange.replace(self._broker_id(change.order_id), change_request(change))
        except Rejection as exc:
            raise BrokerRefused(exc.status, exc.code, exc.message) from exc
        return None

    def _broker_id(self, order_id: str) -> str:
        found = self._exchange.desk.find_client(order_id)
        if found is None:
            raise BrokerRefused(404, None, f"the broker does not know order {order_id}")
        return found.id

    async def find(self, order_id: str) -> BrokerOrder | None:
        """Return the order with our id."""
        found = self._exchange.desk.find_client(order_id)
        if found is None:
            return None
        return BrokerOrder(
            broker_id=found.id,
            order_id=order_id,
            symbol=found.symbol,
            side=found.side.value,
            status=found.status.value,
            qty=found.qty,
            filled=found.filled_qty,
            filled_avg_price=found.filled_avg_price,
            updated_at=found.updated_at,
        )

    async def account(self) -> BrokerAccount:
        """Return the account."""
        account = self._exchange.venue.account
        return BrokerAccount(
            account_id=self._account_id,
            cash=account.cash,
            equity=account.equity(),
            buying_power=self._exchange.venue.buying_power(),
            multiplier=account.multiplier,
            shorting=account.has_margin,
        )

    async def positions(self) -> list[BrokerPosition]:
        """Return all positions."""
        return [
            BrokerPosition(p.symbol, p.qty, p.avg_entry)
            for p in self._exchange.venue.account.positions.values()
            if p.qty
        ]

    async def open_orders(self) -> list[BrokerOrder]:
        """Return nothing: there is nobody else."""
        return []

    async def fills(self, *, after: int) -> list[BrokerFill]:
        """Return nothing: no fill is ever missed."""
        return []

    async def fees(self, *, since: str) -> list[BrokerFee]:
        """Return nothing: what the venue charged is in its account."""
        return []


class LocalTurns:
    """Whose turn it is at the account, among slots that run in one loop."""

    def __init__(self, slots: int) -> None:
        self._upto = [0] * slots
        self._moved = asyncio.Condition()

    async def publish(self, slot: int, ts: int) -> None:
        """Say that a slot will not act before `ts` any more."""
        self._upto[slot] = ts
        async with self._moved:
            self._moved.notify_all()

    def _is_first(self, slot: int, ts: int) -> bool:
        return all(
            upto >= ts if other > slot else upto > ts
            for other, upto in enumerate(self._upto)
            if other != slot
        )

    async def wait(self, slot: int, ts: int) -> None:
        """Wait until nobody can act before `slot` at `ts`."""
        await self.publish(slot, ts)
        async with self._moved:
            await self._moved.wait_for(lambda: self._is_first(slot, ts))


class _Turn:
    def __init__(self, turns: LocalTurns, slot: int) -> None:
        self._turns = turns
        self._slot = slot

    async def wait(self, ts: int) -> None:
        await self._turns.wait(self._slot, ts)


class Seat:
    """One consumer's place: an engine, its desk, and what it is about to be given."""

    def __init__(self, engine: Engine, desk: SessionDesk, inbox: list[Input], index: int) -> None:
        self.engine = engine
        self.desk = desk
        self.index = index
        self.runner = Runner(engine, desk, NoJournal())
        self.events: list[Input] = []
        self.updates: list[Input] = []
        self.answers = inbox

    def next_due(self) -> int:
        """When something of this seat is due next."""
        timer = self.engine.clock.next_due()
        waits = [answer.ts_event for answer in self.answers]
        return min([_FAR if timer is None else timer, *waits])

    def batch(self, until: int) -> Batch:
        """Take what has come up to `until`."""
        due = self.updates + [a for a in self.answers if a.ts_event <= until]
        self.answers[:] = [a for a in self.answers if a.ts_event > until]
        events, self.events, self.updates = self.events, [], []
        between = deque(sorted(due, key=lambda event: event.ts_event))
        return Batch(OWN_STAMPS, events=events, between=between, until=until)


class Simulation:
    """Plays an exchange's tape to a set of engines."""

    def __init__(
        self,
        exchange: Exchange,
        *,
        batch_id: str,
        settings: Sequence[EngineSettings],
        strategies: Sequence[Sequence[Strategy]],
        picks: Sequence[Picked],
        channels: Sequence[Channel] = (Channel.TRADES, Channel.MINUTE),
        limits: Limits | None = None,
    ) -> None:
        self.exchange = exchange
        self._picks = deque(sorted(picks, key=lambda picked: picked.time))
        self._channels = frozenset(channels)
        seconds = Channel.SECOND in self._channels
        self._seconds = SecondBars(trades=Channel.TRADES in self._channels) if seconds else None
        self._routes: dict[str, Seat] = {}
        account = exchange.venue.account
        self.ledger = MemoryLedger(
            cash=account.cash,
            multiplier=account.multiplier,
            shorting=account.has_margin,
            limits=limits or Limits(),
        )
        prefixes = {order_prefix(batch_id, each.slot): each.slot for each in settings}
        exchange.driver = Driver(exchange, prefixes)
        exchange.floor.audience = self
        self._trader = DirectTrader(exchange, batch_id)
        self._turns = LocalTurns(len(settings))
        self.seats = [
            self._seat(index, each, strategies[index]) for index, each in enumerate(settings)
        ]
        self._by_slot = {each.slot: seat for each, seat in zip(settings, self.seats, strict=True)}
        self._owners = list(prefixes.items())

    def _seat(self, index: int, settings: EngineSettings, strategies: Sequence[Strategy]) -> Seat:
        engine = Engine(strategies, settings)
        inbox: list[Input] = []
        desk = SessionDesk(
            self.ledger,
            self._trader,
            now=engine.clock.now,
            inbox=inbox.append,
            turn=_Turn(self._turns, index),
            waits=_no_waits,
            latency=self.exchange.latency,
        )
        return Seat(engine, desk, inbox, index)

    # -- the audience of the floor -----------------------------------------------------------------------------

    def trade(self, event: Trade, number: int) -> None:
        """Give a print to whom it belongs, and second bars where they are wanted."""
        if event.symbol not in self._routes:
            return
        if self._seconds is not None:
            self._tell(self._seconds.weave([event]))
        elif Channel.TRADES in self._channels:
            self._routes[event.symbol].events.append(event)

    def _tell(self, events: Iterable[Event]) -> None:
        for event in events:
            self._routes[event.symbol].events.append(event)  # type: ignore[attr-defined, arg-type]

    def quote(self, event: Quote) -> None:
        """Give a quote to whom it belongs."""
        seat = self._routes.get(event.symbol)
        if seat is not None and Channel.QUOTES in self._channels:
            seat.events.append(event)

    def minute(self, bar: Bar, today: Bar | None) -> None:
        """Give a minute bar to whom it belongs."""
        seat = self._routes.get(bar.symbol)
        if seat is not None and Channel.MINUTE in self._channels:
            seat.events.append(bar)

    def update(self, event: VenueEvent) -> None:
        """Give an order event to whom the order belongs."""
        client_id = event.order.client_id
        for prefix, slot in self._owners:
            if client_id.startswith(prefix):
                self._by_slot[slot].updates.append(order_event(event))

    # -- the course --------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Play the tape to its end."""
        sending = [asyncio.create_task(seat.desk.send_all()) for seat in self.seats]
        try:
            await self._start()
            floor, end = self.exchange.floor, self.exchange.tape.end
            position = floor.now
            while position < end:
                position = self._target(position, end)
                floor.advance(position)
                await self._let_decide(position)
            # What is left of the day is the broker's own: fees are taken after the last hour.
            floor.advance(max(end, self.exchange.session.post_close))
            self._charge()
            for seat in self.seats:
                seat.engine.stop()
        finally:
            for task in sending:
                task.cancel()

    def _charge(self) -> None:
        for charge in self.exchange.venue.account.charges:
            self.ledger.charge(charge.ts, charge.amount)

    async def _start(self) -> None:
        account = await self._trader.account()
        for seat in self.seats:
            started = Started(
                time=self.exchange.session.open,
                slot=seat.engine.settings.slot,
                incarnation=1,
                next_order=1,
                session_open=self.exchange.session.open,
                session_close=self.exchange.session.close,
                cash=account.cash,
                buying_power=account.buying_power,
            )
            await seat.runner.admit(Batch(started.time, between=deque([started])))
        self._route(self.exchange.floor.now)

    def _route(self, upto: int) -> None:
        """Let the picks made by `upto` take effect: from here on their events are heard."""
        while self._picks and self._picks[0].time <= upto:
            picked = self._picks.popleft()
            seat = self.seats[slot_index(picked.symbol, len(self.seats))]
            self._routes[picked.symbol] = seat
            at = max(picked.time, seat.engine.clock.now())
            picked = msgspec.structs.replace(picked, time=at)
            seat.updates += [picked, self._history(seat, picked)]

    def _history(self, seat: Seat, picked: Picked) -> HistoryLoaded:
        """Return the bars that were declared, as the exchange's history has them."""
        strategies = [run.strategy for run in seat.engine.runs.values()]
        days = max((strategy.warmup_days for strategy in strategies), default=0)
        minutes = max((strategy.warmup for strategy in strategies), default=0)
        bars: list[Bar] = []
        if days:
            bars += self.exchange.tape.daily_bars.get(picked.symbol, [])[-days:]
        if minutes:
            bars += self.exchange.floor.history.minutes(picked.symbol)
        return HistoryLoaded(picked.symbol, picked.time, tuple(bars))

    def _target(self, position: int, end: int) -> int:
        """Return how far the tape may go: nothing decided after `position` arrives before it + latency."""
        due = min(
            self.exchange.floor.next_due() or _FAR,
            self._picks[0].time if self._picks else _FAR,
            *(seat.next_due() for seat in self.seats),
        )
        target = max(position + self.exchange.latency, due)
        hold = self._picks[0].time if self._picks else _FAR
        return max(min(target, hold, end), position + 1)

    async def _let_decide(self, upto: int) -> None:
        """Let every engine live up to `upto`, then let what they decided set out."""
        if self._seconds is not None:
            self._tell(self._seconds.upto(upto))
        self._route(upto)
        await asyncio.gather(*(self._live(seat, upto) for seat in self.seats))
        for seat in self.seats:
            await seat.desk.drained()
            decided, seat.desk.decided = seat.desk.decided, []
            waiting = self.exchange.desk.undecided(seat.engine.settings.slot)
            for name, kind, at in decided:
                request = next((r for r in waiting if _is_of(self.exchange, r, name, kind)), None)
                if request is not None:
                    waiting.remove(request)
                    self.exchange.decide(request, at=at, arrival=at + self.exchange.latency)

    async def _live(self, seat: Seat, upto: int) -> None:
        if seat.events or seat.updates or seat.next_due() <= upto:
            await seat.runner.admit(seat.batch(upto))
        await self._turns.publish(seat.index, upto + 1)


def _is_of(exchange: Exchange, request: Request, name: str, kind: str) -> bool:
    """Whether a request that waits is the one a decision names, by our id of it or of its target."""
    if request.kind != kind:
        return False
    if name in (request.client_id, request.order_id, request.target):
        return True
    target = exchange.desk.find(request.target) if request.target else None
    return target is not None and target.client_id == name


def _no_waits() -> Iterator[float]:
    return repeat(0.0)


def order_event(event: VenueEvent) -> OrderEvent:
    """Return what happened at the venue as the broker's stream tells it."""
    order = event.order
    return OrderEvent(
        order_id=order.client_id,
        kind=event.kind,
        time=event.ts,
        symbol=order.symbol,
        qty=event.qty,
        price=event.price,
        execution_id=event.execution_id,
        broker_id=order.id,
        reason=event.reason,
        replaced_by=order.replaced_by,
        fee=event.fee,
        side=order.side.value,
    )


def fills_of(ledger: MemoryLedger) -> list[tuple[str, str, str, Decimal, Decimal, int]]:
    """Return (order, symbol, side, quantity, price, time) of every execution, in the order they were booked."""
    return [(e.order_id, e.symbol, e.side.value, e.qty, e.price, e.time) for e in ledger.executions]
