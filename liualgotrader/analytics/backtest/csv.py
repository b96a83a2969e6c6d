"""The results as tables for other programs: exact decimals, times in ISO 8601, UTC, dates of sessions.

RFC 4180 with a heading; what there is no value for is empty. Reasons are as strategies wrote them: a
spreadsheet may take one that begins with "=" for a formula.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

from liualgotrader.analytics.backtest.returns import MONTHS, beside, session_date
from liualgotrader.analytics.backtest.rows import BacktestData
from liualgotrader.analytics.backtest.statistics import BacktestStatistics
from liualgotrader.analytics.equity import drawdowns
from liualgotrader.analytics.round_trips import RoundTrip, in_order, side_word
from liualgotrader.common.timestamps import format_time

Value = Decimal | float | int | str | None
Row = Sequence[Value]

_EQUITY = "date time equity cash long short fees drawdown benchmark".split()
_TRADES = (
    "strategy symbol side entry_time exit_time qty entry_price exit_price open_qty mark gross fees "
    "dividends gain gain_percent r_units stop target fills entry_reason exit_reasons"
).split()
_FILLS = (
    "time strategy symbol side qty price fee order_id execution_id stop target reason"
).split()
_ORDERS = (
    "decided order_id strategy symbol side type status qty notional limit trigger filled reason "
    "refusal"
).split()
_MONTHLY = ["year", *(str(month) for month in range(1, MONTHS + 1)), "total"]


def write_csv(folder: Path, data: BacktestData, statistics: BacktestStatistics) -> list[Path]:
    """Write equity.csv, trades.csv (round trips), fills.csv, orders.csv and monthly.csv; return their paths.

    The folder is made where it is missing, files of these names are replaced. Raises OSError. Amounts are
    dollars; returns and drawdown are fractions, but `gain_percent` is percent.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tables: tuple[tuple[str, Sequence[str], Iterable[Row]], ...] = (
        ("equity", _EQUITY, _equity(data)),
        ("trades", _TRADES, map(_trade, statistics.trips)),
        ("fills", _FILLS, _fills(data)),
        ("orders", _ORDERS, _orders(data)),
        ("monthly", _MONTHLY, _monthly(statistics)),
    )
    return [_write(folder / f"{name}.csv", heads, rows) for name, heads, rows in tables]


def _write(path: Path, heads: Sequence[str], rows: Iterable[Row]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(heads)
        writer.writerows([_text(value) for value in row] for row in rows)
    return path


def _text(value: Value) -> str:
    if value is None:
        return ""
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _time(ns: int | None) -> str | None:
    return None if ns is None else format_time(ns)


def _equity(data: BacktestData) -> Iterable[Row]:
    """One row a session's close, the first before any trade. Below six decimals is float noise."""
    curve, known = data.curve, beside(data.curve, data.benchmark)
    below = drawdowns(curve.equity)
    columns = (curve.equity, curve.cash, curve.long, curve.short, curve.fees)
    for index, ts in enumerate(curve.ts):
        other = None
        if known is not None and index >= known.first:
            other = float(known.close[index - known.first])
        money = (round(float(column[index]), 6) for column in columns)
        date = session_date(int(ts)).isoformat()
        yield date, _time(int(ts)), *money, round(float(below[index]), 12), other


def _trade(trip: RoundTrip) -> Row:
    return (
        trip.strategy,
        trip.symbol,
        side_word(trip.sign),
        _time(trip.start),
        _time(trip.end),
        trip.qty,
        trip.entry_price,
        trip.exit_price,
        trip.open_qty,
        trip.mark,
        trip.gross,
        trip.fees,
        trip.dividends,
        trip.gain_value,
        trip.gain_percentage,
        trip.r_units,
        trip.stop,
        trip.target,
        trip.fills,
        trip.entry_reason,
        "; ".join(trip.exit_reasons),
    )


def _fills(data: BacktestData) -> Iterable[Row]:
    for fill in in_order(data.fills):
        yield (
            _time(fill.ts),
            fill.strategy,
            fill.symbol,
            str(fill.side),
            fill.qty,
            fill.price,
            fill.fee,
            fill.order_id,
            fill.execution_id,
            fill.stop,
            fill.target,
            fill.reason,
        )


def _orders(data: BacktestData) -> Iterable[Row]:
    for order in sorted(data.orders, key=lambda each: each.decided):
        yield (
            _time(order.decided),
            order.order_id,
            order.strategy,
            order.symbol,
            str(order.side),
            order.order_type,
            order.status,
            order.qty,
            order.notional,
            order.limit,
            order.trigger,
            order.filled,
            order.reason,
            order.refusal,
        )


def _monthly(statistics: BacktestStatistics) -> Iterable[Row]:
    for row in statistics.years_table:
        yield row.year, *(_rounded(each) for each in row.months), _rounded(row.total)


def _rounded(fraction: float | None) -> float | None:
    return None if fraction is None else round(fraction, 12)
