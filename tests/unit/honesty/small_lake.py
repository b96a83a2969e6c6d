"""Small lakes with everything a check has to look at, and plans over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np

from liualgotrader.backtest.request import Request, Scale
from liualgotrader.common.calendar import Session, us_equities
from liualgotrader.data.lake import Action, ActionKind, Kind, Lake, Rows
from liualgotrader.data.lake.days import day_start
from liualgotrader.engine.plan_reading import read_plan

MINUTE = 60_000_000_000
FIRST, LAST = date(2024, 3, 4), date(2024, 3, 6)
MINUTES = 40


def days(first: date = FIRST, last: date = LAST) -> Sequence[Session]:
    """The trading days of a stretch."""
    return us_equities().sessions(first, last)


def walk(symbol: str, start: np.ndarray, *, seed: int, price: float = 50.0) -> Rows:
    """Bars of a random walk in cents, beginning at these times."""
    steps = np.random.default_rng(seed).integers(-20, 21, len(start)) / 100
    close = np.round(price + np.cumsum(steps), 2)
    opened = np.concatenate([[price], close[:-1]])
    high, low = np.maximum(opened, close) + 0.01, np.minimum(opened, close) - 0.01
    volume = np.full(len(start), 10_000.0)
    return Rows(symbol, start, (opened, high, low, close, volume))


def minutes(sessions: Sequence[Session]) -> np.ndarray:
    """The first forty minutes of each session."""
    return np.concatenate([s.open + MINUTE * np.arange(MINUTES, dtype=np.int64) for s in sessions])


def minute_lake(home: Path) -> Lake:
    """Three days of two companies; CCC is delisted after the second."""
    lake = Lake(home / "history")
    for seed, symbol in enumerate(("AAA", "BBB"), 1):
        lake.write(Kind.MINUTE, symbol, walk(symbol, minutes(days()), seed=seed))
    lake.write(Kind.MINUTE, "CCC", walk("CCC", minutes(days()[:2]), seed=3, price=80.0))
    lake.add_actions([Action(LAST, "CCC", ActionKind.DELISTED)])
    return lake


def day_lake(home: Path) -> Lake:
    """A month of day bars of two companies, one of which splits."""
    lake = Lake(home / "history")
    sessions = days(date(2024, 3, 1), date(2024, 3, 28))
    start = np.array([day_start("AAA", s.date) for s in sessions], np.int64)
    for seed, symbol in enumerate(("AAA", "BBB"), 1):
        lake.write(Kind.DAY, symbol, walk(symbol, start, seed=seed))
    lake.add_actions([Action(date(2024, 3, 18), "BBB", ActionKind.SPLIT, Decimal(2))])
    return lake


def plan_request(
    folder: Path,
    *,
    files: Mapping[str, str],
    plan: str,
    first: date = FIRST,
    last: date = LAST,
    scale: Scale = Scale.MINUTE,
) -> Request:
    """Write a plan with its files, and read it as `backtest` does."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    (folder / "tradeplan.toml").write_text("portfolio_value = 100_000\n" + plan)
    read = read_plan(folder / "tradeplan.toml", environ={})
    return Request(plan=read, first=first, last=last, scale=scale)
