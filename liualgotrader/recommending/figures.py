"""The figures of a series of daily returns."""

from __future__ import annotations

import msgspec
import numpy as np

from liualgotrader.analytics import statistics as of
from liualgotrader.analytics.rows import Floats

YEAR = 365.25
NANO_DAY = 86_400_000_000_000


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Of some days: return in all, growth by the year, Sharpe ratio by the year, deepest fall (<= 0). Fractions of 1.

    `growth` is None for less than a year, `sharpe` for who never moved.
    """

    total_return: float
    growth: float | None
    sharpe: float | None
    drawdown: float


def figures(returns: Floats, *, span: int, periods: int) -> Figures:
    """Return the figures of daily returns that took `span` ns in all."""
    equity = np.concatenate(([1.0], np.cumprod(1.0 + returns)))
    years = span / NANO_DAY / YEAR
    fall = of.max_drawdown(equity, np.arange(len(equity), dtype=np.int64))
    return Figures(
        total_return=float(equity[-1] - 1.0),
        growth=of.cagr(equity, years) if years >= 1.0 else None,
        sharpe=of.sharpe(returns, periods=periods),
        drawdown=fall.depth if fall is not None else 0.0,
    )
