"""Returns by month and year, the days that stand out, and a benchmark's closes beside the account's."""

from __future__ import annotations

import datetime as dt

import msgspec
import numpy as np

from liualgotrader.analytics.backtest.rows import Curve
from liualgotrader.analytics.report import figures
from liualgotrader.analytics.rows import Floats, PriceSeries, Times

MONTHS = 12


class YearReturns(msgspec.Struct, frozen=True, kw_only=True):
    """Returns of one year as fractions: twelve months, None where there was no session, and the whole.

    The first and the last month may be part of one. None too where equity was not positive before.
    """

    year: int
    months: tuple[float | None, ...]
    total: float | None


class DayReturn(msgspec.Struct, frozen=True, kw_only=True):
    """What the account made from one session's close to the next: dollars, and as a fraction."""

    date: dt.date
    amount: float
    fraction: float


class Beside(msgspec.Struct, frozen=True, eq=False):
    """The benchmark's closes at the curve's rows from `first` on, the first at which one was known."""

    first: int
    close: Floats


def session_date(ts: int) -> dt.date:
    """Return the date of the session that closes at a moment (see `rows`)."""
    return figures.at(ts).date()


def by_year(ts: Times, equity: Floats) -> tuple[YearReturns, ...]:
    """Return a row per year: each month's last equity over the last before it, less 1.

    The first row of the curve is the start and belongs to no month.
    """
    last: dict[tuple[int, int], float] = {}
    for moment, value in zip(ts[1:], equity[1:], strict=True):
        date = session_date(int(moment))
        last[date.year, date.month] = float(value)
    before = start = float(equity[0])
    months: dict[int, dict[int, float | None]] = {}
    totals: dict[int, float | None] = {}
    for (year, month), value in last.items():
        if year not in months:
            start = before
        months.setdefault(year, {})[month] = _change(before, value)
        totals[year] = _change(start, value)
        before = value
    return tuple(
        YearReturns(
            year=year,
            months=tuple(of.get(month) for month in range(1, MONTHS + 1)),
            total=totals[year],
        )
        for year, of in months.items()
    )


def _change(before: float, after: float) -> float | None:
    return after / before - 1.0 if before > 0.0 else None


def best_and_worst(curve: Curve) -> tuple[DayReturn, DayReturn] | None:
    """Return the days of the highest and of the lowest return; None for a curve without a session."""
    equity = curve.equity
    if len(equity) < 2 or bool(np.any(equity <= 0.0)):
        return None
    returns = equity[1:] / equity[:-1] - 1.0
    best, worst = (
        DayReturn(
            date=session_date(int(curve.ts[index + 1])),
            amount=float(equity[index + 1] - equity[index]),
            fraction=float(returns[index]),
        )
        for index in (int(np.argmax(returns)), int(np.argmin(returns)))
    )
    return best, worst


def beside(curve: Curve, benchmark: PriceSeries | None) -> Beside | None:
    """Return a benchmark at the curve's rows: its last close known at each.

    None without one, or where fewer than two rows know a close.
    """
    if benchmark is None or not len(benchmark.ts):
        return None
    index = np.searchsorted(benchmark.ts, curve.ts, side="right") - 1
    known = np.flatnonzero(index >= 0)
    if len(known) < 2:
        return None
    first = int(known[0])
    close = benchmark.close[index[first:]]
    return Beside(first, close) if bool(np.all(close > 0.0)) else None
