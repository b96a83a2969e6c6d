"""Figures of a whole backtest, from its curve of session closes and its fills.

A figure that is not defined is None, as in `analytics.statistics`, which has the formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec
import numpy as np

from liualgotrader.analytics import statistics as of
from liualgotrader.analytics.backtest.returns import (
    Beside,
    DayReturn,
    YearReturns,
    beside,
    best_and_worst,
    by_year,
)
from liualgotrader.analytics.backtest.rows import BacktestData, Candles, Curve
from liualgotrader.analytics.report.tables import NOT_DONE
from liualgotrader.analytics.round_trips import RoundTrip, last_prices, round_trips
from liualgotrader.analytics.rows import ZERO, Floats, PriceSeries, Times

DAY = 86_400_000_000_000
YEAR = 365.25
"""Days a year, on average."""
WHOLE_YEAR = 358
"""From what number of days on growth is given by the year. A calendar year's sessions may span a
week less than it has days, for the weekends and holidays at both ends."""
PERIODS = {"equity": 252, "crypto": 365}
"""Daily returns a year."""


class GroupStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """What one strategy or one symbol did. `gain` in dollars after the fees of fills, open trips too."""

    name: str
    gain: Decimal
    fees: Decimal
    open_trips: int
    trades: of.TradeStatistics


class BenchmarkStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """The account against a benchmark, by daily returns from the first session that knows both.

    `alpha` is by the year and None for less than one; all but `correlation` and `beta` are fractions.
    """

    symbol: str
    total_return: float
    cagr: float | None
    alpha: float | None
    beta: float | None
    correlation: float | None


class BacktestStatistics(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """All figures. Fractions are of 1, not percent; money in dollars; times in ns UTC.

    By the year are `cagr`, `volatility`, `sharpe`, `sortino`, `calmar` and `turnover_annual`; `cagr`
    and so `calmar` are None for less than a year. Everything from equity is seen at closes only:
    `mean_exposure` is the mean over closes of (long + |short|) / equity, `exposure_time` the share of
    sessions in which anything was held, were it for a minute.
    """

    equity_start: float
    equity_end: float
    pnl: float
    total_return: float | None
    years: float
    cagr: float | None
    volatility: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    max_drawdown: of.Drawdown | None
    under_water: of.UnderWater | None
    best_day: DayReturn | None
    worst_day: DayReturn | None
    exposure_time: float | None
    mean_exposure: float | None
    turnover: float | None
    turnover_annual: float | None
    traded_value: Decimal
    fees: Decimal
    fills: int
    orders: int
    refused: int
    open_trips: int
    trades: of.TradeStatistics
    benchmark: BenchmarkStatistics | None
    years_table: tuple[YearReturns, ...]
    strategies: tuple[GroupStatistics, ...]
    symbols: tuple[GroupStatistics, ...]
    trips: tuple[RoundTrip, ...]


def backtest_statistics(data: BacktestData) -> BacktestStatistics:
    """Work out all figures. `data.curve` has at least its first row."""
    curve, equity = data.curve, data.curve.equity
    periods = PERIODS[data.info.asset]
    trips = _trips(data)
    returns = of.period_returns(equity) if bool(np.all(equity > 0.0)) else np.empty(0)
    years = float(curve.ts[-1] - curve.ts[0]) / DAY / YEAR
    growth = _by_year(equity, years)
    fall = of.max_drawdown(equity, curve.ts)
    days = best_and_worst(curve)
    turnover = of.turnover(data.fills, equity, curve.ts)
    return BacktestStatistics(
        equity_start=float(equity[0]),
        equity_end=float(equity[-1]),
        pnl=round(float(equity[-1] - equity[0]), 6),  # below that there is only float noise
        total_return=of.total_return(equity),
        years=years,
        cagr=growth,
        volatility=of.volatility(returns, periods=periods),
        sharpe=of.sharpe(returns, periods=periods),
        sortino=of.sortino(returns, periods=periods),
        calmar=of.calmar(growth, fall.depth if fall else None),
        max_drawdown=fall,
        under_water=of.longest_under_water(equity, curve.ts),
        best_day=days[0] if days else None,
        worst_day=days[1] if days else None,
        exposure_time=sessions_exposed(curve, trips),
        mean_exposure=exposure_at_close(curve),
        turnover=turnover,
        turnover_annual=turnover / years if turnover is not None and years > 0.0 else None,
        traded_value=of.traded_value(data.fills),
        fees=sum((fill.fee for fill in data.fills), data.charges),
        fills=len(data.fills),
        orders=len(data.orders),
        refused=sum(order.status in NOT_DONE for order in data.orders),
        open_trips=sum(trip.is_open for trip in trips),
        trades=of.trade_statistics(trips),
        benchmark=_against(data, beside(curve, data.benchmark), periods),
        years_table=by_year(curve.ts, equity),
        strategies=_groups(trips, lambda trip: trip.strategy),
        symbols=_groups(trips, lambda trip: trip.symbol),
        trips=trips,
    )


def _trips(data: BacktestData) -> tuple[RoundTrip, ...]:
    """Return all round trips; what is still held is marked at its last candle known at the end."""
    start, now = int(data.curve.ts[0]), int(data.curve.ts[-1])
    if data.fills:
        now = max(now, max(fill.ts for fill in data.fills))
    closes = [_closes(candles) for candles in data.candles]
    marks = last_prices(data.fills, closes, now=now, adjustments=data.adjustments)
    return tuple(round_trips(data.fills, marks, start=start, now=now, adjustments=data.adjustments))


def _closes(candles: Candles) -> PriceSeries:
    return PriceSeries(candles.symbol, candles.ts, candles.close)


def _by_year(values: Floats, years: float) -> float | None:
    """Compound growth, None for less than a year: GIPS forbids to annualise that."""
    return of.cagr(values, years) if years * YEAR >= WHOLE_YEAR else None


def exposure_at_close(curve: Curve) -> float | None:
    """Return the mean over session closes of (long + |short|) / equity.

    None without a session, or if equity was ever not positive.
    """
    equity = curve.equity[1:]
    if not len(equity) or bool(np.any(equity <= 0.0)):
        return None
    return float(np.mean((curve.long[1:] - curve.short[1:]) / equity))


def sessions_exposed(curve: Curve, trips: Sequence[RoundTrip]) -> float | None:
    """Return the fraction of sessions in which anything was held; None without a session.

    A session is from one close to the next, the first from the start of the curve.
    """
    sessions = len(curve.ts) - 1
    if sessions < 1:
        return None
    changes = np.zeros(sessions + 1, dtype=np.int64)
    starts = np.array([trip.start for trip in trips], dtype=np.int64)
    ends = np.array([trip.last for trip in trips], dtype=np.int64)
    np.add.at(changes, _session(curve.ts, starts), 1)
    np.add.at(changes, _session(curve.ts, ends) + 1, -1)
    return float(np.mean(np.cumsum(changes)[:-1] > 0))


def _session(ts: Times, moments: Times) -> Times:
    """Which session each moment is in, from 0; a moment at a close is in the session it closes."""
    index = np.searchsorted(ts, moments, side="left") - 1
    return np.clip(index, 0, len(ts) - 2).astype(np.int64)


def _against(data: BacktestData, known: Beside | None, periods: int) -> BenchmarkStatistics | None:
    if known is None:
        return None
    equity, ts = data.curve.equity[known.first :], data.curve.ts[known.first :]
    defined = bool(np.all(equity > 0.0))
    theirs = of.period_returns(known.close)
    own = of.period_returns(equity) if defined else np.empty(0)
    theirs_too = theirs if defined else np.empty(0)
    years = float(ts[-1] - ts[0]) / DAY / YEAR
    whole = years * YEAR >= WHOLE_YEAR
    return BenchmarkStatistics(
        symbol=data.info.benchmark or (data.benchmark.symbol if data.benchmark else ""),
        total_return=float(known.close[-1] / known.close[0] - 1.0),
        cagr=_by_year(known.close, years),
        alpha=of.alpha(own, theirs_too, periods=periods) if whole else None,
        beta=of.beta(own, theirs_too),
        correlation=of.correlation(own, theirs_too),
    )


def _groups(
    trips: Sequence[RoundTrip], name_of: Callable[[RoundTrip], str]
) -> tuple[GroupStatistics, ...]:
    """Return a row per name, the largest gain first."""
    groups: dict[str, list[RoundTrip]] = {}
    for trip in trips:
        groups.setdefault(name_of(trip), []).append(trip)
    rows = [
        GroupStatistics(
            name=name,
            gain=sum((trip.gain_value for trip in own), ZERO),
            fees=sum((trip.fees for trip in own), ZERO),
            open_trips=sum(trip.is_open for trip in own),
            trades=of.trade_statistics(own),
        )
        for name, own in groups.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.gain, row.name)))
