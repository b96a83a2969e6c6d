"""How days' live minutes differed from the vendor's final ones."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from liualgotrader.analytics.live_differences import COLUMNS, LiveDifference
from liualgotrader.models.postgres import translated
from liualgotrader.models.store import Store

_SAVE = f"""
INSERT INTO live_differences ({", ".join(COLUMNS)})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (symbol, day) DO UPDATE SET minutes = excluded.minutes, differing = excluded.differing,
    not_final = excluded.not_final, never_heard = excluded.never_heard, worst = excluded.worst,
    worst_ns = excluded.worst_ns, worst_field = excluded.worst_field"""


class LiveStore(Store):
    """Writes live_differences, where a session finalises before the miner does."""

    async def save(self, day: date, found: Iterable[LiveDifference]) -> None:
        """Keep a day's differences; doing so again changes nothing."""
        rows = [each.row(day) for each in found]
        with translated(f"save the live differences of {day}"):
            await self.pool.executemany(_SAVE, rows)
