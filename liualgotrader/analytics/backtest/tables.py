"""The report's tables: months, strategies, symbols, trades, and why orders were refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from liualgotrader.analytics.backtest.returns import YearReturns
from liualgotrader.analytics.backtest.statistics import BacktestStatistics, GroupStatistics
from liualgotrader.analytics.report import figures
from liualgotrader.analytics.report.elements import remark, remarks
from liualgotrader.analytics.report.figures import NONE, SECOND
from liualgotrader.analytics.report.markup import Markup, join, tag
from liualgotrader.analytics.report.tables import Column, cell, number, refused, table
from liualgotrader.analytics.round_trips import RoundTrip, side_word
from liualgotrader.analytics.rows import OrderRow

MOST_TRIPS = 500
MOST_SYMBOLS = 200
MOST_REASONS = 60
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_STEPS = (0.01, 0.03, 0.06)
"""From which monthly gain or loss on a cell is tinted more strongly."""
_NUMBER = re.compile(r"\d[\d,]*(\.\d+)?")


# -- months ---------------------------------------------------------------------------------------


def monthly_table(years: Sequence[YearReturns]) -> Markup:
    """Return a row per year with its months and its total, in percent."""
    columns = [
        Column("Year"),
        *(Column(name, numeric=True) for name in _MONTHS),
        Column("Year", numeric=True),
    ]
    rows = [
        tag(
            "tr",
            tag("th", str(row.year), scope="row"),
            *(_month(each) for each in row.months),
            tag("td", _percent(row.total), class_=f"n total {figures.tone(row.total)}".rstrip()),
        )
        for row in years
    ]
    inside = table(columns, [tag("tbody", *rows)], label="Monthly returns in percent")
    return tag("div", inside, class_="months")


def _percent(fraction: float | None) -> str:
    return "" if fraction is None else figures.ratio(fraction * 100, plus=True, decimals=1)


def _month(fraction: float | None) -> Markup:
    if fraction is None:
        return tag("td", "")
    strength = sum(abs(fraction) >= step for step in _STEPS)
    tint = f" {'up' if fraction > 0 else 'down'}{strength}" if strength else ""
    return tag("td", _percent(fraction), class_=f"n{tint}")


# -- strategies and symbols -----------------------------------------------------------------------


def _group_columns(name: str) -> tuple[Column, ...]:
    return (
        Column(name),
        Column(
            "Gain", numeric=True, tip="After the fees of fills; open positions at the last price"
        ),
        Column("Trades", numeric=True, tip="Finished round trips, and those still open"),
        Column("Won", numeric=True, tip="Share of finished trades with a gain after fees"),
        Column("Profit factor", numeric=True, tip="Dollars won over dollars lost"),
        Column("A trade", numeric=True, tip="Mean gain of finished trades"),
        Column("Mean R", numeric=True, tip="Mean gain in units of the risk planned at the entry"),
        Column("Mean held", numeric=True),
        Column("Fees", numeric=True),
    )


def strategies_table(told: BacktestStatistics) -> Markup:
    """Return a row per strategy."""
    return _groups_table("Strategy", "Strategies", told.strategies)


def symbols_table(told: BacktestStatistics) -> Markup:
    """Return a row per symbol; of more than MOST_SYMBOLS those that brought or cost the most."""
    largest = sorted(told.symbols, key=lambda row: -abs(row.gain))[:MOST_SYMBOLS]
    kept = {row.name for row in largest}
    shown = [row for row in told.symbols if row.name in kept]
    return join(
        _groups_table("Symbol", "Symbols", shown),
        _left_out(len(shown), len(told.symbols), "symbols with the largest gain or loss"),
    )


def _groups_table(name: str, label: str, rows: Sequence[GroupStatistics]) -> Markup:
    bodies = [tag("tbody", _group(row)) for row in rows]
    return table(_group_columns(name), bodies, label=label, sortable=True)


def _group(row: GroupStatistics) -> Markup:
    told = row.trades
    trades = f"{told.closed:,}" + (f" + {row.open_trips} open" if row.open_trips else "")
    return tag(
        "tr",
        tag("th", row.name, scope="row"),
        number(figures.dollars(row.gain, plus=True), row.gain, toned=True),
        number(trades, told.closed),
        number(figures.percent(told.win_rate, decimals=0), told.win_rate),
        number(figures.ratio(told.profit_factor), told.profit_factor),
        number(figures.dollars(told.expectancy, plus=True), told.expectancy),
        number(figures.ratio(told.mean_r, plus=True), told.mean_r),
        number(figures.duration(told.mean_holding_ns), told.mean_holding_ns),
        number(figures.dollars(row.fees), row.fees),
    )


def _left_out(shown: int, of: int, what: str) -> Markup | None:
    if shown == of:
        return None
    return tag("p", f"The {shown:,} of {of:,} {what}; the database has them all.", class_="note")


# -- trades ---------------------------------------------------------------------------------------

_TRIP_COLUMNS = (
    Column("Symbol"),
    Column("Gain", numeric=True, tip="After fees, with dividends"),
    Column("Gain %", numeric=True, tip="Of the dollars entered with"),
    Column("R", numeric=True, tip="Gain a share over the risk planned at the entry"),
    Column("Side"),
    Column("Qty", numeric=True),
    Column("In", numeric=True, tip="When it was entered, New York time"),
    Column("Price in", numeric=True, tip="Average entry price, $"),
    Column("Out", numeric=True, tip="When the last share left, New York time"),
    Column("Price out", numeric=True, tip="Average exit price, $; of what is held the last price"),
    Column("Held", numeric=True),
    Column("Strategy"),
)


def trips_table(trips: Sequence[RoundTrip], numbers: dict[str, int]) -> Markup:
    """Return the trades, of more than MOST_TRIPS those with the largest gain or loss, by time.

    `numbers` gives each strategy its number for the page's filter.
    """
    largest = sorted(range(len(trips)), key=lambda index: -abs(trips[index].gain_value))
    shown = [trips[index] for index in sorted(largest[:MOST_TRIPS])]
    bodies = [_trip(trip, numbers[trip.strategy]) for trip in shown]
    return join(
        table(_TRIP_COLUMNS, bodies, label="Trades", sortable=True),
        _left_out(len(shown), len(trips), "trades with the largest gain or loss"),
    )


def _trip(trip: RoundTrip, strategy: int) -> Markup:
    detail = _detail(trip)
    return tag(
        "tbody",
        tag("tr", *_trip_cells(trip), class_="trip"),
        tag("tr", tag("td", detail, colspan=len(_TRIP_COLUMNS)), class_="why") if detail else None,
        data_strategy=strategy,
    )


def _trip_cells(trip: RoundTrip) -> list[Markup]:
    percentage = trip.gain_percentage
    fraction = None if percentage is None else percentage / 100
    leaving = trip.mark if trip.exit_price is None else trip.exit_price
    return [
        tag("th", trip.symbol, scope="row"),
        number(figures.dollars(trip.gain_value, plus=True), trip.gain_value, toned=True),
        number(figures.percent(fraction, plus=True), fraction),
        number(figures.ratio(trip.r_units, plus=True), trip.r_units),
        cell(side_word(trip.sign)),
        number(figures.quantity(trip.qty), trip.qty),
        number(minute(trip.start), trip.start // SECOND),
        number(_price(trip.entry_price), trip.entry_price),
        number("open" if trip.end is None else minute(trip.end), trip.last // SECOND),
        number(_price(leaving), leaving),
        number(figures.duration(trip.holding_ns), trip.holding_ns),
        cell(trip.strategy),
    ]


def minute(ns: int) -> str:
    """Return "2022-01-03 09:31" in New York: of one width, so that columns stand in line."""
    return f"{figures.at(ns):%Y-%m-%d %H:%M}"


def _price(value: Decimal) -> str:
    """Cents, or four decimals below a dollar; an average has more than anybody reads."""
    return f"{value:,.2f}" if abs(value) >= 1 else f"{value:,.4f}"


def _detail(trip: RoundTrip) -> Markup | None:
    """Why it was entered and left, what the strategy noted then, and what came besides."""
    planned = [
        f"{name} {_price(level)}"
        for name, level in (("stop", trip.stop), ("target", trip.target))
        if level is not None
    ]
    held = f"{figures.quantity(trip.open_qty)} still held at {_price(trip.mark)}"
    parts = [
        remark(
            "In", trip.entry_reason, ", ".join(planned), figures.indicators(trip.entry_indicators)
        ),
        remark("Out", "; ".join(trip.exit_reasons), figures.indicators(trip.exit_indicators)),
        remark("Dividends", figures.dollars(trip.dividends, plus=True)) if trip.dividends else None,
        remark("Open", held) if trip.is_open else None,
    ]
    return remarks(parts)


# -- orders that came to nothing ------------------------------------------------------------------

_REASON_COLUMNS = (
    Column("Why", tip="Reasons that differ in their figures alone are counted together"),
    Column("Orders", numeric=True),
    Column("State"),
    Column("Symbols", numeric=True),
    Column("Strategies"),
    Column("First", numeric=True, tip="When the strategy decided, New York time"),
    Column("Last", numeric=True),
)


def refused_table(orders: Sequence[OrderRow]) -> Markup | None:
    """Return why orders were refused, rejected or never sent, the most frequent reason first."""
    groups: dict[tuple[str, str], list[OrderRow]] = {}
    for order in refused(orders):
        groups.setdefault((reason(order), order.status), []).append(order)
    if not groups:
        return None
    ranked = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    bodies = [tag("tbody", _reason(*each)) for each in ranked[:MOST_REASONS]]
    return join(
        table(_REASON_COLUMNS, bodies, label="Refused orders", sortable=True),
        _left_out(len(bodies), len(ranked), "most frequent reasons"),
    )


def reason(order: OrderRow) -> str:
    """Return why an order came to nothing, without the figures, so that like ones can be counted."""
    return _NUMBER.sub("…", order.refusal) or NONE


def _reason(key: tuple[str, str], orders: Sequence[OrderRow]) -> Markup:
    symbols = {order.symbol for order in orders}
    strategies = sorted({order.strategy for order in orders})
    first, last = orders[0].decided, orders[-1].decided
    return tag(
        "tr",
        cell(figures.shortened(key[0]), kind="prose"),
        number(f"{len(orders):,}", len(orders)),
        cell(key[1].replace("_", " ")),
        number(next(iter(symbols)) if len(symbols) == 1 else f"{len(symbols):,}", len(symbols)),
        cell(figures.shortened(", ".join(strategies))),
        number(minute(first), first // SECOND),
        number(minute(last), last // SECOND),
    )
