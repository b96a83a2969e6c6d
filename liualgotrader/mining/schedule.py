"""When a scheduled run is due: a clock time somewhere, on days on which there is trading in New York."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec

from liualgotrader.common.calendar import NEW_YORK, SECOND, us_equities
from liualgotrader.common.errors import ConfigError
from liualgotrader.common.plan_errors import nearest

_TEXT = re.compile(r"(\d{1,2}):(\d{2})\s+(\S+)$")
_EXAMPLE = 'write it as "18:30 America/New_York"'


class Schedule(msgspec.Struct, frozen=True):
    """A time of the day in a zone."""

    clock: time
    zone: ZoneInfo

    def next_after(self, now: int) -> int:
        """Return the next moment after `now`, both ns UTC.

        Its date in New York is a trading day's; early closes are no matter. A clock time that is
        skipped in spring is taken an hour later, one that comes twice in autumn the first time.
        """
        day = datetime.fromtimestamp(now // SECOND, self.zone).date()
        while True:
            moment = self._on(day)
            if moment > now and us_equities().is_session(_new_york_day(moment)):
                return moment
            day += timedelta(days=1)

    def between(self, after: int, upto: int) -> list[int]:
        """Return the moments in (after, upto], ns UTC."""
        found: list[int] = []
        while (moment := self.next_after(found[-1] if found else after)) <= upto:
            found.append(moment)
        return found

    def shown(self, moment: int) -> str:
        """Return a moment as people there read it."""
        at = datetime.fromtimestamp(moment // SECOND, self.zone)
        return f"{at:%a %Y-%m-%d %H:%M} {self.zone.key}"

    def _on(self, day: date) -> int:
        local = datetime.combine(day, self.clock, self.zone)
        return int(local.astimezone(UTC).timestamp()) * SECOND


def parse_schedule(text: str) -> Schedule:
    """Return what `HH:MM ZONE` says. Raises ConfigError."""
    found = _TEXT.match(text.strip())
    if found is None:
        raise ConfigError(f"--schedule {text!r}: is no time with its zone; {_EXAMPLE}")
    hour, minute, zone = int(found[1]), int(found[2]), found[3]
    if hour > 23 or minute > 59:
        raise ConfigError(f"--schedule {text!r}: there is no {found[1]}:{found[2]}; {_EXAMPLE}")
    try:
        return Schedule(time(hour, minute), ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        close = nearest(zone, available_timezones())
        hint = f"the nearest is {close}" if close else _EXAMPLE
        raise ConfigError(f"--schedule {text!r}: there is no time zone {zone}; {hint}") from None


def _new_york_day(moment: int) -> date:
    return datetime.fromtimestamp(moment // SECOND, NEW_YORK).date()
