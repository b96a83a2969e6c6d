"""Moments as people read them in a terminal."""

from __future__ import annotations

from liualgotrader.common.timestamps import format_time

SECOND = 1_000_000_000


def utc(ns: int) -> str:
    """Return ns UTC as `2024-01-31 14:30:00Z`."""
    return format_time(ns // SECOND * SECOND).replace("T", " ")
