"""Small histories for miners: a walk of minutes and days, seeded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import numpy as np

from liualgotrader.common.calendar import us_equities
from liualgotrader.data.lake import Kind, Lake, Rows
from liualgotrader.data.lake.days import day_start

MINUTE = 60_000_000_000
FIRST, LAST = date(2024, 3, 4), date(2024, 3, 8)


def walk(seed: int, count: int) -> tuple[np.ndarray, ...]:
    """Return open, high, low, close, volume of a seeded walk."""
    rng = np.random.default_rng(seed)
    close = np.round(50 * np.exp(np.cumsum(rng.normal(0, 0.001, count))), 2)
    opened = np.round(close * (1 + rng.normal(0, 0.0003, count)), 2)
    high = np.round(np.maximum(opened, close) + 0.03, 2)
    low = np.round(np.minimum(opened, close) - 0.03, 2)
    return opened, high, low, close, rng.integers(2_000, 9_000, count).astype(np.float64)


def add_minutes(
    lake: Lake,
    symbol: str,
    *,
    seed: int,
    first: date = FIRST,
    last: date = LAST,
    minutes: int = 90,
    replace: bool = False,
) -> None:
    """Write the first minutes of each regular session of some days."""
    sessions = us_equities().sessions(first, last)
    start = np.concatenate([s.open + MINUTE * np.arange(minutes) for s in sessions])
    lake.write(Kind.MINUTE, symbol, Rows(symbol, start, walk(seed, len(start))), replace=replace)


def add_days(lake: Lake, symbol: str, *, seed: int, first: date = FIRST, last: date = LAST) -> None:
    """Write a day bar for each session of some days."""
    days = [session.date for session in us_equities().sessions(first, last)]
    start = np.array([day_start(symbol, day) for day in days], np.int64)
    lake.write(Kind.DAY, symbol, Rows(symbol, start, walk(seed, len(start))))


def lake_of(root: Path, symbols: Iterable[str], *, minutes: int = 90) -> Lake:
    """Return a lake with a week of minutes of each symbol."""
    lake = Lake(root)
    for number, symbol in enumerate(symbols):
        add_minutes(lake, symbol, seed=number, minutes=minutes)
    return lake
