"""Vendor time text to nanoseconds.

It stays text until somebody asks: parsing costs as much as decoding.
"""

from __future__ import annotations

import re
from calendar import timegm
from datetime import UTC, datetime
from functools import lru_cache

from liualgotrader.common.errors import LiuError

SECOND = 1_000_000_000
_SECOND = re.compile(r"(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})", re.ASCII)
_ZONE = re.compile(r"([+-])(\d{2}):(\d{2})", re.ASCII)
_OFFSET_LENGTH = 6


class BadTimestamp(LiuError, ValueError):
    """The text is not an RFC 3339 time with a zone."""


@lru_cache(maxsize=4096)
def _whole_seconds(text: str) -> int:
    match = _SECOND.fullmatch(text)
    if match is None:
        raise BadTimestamp(f"not a time: {text!r}")
    year, month, day, hour, minute, second = map(int, match.groups())
    try:
        # A leap second (RFC 3339, 5.6) counts as the first second of the next minute.
        datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError as exc:
        raise BadTimestamp(f"not a time: {text!r}: {exc}") from exc
    if second > 60:
        raise BadTimestamp(f"not a time: {text!r}")
    return timegm((year, month, day, hour, minute, second))


@lru_cache(maxsize=256)
def _offset(zone: str) -> int:
    if zone in ("Z", "z"):
        return 0
    match = _ZONE.fullmatch(zone)
    if match is None or int(match[2]) > 23 or int(match[3]) > 59:
        raise BadTimestamp(f"not a zone: {zone!r}")
    seconds = int(match[2]) * 3600 + int(match[3]) * 60
    return -seconds if match[1] == "-" else seconds


def parse_time(text: str) -> int:
    """Return RFC 3339 text as ns since the epoch.

    Digits of the fraction beyond the ninth are cut off; a zone is required. Raises BadTimestamp.
    """
    if len(text) < 20:
        raise BadTimestamp(f"not a time: {text!r}")
    seconds = _whole_seconds(text[:19])
    end = 19
    nanos = 0
    if text[19] == ".":
        end = len(text) - (1 if text[-1] in "Zz" else _OFFSET_LENGTH)
        digits = text[20:end]
        if not (digits.isascii() and digits.isdigit()):
            raise BadTimestamp(f"not a time: {text!r}")
        nanos = int(digits[:9].ljust(9, "0"))
    return (seconds - _offset(text[end:])) * SECOND + nanos


def format_time(ns: int) -> str:
    """Return ns since the epoch as RFC 3339 text in UTC, with a fraction where there is one."""
    seconds, nanos = divmod(ns, SECOND)
    text = _second_text(seconds)
    return f"{text}.{nanos:09d}".rstrip("0") + "Z" if nanos else text + "Z"


@lru_cache(maxsize=4096)
def _second_text(seconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    year, month, day = _civil(days)
    return (
        f"{year:04d}-{month:02d}-{day:02d}T{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
    )


def _civil(days: int) -> tuple[int, int, int]:
    """Days since 1970-01-01 to a Gregorian date (Hinnant, chrono-compatible date algorithms)."""
    shifted = days + 719_468
    era, day_of_era = divmod(shifted, 146_097)
    year_of_era = (
        day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096
    ) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_index = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month_index + 2) // 5 + 1
    month = month_index + 3 if month_index < 10 else month_index - 9
    year = year_of_era + era * 400 + (month <= 2)
    return year, month, day
