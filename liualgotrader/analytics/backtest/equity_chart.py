"""Equity beside the benchmark, drawdown and exposure over the whole backtest, one above the other."""

from __future__ import annotations

import msgspec
import numpy as np

from liualgotrader.analytics.backtest import calendar_axis
from liualgotrader.analytics.backtest.following import followed
from liualgotrader.analytics.backtest.returns import Beside
from liualgotrader.analytics.backtest.rows import Curve
from liualgotrader.analytics.equity import drawdowns
from liualgotrader.analytics.report import figures, plot
from liualgotrader.analytics.report.markup import Markup, join, tag
from liualgotrader.analytics.report.plot import Panel
from liualgotrader.analytics.report.readout import Series
from liualgotrader.analytics.rows import Floats

HEIGHT = 470
_EQUITY = (24, 220)
_DRAWDOWN = (280, 70)
_EXPOSURE = (386, 58)
_FOOT = _EXPOSURE[0] + _EXPOSURE[1]


class _Panels(msgspec.Struct, frozen=True):
    equity: Panel
    drawdown: Panel
    exposure: Panel


def equity_chart(curve: Curve, beside: Beside | None, benchmark: str) -> Markup:
    """Return the figure. The benchmark is scaled to the account's equity where it begins."""
    scaled = rescaled(curve, beside)
    panels = _panels(curve, scaled)
    svg = tag(
        "svg",
        _titles(curve, benchmark if beside else ""),
        _axes(panels, curve),
        plot.drawing(_lines(curve, scaled, panels), height=HEIGHT),
        tag("line", class_="cross", y1=_EQUITY[0], y2=_FOOT),
        width="100%",
        height=HEIGHT,
        role="img",
        aria_label="Equity, drawdown and exposure over the backtest",
    )
    figure = tag(
        "figure",
        tag("output", class_="readout", aria_live="off"),
        tag("div", svg, class_="plot wide"),
        class_="chart",
    )
    kept = plot.thinned(curve.equity)
    series = [
        Series(each.name, each.unit, each.values[kept], each.decimals)
        for each in _series(curve, scaled, benchmark)
    ]
    return followed(figure, panels.equity, curve.ts[kept], curve.ts[kept], series)


def rescaled(curve: Curve, beside: Beside | None) -> Floats | None:
    """Return what the account would be worth, had it been put into the benchmark; NaN before it is known."""
    if beside is None:
        return None
    known = beside.close / beside.close[0] * curve.equity[beside.first]
    return np.concatenate((np.full(beside.first, np.nan), known))


def _series(curve: Curve, scaled: Floats | None, benchmark: str) -> list[Series]:
    others = [] if scaled is None else [Series(benchmark, "usd", scaled)]
    return [
        Series("Equity", "usd", curve.equity),
        *others,
        Series("Drawdown", "percent", drawdowns(curve.equity), 6),
        Series("Long", "usd", curve.long, 0),
        Series("Short", "usd", curve.short, 0),
    ]


def _panels(curve: Curve, scaled: Floats | None) -> _Panels:
    start = float(curve.equity[0])
    shown = [float(curve.equity.min()), float(curve.equity.max()), start]
    if scaled is not None:
        shown += [float(np.nanmin(scaled)), float(np.nanmax(scaled))]
    gross = [0.0, float(curve.long.max()), float(curve.short.min())]
    return _Panels(
        _panel(curve, plot.span(shown, least=abs(start) * 1e-5), _EQUITY),
        _panel(curve, (min(float(drawdowns(curve.equity).min()) * 1.08, -1e-5), 0.0), _DRAWDOWN),
        _panel(curve, plot.span(gross, least=max(abs(start) * 1e-2, 1.0)), _EXPOSURE),
    )


def _panel(curve: Curve, scale: tuple[float, float], place: tuple[int, int]) -> Panel:
    t0, t1 = int(curve.ts[0]), int(curve.ts[-1])
    (low, high), (top, height) = scale, place
    return Panel(t0=t0, t1=max(t1, t0 + 1), low=low, high=high, top=top, height=height)


def _titles(curve: Curve, benchmark: str) -> Markup:
    held = "" if curve.long.any() or curve.short.any() else ": nothing was held then"
    equity = [tag("tspan", "Equity, $")]
    if benchmark:
        equity.append(tag("tspan", f"{benchmark}, from the same start", dx=14, class_="other"))
    return join(
        tag("text", *equity, x=0, y=_EQUITY[0] - 9, class_="panel"),
        tag("text", "Drawdown", x=0, y=_DRAWDOWN[0] - 9, class_="panel"),
        tag(
            "text", f"Long and short at the close, ${held}", x=0, y=_EXPOSURE[0] - 9, class_="panel"
        ),
    )


def _axes(panels: _Panels, curve: Curve) -> Markup:
    marks = plot.ticks(panels.equity.low, panels.equity.high, 5)
    places = plot.decimals(marks)
    falls = plot.ticks(panels.drawdown.low * 100, 0.0, 3)
    fall_places = plot.decimals(falls)
    held = plot.ticks(panels.exposure.low, panels.exposure.high, 3)
    percents = [(v / 100, figures.percent(v / 100, decimals=fall_places)) for v in falls]
    return join(
        plot.value_axis(panels.equity, [(v, figures.dollars(v, decimals=places)) for v in marks]),
        plot.value_axis(panels.drawdown, percents),
        plot.value_axis(panels.exposure, [(v, figures.dollars(v, decimals=0)) for v in held]),
        calendar_axis.draw(
            panels.equity, calendar_axis.date_ticks(int(curve.ts[0]), int(curve.ts[-1])), _FOOT
        ),
    )


def _lines(curve: Curve, scaled: Floats | None, panels: _Panels) -> Markup:
    ends = curve.ts[[0, -1]]
    known = None if scaled is None else np.isfinite(scaled)
    return join(
        plot.line(panels.equity, ends, np.full(2, curve.equity[0]), "start"),
        plot.line(panels.equity, curve.ts[known], scaled[known], "other")
        if scaled is not None
        else None,
        plot.line(panels.equity, curve.ts, curve.equity, "equity"),
        plot.area(panels.drawdown, curve.ts, drawdowns(curve.equity), "drawdown"),
        plot.area(panels.exposure, curve.ts, curve.long, "long"),
        plot.area(panels.exposure, curve.ts, curve.short, "short"),
    )
