"""When the venue trades: the boundaries of its sessions, handed in as plain numbers.

The venue knows no calendar library; whoever builds it says when each session begins and ends.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.frozen import Frozen


class Phase(StrEnum):
    """What part of the day it is."""

    CLOSED = "closed"
    PRE = "pre"
    REGULAR = "regular"
    POST = "post"


class Session(Frozen, frozen=True):
    """One trading day, ns UTC. In New York 04:00, 09:30, 16:00 (13:00 at times) and 20:00."""

    date: date
    pre_open: int
    open: int
    close: int
    post_close: int


class Moment(StrEnum):
    """What a venue does by itself at a time of its day."""

    PRE_OPEN = "pre_open"
    OPEN = "open"
    CLOSE = "close"
    LATE_CLOSE = "late_close"
    AGED = "aged"
    POST_CLOSE = "post_close"


# The phase that begins at each of a session's four boundaries, in their order.
_BEGINS = (Phase.PRE, Phase.REGULAR, Phase.POST, Phase.CLOSED)
FAR = 1 << 63
_HOUR = 3_600_000_000_000
# New York midnight and the broker's job that ends aged orders (16:15), counted from 04:00.
_MIDNIGHT = -4 * _HOUR
_AGED_JOB = 12 * _HOUR + _HOUR // 4
_DAY = 24 * _HOUR
# How long an order for the closing auction waits for its print.
_LATE_CLOSE = _HOUR // 12


class SessionTimes:
    """The sessions a venue will live through, oldest first.

    Raises ConfigError when there is none or when they overlap.
    """

    __slots__ = ("_boundaries", "_moments", "_span", "_times", "sessions")

    def __init__(self, sessions: Sequence[Session]) -> None:
        self.sessions = tuple(sessions)
        self._boundaries = [
            ts for s in self.sessions for ts in (s.pre_open, s.open, s.close, s.post_close)
        ]
        if not self.sessions or self._boundaries != sorted(self._boundaries):
            raise ConfigError("sessions must be given, in order, and must not overlap")
        self._moments = [moment for s in self.sessions for moment in _moments(s)]
        self._times = [ts for ts, _, _ in self._moments]
        self._span = (0, 0, Phase.CLOSED)

    def phase(self, ts: int) -> Phase:
        """Return what part of the day `ts` is in; a boundary belongs to what it begins."""
        begin, end, phase = self._span
        return phase if begin <= ts < end else self._turn_to(ts)[2]

    def phase_start(self, ts: int) -> int:
        """Return when the part of the day at `ts` began; 0 before the first session."""
        begin, end, _ = self._span
        return begin if begin <= ts < end else self._turn_to(ts)[0]

    def _turn_to(self, ts: int) -> tuple[int, int, Phase]:
        """Return from when to when it is what part of the day, and keep it: time mostly stays in one."""
        index = bisect_right(self._boundaries, ts)
        begin = self._boundaries[index - 1] if index else 0
        end = self._boundaries[index] if index < len(self._boundaries) else FAR
        self._span = begin, end, _BEGINS[(index - 1) % 4] if index else Phase.CLOSED
        return self._span

    def current(self, ts: int) -> Session:
        """Return the session `ts` is in (pre-open to post-close), else the next, else the last."""
        index = bisect_right(self._boundaries, ts) // 4
        return self.sessions[min(index, len(self.sessions) - 1)]

    def settles_at(self, ts: int, days: int) -> int | None:
        """Return when a fill at `ts` settles, `days` sessions on; None beyond those known."""
        index = bisect_right(self._boundaries, ts) // 4 + days
        return self.sessions[index].pre_open if index < len(self.sessions) else None

    def date_of(self, ts: int) -> date:
        """Return the day in New York at `ts`, counted from the nearest session known."""
        session = self.current(ts)
        return session.date + timedelta(days=(ts - session.pre_open - _MIDNIGHT) // _DAY)

    def next_moment(self, ts: int) -> int | None:
        """Return the first moment after `ts`, or None."""
        index = bisect_right(self._times, ts)
        return self._times[index] if index < len(self._times) else None

    def moments(self, after: int, upto: int) -> Sequence[tuple[int, Moment, Session]]:
        """Return the moments in (after, upto], oldest first."""
        return self._moments[bisect_right(self._times, after) : bisect_right(self._times, upto)]


def _moments(session: Session) -> list[tuple[int, Moment, Session]]:
    moments = [
        (session.pre_open, Moment.PRE_OPEN, session),
        (session.open, Moment.OPEN, session),
        (session.close, Moment.CLOSE, session),
        (session.post_close, Moment.POST_CLOSE, session),
    ]
    for ts, moment in (
        (session.close + _LATE_CLOSE, Moment.LATE_CLOSE),
        (session.pre_open + _AGED_JOB, Moment.AGED),
    ):
        if session.close <= ts <= session.post_close:
            moments.append((ts, moment, session))
    return sorted(moments, key=lambda moment: moment[0])
