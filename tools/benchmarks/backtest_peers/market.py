"""The market of the benchmark: random walks from one seed, under the labels of real sessions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import exchange_calendars
import numpy as np
import numpy.typing as npt
import pandas as pd

from liualgotrader.scripts.home import liu_home
from tools.benchmarks.backtest_peers.workload import Period, Workload

# Goes up with every change of what is drawn: it is in the names of the files that are kept.
VERSION = 1
_SEED = 20240607
_DECIMALS = 4
_FIRST_SESSION, _LAST_SESSION = "2015-01-02", "2023-12-29"
# Daily bars are drawn after this many minute bars, so that one generator makes both.
_SYMBOLS_BEFORE_DAYS, _MINUTES_BEFORE_DAYS = 20, 98_280


@dataclass(frozen=True, slots=True)
class Spec:
    """How much of which market: `bars` of each of `symbols`, from the first session on or after `since`."""

    period: Period
    symbols: int
    bars: int
    since: str

    @property
    def file_name(self) -> str:
        """Return the name under which it is kept."""
        return f"{self.period}-{self.symbols}x{self.bars}-{self.since}-v{VERSION}.npz"


def minutes(symbols: int = 20) -> Spec:
    """Return 98,280 minutes from the beginning of 2022: as many as 252 full sessions have."""
    return Spec("minute", symbols, _MINUTES_BEFORE_DAYS, "2022-01-03")


def days(symbols: int = 500) -> Spec:
    """Return five years of daily bars."""
    return Spec("day", symbols, 1_260, _FIRST_SESSION)


def long_minutes(bars: int) -> Spec:
    """Return 20 symbols with `bars` minute bars in all. At most some 17,500,000 fit into the calendar."""
    return Spec("minute", 20, bars // 20, _FIRST_SESSION)


def generate(spec: Spec) -> Workload:
    """Draw the bars. The same spec gives the same bits, and fewer symbols are the first of more.

    Raises ValueError when the calendar has not as many bars.
    """
    chance = np.random.default_rng(_SEED)
    if spec.period == "day":
        for _ in range(_SYMBOLS_BEFORE_DAYS):
            _walk(chance, _MINUTES_BEFORE_DAYS, 0.0006, (50, 150))
        volatility, first_prices = 0.012, (20, 200)
    else:
        volatility, first_prices = 0.0006, (50, 150)
    ends = _ends(spec)
    walks = [_walk(chance, len(ends), volatility, first_prices) for _ in range(spec.symbols)]
    names = tuple(f"S{number:03d}" for number in range(spec.symbols))
    return Workload(spec.period, names, ends, np.stack(walks))


def kept(spec: Spec) -> Path:
    """Return the workload's file under LIU_HOME/bench, made when it is not there. Raises ConfigError."""
    path = liu_home() / "bench" / spec.file_name
    if not path.exists():
        generate(spec).save(path)
    return path


def _ends(spec: Spec) -> npt.NDArray[np.int64]:
    """Return the ends of the bars: minutes of XNYS sessions, or the sessions."""
    calendar = exchange_calendars.get_calendar(
        "XNYS", side="right", start=_FIRST_SESSION, end=_LAST_SESSION
    )
    labels: pd.DatetimeIndex = calendar.minutes if spec.period == "minute" else calendar.sessions
    first = labels.searchsorted(pd.Timestamp(spec.since, tz=labels.tz))
    found = labels[first : first + spec.bars].as_unit("ns").asi8
    if len(found) < spec.bars:
        raise ValueError(f"{spec.bars:,} {spec.period} bars from {spec.since}: only {len(found):,}")
    return np.asarray(found, np.int64)


def _walk(
    chance: np.random.Generator, bars: int, volatility: float, first_prices: tuple[float, float]
) -> npt.NDArray[np.float64]:
    """Draw one symbol. The order of the draws, and of the arithmetic, is what makes the bits."""
    first = chance.uniform(*first_prices)
    close = first * np.exp(np.cumsum(chance.normal(0, volatility, bars)))
    gap = 1 + chance.normal(0, volatility * 0.1, bars)
    open_ = np.concatenate([[first], close[:-1]]) * gap
    above = 1 + np.abs(chance.normal(0, volatility * 0.3, bars))
    below = 1 - np.abs(chance.normal(0, volatility * 0.3, bars))
    volume = chance.integers(100, 10_000, bars).astype(np.float64)
    high = np.round(np.maximum(open_, close) * above, _DECIMALS)
    low = np.round(np.minimum(open_, close) * below, _DECIMALS)
    open_, close = np.round(open_, _DECIMALS), np.round(close, _DECIMALS)
    high = np.maximum(high, np.maximum(open_, close))
    low = np.minimum(low, np.minimum(open_, close))
    return np.column_stack([open_, high, low, close, volume])
