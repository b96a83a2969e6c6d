"""One consumer's place in a simulation: an engine, its desk, and what it is about to be given."""

from __future__ import annotations

from collections import deque

from liualgotrader.common.events import Input, MarketEvent
from liualgotrader.engine.core import Engine
from liualgotrader.engine.runner import OWN_STAMPS, Batch, JournalPort
from liualgotrader.simulation.desk import DirectDesk
from liualgotrader.simulation.lone_runner import LoneRunner


class Seat:
    """An engine with its inputs of one window."""

    def __init__(self, engine: Engine, desk: DirectDesk, journal: JournalPort | None) -> None:
        self.engine = engine
        self.runner = LoneRunner(engine, desk, journal)
        self.events: list[MarketEvent] = []
        self.stamps: list[int] = []
        self._waiting: list[Input] = []

    @property
    def slot(self) -> str:
        """Its letter."""
        return self.engine.settings.slot

    @property
    def is_idle(self) -> bool:
        """Whether it has been given nothing that it has not admitted."""
        return not (self.events or self._waiting)

    def give(self, event: Input) -> None:
        """Let an input wait for its moment."""
        self._waiting.append(event)

    def hear(self, event: MarketEvent, ts: int) -> None:
        """Take a market event of this window."""
        self.events.append(event)
        self.stamps.append(ts)

    def next_due(self) -> int:
        """Return when something of this seat is due next, ns UTC; NEVER for nothing."""
        due = self.engine.clock.due
        return min([due, *(event.ts_event for event in self._waiting)]) if self._waiting else due

    async def live(self, until: int) -> int:
        """Admit all that has come up to `until`. Returns `until`."""
        if self.events or self.next_due() <= until:
            await self.runner.admit(self._batch(until))
        return until

    def _batch(self, until: int) -> Batch:
        between: deque[Input] = deque()
        if self._waiting:
            due = [event for event in self._waiting if event.ts_event <= until]
            self._waiting = [event for event in self._waiting if event.ts_event > until]
            between.extend(sorted(due, key=_moment))
        events, self.events = self.events, []
        stamps, self.stamps = self.stamps, []
        return Batch(OWN_STAMPS, events=events, stamps=stamps, between=between, until=until)


def _moment(event: Input) -> int:
    return event.ts_event
