"""The only loop.

Inputs come in batches; each is journalled before anyone sees it, and each verdict before it leaves.

In a session engine time is the moment of admission, one stamp a batch. In lockstep and in a
backtest it is each event's own stamp: what happens between events (timers first, then fills) is
admitted at its own time, before the market of the same instant.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import msgspec

from liualgotrader.common.clock import NEVER
from liualgotrader.common.events import (
    AccountUpdate,
    Event,
    Input,
    OrderEvent,
)
from liualgotrader.common.orders import Approved, Verdict
from liualgotrader.engine.core import Engine

OWN_STAMPS = -1


def own_stamps_after(now: int) -> int:
    """Return how a journal writes a batch of own stamps that none of its events goes back behind `now`."""
    return OWN_STAMPS - now


class Batch(msgspec.Struct):
    """Market events that came together.

    `raw` are the bytes they came in, for the journal; `dropped` the indexes that were too old. `ts`
    is the moment of admission, or OWN_STAMPS. `between` are inputs to admit at their own times
    among the events, in time order; with own stamps, everything due by `until` is admitted before
    the batch is done. `stamps` are the events' own, where they are known already.
    """

    ts: int
    raw: bytes = b""
    events: Sequence[Input] = ()
    dropped: tuple[int, ...] = ()
    between: deque[Input] = msgspec.field(default_factory=deque)
    until: int = 0
    stamps: Sequence[int] = ()


class JournalPort(Protocol):
    """Where inputs and verdicts are recorded."""

    def batch(self, ts: int, raw: bytes, dropped: Sequence[int] = ()) -> None:
        """Record a batch in the bytes it came in."""

    def input(self, ts: int, after: int, event: Event) -> None:
        """Record one input."""

    def verdicts(self, after: int, verdicts: Sequence[Verdict]) -> None:
        """Record what risk said."""

    def write_through(self) -> None:
        """Hand what was recorded to the operating system."""


class Desk(Protocol):
    """Where approved intents are admitted and sent, and where order events are booked."""

    async def submit(self, approved: Sequence[Approved]) -> Sequence[OrderEvent | AccountUpdate]:
        """Admit together, queue for sending.

        Return what is known at once (refusals, the new account).
        """

    async def book(self, event: OrderEvent) -> Sequence[AccountUpdate] | None:
        """Record an order event once.

        Return the new account, or None when it was recorded before.
        """


class Runner:
    """Drives one engine."""

    def __init__(self, engine: Engine, desk: Desk, journal: JournalPort | None) -> None:
        """`journal`: None where none is kept, as of stored history."""
        self._engine = engine
        self._desk = desk
        self._journal = journal
        self._let_happen = engine.process if journal is None else self._recorded
        self._after = -1
        self.decisions = 0

    async def run(self, inputs: AsyncIterator[Batch]) -> None:
        """Admit everything that comes, until it ends."""
        async for batch in inputs:
            await self.admit(batch)

    async def admit(self, batch: Batch) -> None:
        """Admit one batch."""
        if batch.events:
            if self._journal is not None:
                now = self._engine.clock.now()
                ts = own_stamps_after(now) if batch.ts == OWN_STAMPS else batch.ts
                self._journal.batch(ts, batch.raw, batch.dropped)
            self._after = -1
        if batch.ts == OWN_STAMPS:
            await self._admit_own_stamps(batch)
        else:
            await self._admit_at(batch)

    async def _admit_at(self, batch: Batch) -> None:
        """Admit at one moment.

        Timers due by it, then order events and the like, then the market.
        """
        clock = self._engine.clock
        clock.advance(max(batch.ts, clock.now()))
        await self._fire(clock.now())
        for event in batch.between:
            await self._admit_input(event)
        if batch.events:
            await self._admit_market(batch)

    async def _admit_market(self, batch: Batch) -> None:
        events: Sequence[Input] = batch.events
        kept: Sequence[int] = range(len(events))
        if batch.dropped:
            kept = [index for index in kept if index not in batch.dropped]
            events = [events[index] for index in kept]
        index = 0
        while index < len(events):
            index, verdicts = self._engine.process_until_said(events, index)
            if verdicts:
                self._after = kept[index]
                await self._act(verdicts)
                index += 1
        self._after = len(batch.events) - 1

    async def _admit_own_stamps(self, batch: Batch) -> None:
        """Admit each event at its own time, and what is due between them at theirs."""
        clock, engine = self._engine.clock, self._engine
        events, between = batch.events, batch.between
        stamps = batch.stamps or [event.ts_event for event in events]
        index, count = 0, len(events)
        while index < count:
            ts = stamps[index]
            if (between and between[0].ts_event <= ts) or not clock.reach(ts):
                await self._between(between, ts)
                clock.reach(ts)
            stop = _until_due(stamps, between, index + 1)
            index, verdicts = engine.process_stretch(events, stamps, index, stop)
            self._after = index - 1
            if verdicts:
                await self._act(verdicts)
        if batch.until:
            await self._between(between, batch.until)
            if batch.until > clock.now():
                clock.advance(batch.until)

    async def _between(self, between: deque[Input], upto: int) -> None:
        """Admit the timers and waiting inputs due by `upto`.

        At one instant the timers come first.
        """
        clock = self._engine.clock
        while True:
            timer_at = clock.due
            input_at = between[0].ts_event if between else NEVER
            if min(timer_at, input_at) > upto:
                return
            if timer_at <= input_at:
                clock.advance(max(timer_at, clock.now()))
                await self._fire(timer_at)
            else:
                event = between.popleft()
                clock.advance(max(input_at, clock.now()))
                await self._admit_input(event)

    async def _fire(self, upto: int) -> None:
        for timer in self._engine.clock.pop_due(upto):
            await self._admit_input(timer)

    async def _admit_input(self, event: Input) -> None:
        updates: Sequence[AccountUpdate] = ()
        if type(event) is OrderEvent:
            booked = await self._desk.book(event)
            if booked is None:
                return
            updates = booked
        if verdicts := self._let_happen(event):
            await self._act(verdicts)
        for update in updates:
            if verdicts := self._let_happen(update):
                await self._act(verdicts)

    def _recorded(self, event: Input) -> list[Verdict]:
        """Let an input happen that was written down first."""
        if self._journal is not None:
            self._journal.input(self._engine.clock.now(), self._after, event)
        return self._engine.process(event)

    async def _act(self, verdicts: list[Verdict]) -> None:
        """Let leave what may. What is refused at admission is the next input."""
        approved = self._noted(verdicts)
        if not approved:
            return
        for answer in await self._desk.submit(approved):
            if more := self._let_happen(answer):
                await self._act(more)

    def _noted(self, verdicts: list[Verdict]) -> list[Approved]:
        """Return what was approved among verdicts, once they are recorded."""
        self.decisions += len(verdicts)
        approved = [verdict for verdict in verdicts if type(verdict) is Approved]
        if self._journal is not None:
            self._journal.verdicts(self._after, verdicts)
            if approved:
                self._journal.write_through()
        return approved


def _until_due(stamps: Sequence[int], between: deque[Input], begin: int) -> int:
    """Return the index of the first event, from `begin` on, before which an input is to be admitted."""
    if not between:
        return len(stamps)
    due = between[0].ts_event
    return next((i for i in range(begin, len(stamps)) if stamps[i] >= due), len(stamps))
