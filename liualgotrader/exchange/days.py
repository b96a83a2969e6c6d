"""Which days there is trading, and when.

What the broker's clock and calendar tell, and what the venue lives by.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from liualgotrader.common import calendar
from liualgotrader.common.calendar import FIRST_DAY, LAST_DAY, crypto, new_york, us_equities
from liualgotrader.venue.sessions import Session


def sessions_between(first: date, last: date) -> Sequence[Session]:
    """Return the sessions of US equities in [first, last], as far as the calendar is kept."""
    days = us_equities().sessions(max(first, FIRST_DAY), min(last, LAST_DAY))
    return [_session(day) for day in days]


def _session(day: calendar.Session) -> Session:
    return Session(
        date=day.date,
        pre_open=day.pre_open,
        open=day.open,
        close=day.close,
        post_close=day.post_close,
    )


def midnight(day: date) -> int:
    """Return when a day begins in New York, ns UTC: what the vendor's daily bars carry."""
    return new_york(day)


def session_of(day: date, *, around_the_clock: bool = False) -> Session:
    """Return the session of a tape's date. Raises ConfigError when there is no trading on it."""
    return _session((crypto() if around_the_clock else us_equities()).session(day))


def sessions_around(day: date) -> Sequence[Session]:
    """Return the sessions of some weeks around a tape's date: orders outlive it, money settles."""
    return sessions_between(day - timedelta(days=10), day + timedelta(days=21))
