"""The top of the report: what was run, what it came to, what must not be misread, and how figures are made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from liualgotrader.analytics.backtest.returns import DayReturn, session_date
from liualgotrader.analytics.backtest.rows import BacktestData, BacktestInfo
from liualgotrader.analytics.backtest.statistics import (
    DAY,
    BacktestStatistics,
    BenchmarkStatistics,
)
from liualgotrader.analytics.report import figures
from liualgotrader.analytics.report.elements import tile
from liualgotrader.analytics.report.markup import Markup, join, tag
from liualgotrader.analytics.statistics import Drawdown


def title(info: BacktestInfo) -> str:
    """Return "Backtest of 3 January 2022 to 30 December 2022"."""
    return f"Backtest of {_date(info.first)} to {_date(info.last)}"


def _date(date: dt.date) -> str:
    return f"{date.day} {date:%B %Y}"


def _short(date: dt.date) -> str:
    return f"{date.day} {date:%b %Y}"


def short(ts: int) -> str:
    """Return the session's date that closes at a moment, "3 Jan 2022"."""
    return _short(session_date(ts))


def days(ns: int) -> str:
    """Return a length in whole days: an early close or summer time make none longer or shorter."""
    return figures.count(round(ns / DAY), "day")


def header(data: BacktestData, told: BacktestStatistics) -> Markup:
    """Return the title, the result in one line, and what it was run on."""
    info = data.info
    change = join(
        tag("strong", figures.dollars(told.pnl, plus=True), class_=figures.tone(told.pnl) or None),
        f" ({figures.percent(told.total_return, plus=True)}) from "
        f"{figures.dollars(told.equity_start)} to {figures.dollars(told.equity_end)}",
    )
    return tag(
        "header",
        tag("p", f"Backtest by {info.scale}s", tag("code", info.batch_id), class_="kicker"),
        tag("h1", f"{_date(info.first)} to {_date(info.last)}"),
        tag("p", change, class_="result"),
        tag("p", "; ".join(_run_on(info)), class_="note"),
    )


def _run_on(info: BacktestInfo) -> Iterable[str]:
    yield (
        f"{figures.count(info.bars, 'bar')} of {figures.count(info.symbols, 'symbol')} in "
        f"{figures.count(info.days, 'session')}"
    )
    yield f"took {figures.duration(round(info.duration_s * figures.SECOND))}"
    if info.source:
        yield f"replays batch {info.source}"


def notice(info: BacktestInfo) -> Markup | None:
    """Return what must not be misread, the interruption first."""
    texts = list(info.notices)
    if info.interrupted:
        texts.insert(0, f"Interrupted: what follows is up to {_date(info.last)}.")
    if not texts:
        return None
    return tag(
        "aside",
        tag("h2", "Note"),
        *(tag("p", text) for text in texts),
        class_="notice",
    )


# -- key figures ----------------------------------------------------------------------------------


def tiles(told: BacktestStatistics) -> Markup:
    """Return the figures as tiles: value, name, and what it is made of."""
    groups = [_growth_tiles(told), _risk_tiles(told), _trade_tiles(told)]
    if told.benchmark is not None:
        groups.append(_benchmark_tiles(told.benchmark))
    return tag("dl", *(tile for group in groups for tile in group), class_="tiles")


def _growth_tiles(told: BacktestStatistics) -> Iterable[Markup]:
    yield tile(
        "Return",
        figures.percent(told.total_return, plus=True),
        f"{figures.dollars(told.pnl, plus=True)} after all fees",
        figures.tone(told.pnl),
    )
    yield tile(
        "Growth a year",
        figures.percent(told.cagr, plus=True),
        f"compound, over {told.years:.2f} years" if told.cagr is not None else "under a year",
        figures.tone(told.cagr),
    )
    yield tile(
        "Sharpe",
        figures.ratio(told.sharpe),
        f"Sortino {figures.ratio(told.sortino)}; Calmar {figures.ratio(told.calmar)}",
    )
    fall = told.max_drawdown
    yield tile("Maximum drawdown", figures.percent(fall.depth if fall else 0.0), fallen(fall, told))


def fallen(fall: Drawdown | None, told: BacktestStatistics) -> str:
    """Return amount and dates of the deepest fall, and the longest time under water."""
    if fall is None:
        return "never below a peak"
    back = f"back {short(fall.recovered)}" if fall.recovered is not None else "not yet back"
    text = (
        f"{figures.dollars(fall.amount, decimals=0)}, {short(fall.peak)} to {short(fall.trough)}, "
        f"{back}: {days(fall.length)}"
    )
    water = told.under_water
    if water is None or water.start == fall.peak:
        return f"{text}, the longest under water"
    return f"{text}. Longest under water: {days(water.length)} from {short(water.start)}"


def _risk_tiles(told: BacktestStatistics) -> Iterable[Markup]:
    yield tile("Volatility", figures.percent(told.volatility), "a year, of daily returns")
    yield tile(
        "Best and worst day",
        f"{_day_percent(told.best_day)} / {_day_percent(told.worst_day)}",
        "; ".join(_day(each) for each in (told.best_day, told.worst_day) if each) or figures.NONE,
    )
    yield tile(
        "Exposure",
        figures.percent(told.mean_exposure, decimals=1),
        "of equity at the close on average; something held in "
        f"{figures.percent(told.exposure_time, decimals=0)} of the sessions",
    )
    yield tile(
        "Turnover",
        figures.ratio(told.turnover_annual)
        + ("\u00a0×" if told.turnover_annual is not None else ""),
        f"a year; {figures.ratio(told.turnover)}\u00a0× in all, "
        f"{figures.dollars(told.traded_value, decimals=0)} bought and sold",
    )


def _day_percent(day: DayReturn | None) -> str:
    return figures.percent(day.fraction if day else None, plus=True)


def _day(day: DayReturn) -> str:
    return f"{figures.dollars(day.amount, plus=True, decimals=0)} on {_short(day.date)}"


def _trade_tiles(told: BacktestStatistics) -> Iterable[Markup]:
    trades = told.trades
    still = f", {told.open_trips} open" if told.open_trips else ""
    yield tile(
        "Trades",
        f"{trades.closed:,}",
        f"round trips{still}; held {figures.duration(trades.mean_holding_ns)} on average",
    )
    yield tile(
        "Won",
        figures.percent(trades.win_rate, decimals=0),
        f"{trades.wins:,} won, {trades.losses:,} lost; average "
        f"{figures.dollars(trades.average_win, plus=True)} and "
        f"{figures.dollars(trades.average_loss, plus=True)}",
    )
    yield tile(
        "Profit factor",
        figures.ratio(trades.profit_factor),
        f"{figures.dollars(trades.expectancy, plus=True)} a trade; "
        f"mean R {figures.ratio(trades.mean_r, plus=True)}",
    )
    points = told.fees / told.traded_value * 10_000 if told.traded_value else None
    yield tile(
        "Fees",
        figures.dollars(told.fees),
        f"{figures.ratio(points)} basis points of what was traded; "
        f"{figures.count(told.orders, 'order')}, {figures.count(told.fills, 'fill')}, "
        f"{told.refused:,} refused",
    )


def _benchmark_tiles(other: BenchmarkStatistics) -> Iterable[Markup]:
    growth = figures.percent(other.cagr, plus=True)
    yield tile(
        other.symbol,
        figures.percent(other.total_return, plus=True),
        f"{growth} a year" if other.cagr is not None else "the benchmark's return",
        figures.tone(other.total_return),
    )
    yield tile(
        "Alpha",
        figures.percent(other.alpha, plus=True),
        "a year, what beta does not explain" if other.alpha is not None else "under a year",
    )
    yield tile("Beta", figures.ratio(other.beta), f"to {other.symbol}, daily returns")
    yield tile("Correlation", figures.ratio(other.correlation), f"with {other.symbol}")


# -- the run, and how the figures are made --------------------------------------------------------


def facts(info: BacktestInfo) -> Markup:
    """Return what was run, and from which plan."""
    run = [
        ("Batch", info.batch_id),
        ("Days", f"{info.first} to {info.last}, {info.days:,} sessions"),
        ("Bars", f"{info.bars:,}, by the {info.scale}"),
        ("Symbols", f"{info.symbols:,}"),
        ("Version", info.build),
    ]
    if info.source:
        run.insert(1, ("Replays", info.source))
    return tag(
        "div",
        _facts("Run", run),
        _facts("Plan", info.plan) if info.plan else None,
        class_="columns",
    )


def _facts(name: str, rows: Iterable[tuple[str, str]]) -> Markup:
    pairs = [tag("div", tag("dt", each), tag("dd", value)) for each, value in rows]
    return tag("div", tag("h3", name), tag("dl", *pairs, class_="facts"))


_DEFINITIONS = (
    (
        "Trade",
        "A position from its first share to its last, at average cost, per strategy and symbol. What "
        "crosses zero ends one and begins another. Dividends are part of its gain; after a split its "
        "prices and quantities are in new shares.",
    ),
    ("Growth a year", "(End / start) ^ (1 / years) − 1. Not given for less than a year."),
    ("Volatility", "Sample deviation of daily returns, times the root of the days a year."),
    (
        "Sharpe",
        "Mean of daily returns over their deviation, by the year, without a risk-free rate.",
    ),
    ("Sortino", "The same over the deviation below zero, taken over all days."),
    ("Calmar", "Growth a year over the maximum drawdown."),
    (
        "Drawdown",
        "Equity at a close below its highest at any close before. Its length is from the peak until "
        "that level is reached again, or the end. What happens within a day is not seen.",
    ),
    ("Exposure", "Long plus short positions over equity, mean over the sessions' closes."),
    ("Turnover", "Dollars bought plus dollars sold over mean equity."),
    ("Won", "Finished trades with a gain above zero, of all finished ones."),
    ("Profit factor", "Dollars won over dollars lost, finished trades."),
    ("R", "Gain a share over entry less planned stop; none without a stop."),
    (
        "Alpha, beta",
        "Of daily returns on the benchmark's: beta = cov / var; alpha is compounded to a year.",
    ),
    ("Days a year", "252 for equities, 365 for crypto."),
)


def definitions() -> Markup:
    """Return how each figure is worked out, folded away."""
    pairs = [tag("div", tag("dt", name), tag("dd", text)) for name, text in _DEFINITIONS]
    return tag(
        "footer",
        tag(
            "details",
            tag("summary", "How these figures are worked out"),
            tag("dl", *pairs, class_="facts prose"),
        ),
    )
