"""Figures of merit. Each function says its formula and where the formula is from.

A figure that is not defined for the data is None, never 0, NaN or infinity: a report can then say
so, and JSON can carry it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from math import isfinite, sqrt

import msgspec
import numpy as np

from liualgotrader.analytics.equity import EquityCurve
from liualgotrader.analytics.round_trips import RoundTrip
from liualgotrader.analytics.rows import ZERO, Fill, Floats, Times

TRADING_DAYS = 252
"""Daily returns a year in the US: 365 days less weekends and nine or ten holidays."""


class Drawdown(msgspec.Struct, frozen=True, kw_only=True):
    """The deepest fall from a peak: `depth` as a fraction (<= 0), `amount` in dollars (<= 0).

    `recovered` is when the peak's level was reached again, None if it was not. `length` runs from
    the peak until then, or until the end of the curve, in ns.
    """

    depth: float
    amount: float
    peak: int
    trough: int
    recovered: int | None
    length: int


class UnderWater(msgspec.Struct, frozen=True, kw_only=True):
    """A time without a new high: from the peak at `start` until its level is reached again at `end`.

    `end` is the end of the curve, and `recovered` False, where it was not reached. Times in ns UTC.
    """

    start: int
    end: int
    recovered: bool

    @property
    def length(self) -> int:
        """How long, in ns."""
        return self.end - self.start


class TradeStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """Figures over finished round trips; gains and losses in dollars, after fees."""

    closed: int
    wins: int
    losses: int
    win_rate: float | None
    profit_factor: Decimal | None
    average_win: Decimal | None
    average_loss: Decimal | None
    expectancy: Decimal | None
    mean_r: float | None
    mean_holding_ns: int | None


class SessionStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """The key figures of a session. Fractions are of 1, not percent."""

    equity_start: float
    equity_end: float
    pnl: float
    total_return: float | None
    max_drawdown: Drawdown | None
    exposure_time: float | None
    mean_exposure: float | None
    turnover: float | None
    traded_value: Decimal
    fees: Decimal
    fills: int
    open_trips: int
    trades: TradeStatistics


def session_statistics(
    curve: EquityCurve,
    trips: Sequence[RoundTrip],
    fills: Sequence[Fill],
    *,
    charges: Decimal = ZERO,
) -> SessionStatistics:
    """Return all key figures of one session. `charges` are taken when the day is over."""
    start, end = float(curve.equity[0]), float(curve.equity[-1]) - float(charges)
    gross = curve.long - curve.short
    return SessionStatistics(
        equity_start=start,
        equity_end=end,
        pnl=round(end - start, 6),  # below a millionth of a dollar there is only float noise
        total_return=end / start - 1.0 if start > 0.0 else None,
        max_drawdown=max_drawdown(curve.equity, curve.ts),
        exposure_time=exposure_time(gross, curve.ts),
        mean_exposure=mean_exposure(gross, curve.equity, curve.ts),
        turnover=turnover(fills, curve.equity, curve.ts),
        traded_value=traded_value(fills),
        fees=sum((fill.fee for fill in fills), charges),
        fills=len(fills),
        open_trips=sum(trip.is_open for trip in trips),
        trades=trade_statistics(trips),
    )


# -- of a curve -----------------------------------------------------------------------------------


def total_return(equity: Floats) -> float | None:
    """Return last / first - 1; None where the first is not positive. Holding-period return."""
    return float(equity[-1] / equity[0] - 1.0) if equity[0] > 0.0 else None


def cagr(equity: Floats, years: float) -> float | None:
    """Return (last / first) ** (1 / years) - 1, the compound annual growth rate.

    CFA Institute, "GIPS": an annualised return is the geometric mean of the yearly ones. GIPS
    forbids it for less than a year; whether to show it is the caller's choice.
    """
    if years <= 0.0 or equity[0] <= 0.0 or equity[-1] < 0.0:
        return None
    return float((equity[-1] / equity[0]) ** (1.0 / years) - 1.0)


def max_drawdown(equity: Floats, ts: Times) -> Drawdown | None:
    """Return the largest fall from a running peak, None if it never fell below one.

    min over t of equity[t] / max(equity[..t]) - 1 (Magdon-Ismail and Atiya, "Maximum drawdown",
    Risk, October 2004). Measured at the curve's moments only: what happened between them is not seen.
    """
    peak = np.maximum.accumulate(equity)
    below = np.where(peak > 0.0, equity / np.where(peak > 0.0, peak, 1.0) - 1.0, 0.0)
    trough = int(np.argmin(below))
    if below[trough] >= 0.0:
        return None
    top = int(np.flatnonzero(equity[: trough + 1] == peak[trough])[-1])
    after = np.flatnonzero(equity[trough:] >= peak[trough])
    recovered = int(ts[trough + int(after[0])]) if len(after) else None
    end = int(ts[-1]) if recovered is None else recovered
    return Drawdown(
        depth=float(below[trough]),
        amount=float(equity[trough] - peak[trough]),
        peak=int(ts[top]),
        trough=int(ts[trough]),
        recovered=recovered,
        length=end - int(ts[top]),
    )


def longest_under_water(equity: Floats, ts: Times) -> UnderWater | None:
    """Return the longest time from a peak until its level is reached again; None without a fall.

    It need not be that of the deepest fall. The first of several that are equally long.
    """
    peak = np.maximum.accumulate(equity)
    at_peak = np.flatnonzero(equity >= peak)
    # Between two neighbouring highs lies a fall if they are not next to each other.
    bounds = np.append(at_peak, len(equity) - 1)
    starts, ends = bounds[:-1], bounds[1:]
    falls = (ends - starts > 1) | (equity[ends] < peak[ends])
    if not falls.any():
        return None
    lengths = np.where(falls, ts[ends] - ts[starts], -1)
    longest = int(np.argmax(lengths))
    start, end = int(starts[longest]), int(ends[longest])
    return UnderWater(
        start=int(ts[start]), end=int(ts[end]), recovered=bool(equity[end] >= peak[end])
    )


def calmar(growth: float | None, depth: float | None) -> float | None:
    """Return compound annual growth over the deepest drawdown, `depth` <= 0.

    Young, "Calmar Ratio: A Smoother Tool", Futures, October 1991 (over 36 months there, over what
    is given here). None where either is not defined, or nothing was lost from a peak.
    """
    return growth / -depth if growth is not None and depth else None


def _time_mean(values: Floats, ts: Times) -> float | None:
    """Mean over time of what held from each moment to the next; None for less than two moments."""
    span = int(ts[-1] - ts[0])
    return float(np.dot(values[:-1], np.diff(ts)) / span) if span > 0 else None


def exposure_time(gross: Floats, ts: Times) -> float | None:
    """Return the fraction of the time with any position ("exposure time" of backtesting.py)."""
    return _time_mean((gross > 0.0).astype(np.float64), ts)


def mean_exposure(gross: Floats, equity: Floats, ts: Times) -> float | None:
    """Return the mean over time of (long + |short|) / equity: gross leverage.

    None if equity was ever not positive.
    """
    return _time_mean(gross / equity, ts) if bool(np.all(equity > 0.0)) else None


def traded_value(fills: Iterable[Fill]) -> Decimal:
    """Return the dollars bought plus the dollars sold."""
    return sum((fill.qty * fill.price for fill in fills), ZERO)


def turnover(fills: Iterable[Fill], equity: Floats, ts: Times) -> float | None:
    """Return dollars bought plus sold over the mean equity: both sides, not annualised.

    SEC Form N-1A, item 13, counts the lesser of the two sides over the mean value, so a full
    round trip is 1 there and 2 here.
    """
    mean = _time_mean(equity, ts)
    return float(traded_value(fills)) / mean if mean is not None and mean > 0.0 else None


# -- of round trips -------------------------------------------------------------------------------


def trade_statistics(trips: Iterable[RoundTrip]) -> TradeStatistics:
    """Return the figures of finished trips; those still open are left out, as nothing is decided."""
    closed = [trip for trip in trips if not trip.is_open]
    gains = [trip.gain_value for trip in closed]
    wins = [gain for gain in gains if gain > 0]
    losses = [gain for gain in gains if gain < 0]
    r_units = [float(trip.r_units) for trip in closed if trip.r_units is not None]
    return TradeStatistics(
        closed=len(closed),
        wins=len(wins),
        losses=len(losses),
        win_rate=win_rate(gains),
        profit_factor=profit_factor(gains),
        average_win=_mean(wins),
        average_loss=_mean(losses),
        expectancy=_mean(gains),
        mean_r=sum(r_units) / len(r_units) if r_units else None,
        mean_holding_ns=sum(trip.holding_ns for trip in closed) // len(closed) if closed else None,
    )


def _mean(amounts: Sequence[Decimal]) -> Decimal | None:
    return sum(amounts, ZERO) / len(amounts) if amounts else None


def win_rate(gains: Sequence[Decimal]) -> float | None:
    """Return the fraction of gains above zero. A trade that came out even is no win."""
    return sum(gain > 0 for gain in gains) / len(gains) if gains else None


def profit_factor(gains: Iterable[Decimal]) -> Decimal | None:
    """Return what the winners won over what the losers lost; None where nothing was lost.

    Babcock, "The Business One Irwin Guide to Trading Systems" (1989): gross profit / gross loss.
    """
    won = lost = ZERO
    for gain in gains:
        won += max(gain, ZERO)
        lost -= min(gain, ZERO)
    return won / lost if lost else None


# -- of returns per period ------------------------------------------------------------------------


def period_returns(equity: Floats) -> Floats:
    """Return the simple returns between consecutive elements, which must be positive."""
    return equity[1:] / equity[:-1] - 1.0


def volatility(returns: Floats, *, periods: float = TRADING_DAYS) -> float | None:
    """Return the sample deviation (n - 1) of returns * sqrt(periods in a year); None for under two."""
    return float(np.std(returns, ddof=1)) * sqrt(periods) if len(returns) > 1 else None


def sharpe(
    returns: Floats, *, periods: float = TRADING_DAYS, risk_free: float = 0.0
) -> float | None:
    """Return mean(excess) / standard deviation(excess) * sqrt(periods in a year).

    Sharpe, "The Sharpe Ratio", Journal of Portfolio Management, 1994; the sample deviation (n - 1).
    `risk_free` is per period. The root assumes returns that are independent of each other (Lo,
    "The Statistics of Sharpe Ratios", 2002). None for under two returns, or no deviation.
    """
    if len(returns) < 2:
        return None
    excess = returns - risk_free
    return _ratio(float(np.mean(excess)), float(np.std(excess, ddof=1)), periods)


def sortino(
    returns: Floats, *, periods: float = TRADING_DAYS, required: float = 0.0
) -> float | None:
    """Return mean(excess) / downside deviation * sqrt(periods in a year).

    Downside deviation: sqrt(mean(min(r - required, 0) ** 2)) over all returns, not over the losing
    ones only (Sortino and Price, "Performance Measurement in a Downside Risk Framework", 1994).
    `required` is per period. None without a return, or with none below it.
    """
    if not len(returns):
        return None
    excess = returns - required
    downside = float(np.sqrt(np.mean(np.minimum(excess, 0.0) ** 2)))
    return _ratio(float(np.mean(excess)), downside, periods)


def _ratio(mean: float, deviation: float, periods: float) -> float | None:
    # Equal returns give a deviation of some 1e-19, not 0, and a ratio of nonsense.
    if deviation <= 1e-12 * max(abs(mean), 1e-12):
        return None
    ratio = mean / deviation * sqrt(periods)
    return ratio if isfinite(ratio) else None


def beta(returns: Floats, benchmark: Floats) -> float | None:
    """Return cov(r, b) / var(b), sample moments (Sharpe, "Capital Asset Prices", 1964).

    Both have one return per period. None for under two, or a benchmark that never moves.
    """
    if len(returns) < 2:
        return None
    spread = float(np.var(benchmark, ddof=1))
    if spread <= 1e-20 * float(np.mean(benchmark**2)):  # equal but for float noise
        return None
    return float(np.cov(returns, benchmark, ddof=1)[0, 1]) / spread


def alpha(
    returns: Floats, benchmark: Floats, *, periods: float = TRADING_DAYS, risk_free: float = 0.0
) -> float | None:
    """Return what beta does not explain, compounded to a year: (1 + mean(e)) ** periods - 1.

    e = (r - f) - beta * (b - f), f `risk_free` per period (Jensen, "The Performance of Mutual
    Funds", 1968; the yearly compounding as empyrical does it).
    """
    slope = beta(returns, benchmark)
    if slope is None:
        return None
    unexplained = (returns - risk_free) - slope * (benchmark - risk_free)
    return float((1.0 + np.mean(unexplained)) ** periods - 1.0)


def correlation(returns: Floats, benchmark: Floats) -> float | None:
    """Return Pearson's coefficient of two series of returns, one each per period.

    None for under two, or where either never moves.
    """
    slope, back = beta(returns, benchmark), beta(benchmark, returns)
    if slope is None or back is None:
        return None
    # slope * back is r squared; float noise may carry it past 1.
    return float(np.copysign(min(sqrt(max(slope * back, 0.0)), 1.0), slope))
