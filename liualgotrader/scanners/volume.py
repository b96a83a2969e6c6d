"""Propose what is traded most today."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from liualgotrader.common.ports import Snapshot
from liualgotrader.scanners.base import ScanContext, Scanner
from liualgotrader.scanners.sieve import best, fits, last_price, volume


class Volume(Scanner):
    """Rank by the value traded today so far, in dollars.

    `min_volume`: shares today. `min_relative`: today's shares as a multiple of the whole day
    before. `min_last_dv`: dollars traded on the day before. Prices in dollars. `from_market_open`:
    minutes after the open before the first scan.
    """

    min_volume: float = 100_000
    min_relative: float = 0.0
    min_last_dv: float = 0.0
    min_share_price: float = 2.0
    max_share_price: float = 1_000.0
    from_market_open: float = 5.0
    max_symbols: int = 20

    async def scan(self, ctx: ScanContext) -> Sequence[str]:
        """Return the busiest symbols, the busiest first."""
        return self.choose((await ctx.snapshots()).values())

    def choose(self, rows: Iterable[Snapshot]) -> list[str]:
        """Decide on what is known of each symbol."""
        return best(rows, self._score, most=self.max_symbols)

    def _score(self, row: Snapshot) -> float | None:
        price = last_price(row)
        if price is None or not self._is_busy(row):
            return None
        return price * volume(row)

    def _is_busy(self, row: Snapshot) -> bool:
        before = row.previous_day.volume if row.previous_day else 0.0
        if self.min_relative > 0 and not 0 < before * self.min_relative <= volume(row):
            return False
        return fits(
            row,
            low=self.min_share_price,
            high=self.max_share_price,
            shares=self.min_volume,
            last_dv=self.min_last_dv,
        )
