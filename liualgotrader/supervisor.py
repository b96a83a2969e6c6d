"""The supervisor: it makes a session's processes, restarts whichever dies, and ends them in order.

A killed process is replaced through the recovery path, which is the start path with something behind it. Its links
are never used again; both ends move to spares.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from liualgotrader.bootstrap import SessionConfig, make_clock
from liualgotrader.common.errors import LiuError
from liualgotrader.common.events import AccountUpdate, Adjusted, Command, OrderEvent
from liualgotrader.consumer import Shared, consumer_main
from liualgotrader.credentials.redaction import redact
from liualgotrader.links.port import LinkKind
from liualgotrader.links.slots import SlotLinks
from liualgotrader.producer import producer_main
from liualgotrader.scanners_runner import scanners_main
from liualgotrader.session.family import Child
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

log = logging.getLogger(__name__)

_READY_SECONDS = 60.0
_STOP_SECONDS = 7.0
# A test cannot wait so long; a machine that swaps may need longer.
_SPIN_SECONDS = float(os.environ.get("LIU_SPIN_SECONDS", "10"))
_MOST_RESTARTS = 5
# What a life has counted stays counted when it ends.
_LASTING = {"events", "stale", "gaps", "latency"}
_RESTART_WINDOW = 60.0


class GivenUp(LiuError):
    """A process died again and again; the session cannot go on."""


class Supervisor:
    """One session's processes, from the first spawn to the last report."""

    def __init__(self, config: SessionConfig, *, epoch: int = 1) -> None:
        self._config = config
        self.clock = make_clock(config)
        self._context = multiprocessing.get_context("spawn")
        slots = config.slots
        kind = LinkKind(config.plan.session.link)
        self._links = [SlotLinks(self._context, slot, kind) for slot in slots]
        self._shared = Shared(self._context, len(slots))
        self._epoch = epoch
        self._disabled: list[dict[str, None]] = [{} for _ in slots]
        self._consumers: list[Child | None] = [None] * len(slots)
        self._producer: Child | None = None
        self._scanners: Child | None = None
        self._begin: Begin | None = None
        self._deaths: deque[float] = deque()
        self._over = asyncio.Event()
        self._stopping = False
        self.reason = ""
        self.failure = ""
        self.reconnected = asyncio.Event()
        self.restarts: Counter[str] = Counter()
        self.warnings: list[str] = []
        self._buried: list[dict[str, Any]] = []

    # -- the course of a session -------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start scanners, consumers, and last the producer; return when all are ready, or the session is to end.

        Raises GivenUp when it cannot begin.
        """
        if self._config.plan.scanners:
            self._scanners = self._spawn_scanners()
        if not self._config.plan.session.test_scanners:
            self._consumers = [self._spawn_consumer(index) for index in range(len(self._links))]
            self._producer = self._spawn_producer()
        try:
            async with asyncio.timeout(_READY_SECONDS):
                while not all(child.ready.is_set() for child in self.children):
                    if self._over.is_set():
                        if self.failure:
                            raise GivenUp(self.failure)
                        return  # who is ready may have traded already, so it ends like any other
                    await self._first(*(child.ready for child in self.children), self._over)
        except TimeoutError:
            late = ", ".join(child.name for child in self.children if not child.ready.is_set())
            raise GivenUp(f"not ready after {_READY_SECONDS:.0f} s: {late}; see its log") from None

    async def _first(self, *events: asyncio.Event) -> None:
        waiting = [asyncio.ensure_future(event.wait()) for event in events if not event.is_set()]
        if not waiting:
            return
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()

    def begin(self, begin: Begin) -> None:
        """Tell everybody that the tape runs."""
        self._begin = begin
        self.clock.begin(begin.origin, begin.started, begin.speed)
        for child in self.children:
            child.say(begin)

    def stand(self) -> int | None:
        """Let the session's clock stand, and expect the streams anew; return its time, None before it ran."""
        if self._producer is not None:
            self._producer.ready.clear()
        if self._begin is None:
            return None
        at = self.clock.now()
        self.begin(Begin(at, time.monotonic_ns(), 0.0))
        return at

    async def streams_back(self) -> None:
        """Return once the producer has its streams, or the session needs none any more."""
        while not self._over.is_set():
            producer = self._producer
            if producer is None or producer.finished or producer.ready.is_set():
                return
            await self._first(producer.ready, producer.ended, self._over)

    async def run(self) -> None:
        """Watch until the session is over."""
        watching = asyncio.create_task(self._watch())
        await self._over.wait()
        watching.cancel()

    async def stop(self) -> None:
        """End the children: consumers first, so that nothing they wait for is missing, then the others."""
        self._stopping = True
        await self._end([child for child in self._consumers if child is not None])
        rest = [child for child in (self._scanners, self._producer) if child is not None]
        await self._end(rest)

    async def _end(self, children: list[Child]) -> None:
        for child in children:
            child.say(Stop(self.reason or "session over"))
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await asyncio.gather(*(child.gone() for child in children))
        except TimeoutError:
            for child in children:
                if child.is_alive:
                    self.warn(f"{child.name} did not stop in {_STOP_SECONDS:.0f} s and was killed")
                    child.kill()
            await asyncio.gather(*(child.gone() for child in children))

    def finish(self, reason: str, *, failure: str = "") -> None:
        """Say that the session is to end."""
        if not self._over.is_set():
            self.reason, self.failure = redact(reason), redact(failure)
            self._over.set()

    def command(self, command: Command) -> None:
        """Carry out an operator's command."""
        if command.name == "stop":
            self.finish(command.reason or "stopped by command")
        elif self._producer is not None:
            self._producer.say(Order(command))

    def tell(self, event: OrderEvent | AccountUpdate | Adjusted, slot: str = "") -> None:
        """Have a consumer hear what the broker's books showed; without a producer it is found again later."""
        if self._producer is not None:
            self._producer.say(Tell(event, slot))

    # -- children ----------------------------------------------------------------------------------------------

    @property
    def children(self) -> list[Child]:
        """All that are there."""
        return [c for c in (self._scanners, *self._consumers, self._producer) if c is not None]

    def _spawn(self, name: str, main: Callable[..., None], *args: Any) -> Child:
        child = Child(self._context, name, main, args, self._hear, self._died)
        log.info("started %s, pid %d", name, child.pid)
        return child

    def _spawn_consumer(self, index: int) -> Child:
        return self._spawn(
            f"consumer {self._config.slots[index]}",
            consumer_main,
            self._config,
            index,
            self._links[index],
            self._shared,
            tuple(self._disabled[index]),
        )

    def _spawn_producer(self) -> Child:
        return self._spawn("producer", producer_main, self._config, self._links, self._epoch)

    def _spawn_scanners(self) -> Child:
        return self._spawn("scanners", scanners_main, self._config, self._epoch)

    def _hear(self, child: Child, message: Message) -> None:
        match message:
            case Status(figures=figures):
                child.figures = figures
            case Ready():
                child.ready.set()
                if self._begin is not None:
                    child.say(self._begin)
                if child is self._producer:
                    self.reconnected.set()
            case Picks() | Subscribed() | GivenBack():
                self._pass_on(message)
            case Failed(message=text, fatal=fatal, strategy=strategy):
                self.warn(text)
                if strategy and child in self._consumers:
                    self._disabled[self._consumers.index(child)][strategy] = None
                if fatal:
                    self.finish("failed", failure=text)
            case Done(figures=figures):
                child.figures = figures
                child.finished = True
                self._maybe_over()

    def _pass_on(self, message: Picks | Subscribed | GivenBack) -> None:
        """Picks and symbols given back are for the producer, its answers for the scanners."""
        to = self._scanners if isinstance(message, Subscribed) else self._producer
        if to is not None:
            to.say(message)

    def warn(self, text: str) -> None:
        """Log what the user must know, and keep it for the summary."""
        text = redact(text)
        log.warning(text)
        self.warnings.append(text)

    def _maybe_over(self) -> None:
        if self._config.plan.session.test_scanners:
            if self._scanners is not None and self._scanners.finished:
                self.finish("scanners tested")
        elif all(child is not None and child.finished for child in self._consumers):
            self.finish("session over")

    def _died(self, child: Child) -> None:
        """Replace a child that went without saying that it was done."""
        if child.finished or self._stopping:
            return
        code = child.exitcode or 0
        how = f"signal {-code}" if code < 0 else f"code {code}"
        self.warn(f"{child.name} died ({how}); it is replaced")
        self.restarts[child.name] += 1
        now = asyncio.get_running_loop().time()
        self._deaths.append(now)
        while self._deaths and now - self._deaths[0] > _RESTART_WINDOW:
            self._deaths.popleft()
        if len(self._deaths) > _MOST_RESTARTS:
            self.finish("failed", failure=f"{child.name} died too often; see its log")
            return
        self._replace(child)

    def _replace(self, child: Child) -> None:
        if child is self._producer:
            self._epoch += 1
            for index, links in enumerate(self._links):
                self._switch(index, links)
            self._producer = self._spawn_producer()
        elif child is self._scanners:
            self._scanners = self._spawn_scanners()
        elif child in self._consumers:
            index = self._consumers.index(child)
            self._buried.append(
                {key: child.figures[key] for key in _LASTING & child.figures.keys()}
            )
            self._switch(index, self._links[index])
            self._consumers[index] = self._spawn_consumer(index)

    def _switch(self, index: int, links: SlotLinks) -> None:
        """Move both ends to the next spare; without one left, both ends get new links, and so new processes."""
        if not links.exhausted:
            links.switch()
            return
        kind = LinkKind(self._config.plan.session.link)
        self._links[index] = SlotLinks(self._context, links.slot, kind)
        for other in (self._producer, self._consumers[index]):
            if other is not None and other.is_alive:
                other.kill()

    # -- those that hang ---------------------------------------------------------------------------------------

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            for index, child in enumerate(self._consumers):
                if child is None or not child.ready.is_set() or child.finished:
                    continue
                if child.is_alive and child.silence > _SPIN_SECONDS:
                    await self._replace_spinning(index, child)

    async def _replace_spinning(self, index: int, child: Child) -> None:
        """A strategy that spins keeps its consumer silent. Ask who runs, then end it and leave that one out."""
        cell = self._shared.running[index]
        cell.value = b""
        child.signal(signal.SIGUSR1)
        for _ in range(20):
            await asyncio.sleep(0.05)
            if cell.value:
                break
        name = cell.value.decode()
        if name:
            self._disabled[index][name] = None
            self.warn(
                f"strategy {name} spins in {child.name}: it is disabled, its consumer replaced"
            )
        else:
            self.warn(f"{child.name} has been silent for {child.silence:.0f} s and is replaced")
        child.kill()

    # -- figures -----------------------------------------------------------------------------------------------

    def figures(self) -> dict[str, Any]:
        """Return how the session goes, over all processes."""
        living = [child.figures for child in self._consumers if child is not None]
        consumers = [figures for figures in living if figures] + self._buried
        return {
            "producer": self._producer.figures if self._producer is not None else {},
            "consumers": consumers,
            "scanners": self._scanners.figures if self._scanners is not None else {},
            "restarts": dict(self.restarts),
            "warnings": len(self.warnings),
        }
