"""A consumer's inputs in lockstep: everything between two marks, merged by time, then the answer to the mark.

Market events keep the batches they came in; order events, picks and the like wait for their moment between them.
Nothing ages, because the exchange waits.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import AsyncIterator
from typing import Protocol

from liualgotrader.common.events import Input, OrderEvent
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
            self._market.extend(self._around.market.receive())
            self._inputs.extend(self._around.orders.receive())
            while (ready := self._ready()) is not None:
                async for batch in self._upto(ready):
                    yield batch
                await self._finish(ready)

    def _ready(self) -> int | None:
        """Return the earliest mark that has arrived on both links, or None."""
        market = next((b.mark for b in self._market if b.mark is not None), None)
        order = next((i.mark for i in self._inputs if i.mark is not None), None)
        if market is None or order is None:
            return None
        return max(market, order)

    async def _switched(self) -> None:
        """The producer was replaced: what it had not sent any more is asked of the broker.

        What it had sent stays. A mark of which one half was lost comes again on both streams.
        """
        self._answers.extend(await self._around.missed())

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
