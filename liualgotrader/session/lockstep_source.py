"""A consumer's inputs in lockstep: everything between two marks, merged by time, then the answer to the mark.

Market events keep the batches they came in; order events, picks and the like wait for their moment between them.
Nothing ages, because the exchange waits.

An exchange that was killed comes back at a mark that everybody had answered, and tells what follows again. Market data
up to the last mark that came with it is here already and is not taken twice; order events the ledger knows again.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import AsyncIterator
from typing import Protocol

import msgspec

from liualgotrader.common.events import Input, OrderEvent
from liualgotrader.common.wire import encode_events
from liualgotrader.engine.core import Engine
from liualgotrader.engine.desk import SessionDesk
from liualgotrader.engine.runner import OWN_STAMPS, Batch
from liualgotrader.links.market import MarketBatch, MarketReceiver, decode
from liualgotrader.links.orders import OrderItem, OrderReceiver
from liualgotrader.session.lockstep import LockstepSocket
from liualgotrader.session.turns import SharedTurn

log = logging.getLogger(__name__)


class Around(Protocol):
    """What the source needs of its consumer."""

    engine: Engine
    desk: SessionDesk
    market: MarketReceiver
    orders: OrderReceiver

    @property
    def stopping(self) -> str:
        """Why the supervisor wants an end, or ""."""

    async def sleep(self) -> None:
        """Wait until something may have arrived."""

    def watch_links(self) -> None:
        """Wake up when a link has something."""

    def follow_switch(self) -> bool:
        """Move to the spares when told to."""

    def take_inbox(self) -> deque[Input]:
        """Return what arose in this process."""

    async def missed(self) -> list[OrderEvent]:
        """Return what the broker says happened to open orders meanwhile."""

    async def before(self, event: Input) -> list[Input]:
        """Return an input with what must follow it at once (a pick's history)."""

    async def keep(self) -> None:
        """Write behind."""

    def count(self, batch: MarketBatch) -> None:
        """Count a batch's events, and how long they waited."""


class LockstepSource:
    """Merges the two links by their marks."""

    def __init__(self, around: Around, socket: LockstepSocket, turn: SharedTurn) -> None:
        self._around = around
        self._socket = socket
        self._turn = turn
        self._market: deque[MarketBatch] = deque()
        self._inputs: deque[OrderItem] = deque()
        self._answers: list[Input] = []
        # The last mark on each link: all before it has come.
        self._market_mark = self._orders_mark = -1
        self._told_again = False
        self._greeting = False

    async def batches(self, mark: int) -> AsyncIterator[Batch]:
        """Everything after the mark of the welcome up to each mark, until the tape has ended."""
        self._around.watch_links()
        # Never heard of again by this life. What was decided at the start is posted before it is
        # acknowledged; the others may be waiting for our turn.
        await self._finish(mark)
        while not self._around.stopping and not self._socket.ended:
            await self._around.sleep()
            if self._around.follow_switch():
                await self._switched()
            self._receive()
            while (ready := self._ready()) is not None:
                async for batch in self._upto(ready):
                    yield batch
                await self._finish(ready)

    def _receive(self) -> None:
        for batch in self._around.market.receive():
            if batch.mark is not None:
                self._market_marked(batch, batch.mark)
            elif not self._told_again:
                self._market.append(batch)
            elif (rest := _after(batch, self._market_mark)) is not None:
                self._market.append(rest)
        for item in self._around.orders.receive():
            if item.mark is not None and item.mark <= self._orders_mark:
                item = msgspec.structs.replace(item, mark=None)
            elif item.mark is not None:
                self._orders_mark = item.mark
            self._inputs.append(item)

    def _market_marked(self, batch: MarketBatch, mark: int) -> None:
        if mark > self._market_mark:
            self._market_mark = mark
            self._told_again = self._greeting = False
            self._market.append(batch)
        elif mark == self._market_mark and self._greeting:
            # A new producer is told the last mark, and the exchange goes on behind it.
            self._greeting = False
        else:
            # The exchange has come back: of what follows the last mark, it tells all again.
            self._told_again = True
            while self._market and self._market[-1].mark is None:
                self._market.pop()

    def _ready(self) -> int | None:
        """Return the earliest mark by which both links have brought everything, or None."""
        market = next((b.mark for b in self._market if b.mark is not None), None)
        order = next((i.mark for i in self._inputs if i.mark is not None), None)
        if market is None or order is None:
            return None
        mark = max(market, order)
        return mark if mark <= min(self._market_mark, self._orders_mark) else None

    async def _switched(self) -> None:
        """The producer was replaced: what it had not sent any more is asked of the broker.

        What it had sent stays. A mark of which one half was lost comes again on both streams.
        """
        self._greeting = True
        missed = await self._around.missed()
        self._answers.extend(missed)

    async def _upto(self, mark: int) -> AsyncIterator[Batch]:
        items = self._items(mark)
        due = [
            event for item in items for e in item.events for event in await self._around.before(e)
        ]
        self._answers.extend(self._around.take_inbox())
        due += [answer for answer in self._answers if answer.ts_event <= mark]
        self._answers = [answer for answer in self._answers if answer.ts_event > mark]
        between = deque(sorted(due, key=lambda event: event.ts_event))
        for batch in self._batches(mark):
            decode(batch)
            yield Batch(OWN_STAMPS, batch.raw, batch.events, between=between)
            self._around.count(batch)
        yield Batch(OWN_STAMPS, between=between, until=mark)
        for item in items:
            self._around.orders.ack(item)

    def _items(self, mark: int) -> list[OrderItem]:
        taken = []
        while self._inputs:
            item = self._inputs[0]
            if item.mark is not None and item.mark > mark:
                break
            self._inputs.popleft()
            taken.append(item)
            if item.mark == mark:
                break
        return taken

    def _batches(self, mark: int) -> list[MarketBatch]:
        taken = []
        while self._market:
            batch = self._market[0]
            if batch.mark is not None and batch.mark > mark:
                break
            self._market.popleft()
            if batch.mark is None:
                taken.append(batch)
            elif batch.mark == mark:
                break
        return taken

    async def _finish(self, mark: int) -> None:
        await self._around.desk.drained()
        await self._around.keep()
        self._turn.passed(mark)
        self._answer(mark)

    def _answer(self, mark: int) -> None:
        desk = self._around.desk
        decided, desk.decided = desk.decided, []
        self._answers.extend(self._around.take_inbox())
        waits = [answer.ts_event for answer in self._answers]
        timer = self._around.engine.clock.next_due()
        due = min(waits if timer is None else [*waits, timer], default=None)
        self._socket.ack(mark, decided=decided, next_timer=due)


def _after(batch: MarketBatch, mark: int) -> MarketBatch | None:
    """Return what a batch that is told again has beyond a mark, or None for nothing."""
    events = [event for event in decode(batch).events if event.ts_event > mark]
    if not events:
        return None
    if len(events) == len(batch.events):
        return batch
    return MarketBatch(batch.read_at, encode_events(events), events)
