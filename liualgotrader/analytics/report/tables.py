"""The report's tables: strategies, round trips, refused orders."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from liualgotrader.analytics.report import figures
from liualgotrader.analytics.report.elements import remark, remarks
from liualgotrader.analytics.report.figures import NONE, SECOND, Number
from liualgotrader.analytics.report.markup import Markup, join, tag
from liualgotrader.analytics.round_trips import RoundTrip, side_word
from liualgotrader.analytics.rows import ZERO, Fill, OrderRow, RunRow
from liualgotrader.analytics.statistics import trade_statistics

MOST_TRIPS = 800
MOST_REFUSED = 300
NOT_DONE = ("refused", "rejected", "never_sent")


class Column(msgspec.Struct, frozen=True):
    """A column's heading; numbers stand at the right, and `tip` says what the heading means."""

    title: str
    numeric: bool = False
    tip: str = ""


def cell(text: str, value: Number | None = None, *, kind: str = "") -> Markup:
    """Return a cell that sorts by its text or, where there is one, by its value."""
    key = None if value is None else f"{float(value):.12g}"
    return tag("td", text, class_=kind or None, data_v=key)


def number(text: str, value: Number | None, *, toned: bool = False) -> Markup:
    """Return a cell with a figure; one that is missing sorts last."""
    kind = f"n {figures.tone(value)}".rstrip() if toned else "n"
    return cell(text, value, kind=kind)


def table(
    columns: Sequence[Column],
    bodies: Sequence[Markup],
    *,
    label: str,
    foot: Markup | None = None,
    sortable: bool = False,
) -> Markup:
    """Return a table that scrolls sideways where the window is narrow."""
    heads = [_head(column, sortable=sortable) for column in columns]
    return tag(
        "div",
        tag(
            "table",
            tag("thead", tag("tr", *heads)),
            *bodies,
            tag("tfoot", foot) if foot is not None else None,
            class_="sortable" if sortable else None,
            aria_label=label,
        ),
        class_="scroll",
        tabindex=0,
        role="region",
        aria_label=label,
    )


def _head(column: Column, *, sortable: bool) -> Markup:
    inside = tag("button", column.title, type="button") if sortable else column.title
    kind = "n" if column.numeric else None
    return tag("th", inside, scope="col", class_=kind, title=column.tip or None)


# -- strategies -----------------------------------------------------------------------------------

_STRATEGY_COLUMNS = (
    Column("Strategy"),
    Column("Gain", numeric=True, tip="After fees; open positions at their last price"),
    Column("Trades", numeric=True, tip="Finished round trips, and those still open"),
    Column("Won", numeric=True, tip="Share of finished trades with a gain after fees"),
    Column("Profit factor", numeric=True, tip="Dollars won over dollars lost"),
    Column("Mean R", numeric=True, tip="Mean gain in units of the risk planned at the entry"),
    Column("Mean held", numeric=True),
    Column("Fees", numeric=True),
    Column("Ended"),
)


def strategies_table(
    trips: Sequence[RoundTrip], fills: Sequence[Fill], runs: Sequence[RunRow]
) -> Markup:
    """Return a row for each strategy that ran or traded, and their total."""
    names = sorted({run.strategy for run in runs} | {trip.strategy for trip in trips})
    rows = [_strategy(name, trips, runs) for name in names]
    gain = sum((trip.gain_value for trip in trips), ZERO)
    fees = sum((fill.fee for fill in fills), ZERO)
    foot = tag(
        "tr",
        tag("th", "All", scope="row"),
        *_strategy_cells(trips, fees, gain),
        tag("td", ""),
    )
    return table(_STRATEGY_COLUMNS, [tag("tbody", *rows)], label="Strategies", foot=foot)


def _strategy(name: str, trips: Sequence[RoundTrip], runs: Sequence[RunRow]) -> Markup:
    own = [trip for trip in trips if trip.strategy == name]
    gain = sum((trip.gain_value for trip in own), ZERO)
    fees = sum((trip.fees for trip in own), ZERO)
    ends = sorted({run.end_reason for run in runs if run.strategy == name and run.end_reason})
    return tag(
        "tr",
        tag("th", name, scope="row"),
        *_strategy_cells(own, fees, gain),
        tag("td", figures.shortened("; ".join(ends)) or NONE, class_="prose"),
    )


def _strategy_cells(trips: Sequence[RoundTrip], fees: Decimal, gain: Decimal) -> list[Markup]:
    told = trade_statistics(trips)
    still = len(trips) - told.closed
    trades = f"{told.closed:,}" + (f" + {still} open" if still else "")
    return [
        number(figures.dollars(gain, plus=True), gain, toned=True),
        number(trades, told.closed),
        number(figures.percent(told.win_rate, decimals=0), told.win_rate),
        number(figures.ratio(told.profit_factor), told.profit_factor),
        number(figures.ratio(told.mean_r, plus=True), told.mean_r),
        number(figures.duration(told.mean_holding_ns), told.mean_holding_ns),
        number(figures.dollars(fees), fees),
    ]


# -- round trips ----------------------------------------------------------------------------------

# The result comes early, so that a telephone shows it without scrolling sideways.
_TRIP_COLUMNS = (
    Column("Symbol"),
    Column("Gain", numeric=True, tip="After fees"),
    Column("Gain %", numeric=True, tip="Of the dollars entered with"),
    Column("R", numeric=True, tip="Gain a share over the risk planned at the entry"),
    Column("Side"),
    Column("Qty", numeric=True),
    Column("In", numeric=True, tip="When it was entered, New York time"),
    Column("Price in", numeric=True, tip="Average entry price, $"),
    Column("Out", numeric=True, tip="When the last share left, New York time"),
    Column("Price out", numeric=True, tip="Average exit price, $; of what is held the last price"),
    Column("Held", numeric=True),
    Column("Fees", numeric=True),
    Column("Strategy"),
)


def trips_table(trips: Sequence[RoundTrip], numbers: dict[str, int]) -> Markup:
    """Return all round trips; `numbers` gives each strategy its number for the page's filter."""
    shown = trips[:MOST_TRIPS]
    places = max((_places(trip) for trip in shown), default=2)
    bodies = [_trip(trip, numbers.get(trip.strategy, -1), places) for trip in shown]
    return join(
        table(_TRIP_COLUMNS, bodies, label="Trades", sortable=True),
        left_out(len(shown), len(trips), "trades"),
    )


def left_out(shown: int, of: int, what: str) -> Markup | None:
    """Return a line that says what a table leaves out, if it does."""
    if shown == of:
        return None
    return tag(
        "p", f"The first {shown:,} of {of:,} {what}; the database has them all.", class_="note"
    )


def _leaving(trip: RoundTrip) -> Decimal:
    return trip.mark if trip.exit_price is None else trip.exit_price


def _places(trip: RoundTrip) -> int:
    """How many decimals its prices need; all rows get as many, so that the points stand in line."""
    shown = (figures.price(trip.entry_price), figures.price(_leaving(trip)))
    return max(len(text.partition(".")[2]) for text in shown)


def _trip(trip: RoundTrip, number_of_strategy: int, places: int) -> Markup:
    detail = _detail(trip)
    return tag(
        "tbody",
        tag("tr", *_trip_cells(trip, places), class_="trip"),
        tag("tr", tag("td", detail, colspan=len(_TRIP_COLUMNS)), class_="why") if detail else None,
        data_strategy=number_of_strategy,
    )


def _trip_cells(trip: RoundTrip, places: int) -> list[Markup]:
    leaving = _leaving(trip)
    return [
        tag("th", trip.symbol, scope="row"),
        *_result_cells(trip),
        cell(side_word(trip.sign)),
        number(figures.quantity(trip.qty), trip.qty),
        number("before" if trip.carried else figures.clock(trip.start), trip.start // SECOND),
        number(figures.price(trip.entry_price, places), trip.entry_price),
        number("open" if trip.end is None else figures.clock(trip.end), trip.last // SECOND),
        number(figures.price(leaving, places), leaving),
        number(figures.duration(trip.holding_ns), trip.holding_ns),
        number(figures.dollars(trip.fees), trip.fees),
        cell(trip.strategy),
    ]


def _result_cells(trip: RoundTrip) -> list[Markup]:
    percentage = trip.gain_percentage
    fraction = None if percentage is None else percentage / 100
    return [
        number(figures.dollars(trip.gain_value, plus=True), trip.gain_value, toned=True),
        number(figures.percent(fraction, plus=True), fraction),
        number(figures.ratio(trip.r_units, plus=True), trip.r_units),
    ]


def _detail(trip: RoundTrip) -> Markup | None:
    """Why it was entered and left, and what the strategy noted then."""
    planned = [
        f"{name} {figures.price(level)}"
        for name, level in (("stop", trip.stop), ("target", trip.target))
        if level is not None
    ]
    held = f"{figures.quantity(trip.open_qty)} still held at {figures.price(trip.mark)}"
    parts = [
        remark(
            "In", trip.entry_reason, ", ".join(planned), figures.indicators(trip.entry_indicators)
        ),
        remark("Out", "; ".join(trip.exit_reasons), figures.indicators(trip.exit_indicators)),
        remark("Open", held) if trip.is_open else None,
    ]
    return remarks(parts)


# -- orders that came to nothing ------------------------------------------------------------------

_REFUSED_COLUMNS = (
    Column("Time", tip="When the strategy decided, New York time"),
    Column("Symbol"),
    Column("Strategy"),
    Column("Order"),
    Column("State"),
    Column("Why"),
)


def refused(orders: Sequence[OrderRow]) -> list[OrderRow]:
    """Return the orders that were refused, rejected or never sent, oldest first."""
    return sorted(
        (each for each in orders if each.status in NOT_DONE), key=lambda each: each.decided
    )


def refused_table(orders: Sequence[OrderRow]) -> Markup:
    """Return the orders that came to nothing, with the reason."""
    shown = orders[:MOST_REFUSED]
    bodies = [tag("tbody", _refused(order)) for order in shown]
    return join(
        table(_REFUSED_COLUMNS, bodies, label="Refused orders", sortable=True),
        left_out(len(shown), len(orders), "orders"),
    )


def _refused(order: OrderRow) -> Markup:
    return tag(
        "tr",
        cell(figures.clock(order.decided)),
        tag("th", order.symbol, scope="row"),
        cell(order.strategy),
        cell(_order_words(order)),
        cell(order.status.replace("_", " ")),
        cell(figures.shortened(order.refusal or NONE), kind="prose"),
    )


def _order_words(order: OrderRow) -> str:
    """ "buy 100 limit at $25.10"."""
    size = NONE if order.qty is None else figures.quantity(order.qty)
    if order.notional is not None:
        size = figures.dollars(order.notional)
    words = [str(order.side), size, order.order_type.replace("_", " ")]
    if order.limit is not None:
        words.append(f"at ${figures.price(order.limit)}")
    if order.trigger is not None:
        words.append(f"trigger ${figures.price(order.trigger)}")
    return " ".join(words)
