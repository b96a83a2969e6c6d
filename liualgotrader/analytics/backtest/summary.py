"""The results in lines for a terminal, and as numbers for JSON."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from liualgotrader.analytics.backtest.returns import DayReturn, session_date
from liualgotrader.analytics.backtest.rows import BacktestData
from liualgotrader.analytics.backtest.statistics import (
    DAY,
    BacktestStatistics,
    BenchmarkStatistics,
    GroupStatistics,
)

_NONE = "none"
MOST_STRATEGIES = 8


def lines(data: BacktestData, statistics: BacktestStatistics) -> list[str]:
    """Return what a reader wants to know first, a name and a text a line, the texts one below the other."""
    rows = [*_run(data), *_account(statistics), *_trading(statistics)]
    if statistics.benchmark is not None:
        rows.append((statistics.benchmark.symbol, _benchmark(statistics.benchmark)))
    rows += _strategies(statistics)
    rows += [("Note", text) for text in data.info.notices]
    width = max(len(name) for name, _ in rows)
    return [f"{name:<{width}}  {text}" for name, text in rows]


def _run(data: BacktestData) -> Iterable[tuple[str, str]]:
    info = data.info
    yield "Batch", info.batch_id + (f", replays {info.source}" if info.source else "")
    until = ", interrupted there" if info.interrupted else ""
    yield "Days", f"{info.days:,} from {info.first} to {info.last}{until}"
    bars = f"{info.bars:,} by the {info.scale} for {info.symbols:,} symbols"
    yield "Bars", f"{bars} in {info.duration_s:,.1f} s"


def _account(told: BacktestStatistics) -> Iterable[tuple[str, str]]:
    growth = f", {_percent(told.cagr)} a year" if told.cagr is not None else ""
    yield (
        "Equity",
        f"{told.equity_start:,.2f} -> {told.equity_end:,.2f}, {_percent(told.total_return)}{growth}",
    )
    yield "P&L", f"{told.pnl:+,.2f} after {told.fees:,.2f} fees"
    yield (
        "Sharpe",
        f"{_ratio(told.sharpe)}, Sortino {_ratio(told.sortino)}, Calmar {_ratio(told.calmar)}, "
        f"volatility {_percent(told.volatility, sign='')} a year",
    )
    yield "Drawdown", _drawdown(told)
    if told.best_day is not None and told.worst_day is not None:
        yield "Best day", _day(told.best_day)
        yield "Worst day", _day(told.worst_day)


def _drawdown(told: BacktestStatistics) -> str:
    fall = told.max_drawdown
    if fall is None:
        return "never below a peak"
    back = session_date(fall.recovered) if fall.recovered is not None else "not yet"
    return (
        f"{_percent(fall.depth)}, {fall.amount:+,.2f}, {session_date(fall.peak)} to "
        f"{session_date(fall.trough)}, back {back}, {round(fall.length / DAY):,} days"
    )


def _day(day: DayReturn) -> str:
    return f"{_percent(day.fraction)}, {day.amount:+,.2f} on {day.date}"


def _trading(told: BacktestStatistics) -> Iterable[tuple[str, str]]:
    trades = told.trades
    still = f", {told.open_trips:,} open" if told.open_trips else ""
    yield "Orders", f"{told.orders:,} sent, {told.fills:,} fills, {told.refused:,} refused"
    yield (
        "Trades",
        f"{trades.closed:,}{still}, {_percent(trades.win_rate, sign='', places=0)} won, "
        f"profit factor {_ratio(trades.profit_factor)}, {_money(trades.expectancy)} a trade",
    )
    yield (
        "Exposure",
        f"{_percent(told.mean_exposure, sign='', places=1)} of equity at the close, held in "
        f"{_percent(told.exposure_time, sign='', places=0)} of the sessions, turnover "
        f"{_ratio(told.turnover_annual)} a year",
    )


def _benchmark(other: BenchmarkStatistics) -> str:
    return (
        f"{_percent(other.total_return)}, alpha {_percent(other.alpha)} a year, beta "
        f"{_ratio(other.beta)}, correlation {_ratio(other.correlation)}"
    )


def _strategies(told: BacktestStatistics) -> list[tuple[str, str]]:
    """A line for each strategy, where there are several."""
    if len(told.strategies) < 2:
        return []
    shown = told.strategies[:MOST_STRATEGIES]
    name_width = max(len(row.name) for row in shown)
    gain_width = max(len(_money(row.gain)) for row in shown)
    texts = [_strategy(row, name_width, gain_width) for row in shown]
    if len(told.strategies) > len(shown):
        texts.append(f"... and {len(told.strategies) - len(shown)} more, see the report")
    return [("Strategies" if number == 0 else "", text) for number, text in enumerate(texts)]


def _strategy(row: GroupStatistics, name_width: int, gain_width: int) -> str:
    won = _percent(row.trades.win_rate, sign="", places=0)
    return f"{row.name:<{name_width}}  {_money(row.gain):>{gain_width}}  {row.trades.closed:,} trades, {won} won"


def _percent(fraction: float | None, *, sign: str = "+", places: int = 2) -> str:
    return _NONE if fraction is None else f"{fraction * 100:{sign},.{places}f} %"


def _ratio(value: float | Decimal | None) -> str:
    return _NONE if value is None else f"{value:,.2f}"


def _money(value: Decimal | None) -> str:
    return _NONE if value is None else f"{value:+,.2f}"


# -- for JSON -------------------------------------------------------------------------------------


def figures(statistics: BacktestStatistics) -> dict[str, Any]:
    """Return the figures by name: numbers, None where one is not defined, dates as text.

    Fractions are of 1, money is in dollars, lengths are in days.
    """
    told = statistics
    return {
        "equity_start": told.equity_start,
        "equity_end": told.equity_end,
        "pnl": told.pnl,
        "fees": float(told.fees),
        "total_return": told.total_return,
        "cagr": told.cagr,
        "volatility": told.volatility,
        "sharpe": told.sharpe,
        "sortino": told.sortino,
        "calmar": told.calmar,
        **_drawdown_figures(told),
        "best_day": _day_figures(told.best_day),
        "worst_day": _day_figures(told.worst_day),
        "exposure_time": told.exposure_time,
        "mean_exposure": told.mean_exposure,
        "turnover": told.turnover,
        "turnover_annual": told.turnover_annual,
        "orders": told.orders,
        "fills": told.fills,
        "refused": told.refused,
        **_trade_figures(told),
        "benchmark": _benchmark_figures(told.benchmark),
        "strategies": {row.name: float(row.gain) for row in told.strategies},
    }


def _drawdown_figures(told: BacktestStatistics) -> dict[str, Any]:
    fall, water = told.max_drawdown, told.under_water
    return {
        "max_drawdown": fall.depth if fall else 0.0,
        "max_drawdown_amount": fall.amount if fall else 0.0,
        "max_drawdown_peak": _date(fall.peak) if fall else None,
        "max_drawdown_trough": _date(fall.trough) if fall else None,
        "max_drawdown_recovered": _date(fall.recovered) if fall else None,
        "max_drawdown_days": round(fall.length / DAY) if fall else 0,
        "under_water_days": round(water.length / DAY) if water else 0,
    }


def _trade_figures(told: BacktestStatistics) -> dict[str, Any]:
    trades = told.trades
    return {
        "trades": trades.closed,
        "open_trades": told.open_trips,
        "win_rate": trades.win_rate,
        "profit_factor": _number(trades.profit_factor),
        "expectancy": _number(trades.expectancy),
        "average_win": _number(trades.average_win),
        "average_loss": _number(trades.average_loss),
        "mean_r": trades.mean_r,
    }


def _benchmark_figures(other: BenchmarkStatistics | None) -> dict[str, Any] | None:
    if other is None:
        return None
    return {
        "symbol": other.symbol,
        "total_return": other.total_return,
        "cagr": other.cagr,
        "alpha": other.alpha,
        "beta": other.beta,
        "correlation": other.correlation,
    }


def _date(ts: int | None) -> str | None:
    return None if ts is None else session_date(ts).isoformat()


def _day_figures(day: DayReturn | None) -> dict[str, Any] | None:
    if day is None:
        return None
    return {"date": day.date.isoformat(), "return": day.fraction, "amount": day.amount}


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
