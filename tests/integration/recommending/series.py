"""Minutes of which it is known what is in them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from liualgotrader.analytics.rows import Floats
from liualgotrader.common.calendar import us_equities
from liualgotrader.data.lake import Kind, Lake, Rows

MINUTE = 60_000_000_000
SESSIONS = us_equities().sessions(date(2023, 1, 3), date(2023, 3, 31))[:60]
MINUTES = 390


def trend(seed: int) -> Floats:
    """Down, up, and down again every day, in long legs, and at night where it was: it pays to follow, not to hold."""
    chance = np.random.default_rng(seed)
    legs = []
    for _ in SESSIONS:
        size = chance.uniform(0.01, 0.03)
        ends = np.array([0.0, -size / 2, size / 2, chance.normal(0, 0.001)])
        legs.append(np.interp(np.arange(MINUTES), [0, 100, 290, 389], ends))
    return 50.0 * np.exp(np.concatenate(legs) + chance.normal(0, 0.0002, MINUTES * len(legs)))


def walk(seed: int) -> Floats:
    """Every minute a step that has nothing to do with any other."""
    steps = np.random.default_rng(seed).normal(0, 0.0005, MINUTES * len(SESSIONS))
    return 50.0 * np.exp(np.cumsum(steps))


def write_minutes(home: Path, symbol: str, closes: Floats) -> None:
    """Write closes as minute bars into the lake of an installation."""
    start = np.concatenate([s.open + MINUTE * np.arange(MINUTES) for s in SESSIONS])
    closes = np.round(closes, 2)
    opened = np.concatenate(([closes[0]], closes[:-1]))
    high, low = np.maximum(opened, closes), np.minimum(opened, closes)
    columns = (opened, high, low, closes, np.full(len(closes), 100_000.0))
    Lake(home / "history").write(Kind.MINUTE, symbol, Rows(symbol, start, columns))
