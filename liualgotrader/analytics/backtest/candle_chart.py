"""A symbol's candles with what was bought and sold. Candles stand side by side, nights and weekends left out."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from liualgotrader.analytics.backtest import calendar_axis
from liualgotrader.analytics.backtest.candles import Width, fitted
from liualgotrader.analytics.backtest.following import followed
from liualgotrader.analytics.backtest.rows import Adjustment, Candles
from liualgotrader.analytics.backtest.trade_marks import marks, triangle
from liualgotrader.analytics.report import figures, plot
from liualgotrader.analytics.report.markup import Markup, join, tag
from liualgotrader.analytics.report.plot import Panel
from liualgotrader.analytics.report.readout import Series
from liualgotrader.analytics.round_trips import RoundTrip
from liualgotrader.analytics.rows import Fill, Times

HEIGHT = 232
MOST_MARKS = 120
_TOP, _TALL = 10, 196
_FOOT = _TOP + _TALL
_UNIT = 1000
"""Of the scale across, a candle."""
_BODY = 0.62


def candle_chart(
    caption: Markup,
    candles: Candles,
    fills: Sequence[Fill],
    trips: Sequence[RoundTrip],
    adjustments: Sequence[Adjustment],
    *,
    strategies: str,
) -> Markup:
    """Return the figure of one symbol; all but the caption is its own alone, oldest first."""
    splits = [each for each in adjustments if each.ratio not in (0, 1)]
    shown, width = fitted(candles, splits)
    found = marks(shown, fills, trips)
    largest = sorted(found, key=lambda mark: -mark.value)[:MOST_MARKS]
    panel = _panel(shown, [float(mark.price) for mark in largest])
    svg = tag(
        "svg",
        calendar_axis.price_axis(panel),
        calendar_axis.draw(panel, _ticks(shown), _FOOT),
        plot.drawing(_drawn(panel, shown), height=HEIGHT),
        *(_split(panel, shown, each) for each in splits),
        tag("line", class_="cross", y1=_TOP, y2=_FOOT),
        *(triangle(panel, _centre(mark.index), mark) for mark in largest),
        width="100%",
        height=HEIGHT,
        role="img",
        aria_label=f"Price of {shown.symbol} with {figures.count(len(fills), 'fill')}",
    )
    figure = tag(
        "figure",
        caption,
        tag("div", svg, class_="plot"),
        _note(width, len(largest), len(found)),
        class_="chart card",
        data_strategies=strategies,
    )
    places = np.arange(len(shown.ts), dtype=np.int64) * _UNIT + _UNIT // 2
    prices = [
        Series(name, "price", values, 4)
        for name, values in (
            ("open", shown.open),
            ("high", shown.high),
            ("low", shown.low),
            ("close", shown.close),
        )
    ]
    return followed(figure, panel, places, shown.ts, prices)


def _note(width: Width, drawn: int, of: int) -> Markup | None:
    texts = [] if width == "day" else [f"A candle is a {width}."]
    if drawn < of:
        texts.append(f"The {drawn} largest of {of:,} marks are drawn.")
    return tag("p", " ".join(texts), class_="note") if texts else None


def _panel(candles: Candles, prices: Sequence[float]) -> Panel:
    values = [*prices, float(candles.low.min()), float(candles.high.max())]
    low, high = plot.span(values, room=0.08, least=0.02)
    return Panel(t0=0, t1=len(candles.ts) * _UNIT, low=low, high=high, top=_TOP, height=_TALL)


def _centre(index: int) -> int:
    return index * _UNIT + _UNIT // 2


def _place(ts: Times, moment: int) -> int:
    """Where the candle begins that is the first to end after a moment."""
    return int(np.searchsorted(ts, moment, side="right")) * _UNIT


def _ticks(candles: Candles) -> list[tuple[int, str]]:
    ticks = calendar_axis.date_ticks(int(candles.ts[0]), int(candles.ts[-1]), most=6)
    return [(_place(candles.ts, moment), label) for moment, label in ticks]


def _split(panel: Panel, candles: Candles, action: Adjustment) -> Markup | None:
    if not int(candles.ts[0]) < action.ts <= int(candles.ts[-1]):
        return None
    x = f"{panel.x(_place(candles.ts, action.ts)):.2f}%"
    return tag(
        "g",
        tag("line", x1=x, x2=x, y1=_TOP, y2=_FOOT, class_="split"),
        tag("text", split_words(action.ratio), x=x, y=_TOP + 9, dx=4),
    )


def split_words(ratio: Decimal) -> str:
    """Return "split 2 : 1", or "split 1 : 10" where shares became fewer."""
    more, fewer = (ratio, Decimal(1)) if ratio >= 1 else (Decimal(1), 1 / ratio)
    return f"split {figures.quantity(round(more, 6))} : {figures.quantity(round(fewer, 6))}"


def _drawn(panel: Panel, candles: Candles) -> Markup:
    """All wicks and bodies as two paths, of those that rose and of those that fell."""
    rose = candles.close >= candles.open
    return join(
        *(
            tag("path", d=_shapes(panel, candles, np.flatnonzero(chosen)), class_=kind)
            for kind, chosen in (("rose", rose), ("fell", ~rose))
            if chosen.any()
        )
    )


def _shapes(panel: Panel, candles: Candles, indices: plot.Indices) -> str:
    wide = plot.WIDTH / len(candles.ts)
    parts = []
    for index in indices:
        middle = (float(index) + 0.5) * wide
        left, right = middle - wide * _BODY / 2, middle + wide * _BODY / 2
        top = panel.y(max(float(candles.open[index]), float(candles.close[index])))
        foot = panel.y(min(float(candles.open[index]), float(candles.close[index])))
        high, low = panel.y(float(candles.high[index])), panel.y(float(candles.low[index]))
        parts.append(f"M{middle:.1f},{high:.1f}V{low:.1f}")
        parts.append(f"M{left:.1f},{top:.1f}H{right:.1f}V{foot:.1f}H{left:.1f}Z")
    return "".join(parts)
