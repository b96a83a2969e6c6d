"""What 0.4's DataLoader took as keys, made keys of today's."""

from __future__ import annotations

import datetime as dt
from operator import index
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from liualgotrader.common.bar_keys import is_count, midnight

NEW_YORK = ZoneInfo("America/New_York")  # calendar.py has it too, but costs half a second to import


def new_key(key: Any) -> Any:
    """Return a count, a date or a moment with a zone; times without one are New York's. Raises TypeError."""
    if key is None or is_count(key):
        return key if key is None else index(key)
    if isinstance(key, str):
        return _of_text(key)
    if isinstance(key, dt.datetime):  # pandas' too
        return key if key.tzinfo is not None else key.replace(tzinfo=NEW_YORK)
    if isinstance(key, dt.date):
        return key
    raise TypeError(
        f"{key!r} is no key of a DataLoader: give a number, a date, a time, or text of one"
    )


def begins(key: Any) -> int | None:
    """Return the moment (ns UTC) from which a new key needs bars; None where it counts or is open."""
    if key is None or isinstance(key, int):
        return None
    if isinstance(key, dt.datetime):
        return int(pd.Timestamp(key).value)
    return midnight(key)


def counted(key: Any) -> int:
    """Return how many bars from the end a key needs, 0 where it does not count from there."""
    return -key if isinstance(key, int) and key < 0 else 0


def _of_text(key: str) -> Any:
    read = pd.Timestamp(key)
    if read.tzinfo is None and read == read.normalize() and ":" not in key:
        return read.date()
    return read if read.tzinfo is not None else read.tz_localize(NEW_YORK)
