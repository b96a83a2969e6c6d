"""When markets trade: days, hours, half days, nights, and the market that never closes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.nyse_days import EARLY_CLOSES, HOLIDAYS

SECOND = 1_000_000_000
HOUR = 3_600 * SECOND
NEW_YORK = ZoneInfo("America/New_York")

FIRST_DAY = date(1990, 1, 1)
"""Before this nobody trades electronically, and the exchange's hours were others."""
LAST_DAY = date(2030, 12, 31)
"""NYSE publishes its holidays two years ahead; further ones follow from its rules. Fixed, so that
an answer never depends on the day on which it is asked."""

_ONE_DAY = timedelta(days=1)
_PRE_OPEN = time(4)
_OVERNIGHT_OPEN = time(20)
REGULAR_OPEN = time(9, 30)
FULL_CLOSE = time(16)
# After-hours trading lasts four hours, on half days too: 13:00 to 17:00 (NYSE, "Holidays &
# Trading Hours": late trading sessions close at 5:00 pm on early-closing days; Alpaca's extended
# hours are the same).
_AFTER_HOURS = 4 * HOUR


class OutOfCalendar(ConfigError):
    """No calendar is kept for this day."""


class Hours(StrEnum):
    """What part of a session it is."""

    OVERNIGHT = "overnight"
    PRE = "pre"
    REGULAR = "regular"
    POST = "post"


class Session(msgspec.Struct, frozen=True):
    """One trading day. Times in ns UTC; each part ends where the next begins, unless a gap is said.

    `overnight_open` (20:00 of the evening before, of Sunday for Monday) to `pre_open` (04:00) is
    the night that belongs to this trade date. `open` to `close` are regular hours, `close` to
    `post_close` after-hours: until 20:00, on half days until 17:00, and then nothing until the
    next night begins.
    """

    date: date
    open: int
    close: int
    pre_open: int
    post_close: int
    overnight_open: int
    is_half_day: bool = False

    def hours_at(self, ts: int) -> Hours | None:
        """Return what part of this session `ts` is in, None outside it. A boundary is what it
        begins."""
        if not self.overnight_open <= ts < self.post_close:
            return None
        if ts < self.pre_open:
            return Hours.OVERNIGHT
        if ts < self.open:
            return Hours.PRE
        return Hours.REGULAR if ts < self.close else Hours.POST


class Calendar(Protocol):
    """The trading days of one market."""

    def session(self, day: date) -> Session:
        """Return the session of a day. Raises ConfigError when there is none."""

    def is_session(self, day: date) -> bool:
        """Whether there is trading on that day. Raises OutOfCalendar."""

    def next_session(self, day: date) -> Session:
        """Return the first session after a day. Raises OutOfCalendar."""

    def previous_session(self, day: date) -> Session:
        """Return the last session before a day. Raises OutOfCalendar."""

    def sessions(self, start: date, end: date) -> Sequence[Session]:
        """Return the sessions from `start` to `end`, both included, oldest first. Raises
        OutOfCalendar."""

    def session_at(self, ts: int) -> Session | None:
        """Return the session that `ts` (ns UTC) is in, its night and extended hours included."""


class SessionCalendar:
    """The New York Stock Exchange's days with the nights of 24/5 trading.

    A night follows the holidays: there is none before a holiday, and it is whole before a half
    day (Alpaca, "24/5 Trading").
    """

    def __init__(self) -> None:
        closed = set(_dates(HOLIDAYS))
        self._early = {
            day: time.fromisoformat(close)
            for close, days in EARLY_CLOSES.items()
            for day in _dates(days)
        }
        every = (FIRST_DAY + timedelta(n) for n in range((LAST_DAY - FIRST_DAY).days + 1))
        self._days = [day for day in every if day.weekday() < 5 and day not in closed]
        self._made: dict[int, Session] = {}

    def session(self, day: date) -> Session:
        """Return the session of a day. Raises ConfigError when there is none, naming its
        neighbours."""
        index = self._index(day)
        if index < len(self._days) and self._days[index] == day:
            return self._at(index)
        near = ", ".join(str(d) for d in self._days[max(index - 1, 0) : index + 1])
        raise ConfigError(f"no trading on {day} ({day:%A}); the nearest sessions are {near}")

    def is_session(self, day: date) -> bool:
        """Whether there is trading on that day. Raises OutOfCalendar."""
        index = self._index(day)
        return index < len(self._days) and self._days[index] == day

    def next_session(self, day: date) -> Session:
        """Return the first session after a day. Raises OutOfCalendar."""
        _check(day)
        index = bisect_right(self._days, day)
        if index == len(self._days):
            raise OutOfCalendar(f"no session after {day} is known: the calendar ends {LAST_DAY}")
        return self._at(index)

    def previous_session(self, day: date) -> Session:
        """Return the last session before a day. Raises OutOfCalendar."""
        index = self._index(day)
        if index == 0:
            raise OutOfCalendar(
                f"no session before {day} is known: the calendar begins {FIRST_DAY}"
            )
        return self._at(index - 1)

    def sessions(self, start: date, end: date) -> Sequence[Session]:
        """Return the sessions from `start` to `end`, both included, oldest first. Raises
        OutOfCalendar."""
        _check(end)
        return [self._at(i) for i in range(self._index(start), bisect_right(self._days, end))]

    def session_at(self, ts: int) -> Session | None:
        """Return the session that `ts` (ns UTC) is in, its night and extended hours included."""
        day = trade_date(ts)
        _check(day)
        if not self.is_session(day):
            return None
        session = self.session(day)
        return session if session.hours_at(ts) is not None else None

    def _index(self, day: date) -> int:
        _check(day)
        return bisect_left(self._days, day)

    def _at(self, index: int) -> Session:
        session = self._made.get(index)
        if session is None:
            session = self._made[index] = self._make(index)
        return session

    def _make(self, index: int) -> Session:
        day = self._days[index]
        close = new_york(day, self._early.get(day, FULL_CLOSE))
        return Session(
            date=day,
            open=new_york(day, REGULAR_OPEN),
            close=close,
            pre_open=new_york(day, _PRE_OPEN),
            post_close=close + _AFTER_HOURS,
            overnight_open=new_york(day - _ONE_DAY, _OVERNIGHT_OPEN),
            is_half_day=day in self._early,
        )


def _dates(text: str) -> Iterator[date]:
    """Give the days of lines such as `2024 0101 0115`."""
    for line in text.split("\n"):
        year, *days = line.split() or [""]
        for day in days:
            yield date(int(year), int(day[:2]), int(day[2:]))


class AlwaysOpen:
    """Crypto: a session is a day of UTC, all of it regular hours, every day."""

    def session(self, day: date) -> Session:
        """Return the session of a day."""
        start = _utc_midnight(_check(day))
        end = start + 24 * HOUR
        return Session(
            date=day, open=start, close=end, pre_open=start, post_close=end, overnight_open=start
        )

    def is_session(self, day: date) -> bool:
        """Whether there is trading on that day: always. Raises OutOfCalendar."""
        _check(day)
        return True

    def next_session(self, day: date) -> Session:
        """Return the session of the day after. Raises OutOfCalendar."""
        return self.session(_check(day) + _ONE_DAY)

    def previous_session(self, day: date) -> Session:
        """Return the session of the day before. Raises OutOfCalendar."""
        return self.session(_check(day) - _ONE_DAY)

    def sessions(self, start: date, end: date) -> Sequence[Session]:
        """Return the sessions from `start` to `end`, both included, oldest first. Raises
        OutOfCalendar."""
        _check(end)
        first = _check(start).toordinal()
        return [self.session(date.fromordinal(n)) for n in range(first, end.toordinal() + 1)]

    def session_at(self, ts: int) -> Session | None:
        """Return the session that `ts` (ns UTC) is in."""
        return self.session(datetime.fromtimestamp(ts // SECOND, UTC).date())


@lru_cache(maxsize=1)
def us_equities() -> SessionCalendar:
    """Return the one calendar of US equities; the first call builds it in a fifth of a second."""
    return SessionCalendar()


def crypto() -> AlwaysOpen:
    """Return the calendar of crypto."""
    return AlwaysOpen()


def trade_date(ts: int) -> date:
    """Return the day in New York that `ts` (ns UTC) counts for: from 20:00 on it is the next one.

    It says nothing about whether there is trading on that day.
    """
    return datetime.fromtimestamp((ts + 4 * HOUR) // SECOND, NEW_YORK).date()


def new_york(day: date, clock: time = time()) -> int:
    """Return a clock time in New York on a day, ns UTC. Without one: its midnight."""
    return int(datetime.combine(day, clock, NEW_YORK).timestamp()) * SECOND


def _utc_midnight(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp()) * SECOND


def _check(day: date) -> date:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise OutOfCalendar(f"no calendar for {day}: it is kept from {FIRST_DAY} to {LAST_DAY}")
    return day
