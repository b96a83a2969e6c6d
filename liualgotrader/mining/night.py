"""Which trading day a run works for, and up to when it sees."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec

from liualgotrader.common.calendar import NEW_YORK, SECOND, new_york, us_equities
from liualgotrader.common.errors import ConfigError
from liualgotrader.data.kept_history import SETTLES


class Night(msgspec.Struct, frozen=True, kw_only=True):
    """The night after `day`. `now` in ns UTC; `since`: from which day on to work anew, None for what is missing."""

    day: date
    next_day: date
    now: int
    since: date | None = None

    @property
    def end(self) -> int:
        """The midnight that ends the day, ns UTC: nothing from then on is seen."""
        return new_york(self.day + timedelta(days=1))


def night_at(now: int, *, day: date | None = None, since: date | None = None) -> Night:
    """Return the night at `now`, ns UTC, or the one after an earlier `day`, once its rows were final.

    Raises ConfigError for a day without trading, one that is not over, and a `since` after it.
    """
    calendar, last = us_equities(), last_day_over(now)
    chosen = last if day is None else calendar.session(day).date
    if chosen > last:
        raise ConfigError(
            f"--day {chosen}: is not over; the last trading day that is over is {last}"
        )
    if since is not None and since > chosen:
        raise ConfigError(f"--since {since}: is after {chosen}, the day that is worked for")
    night = Night(day=chosen, next_day=calendar.next_session(chosen).date, now=now, since=since)
    if chosen < last:
        return msgspec.structs.replace(night, now=night.end + SETTLES)
    return night


def last_day_over(now: int) -> date:
    """Return the last trading day whose session is over at `now`, ns UTC."""
    calendar = us_equities()
    today = datetime.fromtimestamp(now // SECOND, NEW_YORK).date()
    if calendar.is_session(today) and calendar.session(today).close <= now:
        return today
    return calendar.previous_session(today).date
