"""The seeded curves that empyrical was asked about."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from liualgotrader.analytics import statistics as of
from liualgotrader.analytics.rows import Floats
from liualgotrader.common.calendar import us_equities
from tests.unit.analytics.backtest.backtest_sample import sample

CURVES = [(seed, periods) for seed in range(8) for periods in (252, 365)]
BENCHMARKS = range(6)


def walk(seed: int, length: int, drift: float = 4e-4) -> Floats:
    """Return daily returns."""
    return np.random.default_rng(seed).normal(drift, 0.012, length)


def curve_returns(seed: int) -> Floats:
    """Return the daily returns of a curve."""
    return walk(seed, 700 + 50 * seed, 1e-3 * (seed - 3))


def benchmark_returns(seed: int) -> tuple[Floats, Floats]:
    """Return an account's daily returns, and its benchmark's."""
    theirs = walk(seed + 50, 504)
    return 0.3 * seed * theirs + walk(seed, 504, 1e-4), theirs


def daily_sample() -> Any:
    """Return the daily returns of the report's sample as a series by date."""
    data = sample(symbols=4)
    days = us_equities().sessions(data.info.first, data.info.last)
    index = pd.DatetimeIndex([pd.Timestamp(day.date) for day in days])
    return pd.Series(of.period_returns(data.curve.equity), index=index)
