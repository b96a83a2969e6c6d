"""Rows for the tests of the lake."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time

import numpy as np

from liualgotrader.common.calendar import new_york
from liualgotrader.data.lake import Rows

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
FAR = 1 << 62


def rows_of(symbol: str, times: Sequence[int], *columns: Sequence[float]) -> Rows:
    """Return rows from plain lists."""
    values = tuple(np.array(column, np.float64) for column in columns)
    return Rows(symbol, np.array(times, np.int64), values)


def flat_bars(symbol: str, times: Sequence[int], closes: Sequence[float]) -> Rows:
    """Return bars that stand still at a price, with volumes 1, 2, 3 ..."""
    return rows_of(symbol, times, closes, closes, closes, closes, list(range(1, len(closes) + 1)))


def midnight(text: str) -> int:
    """Return a day's midnight in New York, ns UTC."""
    return new_york(date.fromisoformat(text))


def at(text: str, clock: str) -> int:
    """Return a clock time in New York, ns UTC."""
    return new_york(date.fromisoformat(text), time.fromisoformat(clock))
