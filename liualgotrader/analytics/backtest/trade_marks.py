"""What was bought and sold, as the triangles on a symbol's candles."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from decimal import Decimal

import msgspec
import numpy as np

from liualgotrader.analytics.backtest.rows import Candles
from liualgotrader.analytics.report import figures
from liualgotrader.analytics.report.markup import Markup, tag
from liualgotrader.analytics.report.plot import Panel
from liualgotrader.analytics.round_trips import RoundTrip
from liualgotrader.analytics.rows import ZERO, Fill
from liualgotrader.common.orders import Side

_UP, _DOWN = "M0,2L5,11L-5,11Z", "M0,-2L5,-11L-5,-11Z"
"""Triangles whose tips are near the price: up below it for what was bought, down above it."""


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """The fills of one side within one candle, `index`, into a position or out of it."""

    index: int
    first: Fill
    entry: bool
    fills: int
    qty: Decimal
    value: Decimal

    @property
    def price(self) -> Decimal:
        """The average."""
        return self.value / self.qty


class Trips:
    """Finds the round trip of a fill of one symbol."""

    def __init__(self, trips: Sequence[RoundTrip]) -> None:
        self._trips: dict[str, list[RoundTrip]] = {}
        for trip in trips:
            self._trips.setdefault(trip.strategy, []).append(trip)
        self._ends = {name: [trip.last for trip in own] for name, own in self._trips.items()}

    def entry(self, fill: Fill) -> bool:
        """Whether a fill went into a position. One that reverses it counts as the way out."""
        own = self._trips.get(fill.strategy, [])
        index = bisect_left(self._ends.get(fill.strategy, []), fill.ts)
        return index < len(own) and own[index].sign == fill.side.sign


def marks(candles: Candles, fills: Sequence[Fill], trips: Sequence[RoundTrip]) -> list[Mark]:
    """Return the marks of one symbol by time. What was filled outside the candles stands at their ends."""
    found = Trips(trips)
    moments = np.array([fill.ts for fill in fills], dtype=np.int64)
    indices = np.minimum(np.searchsorted(candles.ts, moments), len(candles.ts) - 1)
    groups: dict[tuple[int, Side, bool], list[Fill]] = {}
    for index, fill in zip(indices, fills, strict=True):
        groups.setdefault((int(index), fill.side, found.entry(fill)), []).append(fill)
    return [
        Mark(
            index=index,
            first=group[0],
            entry=entry,
            fills=len(group),
            qty=sum((fill.qty for fill in group), ZERO),
            value=sum((fill.qty * fill.price for fill in group), ZERO),
        )
        for (index, _, entry), group in groups.items()
    ]


def triangle(panel: Panel, place: int, mark: Mark) -> Markup:
    """Draw a mark at a place on the panel's scale."""
    x, y = f"{panel.x(place):.2f}%", f"{panel.y(float(mark.price)):.1f}"
    buy = mark.first.side is Side.BUY
    return tag(
        "g",
        tag("title", told(mark)),
        tag("svg", tag("path", d=_UP if buy else _DOWN), x=x, y=y, class_="at"),
        class_=f"mark {'buy' if buy else 'sell'} {'entry' if mark.entry else 'exit'}",
        tabindex=0,
    )


def told(mark: Mark) -> str:
    """Return what a mark says under the pointer."""
    fill = mark.first
    word = "Bought" if fill.side is Side.BUY else "Sold"
    many = f" in {mark.fills:,} fills" if mark.fills > 1 else ""
    since = "from " if mark.fills > 1 else ""
    lines = [
        f"{word} {figures.quantity(mark.qty)} at ${figures.price(mark.price)}{many}",
        f"{since}{figures.moment(fill.ts)}, {'entry' if mark.entry else 'exit'}, {fill.strategy}",
        figures.shortened(fill.reason),
        figures.indicators(fill.indicators),
    ]
    return "\n".join(each for each in lines if each)
