"""Which strategy fits a symbol, as scanners are told: by what was known before a day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Protocol

import msgspec

from liualgotrader.common.clock import SECOND


class Recommendation(msgspec.Struct, frozen=True, kw_only=True):
    """What `liu recommend` found for a symbol by bars of `scale`, "minute" or "day", up to the day `through`, included.

    `strategy` and `confidence` (0 to 1) are None where none beat holding it, or it could not be told.
    """

    symbol: str
    scale: str
    through: date
    strategy: str | None = None
    confidence: float | None = None


class Recommendations(Protocol):
    """Where scanners ask."""

    async def newest(self, before: date) -> Sequence[Recommendation]:
        """Return the newest finding of each symbol and scale whose data ends before a day, by symbol and scale."""


class KnownRecommendations:
    """Implements `Recommendations` on findings at hand."""

    def __init__(self, rows: Iterable[Recommendation] = ()) -> None:
        self._rows = sorted(rows, key=lambda row: (row.symbol, row.scale, row.through))

    async def newest(self, before: date) -> Sequence[Recommendation]:
        """Return the newest of each symbol and scale."""
        found = {(row.symbol, row.scale): row for row in self._rows if row.through < before}
        return list(found.values())


NONE_KNOWN = KnownRecommendations()


def day_of(session_open: int) -> date:
    """Return the day of a session that opens at a moment, ns UTC: US sessions open and close on one day in UTC."""
    return datetime.fromtimestamp(session_open // SECOND, UTC).date()
