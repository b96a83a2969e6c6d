"""Vendor time text to nanoseconds.

It stays text until somebody asks: parsing costs as much as decoding.
"""

from __future__ import annotations

from calendar import timegm
from functools import lru_cache

from liualgotrader.common.errors import LiuError

SECOND = 1_000_000_000


class BadTimestamp(LiuError, ValueError):
    """The text is not an RFC 3339 time with a zone."""


@lru_cache(maxsize=4096)
def _whole_seconds(text: str) -> int:
    try:
        year, month, day = int(text[0:4]), int(text[5:7]), int(text[8:10])
        hour, minute, second = int(text[11:13]), int(text[14:16]), int(text[17:19])
    except ValueError as exc:
        raise BadTimestamp(f"not a time: {text!r}") from exc
    if text[4] != "-" or text[13] != ":" or not 1 <= month <= 12 or hour > 23:
        raise BadTimestamp(f"not a time: {text!r}")
    return timegm((year, month, day, hour, minute, second))


def _offset(zone: str) -> int:
    if zone in ("Z", "z"):
        return 0
    sign = {"+": 1, "-": -1}.get(zone[:1])
    if sign is None or len(zone) != 6 or zone[3] != ":":
        raise BadTimestamp(f"not a zone: {zone!r}")
    return sign * (int(zone[1:3]) * 3600 + int(zone[4:6]) * 60)


def parse_time(text: str) -> int:
    """Return RFC 3339 text as ns since the epoch.

    Up to nine digits of fraction; a zone is required.
    """
    if len(text) < 20:
        raise BadTimestamp(f"not a time: {text!r}")
    seconds = _whole_seconds(text[:19])
    end = 19
    nanos = 0
    if text[19] == ".":
        end = 20
        while end < len(text) and text[end].isdigit():
            end += 1
        digits = text[20:end][:9]
        nanos = int(digits.ljust(9, "0")) if digits else 0
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
