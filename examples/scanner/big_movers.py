"""Propose what moved most since the open, whichever way."""

from collections.abc import Sequence

from liualgotrader import ScanContext, Scanner
from liualgotrader.common.ports import Snapshot


def move(row: Snapshot) -> float:
    """Return how far a symbol is from its open, in per cent. Any part of a snapshot may be missing."""
    if row.day is None or row.day.open <= 0:
        return 0.0
    return 100 * abs(row.day.close - row.day.open) / row.day.open


class BigMovers(Scanner):
    percent: float = 1.0  # the least move
    max_symbols: int = 10
    from_market_open: float = 10.0  # minutes after the open before the first scan

    async def scan(self, ctx: ScanContext) -> Sequence[str]:
        """Return the symbols to trade, best first. Everything asked of `ctx` is as of `ctx.now`."""
        rows = (await ctx.snapshots()).values()
        moved = sorted((-move(row), row.symbol) for row in rows if move(row) >= self.percent)
        return [symbol for _, symbol in moved[: self.max_symbols]]
