"""The five public-domain companies of `daily_history`, with what became of their shares."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from liualgotrader.data.daily_history import real_daily_bars
from liualgotrader.data.lake.actions import Action, read_actions
from liualgotrader.data.lake.rows import Rows

_ACTIONS = Path(__file__).with_name("bundled_actions.csv")


def bundled_rows() -> dict[str, Rows]:
    """Return their day bars, raw, 2000 to March 2013. Raises ConfigError when the package is missing."""
    found = {}
    for symbol, by_day in real_daily_bars().items():
        bars = list(by_day.values())
        columns = zip(*((b.open, b.high, b.low, b.close, b.volume) for b in bars), strict=True)
        found[symbol] = Rows(
            symbol,
            np.array([bar.start for bar in bars], np.int64),
            tuple(np.array(column, np.float64) for column in columns),
        )
    return found


def bundled_actions() -> list[Action]:
    """Return their splits and dividends; docs/history.md names the sources."""
    return read_actions(_ACTIONS)
