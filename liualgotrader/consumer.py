"""A consumer: one engine in one process, fed by its two links, and its orders on their way out.

In a session market data is gated on age: what waited more than five seconds is dropped and the queue cleaned, which
allows a quick catch-up at the price of losing data. Nothing on the orders' link is ever dropped.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from multiprocessing.connection import Connection
from random import Random
from typing import Any

from liualgotrader.bootstrap import (
    SessionConfig,
    WallClock,
    engine_settings,
    make_clock,
    make_data,
    make_strategies,
    make_trader,
)
from liualgotrader.common.errors import BrokerUnavailable, StoreError
from liualgotrader.common.events import (
    Command,
    FeedSource,
    FeedState,
    FeedStatus,
    Input,
    OpenOrder,
    OrderEvent,
    Picked,
)
from liualgotrader.common.ids import order_prefix
from liualgotrader.common.ports import ClosingData
from liualgotrader.engine.core import Engine
from liualgotrader.engine.desk import AnyTurn, SessionDesk, Turn
from liualgotrader.engine.latency import Latencies
from liualgotrader.engine.runner import Batch, JournalPort, Runner
from liualgotrader.links.backoff import backoff
from liualgotrader.links.market import MarketBatch, MarketReceiver, decode
from liualgotrader.links.orders import OrderReceiver
from liualgotrader.links.slots import SlotLinks
from liualgotrader.session.checkpoints import FatalJournal, FatalReceiver, checkpoints
from liualgotrader.session.child import Control, run_child, watch_parent
from liualgotrader.session.disk import DiskGuard
from liualgotrader.session.gaps import Gaps
from liualgotrader.session.inbox import Inbox
from liualgotrader.session.incarnation import Incarnation, open_incarnation
from liualgotrader.session.link_watch import LinkWatch
from liualgotrader.session.lockstep import LockstepSocket
from liualgotrader.session.lockstep_source import LockstepSource
from liualgotrader.session.messages import (
    Begin,
    Done,
    Failed,
    GivenBack,
    Message,
    Ready,
    Status,
    Stop,
)
from liualgotrader.session.past import Past
from liualgotrader.session.patience import patiently
from liualgotrader.session.turns import SharedTurn, Turns
from liualgotrader.session.waker import Waker

log = logging.getLogger(__name__)

MOST_AGE = 5_000_000_000
_STATUS_SECONDS = 0.5
_GRACE_SECONDS = 3.0


class Shared:
    """What a consumer and the supervisor share besides pipes: turns in lockstep, and who is running when it hangs."""

    def __init__(self, context: Any, slots: int) -> None:
        self.turns = Turns(context, slots)
        self.running = [context.RawArray("c", 80) for _ in range(slots)]


class Consumer:
    """One engine with everything around it."""

    def __init__(
        self,
        config: SessionConfig,
        slot: int,
        links: SlotLinks,
        shared: Shared,
        incarnation: Incarnation,
        data: ClosingData,
        control: Control,
    ) -> None:
        self._config = config
        self._slot = slot
        self._name = config.slots[slot]
        self._control = control
        self._clock: WallClock = make_clock(config)
        self._data = data
        self._incarnation = incarnation
        self._trader = incarnation.trader
        self._ledger = incarnation.ledger
        self.engine = Engine(
            make_strategies(config, self._name), engine_settings(config, self._name)
        )
        self._past = Past(
            data,
            (run.strategy for run in self.engine.runs.values()),
            session_open=config.session_open,
            tell=lambda text: control.say(Failed(text)),
        )
        self._shared_turn = SharedTurn(shared.turns, slot)
        turn: Turn = self._shared_turn if config.lockstep else AnyTurn()
        self.desk = SessionDesk(
            self._ledger,
            self._trader,
            now=self.engine.clock.now,
            inbox=self._arrived,
            turn=turn,
            waits=lambda: backoff(Random(slot), most=5.0),
            latency=config.plan.session.latency_ns if config.lockstep else None,
        )
        journal: JournalPort = incarnation.journal
        self.orders = OrderReceiver(links)
        if points := checkpoints(f"consumer-{self._name}", config.logs, os.environ):
            self.desk.checkpoint = points.desk
            journal, self.orders = FatalJournal(journal, points), FatalReceiver(links, points)
        self._runner = Runner(self.engine, self.desk, journal)
        self.market = MarketReceiver(links)
        self._wake = Waker()
        self._inbox = Inbox(self._wake.set)
        self._watch = LinkWatch(self.market, self.orders, self._wake)
        self._stopping = ""
        self._missing = Gaps(self._past, self.engine.data, self._inbox, self._clock.now)
        self._latency = Latencies()
        self._events = 0
        self._stale = 0
        self._gaps = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._said = 0
        self._shared = shared

    # -- life --------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Live one incarnation."""
        watch_parent()
        self._tell_who_runs()
        self._control.listen(self._hear)
        sending = asyncio.create_task(self.desk.send_all())
        reporting = asyncio.create_task(self._report())
        try:
            await (self._live_in_lockstep() if self._config.lockstep else self._live())
            await self._end()
        finally:
            for task in (sending, reporting, *self._tasks):
                task.cancel()
            self._missing.close()
            self._incarnation.journal.close()
            await self._incarnation.close(self._stopping or "session over", self.engine.failures)
            self._incarnation.trader.close()
            self._data.close()
        self._control.say(Done(self.figures()))

    async def _live(self) -> None:
        await self._runner.run(self._started(self._clock.now()))
        self._control.say(Ready())
        await self._runner.run(self._batches())

    async def _live_in_lockstep(self) -> None:
        socket = LockstepSocket(
            self._config.endpoints.control_url or "",
            slot=self._name,
            prefix=order_prefix(self._config.batch_id, self._name),
            participants=len(self._config.slots) + bool(self._config.plan.scanners),
            marks=False,
            life=self._incarnation.started.incarnation,
        )
        task = asyncio.create_task(socket.run())
        try:
            # A later life begins where the tape stands: what it decides must not arrive in the past.
            mark = await socket.welcomed()
            await self._runner.run(self._started(mark))
            self._control.say(Ready())
            source = LockstepSource(self, socket, self._shared_turn)
            await self._runner.run(source.batches(mark))
        finally:
            socket.close()
            task.cancel()

    async def missed(self) -> list[OrderEvent]:
        """Return what the broker says happened to open orders meanwhile."""
        orders = await patiently(self._incarnation.open_orders)
        return await self._missed_of(orders)

    async def _missed_of(self, orders: Sequence[OpenOrder]) -> list[OrderEvent]:
        now = self.engine.clock.now()
        return await patiently(lambda: self._incarnation.missed_events(orders, now))

    async def before(self, event: Input) -> list[Input]:
        """Return an input with what must follow it at once: in lockstep a pick's history."""
        if isinstance(event, Picked):
            return [event, await self._past.warm_up(event.symbol, event.time)]
        return [event]

    async def _started(self, now: int) -> AsyncIterator[Batch]:
        """The first inputs: what the ledger knows, then the history that the strategies declared."""
        started = self._incarnation.started
        now = max(started.time, now)
        yield Batch(now, between=deque([started]))
        for symbol in dict.fromkeys(symbol for symbol, _ in started.routes):
            yield Batch(now, between=deque([await self._past.warm_up(symbol, now)]))
        for event in self._incarnation.missed:
            yield Batch(now, between=deque([event]))

    async def _end(self) -> None:
        """Let what is under way finish, within bounds, and tell the strategies."""
        try:
            async with asyncio.timeout(_GRACE_SECONDS):
                await self.desk.drained()
        except TimeoutError:
            log.warning("%d orders were not sent when the session ended", self.desk.unsent)
        self.engine.stop()
        await self.keep()

    def _hear(self, message: Message) -> None:
        match message:
            case Begin(origin=origin, started=started, speed=speed):
                self._clock.begin(origin, started, speed)
            case Stop(reason=reason):
                self._stopping = reason or "stopped"
                self._wake.set()
            case _:
                log.warning("unexpected message %s", message)

    def _tell_who_runs(self) -> None:
        """On SIGUSR1 write down which strategy is running: asked by the supervisor when this process hangs."""

        def tell(*_: object) -> None:
            self._shared.running[self._slot].value = self.engine.running.encode()[:79]

        signal.signal(signal.SIGUSR1, tell)

    @property
    def stopping(self) -> str:
        """Why the supervisor wants an end, or ""."""
        return self._stopping

    # -- inputs ------------------------------------------------------------------------------------------------

    def _arrived(self, event: OrderEvent) -> None:
        """The broker answered a request with a refusal."""
        self._inbox.put(event)

    def take_inbox(self) -> deque[Input]:
        """Return what arose in this process since the last time."""
        return self._inbox.take()

    def watch_links(self) -> None:
        """Wake up when a link has something."""
        self._watch.start()

    def follow_switch(self) -> bool:
        """Move to the spare links when the supervisor says so; True when that happened."""
        return self._watch.switched()

    async def _batches(self) -> AsyncIterator[Batch]:
        """Everything that comes in a session, stamped with the moment of its admission."""
        self.watch_links()
        end = self._config.session_close + 5_000_000_000
        while not self._stopping:
            await self.sleep()
            if self.follow_switch():
                await self._reconcile("the producer was replaced")
            now = self._clock.now()
            for item in self.orders.take():
                between = deque(item.events)
                for event in item.events:
                    between.extend(await self._prepare(event, now))
                yield Batch(now, between=between)
                self._load_picked(item.events)
                self.orders.ack(item)
            if self._inbox:
                yield Batch(now, between=self.take_inbox())
            batches = self.market.take()
            if not batches:
                yield Batch(now)  # time passes, and timers fire, even if nothing comes
            for batch in self._market(batches, now):
                yield batch
            await self.keep()
            if now > end and not self._config.plan.session.bypass_market_schedule:
                return

    async def sleep(self) -> None:
        """Wait until something arrives or a timer is due, and at most until the next look at the links."""
        self._watch.look_again()
        due = self.engine.clock.next_due()
        wait = 0.25 if due is None else min(0.25, self._clock.seconds_until(due))
        if wait <= 0:
            await asyncio.sleep(0)
            return
        await self._wake.wait(wait)

    def _market(self, batches: list[MarketBatch], now: int) -> Iterator[Batch]:
        for index, batch in enumerate(batches):
            age = time.monotonic_ns() - batch.read_at
            if age > MOST_AGE:
                lost = self._clean(batches[index:], age)
                word = self._missing.lost(lost, now, "dropped what was older than 5 s")
                yield Batch(now, between=deque([word]))
                return
            decode(batch)
            if self._missing.are_open:
                self._missing.fill()
            yield Batch(now, batch.raw, batch.events)
            if isinstance(batch.events[0], FeedStatus):  # the producer's word comes first
                self._missing.note(_lost(batch.events))
            self.count(batch)

    def _clean(self, batches: list[MarketBatch], age: int) -> dict[str, int]:
        """Drop what is too old and everything behind it: a quick catch-up at the price of losing data.

        Return the symbols of which something was dropped, and how long that had waited, ns.
        """
        ages: dict[str, int] = {}
        for batch in [*batches, *self.market.receive()]:
            decode(batch)
            self._stale += len(batch.events)
            waited = max(age, time.monotonic_ns() - batch.read_at) if batch is batches[0] else 0
            waited = waited or time.monotonic_ns() - batch.read_at
            for symbol in (s for event in batch.events for s in _symbols(event)):
                ages.setdefault(symbol, waited)
        for symbol, wait in ages.items():
            log.warning("consumer %s %s out of sync w %.3f", self._name, symbol, wait / 1e9)
        self._gaps += 1
        return ages

    # -- history -----------------------------------------------------------------------------------------------

    async def _prepare(self, event: Input, now: int) -> list[FeedStatus]:
        """Begin what an input needs from outside; return what must follow it at once."""
        match event:
            case Command(name="reconcile", reason=reason):
                await self._reconcile(reason)
            case FeedStatus(state=FeedState.LIVE, source=FeedSource.STREAM, symbols=symbols):
                missed = symbols or tuple(self.engine.data)
                return self._missing.missed(missed, now, "what was missed is being filled in")
            case _:
                pass
        return []

    def _load_picked(self, events: Iterable[Input]) -> None:
        """Begin to load the history of what was picked, if a strategy took it."""
        picked = dict.fromkeys(event.symbol for event in events if isinstance(event, Picked))
        for symbol in picked:
            if any(symbol in run.symbols for run in self.engine.runs.values()):
                self._begin(self._load_history(symbol))

    def _begin(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _load_history(self, symbol: str) -> None:
        self._inbox.put(await self._past.warm_up(symbol, self._clock.now()))

    async def _reconcile(self, why: str) -> None:
        """Ask the broker what happened to our open orders while nobody listened.

        Which those are is settled before anything else is admitted: the next event may end one of them.
        """
        log.info("asking the broker about open orders: %s", why)
        orders = await patiently(self._incarnation.open_orders)
        self._begin(self._catch_up(orders))

    async def _catch_up(self, orders: Sequence[OpenOrder]) -> None:
        try:
            missed = await self._missed_of(orders)
            log.info("the broker tells %d events of %d orders", len(missed), len(orders))
            self._inbox.put(*missed)
        except (BrokerUnavailable, StoreError) as exc:
            self._control.say(Failed(f"open orders were not compared with the broker: {exc}"))

    # -- what others must know ---------------------------------------------------------------------------------

    async def keep(self) -> None:
        """Write behind what the strategies keep, and pass on what they gave back."""
        engine = self.engine
        if engine.kept:
            kept, engine.kept = engine.kept, []
            try:
                await self._incarnation.keep(kept)
            except StoreError as exc:
                log.warning("kept for later: %s", exc)
                engine.kept = kept + engine.kept
        await self._note_passed_over()
        if engine.given_back:
            symbols, engine.given_back = tuple(engine.given_back), []
            self._control.say(GivenBack(self._name, symbols))
        while self._said < len(engine.failures):
            name, reason = engine.failures[self._said]
            self._control.say(Failed(f"strategy {name} is disabled: {reason}", strategy=name))
            self._said += 1
        if engine.warnings:
            warnings, engine.warnings = engine.warnings, []
            for warning in warnings:
                self._control.say(Failed(warning))

    async def _note_passed_over(self) -> None:
        """Write down which symbols strategies did not want, and why."""
        viabilities = self.engine.viabilities
        if not viabilities.passed_over:
            return
        passed, viabilities.passed_over = viabilities.passed_over, []
        for each in passed:
            log.info("%s passes %s over: %s", each.strategy, each.symbol, each.reason)
        try:
            await self._incarnation.pass_over(passed)
        except StoreError as exc:
            log.warning("noted for later: %s", exc)
            viabilities.passed_over = passed + viabilities.passed_over

    def count(self, batch: MarketBatch) -> None:
        """Count a batch's events, and how long they waited since their socket was read."""
        self._events += len(batch.events)
        self._latency.add(time.monotonic_ns() - batch.read_at, len(batch.events))

    def figures(self) -> dict[str, Any]:
        """Return how it goes."""
        engine = self.engine
        return {
            "slot": self._name,
            "now": engine.clock.now(),
            "events": self._events,
            "stale": self._stale,
            "gaps": self._gaps,
            "open_orders": sum(len(engine.book.open_orders(name)) for name in engine.runs),
            "positions": {
                f"{p.strategy}/{p.symbol}": [str(p.qty), str(p.avg_price)]
                for p in engine.book.positions()
            },
            "realised": str(engine.book.realised),
            "unrealised": str(self._unrealised()),
            "fees": str(engine.book.fees),
            "latency": {str(bucket): count for bucket, count in self._latency.counts.items()},
            "halted": engine.halted,
        }

    def _unrealised(self) -> float:
        last = self.engine.last
        return sum(
            float(p.qty) * (last[p.symbol] - float(p.avg_price))
            for p in self.engine.book.positions()
            if p.symbol in last
        )

    async def _report(self) -> None:
        disk = DiskGuard(self._config.journals, self._config.plan.session.min_free_disk)
        while True:
            self._control.say(Status(self.figures()))
            if (reason := disk.shortage()) is not None:
                self._control.say(Failed(f"entries stop: {reason}"))
                self._inbox.put(Command("halt", self.engine.clock.now(), reason))
            await asyncio.sleep(_STATUS_SECONDS)


def _symbols(event: Input) -> tuple[str, ...]:
    """Return what a market event, or a word about the feed among them, is about."""
    return event.symbols if isinstance(event, FeedStatus) else (event.symbol,)  # type: ignore[union-attr]


def _lost(events: Sequence[Input]) -> list[str]:
    """Return the symbols of which the producer had to drop something."""
    words = (event for event in events if type(event) is FeedStatus)
    return [symbol for word in words if word.state is FeedState.GAPPED for symbol in word.symbols]


async def _main(
    config: SessionConfig,
    slot: int,
    links: SlotLinks,
    shared: Shared,
    disabled: tuple[str, ...],
    control: Control,
) -> None:
    incarnation = await open_incarnation(
        config, config.slots[slot], trader=make_trader(config), disabled=disabled
    )
    await Consumer(config, slot, links, shared, incarnation, make_data(config), control).run()


def consumer_main(
    config: SessionConfig,
    slot: int,
    links: SlotLinks,
    shared: Shared,
    disabled: tuple[str, ...],
    pipe: Connection,
) -> None:
    """Be a consumer's process."""
    run_child(
        f"consumer-{config.slots[slot]}",
        config,
        pipe,
        lambda control: _main(config, slot, links, shared, disabled, control),
    )
