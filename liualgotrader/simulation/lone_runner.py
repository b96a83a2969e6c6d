"""Drives an engine that is alone at its account, in steps that wait for nobody and so are no coroutines."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from liualgotrader.common.events import Bar, OrderEvent
from liualgotrader.common.orders import Verdict
from liualgotrader.engine.bar_row import process_bars
from liualgotrader.engine.core import Engine
from liualgotrader.engine.runner import JournalPort, Runner
from liualgotrader.simulation.desk import DirectDesk


class LoneRunner(Runner):
    """A runner with a second way to admit, for whoever knows that no other engine acts meanwhile.

    What happens, and in which order, is what `Runner` does; only the waiting is left out.
    """

    def __init__(self, engine: Engine, desk: DirectDesk, journal: JournalPort | None) -> None:
        super().__init__(engine, desk, journal)
        self._direct = desk

    def admit_updates(self, updates: Sequence[OrderEvent], ts: int) -> None:
        """Admit what the venue told, all at one moment before which no timer is due."""
        self._engine.clock.reach(ts)
        book, let_happen = self._direct.book_now, self._let_happen
        for update in updates:
            account = book(update)
            if account is None:
                continue
            if verdicts := let_happen(update):
                self._act_now(verdicts)
            if verdicts := let_happen(account):
                self._act_now(verdicts)

    def admit_bars(self, bars: Sequence[Bar], stamps: Sequence[int], start: int, stop: int) -> int:
        """Admit bars of a stored history at their own stamps, and keep no journal of them.

        Return the index behind the last one admitted: at `stop`, before a timer that is due, or at
        the end of the moment at which something was approved, so that it can set out.
        """
        while start < stop:
            index, verdicts = process_bars(self._engine, bars, stamps, start, stop)
            if not verdicts:
                return index
            self._act_now(verdicts)
            start, stop = index, bisect_right(stamps, stamps[index - 1], index, stop)
        return start

    def _act_now(self, verdicts: list[Verdict]) -> None:
        approved = self._noted(verdicts)
        for answer in self._direct.submit_now(approved) if approved else ():
            if more := self._let_happen(answer):
                self._act_now(more)
