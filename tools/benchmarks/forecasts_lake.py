"""An invented history for the benchmark of forecasts: five years of day bars, a month of minutes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from liualgotrader.common.calendar import Session, us_equities
from liualgotrader.data.lake import Kind, Lake, Rows
from liualgotrader.data.lake.days import day_start

LAST = date(2012, 7, 9)
"""The last day; the night before is that of Friday the 6th. The box has a day after it."""
YEARS = 5
_MINUTE = 60_000_000_000
_AT_ONCE = 50

Floats = NDArray[np.float64]


def symbol_names(count: int) -> list[str]:
    """Return the symbols."""
    return [f"F{number:04d}" for number in range(count)]


def make_lake(root: Path, symbols: int, days: int) -> None:
    """Write the history of `symbols`, with minutes of the last `days` days, unless it is there."""
    done = root / "done"
    if done.exists():
        return
    lake, calendar = Lake(root), us_equities()
    sessions = calendar.sessions(LAST - timedelta(days=365 * YEARS), LAST)
    names = symbol_names(symbols)
    for begin in range(0, symbols, _AT_ONCE):
        made = {
            name: _rows(name, begin + number, sessions, days)
            for number, name in enumerate(names[begin : begin + _AT_ONCE])
        }
        lake.write_all(Kind.DAY, {name: each[0] for name, each in made.items()})
        lake.write_all(Kind.MINUTE, {name: each[1] for name, each in made.items()})
    done.touch()


def _rows(symbol: str, seed: int, sessions: Sequence[Session], days: int) -> tuple[Rows, Rows]:
    """Return day bars and minutes. Spreads come in clusters, and each symbol has its own."""
    chance = np.random.default_rng(seed)
    level = chance.normal(-4.0, 0.4)
    noise = chance.normal(0, 0.15, len(sessions))
    steps = np.zeros(len(sessions))
    for number in range(1, len(sessions)):
        steps[number] = 0.8 * steps[number - 1] + noise[number]
    spreads = np.exp(level + steps)
    closes = 50 * np.exp(np.cumsum(chance.normal(0, spreads * 0.5)))
    opens = np.concatenate(([50.0], closes[:-1]))
    starts = np.array([day_start(symbol, each.date) for each in sessions])
    volumes = chance.integers(10**5, 10**6, len(sessions)).astype(float)
    parts = [
        _session(each, opens[number], spreads[number], chance)
        for number, each in enumerate(sessions[-days:], len(sessions) - days)
    ]
    columns = [np.concatenate([part[1][n] for part in parts]) for n in range(4)]
    minutes = np.concatenate([part[0] for part in parts])
    shares = chance.integers(100, 10_000, len(minutes)).astype(float)
    wide = np.abs(chance.normal(0, spreads / 2))
    high, low = np.maximum(opens, closes) * (1 + wide), np.minimum(opens, closes) * (1 - wide)
    day_rows = Rows(symbol, starts, (opens, high, low, closes, volumes))
    return day_rows, Rows(symbol, minutes, (*columns, shares))


def _session(
    session: Session, price: float, spread: float, chance: np.random.Generator
) -> tuple[NDArray[np.int64], tuple[Floats, Floats, Floats, Floats]]:
    count = (session.close - session.open) // _MINUTE
    closes = price * np.exp(np.cumsum(chance.normal(0, spread / np.sqrt(count), count)))
    opens = np.concatenate(([price], closes[:-1]))
    wicks = 1 + np.abs(chance.normal(0, 2e-4, (2, count)))
    high, low = np.maximum(opens, closes) * wicks[0], np.minimum(opens, closes) / wicks[1]
    return session.open + _MINUTE * np.arange(count), (opens, high, low, closes)
