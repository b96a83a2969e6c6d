"""A session's minutes on a grid: what is there, what is missing, and what falls and rises they hold."""

from __future__ import annotations

import numpy as np

from liualgotrader.common.bar_table import BarTable, Floats
from liualgotrader.forecasts.base import MarketDay

MINUTE = 60_000_000_000
LONGEST_GAP = 30
"""Minutes without a trade, after which a session says nothing of what can be bought and sold in it."""


def gap(bars: BarTable, day: MarketDay) -> str:
    """Return where a session has no bar for longer than half an hour, in words; "" for nowhere."""
    length = (day.close - day.open) // MINUTE
    if not len(bars):
        return "no trades in the session"
    places = np.concatenate(([-1], (bars.start - day.open) // MINUTE, [length]))
    widths = np.diff(places) - 1
    widest = int(widths.argmax())
    if widths[widest] <= LONGEST_GAP:
        return ""
    begin = int(places[widest]) + 1
    return f"no trades from minute {begin} to {begin + int(widths[widest])} of the session"


def falls(bars: BarTable, day: MarketDay, minutes: int) -> Floats:
    """Return the strongest fall within some minutes of each purchase at a minute's close, as a fraction.

    Each is min(low[t + 1 .. t + minutes]) / close[t] - 1. Purchases without all of those minutes
    before the close of the session, or without a trade in them, are left out.
    """
    length = int((day.close - day.open) // MINUTE)
    if length <= minutes:
        return np.empty(0)
    places = (bars.start - day.open) // MINUTE
    lows, closes = np.full(length, np.inf), np.full(length, np.nan)
    lows[places], closes[places] = bars.low, bars.close
    lowest = np.lib.stride_tricks.sliding_window_view(lows[1:], minutes).min(axis=1)
    bought = closes[: len(lowest)]
    counts = np.isfinite(lowest) & np.isfinite(bought)
    return np.asarray(lowest[counts] / bought[counts] - 1)


def strongest_rise(bars: BarTable) -> float:
    """Return the greatest rise from a running low of earlier bars to a high, as a fraction; 0 of fewer than two."""
    if len(bars) < 2:
        return 0.0
    return float((bars.high[1:] / np.minimum.accumulate(bars.low)[:-1]).max() - 1)
