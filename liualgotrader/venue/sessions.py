"""When the venue trades: the boundaries of its sessions, handed in as plain numbers.

The venue knows no calendar library; whoever builds it says when each session begins and ends.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date
from enum import StrEnum

import msgspec

from liualgotrader.common.errors import ConfigError


class Phase(StrEnum):
    """What part of the day it is."""

    CLOSED = "closed"
    PRE = "pre"
    REGULAR = "regular"
    POST = "post"


class Session(msgspec.Struct, frozen=True):
    """One trading day, ns UTC. In New York 04:00, 09:30, 16:00 (13:00 at times) and 20:00."""

    date: date
    pre_open: int
    open: int
    close: int
    post_close: int


# The phase that begins at each of a session's four boundaries, in their order.
_BEGINS = (Phase.PRE, Phase.REGULAR, Phase.POST, Phase.CLOSED)


class SessionTimes:
    """The sessions a venue will live through, oldest first. Raises ConfigError when they overlap."""

    __slots__ = ("_boundaries", "sessions")

    def __init__(self, sessions: Sequence[Session]) -> None:
        self.sessions = tuple(sessions)
        self._boundaries = [
            ts for s in self.sessions for ts in (s.pre_open, s.open, s.close, s.post_close)
        ]
        if self._boundaries != sorted(self._boundaries):
            raise ConfigError("sessions must be in order and must not overlap")

    def phase(self, ts: int) -> Phase:
        """Return what part of the day `ts` is in; a boundary belongs to what it begins."""
        index = bisect_right(self._boundaries, ts)
        return _BEGINS[(index - 1) % 4] if index else Phase.CLOSED

    def current(self, ts: int) -> Session | None:
        """Return the session `ts` is in (pre-open to post-close), else the next one, else None."""
        index = bisect_right(self._boundaries, ts)
        return self.sessions[index // 4] if index < len(self._boundaries) else None

    def next_open(self, ts: int) -> Session | None:
        """Return the first session whose regular hours begin after `ts`."""
        return next((s for s in self.sessions if s.open > ts), None)

    def settles_at(self, ts: int, days: int) -> int | None:
        """Return when a fill at `ts` settles, `days` sessions later; None beyond the sessions
        known.
        """
        index = bisect_right(self._boundaries, ts) // 4 + days
        return self.sessions[index].pre_open if index < len(self.sessions) else None

    def next_boundary(self, ts: int) -> int | None:
        """Return the first boundary after `ts`."""
        index = bisect_right(self._boundaries, ts)
        return self._boundaries[index] if index < len(self._boundaries) else None

    def boundaries(self, after: int, upto: int) -> Iterator[tuple[int, Phase]]:
        """Iterate over the boundaries in (after, upto] and the phase that each begins."""
        first = bisect_right(self._boundaries, after)
        last = bisect_right(self._boundaries, upto)
        for index in range(first, last):
            yield self._boundaries[index], _BEGINS[index % 4]
