"""Figures of seeded curves against those of empyrical-reloaded, which Quantopian's backtests were judged by."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from liualgotrader.analytics import statistics as of
from liualgotrader.analytics.backtest.rows import Curve
from liualgotrader.analytics.backtest.statistics import PERIODS, backtest_statistics
from liualgotrader.analytics.rows import Floats, PriceSeries
from tests.unit.analytics.backtest.backtest_sample import sample
from tests.unit.analytics.backtest.empyrical_curves import (
    BENCHMARKS,
    CURVES,
    benchmark_returns,
    curve_returns,
    walk,
)
from tests.unit.analytics.backtest.test_statistics import data_of

ANSWERS: dict[str, Any] = json.loads(
    Path(__file__).parents[1].joinpath("answers", "empyrical.json").read_text()
)
ASSET = {periods: asset for asset, periods in PERIODS.items()}
DAY = 86_400_000_000_000


def curve_of(returns: Floats, periods: int) -> Curve:
    """Return a curve with these returns, in as many years as empyrical counts: a year per `periods`."""
    equity = 100_000.0 * np.concatenate(([1.0], np.cumprod(1 + returns)))
    step = 365.25 * DAY / periods
    ts = (np.arange(len(equity)) * step).round().astype(np.int64) + 1_577_975_400_000_000_000
    zero = np.zeros(len(equity))
    return Curve(ts=ts, equity=equity, cash=equity, long=zero, short=zero, fees=zero)


def test_all_curves_have_answers() -> None:
    assert [(each["seed"], each["periods"]) for each in ANSWERS["curves"]] == CURVES
    assert [each["seed"] for each in ANSWERS["benchmarks"]] == list(BENCHMARKS)


@pytest.mark.parametrize("answer", ANSWERS["curves"], ids=lambda a: f"{a['seed']}-{a['periods']}")
def test_a_curves_figures(answer: dict[str, float]) -> None:
    periods = int(answer["periods"])
    curve = curve_of(curve_returns(int(answer["seed"])), periods)
    told = backtest_statistics(data_of(curve, ASSET[periods]))
    for name in ("sharpe", "sortino", "volatility", "cagr", "calmar", "total_return"):
        assert getattr(told, name) == pytest.approx(answer[name], rel=1e-9)
    assert told.max_drawdown is not None
    assert told.max_drawdown.depth == pytest.approx(answer["max_drawdown"], rel=1e-9)


@pytest.mark.parametrize("answer", ANSWERS["benchmarks"], ids=lambda a: str(a["seed"]))
def test_alpha_and_beta(answer: dict[str, float]) -> None:
    returns, theirs = benchmark_returns(int(answer["seed"]))
    curve = curve_of(returns, 252)
    closes = 50.0 * np.concatenate(([1.0], np.cumprod(1 + theirs)))
    benchmark = PriceSeries("SPY", curve.ts, closes)
    told = backtest_statistics(data_of(curve, benchmark=benchmark)).benchmark
    assert told is not None
    assert told.alpha == pytest.approx(answer["alpha"], rel=1e-7, abs=1e-10)
    assert told.beta == pytest.approx(answer["beta"], rel=1e-9)
    assert told.correlation == pytest.approx(float(np.corrcoef(returns, theirs)[0, 1]), rel=1e-9)


def test_a_series_and_its_opposite() -> None:
    assert of.correlation(walk(1, 100), -walk(1, 100)) == pytest.approx(-1.0)


def test_monthly_and_yearly_returns() -> None:
    told = backtest_statistics(sample(symbols=4))
    assert [str(year.year) for year in told.years_table] == list(ANSWERS["years"])
    for year in told.years_table:
        assert year.total == pytest.approx(ANSWERS["years"][str(year.year)], rel=1e-9)
        for month, fraction in enumerate(year.months, 1):
            expected = ANSWERS["months"][f"{year.year}-{month:02d}"]
            assert fraction == pytest.approx(expected, rel=1e-9, abs=1e-14)
