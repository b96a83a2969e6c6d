"""Candles of days to candles of weeks or months, where there are more than a chart can show."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np

from liualgotrader.analytics.backtest.returns import session_date
from liualgotrader.analytics.backtest.rows import Adjustment, Candles

MOST = 300

Width = Literal["day", "week", "month"]


def fitted(candles: Candles, splits: Iterable[Adjustment]) -> tuple[Candles, Width]:
    """Return candles as they are, or of weeks, or of months: the finest of which there are at most MOST."""
    moments = sorted(each.ts for each in splits if each.symbol == candles.symbol)
    if len(candles.ts) <= MOST:
        return candles, "day"
    weeks = merged(candles, "week", moments)
    return (
        (weeks, "week") if len(weeks.ts) <= MOST else (merged(candles, "month", moments), "month")
    )


def merged(candles: Candles, width: Width, splits: Iterable[int] = ()) -> Candles:
    """Return one candle a week (Monday to Sunday) or month.

    None spans a split, at a moment in ns: its low would be no price, but half of one.
    """
    starts = np.flatnonzero(_first_of_its_kind(candles, width, splits))
    last = np.append(starts[1:], len(candles.ts)) - 1
    return Candles(
        symbol=candles.symbol,
        ts=candles.ts[last],
        open=candles.open[starts],
        high=np.maximum.reduceat(candles.high, starts),
        low=np.minimum.reduceat(candles.low, starts),
        close=candles.close[last],
        volume=np.add.reduceat(candles.volume, starts),
    )


def _first_of_its_kind(candles: Candles, width: Width, splits: Iterable[int]) -> list[bool]:
    behind = np.searchsorted(np.array(list(splits), dtype=np.int64), candles.ts)
    keys = [(_period(int(ts), width), part) for ts, part in zip(candles.ts, behind, strict=True)]
    return [index == 0 or key != keys[index - 1] for index, key in enumerate(keys)]


def _period(ts: int, width: Width) -> tuple[int, int]:
    date = session_date(ts)
    if width == "month":
        return date.year, date.month
    year, week, _ = date.isocalendar()
    return year, week
