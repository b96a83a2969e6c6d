"""Propose what opened far away from where it closed the day before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from liualgotrader.common.ports import Snapshot
from liualgotrader.scanners.base import ScanContext, Scanner
from liualgotrader.scanners.sieve import best, fits, gap_percent, towards


class Gap(Scanner):
    """Rank by the gap between yesterday's close and today's open.

    `percent`: the least gap; a negative one asks for gaps down. `min_volume`: shares today.
    `min_last_dv`: dollars traded on the day before. Prices in dollars. `from_market_open`: minutes
    after the open before the first scan.
    """

    percent: float = 2.0
    min_volume: float = 0.0
    min_last_dv: float = 500_000
    min_share_price: float = 2.0
    max_share_price: float = 1_000.0
    from_market_open: float = 1.0
    max_symbols: int = 20

    async def scan(self, ctx: ScanContext) -> Sequence[str]:
        """Return the symbols with a gap, the widest first."""
        return self.choose((await ctx.snapshots()).values())

    def choose(self, rows: Iterable[Snapshot]) -> list[str]:
        """Decide on what is known of each symbol."""
        return best(rows, self._score, most=self.max_symbols)

    def _score(self, row: Snapshot) -> float | None:
        if not fits(
            row,
            low=self.min_share_price,
            high=self.max_share_price,
            shares=self.min_volume,
            last_dv=self.min_last_dv,
        ):
            return None
        return towards(gap_percent(row), self.percent)
