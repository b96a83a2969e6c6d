"""Engine time: it moves only when an input is admitted, so a replay lives through the same moments.

A timer is an input like any other: whoever drives the engine takes what is due and admits it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from heapq import heappop, heappush

from liualgotrader.common.errors import InvariantError
from liualgotrader.common.events import TimerFired

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
# A moment of the year 2116, and the greatest number that compiled code (tools/compile) holds without an object.
NEVER = (1 << 62) - 1


class EngineClock:
    """The time of the current input, and the timers that wait for later ones.

    `due` is when the earliest timer is due, ns UTC; NEVER without one.
    """

    __slots__ = ("_now", "_order", "_timers", "due")

    def __init__(self, now: int = 0) -> None:
        self.due = NEVER
        self._now = now
        self._timers: list[tuple[int, int, str, str]] = []
        self._order = 0

    def now(self) -> int:
        """Return the moment the current input was admitted, ns UTC."""
        return self._now

    def datetime(self) -> datetime:
        """Return now as an aware UTC datetime, truncated to microseconds."""
        return datetime.fromtimestamp(self._now // SECOND, UTC).replace(
            microsecond=self._now % SECOND // 1000,
        )

    def advance(self, ts: int) -> None:
        """Move to `ts`. Going back would break every replay, so it is a bug."""
        if ts < self._now:
            raise InvariantError(f"engine time went backwards: {ts} after {self._now}")
        self._now = ts

    def reach(self, ts: int) -> bool:
        """Move to `ts` unless a timer is due by then; say whether it was reached.

        A moment that is over is reached already: an event may come with the stamp of an earlier one.
        """
        if self.due <= ts:
            return False
        if ts > self._now:
            self._now = ts
        return True

    def call_at(self, ts: int, owner: str, name: str) -> None:
        """Ask for TimerFired(owner, name) once time reaches `ts`; a past moment means at once."""
        self._order += 1
        heappush(self._timers, (ts, self._order, owner, name))
        self.due = self._timers[0][0]

    def next_due(self) -> int | None:
        """Return when the earliest timer is due, or None."""
        return self.due if self._timers else None

    def pop_due(self, upto: int) -> Iterator[TimerFired]:
        """Take the timers due by `upto`, earliest first, in asked-for order within an instant."""
        while self._timers and self.due <= upto:
            due, _, owner, name = heappop(self._timers)
            self._turn_to_next()
            yield TimerFired(due=due, owner=owner, name=name)

    def forget(self, timer: TimerFired) -> None:
        """Drop a timer that a journal says has fired; replay admits it from the journal instead."""
        for index, (due, _, owner, name) in enumerate(self._timers):
            if (due, owner, name) == (timer.due, timer.owner, timer.name):
                last = self._timers.pop()
                if index < len(self._timers):
                    self._timers[index] = last
                    self._timers.sort()
                self._turn_to_next()
                return
        raise InvariantError(f"the journal fired a timer that was never set: {timer}")

    def _turn_to_next(self) -> None:
        self.due = self._timers[0][0] if self._timers else NEVER
