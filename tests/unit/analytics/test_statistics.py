"""Statistics against answers worked by hand."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pytest

from liualgotrader.analytics import statistics
from liualgotrader.analytics.equity import MINUTE, equity_curve
from liualgotrader.analytics.round_trips import round_trips
from liualgotrader.analytics.rows import Fill, PriceSeries

Fills = Callable[..., list[Fill]]


def values(*each: object) -> tuple[object, ...]:
    """Return values to compare, exact or not, with plain numbers."""
    return each


def gains(*amounts: str) -> list[Decimal]:
    """Return amounts."""
    return [Decimal(each) for each in amounts]


def test_total_return_and_growth_a_year() -> None:
    equity = np.array([100.0, 90.0, 144.0])
    assert statistics.total_return(equity) == pytest.approx(0.44)
    assert statistics.cagr(equity, years=2) == pytest.approx(0.2)
    assert statistics.total_return(np.array([0.0, 1.0])) is None
    assert statistics.cagr(equity, years=0) is None


def test_max_drawdown_with_its_length_to_recovery() -> None:
    equity = np.array([100.0, 110.0, 99.0, 104.5, 88.0, 110.0, 105.0])
    ts = np.arange(7, dtype=np.int64) * 10
    found = statistics.max_drawdown(equity, ts)
    assert found is not None
    assert found.depth == pytest.approx(-0.2)  # 110 to 88
    assert found.amount == pytest.approx(-22.0)
    assert (found.peak, found.trough, found.recovered, found.length) == (10, 40, 50, 40)


def test_a_drawdown_that_lasts_runs_to_the_end() -> None:
    found = statistics.max_drawdown(np.array([100.0, 80.0, 90.0]), np.array([0, 1, 2]))
    assert found is not None
    assert (found.recovered, found.length) == (None, 2)


def test_a_curve_that_only_rises_has_no_drawdown() -> None:
    assert statistics.max_drawdown(np.array([1.0, 2.0, 2.0]), np.array([0, 1, 2])) is None


def test_exposure_is_weighted_by_time() -> None:
    ts = np.array([0, 1, 4], dtype=np.int64)  # the second value holds for three quarters
    gross, equity = np.array([0.0, 50.0, 70.0]), np.array([100.0, 100.0, 100.0])
    assert statistics.exposure_time(gross, ts) == pytest.approx(0.75)
    assert statistics.mean_exposure(gross, equity, ts) == pytest.approx(0.375)
    assert statistics.mean_exposure(gross, equity * -1, ts) is None
    assert statistics.exposure_time(gross[:1], ts[:1]) is None


def test_turnover_counts_both_sides(fills: Fills) -> None:
    traded = fills(("10", "20"), ("-10", "30"))
    equity, ts = np.array([1000.0, 1000.0]), np.array([0, 1])
    assert statistics.traded_value(traded) == 500
    assert statistics.turnover(traded, equity, ts) == pytest.approx(0.5)


def test_win_rate_counts_an_even_trade_as_no_win() -> None:
    assert statistics.win_rate(gains("5", "0", "-1", "2")) == 0.5
    assert statistics.win_rate([]) is None


def test_profit_factor_is_won_over_lost() -> None:
    assert statistics.profit_factor(gains("30", "-10", "15", "-5")) == 3
    assert statistics.profit_factor(gains("30")) is None
    assert statistics.profit_factor(gains("-30")) == 0


def test_trade_statistics_leave_out_what_is_open(fills: Fills) -> None:
    pairs = (("10", "20"), ("-10", "23"), ("10", "20"), ("-10", "19"), ("10", "20"))
    trips = round_trips(fills(*pairs, stop=Decimal(19)), {"AAPL": Decimal(99)}, start=0, now=10**10)
    told = statistics.trade_statistics(trips)
    assert (told.closed, told.wins, told.losses, told.win_rate) == (2, 1, 1, 0.5)
    assert values(told.average_win, told.average_loss, told.expectancy) == (30, -10, 10)
    assert values(told.profit_factor, told.mean_r) == (3, 1.0)  # 3 R and -1 R
    assert told.mean_holding_ns == 10**9


def test_sharpe_with_its_sample_deviation() -> None:
    # mean 0.02, deviations -0.01, 0, 0.01: sample deviation 0.01; 2 a period, times sqrt(4)
    returns = np.array([0.01, 0.02, 0.03])
    assert statistics.sharpe(returns, periods=4) == pytest.approx(4.0)
    assert statistics.sharpe(returns, periods=4, risk_free=0.01) == pytest.approx(2.0)


def test_sharpe_of_equal_returns_or_of_one_is_not_defined() -> None:
    assert statistics.sharpe(np.full(50, 0.01)) is None
    assert statistics.sharpe(np.array([0.1])) is None


def test_sortino_divides_by_all_returns_not_by_the_losing_ones() -> None:
    # mean 0.01; downside sqrt(0.02 ** 2 / 4) = 0.01; 1 a period, times sqrt(9)
    returns = np.array([0.03, -0.02, 0.01, 0.02])
    assert statistics.sortino(returns, periods=9) == pytest.approx(3.0)
    assert statistics.sortino(np.array([0.01, 0.02])) is None
    assert statistics.sortino(np.array([])) is None


def test_beta_and_alpha_find_the_line_that_made_the_returns() -> None:
    benchmark = np.array([0.01, -0.02, 0.03, 0.00])
    returns = 1.5 * benchmark + 0.001
    assert statistics.beta(returns, benchmark) == pytest.approx(1.5)
    assert statistics.alpha(returns, benchmark, periods=2) == pytest.approx(1.001**2 - 1)
    assert statistics.beta(returns, np.full(4, 0.01)) is None
    assert statistics.alpha(returns[:1], benchmark[:1]) is None


def test_period_returns() -> None:
    assert statistics.period_returns(np.array([100.0, 110.0, 99.0])) == pytest.approx([0.1, -0.1])


def test_a_whole_session(fills: Fills) -> None:
    traded = fills(("10", "20"), ("-10", "21"), fee="1")
    bars = [PriceSeries("AAPL", np.array([MINUTE]), np.array([21.0]))]
    curve = equity_curve(Decimal(1000), traded, bars, start=0, end=MINUTE)
    trips = round_trips(traded, {}, start=0, now=MINUTE)
    told = statistics.session_statistics(curve, trips, traded)
    assert values(told.pnl, told.fees, told.fills, told.open_trips) == (8.0, 2, 2, 0)
    assert told.total_return == pytest.approx(0.008)
    assert told.max_drawdown is None
    assert told.trades.closed == 1
