"""Propose what has moved most today, among what is cheap, liquid and busy enough."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from liualgotrader.common.ports import Snapshot
from liualgotrader.scanners.base import ScanContext, Scanner
from liualgotrader.scanners.sieve import best, change_percent, fits, towards


class Momentum(Scanner):
    """Rank by the move since yesterday's close; a negative `today_change_percent` asks for falls.

    `min_volume`: shares today. `min_last_dv`: dollars traded on the day before. Prices in dollars.
    `from_market_open`: minutes after the open before the first scan.
    """

    min_volume: float = 30_000
    today_change_percent: float = 3.5
    min_last_dv: float = 500_000
    min_share_price: float = 2.0
    max_share_price: float = 20.0
    from_market_open: float = 15.0
    max_symbols: int = 440

    async def scan(self, ctx: ScanContext) -> Sequence[str]:
        """Return the symbols that moved enough, the greatest move first."""
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
        return towards(change_percent(row), self.today_change_percent)
