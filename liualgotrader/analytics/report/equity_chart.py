"""Equity, drawdown and exposure over the session, one above the other."""

from __future__ import annotations

import numpy as np

from liualgotrader.analytics.equity import EquityCurve
from liualgotrader.analytics.report import figures, plot
from liualgotrader.analytics.report.markup import Markup, join, tag
from liualgotrader.analytics.report.plot import Panel
from liualgotrader.analytics.report.readout import Series, readout

HEIGHT = 440
_EQUITY = (24, 200)
_DRAWDOWN = (258, 62)
_EXPOSURE = (354, 62)
_FOOT = _EXPOSURE[0] + _EXPOSURE[1]


def equity_chart(curve: EquityCurve) -> Markup:
    """Return the figure. One readout serves the three panels."""
    panels = _panels(curve)
    svg = tag(
        "svg",
        _titles(),
        _axes(panels),
        plot.drawing(_lines(curve, panels), height=HEIGHT),
        tag("line", class_="cross", y1=_EQUITY[0], y2=_FOOT),
        width="100%",
        height=HEIGHT,
        role="img",
        aria_label="Equity, drawdown and exposure over the session",
    )
    return tag(
        "figure",
        tag("output", class_="readout", aria_live="off"),
        tag("div", svg, class_="plot wide"),
        readout(panels[0], curve.ts, _series(curve)),
        class_="chart",
    )


def _series(curve: EquityCurve) -> list[Series]:
    return [
        Series("Equity", "usd", curve.equity),
        Series("Drawdown", "percent", curve.drawdown, 6),
        Series("Long", "usd", curve.long, 0),
        Series("Short", "usd", curve.short, 0),
    ]


def _panels(curve: EquityCurve) -> tuple[Panel, Panel, Panel]:
    start = float(curve.equity[0])
    equity = plot.span([*curve.equity.tolist(), start], least=abs(start) * 1e-5)
    drawdown = (min(float(curve.drawdown.min()) * 1.08, -1e-5), 0.0)
    gross = [0.0, float(curve.long.max()), float(curve.short.min())]
    exposure = plot.span(gross, least=1.0)
    return (
        _panel(curve, equity, _EQUITY),
        _panel(curve, drawdown, _DRAWDOWN),
        _panel(curve, exposure, _EXPOSURE),
    )


def _panel(curve: EquityCurve, scale: tuple[float, float], place: tuple[int, int]) -> Panel:
    t0, t1 = int(curve.ts[0]), int(curve.ts[-1])
    top, height = place
    low, high = scale
    return Panel(t0=t0, t1=max(t1, t0 + 1), low=low, high=high, top=top, height=height)


def _titles() -> Markup:
    places = (
        ("Equity, $", _EQUITY),
        ("Drawdown", _DRAWDOWN),
        ("Exposure long and short, $", _EXPOSURE),
    )
    return join(
        *(tag("text", text, x=0, y=top - 9, class_="panel") for text, (top, _) in places),
    )


def _axes(panels: tuple[Panel, Panel, Panel]) -> Markup:
    equity, drawdown, exposure = panels
    marks = plot.ticks(equity.low, equity.high, 5)
    places = plot.decimals(marks)
    falls = plot.ticks(drawdown.low * 100, 0.0, 3)
    fall_places = plot.decimals(falls)
    held = plot.ticks(exposure.low, exposure.high, 3)
    return join(
        plot.value_axis(equity, [(v, figures.dollars(v, decimals=places)) for v in marks]),
        plot.value_axis(
            drawdown, [(v / 100, figures.percent(v / 100, decimals=fall_places)) for v in falls]
        ),
        plot.value_axis(exposure, [(v, figures.dollars(v, decimals=0)) for v in held]),
        plot.time_axis(equity, _FOOT),
    )


def _lines(curve: EquityCurve, panels: tuple[Panel, Panel, Panel]) -> Markup:
    equity, drawdown, exposure = panels
    start = np.full(2, curve.equity[0])
    ends = curve.ts[[0, -1]]
    return join(
        plot.line(equity, ends, start, "start"),
        plot.line(equity, curve.ts, curve.equity, "equity"),
        plot.area(drawdown, curve.ts, curve.drawdown, "drawdown"),
        plot.area(exposure, curve.ts, curve.long, "long"),
        plot.area(exposure, curve.ts, curve.short, "short"),
    )
