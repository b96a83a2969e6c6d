"""Axes and lines as inline SVG.

Across, everything is in percent of the plot, so that one drawing fits a telephone and paper; down, in
pixels, so that text and triangles keep their shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10

import msgspec
import numpy as np
from numpy.typing import NDArray

from liualgotrader.analytics.report import figures
from liualgotrader.analytics.report.markup import Markup, join, tag
from liualgotrader.analytics.rows import Floats, Times

WIDTH = 1000
"""Units across inside a line's own drawing, which is stretched to the plot."""
MOST_POINTS = 400
MINUTE = 60_000_000_000
_STEPS = tuple(each * MINUTE for each in (1, 2, 5, 10, 15, 30, 60, 120, 240, 720, 1440))

Indices = NDArray[np.intp]


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """A rectangle with a scale: `t0` to `t1` (ns) across, `low` to `high` from bottom to top."""

    t0: int
    t1: int
    low: float
    high: float
    top: int
    height: int

    def x(self, ts: int) -> float:
        """Return where a moment is, in percent of the width."""
        return (ts - self.t0) / (self.t1 - self.t0) * 100.0

    def y(self, value: float) -> float:
        """Return where a value is, in pixels from the top of the drawing."""
        return self.top + (self.high - value) / (self.high - self.low) * self.height

    def shows(self, value: float) -> bool:
        """Return whether a value is inside the scale."""
        return self.low <= value <= self.high


def span(values: Sequence[float], *, room: float = 0.06, least: float = 0.0) -> tuple[float, float]:
    """Return a scale that holds the values, with some room; never empty, even for equal values."""
    low, high = min(values), max(values)
    wanted = max(high - low, least, abs(high) * 1e-6, 1e-9)
    middle, half = (low + high) / 2.0, wanted * (0.5 + room)
    return middle - half, middle + half


def ticks(low: float, high: float, most: int) -> list[float]:
    """Return round values inside a scale, 1, 2 or 5 times a power of ten apart, at most `most`."""
    power = 10.0 ** (floor(log10((high - low) / most)) - 1)
    for factor in (1, 2, 5, 10, 20, 50, 100):
        step = power * factor
        first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
        if last - first < most:
            break
    return [number * step for number in range(first, last + 1)][:most]


def decimals(marks: Sequence[float]) -> int:
    """Return how many decimals tell the ticks apart."""
    if len(marks) < 2:
        return 2
    return max(0, -floor(log10(marks[1] - marks[0]) + 1e-9))


def time_ticks(t0: int, t1: int, most: int = 8) -> list[int]:
    """Return moments that are round on New York's clock."""
    step = next((each for each in _STEPS if (t1 - t0) / each <= most), _STEPS[-1])
    local = figures.at(t0)
    midnight = t0 - ((local.hour * 60 + local.minute) * 60 + local.second) * figures.SECOND
    first = midnight + -(-(t0 - midnight) // step) * step
    return list(range(first, t1 + 1, step))


def value_axis(panel: Panel, labels: Sequence[tuple[float, str]]) -> Markup:
    """Draw a faint line for each value, with its label at the right."""
    parts = []
    for value, label in labels:
        y = f"{panel.y(value):.1f}"
        parts.append(tag("line", x1=0, x2="100%", y1=y, y2=y, class_="grid"))
        parts.append(tag("text", label, x="100%", y=y, dx=8, dy="0.32em", class_="axis"))
    return join(*parts)


def time_axis(panel: Panel, foot: int) -> Markup:
    """Draw New York times under a drawing whose last panel ends at `foot` pixels."""
    parts = [tag("line", x1=0, x2="100%", y1=foot, y2=foot, class_="base")]
    for number, ts in enumerate(time_ticks(panel.t0, panel.t1)):
        x = f"{panel.x(ts):.2f}%"
        kind = "tick minor" if number % 2 else "tick"
        parts.append(tag("line", x1=x, x2=x, y1=foot, y2=foot + 4, class_="base"))
        parts.append(tag("text", figures.clock(ts, seconds=False), x=x, y=foot + 17, class_=kind))
    return join(*parts)


def drawing(inside: Markup, *, height: int) -> Markup:
    """Return what is stretched across: lines and areas only."""
    return tag(
        "svg",
        inside,
        viewBox=f"0 0 {WIDTH} {height}",
        preserveAspectRatio="none",
        width="100%",
        height=height,
        class_="stretch",
    )


def line(panel: Panel, ts: Times, values: Floats, kind: str) -> Markup:
    """Draw a line through points; thinned to what a screen can show."""
    kept = thinned(values)
    return tag("path", d="M" + _points(panel, ts[kept], values[kept]), class_=kind)


def area(panel: Panel, ts: Times, values: Floats, kind: str) -> Markup:
    """Fill what is between a line and zero."""
    kept = thinned(values)
    x0, x1 = panel.x(int(ts[0])) * 10, panel.x(int(ts[-1])) * 10
    zero = panel.y(0.0)
    outline = f"M{x0:.1f},{zero:.1f}L{_points(panel, ts[kept], values[kept])}L{x1:.1f},{zero:.1f}Z"
    return tag("path", d=outline, class_=kind)


def band(panel: Panel, ts: Times, low: Floats, high: Floats, *, most: int, kind: str) -> Markup:
    """Fill what is between the lowest and the highest of each group of bars."""
    width = max(1, ceil(len(ts) / most))
    starts = np.arange(0, len(ts), width)
    lows, highs = np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)
    ends = np.minimum(starts + width - 1, len(ts) - 1)
    upper, lower = _points(panel, ts[ends], highs), _points(panel, ts[ends][::-1], lows[::-1])
    return tag("path", d=f"M{upper}L{lower}Z", class_=kind)


def thinned(values: Floats, most: int = MOST_POINTS) -> Indices:
    """Return which points to draw: of each group its lowest and highest, so that no peak is lost."""
    if len(values) <= most:
        return np.arange(len(values))
    groups = np.array_split(np.arange(len(values)), (most - 2) // 2)
    kept = {0, len(values) - 1}
    for group in groups:
        kept.add(int(group[np.argmin(values[group])]))
        kept.add(int(group[np.argmax(values[group])]))
    return np.array(sorted(kept), dtype=np.intp)


def _points(panel: Panel, ts: Times, values: Floats) -> str:
    xs = (ts - panel.t0) / (panel.t1 - panel.t0) * WIDTH
    ys = panel.top + (panel.high - values) / (panel.high - panel.low) * panel.height
    return "L".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))
