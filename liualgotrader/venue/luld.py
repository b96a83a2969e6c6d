"""How wide the price bands of Limit Up-Limit Down are, and when there are any. Prices in, prices out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Protocol, TypeVar

from liualgotrader.venue.luld_tables import (
    CHEAP_DOLLARS,
    CHEAP_SHARE,
    DOUBLINGS,
    HIGH,
    LOW,
    MIDDLE,
    PHASES,
    TIER_1,
    TIER_2,
)
from liualgotrader.venue.orders import ZERO
from liualgotrader.venue.sessions import Session

CENT = Decimal("0.01")


class _Dated(Protocol):
    @property
    def since(self) -> date:
        """The first day."""


_Row = TypeVar("_Row", bound=_Dated)


def _on(rows: Sequence[_Row], day: date) -> _Row | None:
    return next((row for row in reversed(rows) if row.since <= day), None)


def has_bands(session: Session, ts: int, tier: int) -> bool:
    """Whether a stock of a tier has price bands at `ts`."""
    phase = _on(PHASES, session.date)
    if phase is None or tier not in phase.tiers:
        return False
    return session.open + phase.after_open <= ts < session.close - phase.before_close


def is_doubled(session: Session, ts: int, tier: int, last_close: Decimal) -> bool:
    """Whether the bands are twice as wide at `ts`."""
    row = _on(DOUBLINGS, session.date)
    if row is None or not (row.all_prices or tier == 1 or last_close <= HIGH):
        return False
    return ts < session.open + row.after_open or ts >= session.close - row.before_close


def next_change(session: Session, ts: int) -> int:
    """Return when the width may change next by the clock alone: a doubling's edge, or the close."""
    row = _on(DOUBLINGS, session.date)
    edges = [] if row is None else [session.open + row.after_open, session.close - row.before_close]
    return min((edge for edge in edges if edge > ts), default=session.close)


def width(
    reference: Decimal, last_close: Decimal, *, tier: int, leverage: int = 1, doubled: bool = False
) -> Decimal:
    """Return how far the bands are from the reference, in dollars.

    Funds with leverage are Tier 2, as many times as wide. How bands below 0.75 dollars are doubled
    was not found: as the others.
    """
    if last_close < LOW:
        plain = min(CHEAP_DOLLARS, reference * CHEAP_SHARE)
    elif last_close <= HIGH:
        plain = reference * MIDDLE * leverage
    else:
        plain = reference * (TIER_1 if tier == 1 and leverage == 1 else TIER_2) * leverage
    return 2 * plain if doubled else plain


def bands(reference: Decimal, away: Decimal) -> tuple[Decimal, Decimal]:
    """Return the lower and the upper band, to the cent; the lower is 0 where it would be below one."""
    lower, upper = (reference - away).quantize(CENT), (reference + away).quantize(CENT)
    return (lower if lower >= CENT else ZERO), upper
