"""Keys for bars: counts, moments and dates, as the callers of `data_loader` write them."""

from __future__ import annotations

from datetime import date, datetime
from operator import index
from typing import SupportsIndex, cast
from zoneinfo import ZoneInfo

from liualgotrader.common.events import SECOND

Moment = datetime | date | str | int
"""An aware datetime, ns UTC from 10**15 on, a date (a day in New York), or ISO text of either."""

SMALLEST_NS = 10**15
"""An int from here on (1970-01-12) is a moment in ns; a smaller one counts bars."""

# calendar.py has the zone too, but costs half a second to import.
_NEW_YORK = ZoneInfo("America/New_York")


def nanoseconds(moment: object) -> int:
    """Return a moment as ns UTC. Raises ValueError without a zone, TypeError for what is none."""
    if isinstance(moment, SupportsIndex):
        return index(moment)
    if not isinstance(moment, datetime):
        raise TypeError(
            f"{moment!r} is no key for bars; give a count, an aware datetime, a date, ISO text, "
            "ns UTC, or a slice of these"
        )
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone; say which, as in datetime(..., tzinfo=UTC)")
    whole = int(moment.replace(microsecond=0).timestamp()) * SECOND
    return whole + moment.microsecond * 1000 + int(getattr(moment, "nanosecond", 0))


def read_text(key: object) -> object:
    """Return text as the date or datetime that it says, anything else as it is."""
    if not isinstance(key, str):
        return key
    try:
        return date.fromisoformat(key)
    except ValueError:
        return datetime.fromisoformat(key)


def is_count(key: object) -> bool:
    """Whether a key counts bars: an int, of Python or numpy, too small to be a moment in ns."""
    if type(key) is int:
        return -SMALLEST_NS < key < SMALLEST_NS
    # isinstance with a protocol takes a microsecond; a slice asks twice.
    return hasattr(type(key), "__index__") and abs(index(cast("SupportsIndex", key))) < SMALLEST_NS


def midnight(day: date) -> int:
    """Return when a day begins in New York, ns UTC."""
    return int(datetime(day.year, day.month, day.day, tzinfo=_NEW_YORK).timestamp()) * SECOND
