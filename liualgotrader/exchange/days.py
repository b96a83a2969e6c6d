"""Which days there is trading, and when.

What the broker's clock and calendar tell, and what the venue lives by.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from liualgotrader.common.calendar import FIRST_DAY, LAST_DAY, new_york, us_equities
from liualgotrader.venue.sessions import Session


def sessions_between(first: date, last: date) -> Sequence[Session]:
    """Return the sessions of US equities in [first, last], as far as the calendar is kept."""
    days = us_equities().sessions(max(first, FIRST_DAY), min(last, LAST_DAY))
    return [
        Session(
            date=day.date,
            pre_open=day.pre_open,
            open=day.open,
            close=day.close,
            post_close=day.post_close,
        )
        for day in days
    ]


def midnight(day: date) -> int:
    """Return when a day begins in New York, ns UTC: what the vendor's daily bars carry."""
    return new_york(day)


def session_of(day: date) -> Session:
    """Return the session of a tape's date. Raises ConfigError when there is no trading on it."""
    us_equities().session(day)
    return sessions_between(day, day)[0]


def sessions_around(day: date) -> Sequence[Session]:
    """Return the sessions of some weeks around a tape's date: orders outlive it, money settles."""
    return sessions_between(day - timedelta(days=10), day + timedelta(days=21))
