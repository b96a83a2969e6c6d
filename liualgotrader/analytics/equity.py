"""What the account was worth from minute to minute."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import accumulate

import msgspec
import numpy as np

from liualgotrader.analytics.round_trips import in_order
from liualgotrader.analytics.rows import ZERO, Fill, Floats, PriceSeries, Times
from liualgotrader.common.events import OpenPosition

MINUTE = 60_000_000_000


class EquityCurve(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Arrays of one length, one element a moment. Dollars, but for `drawdown`.

    `long` is what long positions are worth, `short` what short ones owe (<= 0); positions of
    several strategies in one symbol are netted, as the account holds them. `fees` are all paid so
    far and already out of `cash`. `drawdown` is the fraction below the highest equity so far (<= 0).
    """

    ts: Times
    cash: Floats
    long: Floats
    short: Floats
    fees: Floats
    equity: Floats
    drawdown: Floats


def equity_curve(
    cash_start: Decimal,
    fills: Iterable[Fill],
    prices: Iterable[PriceSeries],
    *,
    start: int,
    end: int,
    openings: Iterable[OpenPosition] = (),
    step: int = MINUTE,
) -> EquityCurve:
    """Return the curve from before the first fill to after the last, at least `start` to `end`.

    A position is marked at the last close known at each moment; before its symbol's first bar at
    its last fill, before that at what was paid. Cash is added up exactly and then rounded to float.
    """
    ordered = in_order(fills)
    ts = _grid(ordered, start, end, step)
    cash = _stepped(ts, ordered, [fill.cash - fill.fee for fill in ordered], cash_start)
    fees = _stepped(ts, ordered, [fill.fee for fill in ordered], ZERO)
    long, short = np.zeros(len(ts)), np.zeros(len(ts))
    for value in _values(ts, ordered, {each.symbol: each for each in prices}, tuple(openings)):
        long += np.maximum(value, 0.0)
        short += np.minimum(value, 0.0)
    equity = cash + long + short
    return EquityCurve(
        ts=ts,
        cash=cash,
        long=long,
        short=short,
        fees=fees,
        equity=equity,
        drawdown=drawdowns(equity),
    )


def drawdowns(equity: Floats) -> Floats:
    """Return how far each element is below the highest so far, as a fraction <= 0.

    0 where that highest is not positive: a fraction of nothing says nothing.
    """
    peak = np.maximum.accumulate(equity)
    safe = np.where(peak > 0.0, peak, 1.0)
    return np.where(peak > 0.0, equity / safe - 1.0, 0.0)


def _grid(ordered: Sequence[Fill], start: int, end: int, step: int) -> Times:
    """Even steps from `start`, which moves back until it is before the first fill."""
    last = end
    if ordered:
        behind = start - ordered[0].ts
        start -= step * max(behind // step + 1, 0)
        last = max(end, ordered[-1].ts)
    ts = np.arange(start, last, step, dtype=np.int64)
    return np.append(ts, np.int64(max(last, start)))


def _stepped(
    ts: Times, fills: Sequence[Fill], changes: Sequence[Decimal], first: Decimal
) -> Floats:
    """Return the running sum of changes at the fills' times, as of each moment."""
    levels = np.array([float(each) for each in accumulate(changes, initial=first)])
    times = np.array([fill.ts for fill in fills], dtype=np.int64)
    return levels[np.searchsorted(times, ts, side="right")]


def _values(
    ts: Times,
    ordered: Sequence[Fill],
    prices: dict[str, PriceSeries],
    openings: Sequence[OpenPosition],
) -> Iterable[Floats]:
    """Yield what each symbol's net position is worth."""
    by_symbol: dict[str, list[Fill]] = {held.symbol: [] for held in openings}
    for fill in ordered:
        by_symbol.setdefault(fill.symbol, []).append(fill)
    for symbol, fills in by_symbol.items():
        held = [each for each in openings if each.symbol == symbol]
        qty = _stepped(
            ts, fills, [fill.signed for fill in fills], sum((each.qty for each in held), ZERO)
        )
        yield qty * _marks(ts, fills, prices.get(symbol), held[-1].avg_price if held else ZERO)


def _marks(ts: Times, fills: Sequence[Fill], series: PriceSeries | None, paid: Decimal) -> Floats:
    own = np.array([float(paid), *(float(fill.price) for fill in fills)])
    times = np.array([fill.ts for fill in fills], dtype=np.int64)
    marks = own[np.searchsorted(times, ts, side="right")]
    if series is None or not len(series.ts):
        return marks
    index = np.searchsorted(series.ts, ts, side="right") - 1
    return np.where(index >= 0, series.close[np.maximum(index, 0)], marks)
