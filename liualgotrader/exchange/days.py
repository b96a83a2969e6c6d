"""Which days there is trading, and when.

What the broker's clock and calendar tell, and the venue lives by.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import exchange_calendars

from liualgotrader.common.errors import ConfigError
from liualgotrader.venue.sessions import Session

NEW_YORK = ZoneInfo("America/New_York")
_PRE_OPEN, _POST_CLOSE = (4, 0), (20, 0)


def sessions_between(first: date, last: date) -> Sequence[Session]:
    """Return the sessions of the New York Stock Exchange from `first` to `last`, both included."""
    return [
        session
        for day, session in sorted(_year_range(first.year, last.year).items())
        if first <= day <= last
    ]


@lru_cache(maxsize=8)
def _year_range(first: int, last: int) -> dict[date, Session]:
    calendar = exchange_calendars.get_calendar("XNYS", start=f"{first}-01-01", end=f"{last}-12-31")
    schedule = calendar.schedule
    return {
        stamp.date(): Session(
            date=stamp.date(),
            pre_open=_at(stamp.date(), _PRE_OPEN),
            open=row.open.value,
            close=row.close.value,
            post_close=_at(stamp.date(), _POST_CLOSE),
        )
        for stamp, row in zip(schedule.index, schedule.itertuples(), strict=True)
    }


def _at(day: date, clock: tuple[int, int]) -> int:
    moment = datetime(day.year, day.month, day.day, *clock, tzinfo=NEW_YORK)
    return int(moment.timestamp()) * 1_000_000_000


def midnight(day: date) -> int:
    """Return when a day begins in New York, ns UTC: what the vendor's daily bars carry."""
    return _at(day, (0, 0))


def sessions_around(day: date, *, before: int = 10, after: int = 21) -> Sequence[Session]:
    """Return the sessions of some weeks around a tape's date.

    Raises ConfigError when there is no trading on it.
    """
    sessions = sessions_between(day - timedelta(days=before), day + timedelta(days=after))
    if all(session.date != day for session in sessions):
        raise ConfigError(f"there was no session on {day}")
    return sessions
