"""A symbol's minute prices with what was bought and sold."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec
import numpy as np

from liualgotrader.analytics.report import figures, plot
from liualgotrader.analytics.report.markup import Markup, join, tag
from liualgotrader.analytics.report.plot import Panel
from liualgotrader.analytics.report.readout import Series, readout
from liualgotrader.analytics.round_trips import RoundTrip
from liualgotrader.analytics.rows import ZERO, Fill, PriceSeries
from liualgotrader.common.orders import Side

HEIGHT = 232
_TOP, _TALL = 10, 196
_FOOT = _TOP + _TALL
_GROUPS = 130
_UP, _DOWN = "M0,2L6,12.5L-6,12.5Z", "M0,-2L6,-12.5L-6,-12.5Z"
"""Triangles whose tips, not their middles, are near the price: up below it, down above it."""
MOST_MARKS = 160


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """The fills of one order within one minute, as one triangle."""

    fill: Fill
    qty: Decimal
    price: Decimal
    fills: int
    entry: bool
    until: int


def symbol_chart(
    series: PriceSeries | None,
    fills: Sequence[Fill],
    trips: Sequence[RoundTrip],
    *,
    symbol: str,
    t0: int,
    t1: int,
) -> Markup:
    """Return the figure of one symbol; `fills` and `trips` are its own, oldest first.

    Without bars the triangles stand alone on the scale of their prices.
    """
    priced = series is not None and len(series.ts) > 0
    if series is not None and priced:
        t0, t1 = min(t0, int(series.ts[0])), max(t1, int(series.ts[-1]))
    if fills:
        t0, t1 = min(t0, fills[0].ts), max(t1, fills[-1].ts)
    panel = _panel(series, fills, t0, t1)
    marks = _marks(fills, trips)
    svg = tag(
        "svg",
        _axes(panel),
        plot.drawing(_lines(panel, series), height=HEIGHT) if series and priced else None,
        tag("line", class_="cross", y1=_TOP, y2=_FOOT),
        *(_triangle(panel, mark) for mark in marks[:MOST_MARKS]),
        width="100%",
        height=HEIGHT,
        role="img",
        aria_label=f"Price of {symbol} with {figures.count(len(fills), 'fill')}",
    )
    return join(
        tag("div", svg, class_="plot"),
        readout(panel, series.ts, [Series(symbol, "price", series.close, 4)])
        if series and priced
        else None,
        _left_out(len(marks)),
    )


def _left_out(marks: int) -> Markup | None:
    if marks <= MOST_MARKS:
        return None
    return tag("p", f"The first {MOST_MARKS} of {marks} orders are drawn.", class_="note")


def _panel(series: PriceSeries | None, fills: Sequence[Fill], t0: int, t1: int) -> Panel:
    values = [float(fill.price) for fill in fills] or [0.0]
    if series is not None and len(series.ts):
        values = [float(fill.price) for fill in fills]
        values += [float(series.close.min()), float(series.close.max())]
        if len(series.low):
            values += [float(series.low.min()), float(series.high.max())]
    low, high = plot.span(values, room=0.1, least=0.02)
    return Panel(t0=t0, t1=max(t1, t0 + 1), low=low, high=high, top=_TOP, height=_TALL)


def _axes(panel: Panel) -> Markup:
    marks = plot.ticks(panel.low, panel.high, 5)
    places = max(plot.decimals(marks), 2)
    labels = [(value, figures.dollars(value, decimals=places)) for value in marks]
    return join(plot.value_axis(panel, labels), plot.time_axis(panel, _FOOT))


def _lines(panel: Panel, series: PriceSeries) -> Markup:
    close = plot.line(panel, series.ts, series.close, "price")
    if not len(series.low):
        return close
    low, high = np.asarray(series.low), np.asarray(series.high)
    return join(plot.band(panel, series.ts, low, high, most=_GROUPS, kind="range"), close)


# -- what was bought and sold ---------------------------------------------------------------------


def _marks(fills: Sequence[Fill], trips: Sequence[RoundTrip]) -> list[Mark]:
    groups: dict[tuple[str, int], list[Fill]] = {}
    for number, fill in enumerate(fills):
        name = fill.order_id or f"#{number}"
        groups.setdefault((name, fill.ts // plot.MINUTE), []).append(fill)
    return [_mark(group, trips) for group in groups.values()]


def _mark(group: list[Fill], trips: Sequence[RoundTrip]) -> Mark:
    first = group[0]
    qty = sum((fill.qty for fill in group), ZERO)
    paid = sum((fill.qty * fill.price for fill in group), ZERO)
    trip = _trip_of(first, trips)
    return Mark(
        fill=first,
        qty=qty,
        price=paid / qty,
        fills=len(group),
        entry=trip is not None and trip.sign == first.side.sign,
        until=trip.last if trip is not None else first.ts,
    )


def _trip_of(fill: Fill, trips: Sequence[RoundTrip]) -> RoundTrip | None:
    """The trip that a fill is in; one that reverses a position ends the one it closes."""
    for trip in trips:
        if trip.strategy == fill.strategy and trip.start <= fill.ts <= trip.last:
            return trip
    return None


def _triangle(panel: Panel, mark: Mark) -> Markup:
    x, y = f"{panel.x(mark.fill.ts):.2f}%", f"{panel.y(float(mark.price)):.1f}"
    buy = mark.fill.side is Side.BUY
    kind = f"mark {'buy' if buy else 'sell'} {'entry' if mark.entry else 'exit'}"
    return tag(
        "g",
        tag("title", _told(mark)),
        _levels(panel, mark) if mark.entry else None,
        tag("svg", tag("path", d=_UP if buy else _DOWN), x=x, y=y, class_="at"),
        class_=kind,
        tabindex=0,
    )


def _levels(panel: Panel, mark: Mark) -> Markup:
    """The planned stop and target, from the entry to the end of the trip; seen under the pointer."""
    x1, x2 = f"{panel.x(mark.fill.ts):.2f}%", f"{panel.x(mark.until):.2f}%"
    planned = (("stop", mark.fill.stop), ("target", mark.fill.target))
    parts = []
    for kind, level in planned:
        if level is not None and panel.shows(float(level)):
            y = f"{panel.y(float(level)):.1f}"
            parts.append(tag("line", x1=x1, x2=x2, y1=y, y2=y, class_=f"level {kind}"))
    return join(*parts)


def _told(mark: Mark) -> str:
    fill = mark.fill
    word = "Buy" if fill.side is Side.BUY else "Sell"
    many = f" in {mark.fills} fills" if mark.fills > 1 else ""
    lines = [
        f"{word} {figures.quantity(mark.qty)} at ${figures.price(mark.price)}{many}",
        f"{figures.clock(fill.ts)}, {'entry' if mark.entry else 'exit'}, {fill.strategy}",
    ]
    planned = [
        f"{name} ${figures.price(level)}"
        for name, level in (("stop", fill.stop), ("target", fill.target))
        if level is not None
    ]
    lines.append(", ".join(planned))
    lines.append(figures.shortened(fill.reason))
    lines.append(figures.indicators(fill.indicators))
    return "\n".join(each for each in lines if each)
