"""The producer: it holds the one socket that a vendor allows, and gives each consumer what is its.

Market data is stamped when the socket is read, routed by symbol, encoded once and put on the consumers' links at the
end of each turn of the loop: single events leave at once, bursts in parts of some hundreds. It waits for nobody.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import chain
from multiprocessing.connection import Connection
from random import Random
from typing import Any

from liualgotrader.bootstrap import (
    SessionConfig,
    make_clock,
    make_data,
    make_order_stream,
    make_stream,
)
from liualgotrader.capture.records import Kind
from liualgotrader.common.errors import FeedError
from liualgotrader.common.events import (
    AccountUpdate,
    Adjusted,
    Command,
    Event,
    FeedSource,
    FeedState,
    FeedStatus,
    OrderEvent,
    Picked,
)
from liualgotrader.common.ids import BadOrderId, parse_order_id
from liualgotrader.common.plan import Channel, LossAction, Mode
from liualgotrader.data.data_factory import NO_SECOND_BARS
from liualgotrader.data.vendor_stream import Sink
from liualgotrader.data.voice import LOOK_SECONDS
from liualgotrader.engine.loss_guard import LossGuard
from liualgotrader.engine.second_bars import SecondBars
from liualgotrader.links.market import MarketSender, events_payload
from liualgotrader.links.orders import OrderSender
from liualgotrader.links.slots import SlotLinks
from liualgotrader.models.session_store import SessionStore
from liualgotrader.session.capturing import SessionCapture
from liualgotrader.session.child import Control, run_child, watch_parent
from liualgotrader.session.feed_truth import FeedTruth, Hours
from liualgotrader.session.messages import (
    Begin,
    Done,
    Failed,
    GivenBack,
    Message,
    Order,
    Picks,
    Ready,
    Status,
    Stop,
    Subscribed,
    Tell,
)
from liualgotrader.session.routing import directed
from liualgotrader.session.transit import Transit
from liualgotrader.session.usual import usual_rate

log = logging.getLogger(__name__)

RECONCILE = "reconcile"
_PUMP_SECONDS = 0.002
_LOOK_SECONDS = 0.01
# A burst leaves in parts, while what it was made of is still in the processor's cache.
_MOST_GATHERED = 512
_STATUS_SECONDS = 0.5


class Outlet:
    """Everything that goes to one consumer."""

    def __init__(self, links: SlotLinks, epoch: int) -> None:
        self.market = MarketSender(links)
        self.orders = OrderSender(links, epoch)
        self.turn: list[Event] = []
        self._links = links
        self._generation = links.generation

    def switched(self) -> bool:
        """Whether the links were switched since the last time: somebody at the other end begins, or we do."""
        before, self._generation = self._generation, self._links.generation
        return before != self._generation

    @property
    def is_behind(self) -> bool:
        """Whether something waits to leave, or to be acknowledged."""
        return self.market.is_behind or self.orders.is_behind


class Producer:
    """Routes what comes in. Synchronous: the sockets call it, the loop flushes it."""

    def __init__(
        self,
        config: SessionConfig,
        links: Sequence[SlotLinks],
        epoch: int,
        warn: Callable[[str], None] = log.warning,
    ) -> None:
        self._config = config
        self.warn = warn
        self._outlets = [Outlet(part, epoch) for part in links]
        self._by_slot = dict(zip(config.slots, self._outlets, strict=True))
        self._routes: dict[str, Outlet] = {}
        self._also: dict[str, list[Outlet]] = {}
        self._flushing = False
        self._gathered = 0
        self._loop = asyncio.get_running_loop()
        self._read_at = 0
        self.on_heard: Callable[[Sequence[Event]], None] | None = None
        self.words: Callable[[], Sequence[FeedStatus]] = tuple
        self.events = 0
        self.unrouted = 0
        self.skipped: Counter[str] = Counter()
        limit = config.plan.limits.loss_of_day
        self.guard = None if limit is None else LossGuard(limit)
        self._marks = [0, 0]
        channels = config.plan.session.events
        seconds = Channel.SECOND in channels and config.plan.session.data in NO_SECOND_BARS
        self._seconds = SecondBars(trades=Channel.TRADES in channels) if seconds else None

    # -- market data -------------------------------------------------------------------------------------------

    def market(self, read_at: int, events: list[Event]) -> None:
        """Route a frame's events; they leave at the end of this turn of the loop, or with enough of them."""
        if self.on_heard is not None:
            self.on_heard(events)
        if self._seconds is not None:
            events = self._seconds.weave(events)
        routes = self._routes
        self.events += len(events)
        if self.guard is not None:
            self.guard.market(events)
        for event in events:
            try:
                routes[event.symbol].turn.append(event)  # type: ignore[attr-defined]
            except KeyError:
                self.unrouted += 1
        if self._also:
            for event in events:
                for outlet in self._also.get(event.symbol, ()):  # type: ignore[attr-defined]
                    outlet.turn.append(event)
        self._flush_soon(read_at)
        self._gathered += len(events)
        if self._gathered >= _MOST_GATHERED:
            self.flush()

    def _flush_soon(self, read_at: int) -> None:
        if not self._flushing:
            self._flushing = True
            self._read_at = read_at
            self._gathered = 0
            self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Send what this turn brought: encoded once, stamped with the oldest read of the turn."""
        self._flushing = False
        for outlet in self._outlets:
            if events := outlet.turn:
                outlet.market.send(events_payload(self._read_at, events), events)
                events.clear()

    def mark(self, mark: int) -> None:
        """Pass on a mark of the lockstep, behind everything that came before it."""
        if self._seconds is not None and (bars := self._seconds.upto(mark)):
            self.market(time.monotonic_ns(), bars)
        self.flush()
        for outlet in self._outlets:
            outlet.market.send_mark(mark)
        self._marked(0, mark)

    def _marked(self, stream: int, mark: int) -> None:
        """When both streams have told all up to a mark, it is known what the day has brought by then."""
        self._marks[stream] = mark
        if self._marks[0] == self._marks[1]:
            self.check_loss(mark + 1)

    def check_loss(self, ts: int) -> None:
        """Stop entries, or flatten, when the loss of the day is reached: a command like an operator's."""
        reason = None if self.guard is None else self.guard.breached()
        if reason is not None:
            name = "flatten" if self._config.plan.limits.on_loss is LossAction.FLATTEN else "halt"
            self.warn(reason)
            self.command(Command(name, ts, reason))

    def feed(self, word: FeedStatus) -> None:
        """Tell of the feed: all consumers, at once.

        In lockstep a word about symbols goes with their market data, so that it is heard at its place in the tape.
        """
        if not (self._config.lockstep and word.symbols):
            self._tell(word)
            return
        for symbol in word.symbols:
            for outlet in chain(
                filter(None, (self._routes.get(symbol),)), self._also.get(symbol, ())
            ):
                outlet.turn.append(word)
        self._flush_soon(time.monotonic_ns())

    # -- orders ------------------------------------------------------------------------------------------------

    def order(self, event: OrderEvent) -> None:
        """Give an order event to the consumer that owns the order; leave others' orders alone."""
        try:
            batch, slot, _ = parse_order_id(event.order_id)
        except BadOrderId:
            self.skipped["foreign order"] += 1
            return
        outlet = self._by_slot.get(slot)
        if outlet is None or not self._config.batch_id.startswith(batch):
            self.skipped["foreign order"] += 1
            return
        if self.guard is not None:
            self.guard.order(event)
        outlet.orders.send([event])

    def order_mark(self, mark: int) -> None:
        """Pass on a mark of the lockstep, behind every order event before it."""
        for outlet in self._outlets:
            outlet.orders.send([], mark=mark)
        self._marked(1, mark)

    def tell(self, event: OrderEvent | AccountUpdate | Adjusted, slot: str) -> None:
        """Give what the broker's books showed to whom it concerns: an order's owner, a slot, or all."""
        if isinstance(event, OrderEvent):
            self.order(event)
        elif slot in self._by_slot:
            self._by_slot[slot].orders.send([event])
        else:
            self._tell(event)

    def _tell(self, event: Event) -> None:
        for outlet in self._outlets:
            outlet.orders.send([event])

    def command(self, command: Command) -> None:
        """Give a command to all consumers."""
        self._tell(command)

    # -- picks -------------------------------------------------------------------------------------------------

    def pick(self, picks: Iterable[Picked]) -> list[str]:
        """Route what was picked and tell its consumers; return the symbols to subscribe to."""
        new = []
        for picked in picks:
            symbol = picked.symbol
            if symbol not in self._routes:
                if len(self._routes) >= self._config.plan.session.max_symbols:
                    self.skipped["more symbols than max_symbols"] += 1
                    continue
                new.append(symbol)
            for slot, part in directed(picked, self._config.slots, self._config.portfolios):
                self._give(symbol, self._by_slot[slot])
                self._by_slot[slot].orders.send([part])
        return new

    def _give(self, symbol: str, outlet: Outlet) -> None:
        first = self._routes.setdefault(symbol, outlet)
        others = self._also.get(symbol, [])
        if outlet is not first and outlet not in others:
            self._also[symbol] = [*others, outlet]

    def give_back(self, symbols: Iterable[str]) -> list[str]:
        """Stop routing symbols that nobody wants; return those to unsubscribe from.

        Not in lockstep: when the request comes is chance, and it would free a place for another symbol.
        """
        if self._config.lockstep:
            return []
        for symbol in symbols:
            self._also.pop(symbol, None)
        return [symbol for symbol in symbols if self._routes.pop(symbol, None) is not None]

    # -- upkeep ------------------------------------------------------------------------------------------------

    def pump(self) -> None:
        """Move what waits, and move to spares when told to."""
        now = time.monotonic_ns()
        for outlet in self._outlets:
            outlet.market.pump(now)
            outlet.orders.pump()
            if outlet.switched():
                for word in self.words():
                    outlet.orders.send([word])

    @property
    def is_behind(self) -> bool:
        """Whether something waits to leave."""
        return any(outlet.is_behind for outlet in self._outlets)

    def figures(self) -> dict[str, Any]:
        """Return how it goes."""
        return {
            "events": self.events,
            "unrouted": self.unrouted,
            "dropped": sum(outlet.market.dropped for outlet in self._outlets),
            "conflated": sum(outlet.market.conflated for outlet in self._outlets),
            "symbols": len(self._routes),
            "skipped": dict(self.skipped),
        }


class ProducerProcess:
    """The producer with its sockets, its control pipe and the database of picks."""

    def __init__(
        self, config: SessionConfig, links: Sequence[SlotLinks], epoch: int, control: Control
    ) -> None:
        self._config = config
        self._control = control
        self._producer = Producer(config, links, epoch, self._warn)
        self._clock = make_clock(config)
        self._runs = config.clock_origin is None
        speed = config.plan.session.speed
        self._truth = FeedTruth(
            tell=self._producer.feed,
            warn=self._warn,
            reconnect=lambda reason: self._stream.reconnect(reason),
            hours=Hours(config.session_open, config.session_close),
            random=Random(),
            pace=speed if isinstance(speed, float) and config.clock_origin is not None else 1.0,
            successor=epoch > 1,
            lockstep=config.lockstep,
        )
        self._producer.words = self._words
        # A tape's prints are not those that its daily bars count.
        prints = {Channel.TRADES, Channel.SECOND} & set(config.plan.session.events)
        self._asks_usual = config.clock_origin is None and bool(prints)
        self._asking: set[asyncio.Task[None]] = set()
        if not config.lockstep:
            self._producer.on_heard = self._truth.heard
        self._successor = epoch > 1
        self._capture = SessionCapture(config, epoch, self._clock, self._warn)
        self._stream = make_stream(
            config,
            sink=self._sink(),
            on_mark=self._producer.mark,
            on_live=self._data_live,
            on_status=self._truth.status,
            tap=self._capture.tap(Kind.MARKET),
        )
        self._orders = make_order_stream(
            config,
            sink=self._producer.order,
            on_mark=self._producer.order_mark,
            on_live=self._orders_live,
            tap=self._capture.tap(Kind.UPDATES),
        )
        self._up = {"data": asyncio.Event(), "orders": asyncio.Event()}
        self._lost: set[str] = set()
        self._stopping = asyncio.Event()

    def _sink(self) -> Sink:
        """Return where frames go. Of the world's data it is asked how old they are already."""
        session = self._config.plan.session
        if session.mode is Mode.SIMULATED:
            return self._producer.market
        now = make_clock(self._config).now
        return Transit(self._producer.market, now=now, delay=session.feed_delay)

    async def run(self) -> None:
        """Serve until told to stop."""
        watch_parent()
        self._control.listen(self._hear)
        async with asyncio.TaskGroup() as group:
            sockets = [group.create_task(self._stream.run()), group.create_task(self._orders.run())]
            group.create_task(self._upkeep())
            looking = group.create_task(self._look())
            reporting = group.create_task(self._report())
            await self._restore()
            for up in self._up.values():
                await up.wait()
            self._control.say(Ready())
            await self._stopping.wait()
            self._stream.close()
            self._orders.close()
            for task in (*sockets, reporting, looking, *self._asking):
                task.cancel()
        self._control.say(Done(self._producer.figures()))

    def close(self) -> None:
        """End what is captured."""
        self._capture.close()

    def _warn(self, text: str) -> None:
        self._control.say(Failed(text))

    async def _restore(self) -> None:
        """Take up the symbols that the plan or an earlier producer's scanners gave."""
        symbols = self._producer.pick(await self._known_picks())
        self._follow(symbols)
        self._stream.subscribe(symbols)

    def _follow(self, symbols: Sequence[str]) -> None:
        """Expect to hear of symbols; how much, is asked as long as the world's stream has said nothing itself."""
        self._truth.follow(symbols)
        if symbols and self._asks_usual and self._truth.never_heard:
            task = asyncio.create_task(self._learn_usual(symbols))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def _learn_usual(self, symbols: Sequence[str]) -> None:
        data = make_data(self._config, kept=False)
        try:
            rate = await usual_rate(data, symbols, session_open=self._config.session_open)
        finally:
            data.close()
        self._truth.usual(rate)

    async def _known_picks(self) -> list[Picked]:
        async with await SessionStore.open(self._config.dsn, max_size=1) as store:
            picks = await store.load_picks(self._config.batch_id)
            await self._restore_guard(store)
        return [pick.picked for pick in picks if not pick.given_back]

    async def _restore_guard(self, store: SessionStore) -> None:
        """A new producer counts what was traded before it lived."""
        guard = self._producer.guard
        if guard is None:
            return
        today: dict[str, Decimal] = {}
        for row in await store.executions(self._config.batch_id):
            guard.restore(row.symbol, row.operation, row.qty, row.price, row.execution_id or "")
            signed = row.qty if row.operation == "buy" else -row.qty
            today[row.symbol] = today.get(row.symbol, Decimal(0)) + signed
        for held in await store.positions(self._config.account_id):
            guard.hold(held.symbol, held.qty - today.pop(held.symbol, Decimal(0)))

    def _hear(self, message: Message) -> None:
        match message:
            case Picks(number=number, picks=picks):
                self._picked(number, picks)
            case GivenBack(symbols=symbols):
                gone = self._producer.give_back(symbols)
                self._truth.leave(gone)
                self._stream.unsubscribe(gone)
            case Order(command=command):
                self._producer.command(command)
            case Tell(event=event, slot=slot):
                self._producer.tell(event, slot)
            case Stop():
                self._stopping.set()
            case Begin(origin=origin, started=started, speed=speed):
                self._clock.begin(origin, started, speed)
                self._runs = self._config.clock_origin is None or speed > 0
            case _:
                log.warning("unexpected message %s", message)

    def _picked(self, number: int, picks: tuple[Picked, ...]) -> None:
        new = self._producer.pick(picks)
        self._follow(new)

        def confirmed() -> None:
            self._control.say(Subscribed(number))

        if new:
            self._stream.subscribe(new, confirmed)
        else:
            confirmed()

    def _back(self, stream: str) -> None:
        """With both streams back, say so: an exchange that was started again may let its tape go on."""
        self._lost.discard(stream)
        if not self._lost:
            self._control.say(Ready())

    def _data_live(self, live: bool) -> None:
        self._truth.connection(live)
        if not live:
            self._lost.add("data")
        elif self._up["data"].is_set():
            self._back("data")
        else:
            self._up["data"].set()

    def _orders_live(self, live: bool) -> None:
        if not live:
            self._lost.add("orders")
            self._producer.feed(self._orders_word(FeedState.RECONNECTING))
            return
        if self._up["orders"].is_set():
            # What happened meanwhile never comes over the stream: the consumers ask the broker.
            self._producer.command(Command(RECONCILE, 0, "the order stream is back"))
            self._producer.feed(self._orders_word(FeedState.LIVE))
            self._back("orders")
            return
        if self._successor:
            self._producer.feed(self._orders_word(FeedState.LIVE))
        self._up["orders"].set()

    def _orders_word(self, state: FeedState) -> FeedStatus:
        what = "is back" if state is FeedState.LIVE else "was lost"
        now = 0 if self._config.lockstep else self._clock.now()
        return FeedStatus(state, now, (), f"the order stream {what}", FeedSource.ORDERS)

    def _words(self) -> list[FeedStatus]:
        """Return what speaks against entries now."""
        orders = [self._orders_word(FeedState.RECONNECTING)] if "orders" in self._lost else []
        return orders + self._truth.words()

    async def _look(self) -> None:
        """Look whether the feed says what it should. In lockstep nothing depends on the machine's time."""
        clock = asyncio.get_running_loop().time
        while not self._config.lockstep:
            await asyncio.sleep(LOOK_SECONDS)
            if self._runs:
                self._truth.look(self._clock.now(), clock())

    async def _upkeep(self) -> None:
        while not self._stopping.is_set():
            self._producer.pump()
            await asyncio.sleep(_PUMP_SECONDS if self._producer.is_behind else _LOOK_SECONDS)

    async def _report(self) -> None:
        while True:
            if not self._config.lockstep:
                self._producer.check_loss(0)
            figures = self._producer.figures()
            figures["skipped"] |= self._stream.counts | dict(self._orders.skipped)
            figures["reconnects"] = self._stream.reconnects
            figures["mute"] = self._truth.stale_times
            self._control.say(Status(figures))
            await asyncio.sleep(_STATUS_SECONDS)


async def _main(
    config: SessionConfig, links: Sequence[SlotLinks], epoch: int, control: Control
) -> None:
    process = ProducerProcess(config, links, epoch, control)
    try:
        await process.run()
    except* FeedError as group:
        control.say(Failed("; ".join(str(exc) for exc in group.exceptions), fatal=True))
    finally:
        process.close()


def producer_main(
    config: SessionConfig, links: Sequence[SlotLinks], epoch: int, pipe: Connection
) -> None:
    """Be the producer's process."""
    run_child(
        f"producer-{epoch}", config, pipe, lambda control: _main(config, links, epoch, control)
    )
