"""Moments as people in New York read them."""

from __future__ import annotations

from datetime import UTC, datetime

from liualgotrader.common.calendar import NEW_YORK

_SECOND = 1_000_000_000


def new_york_clock(ns: int) -> str:
    """Return ns UTC as `09:42:13.500`, New York's clock, cut to ms."""
    moment = datetime.fromtimestamp(ns // _SECOND, UTC).astimezone(NEW_YORK)
    return f"{moment:%H:%M:%S}.{ns % _SECOND // 1_000_000:03d}"
