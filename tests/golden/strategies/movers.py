"""A scanner of what moves."""

from liualgotrader import Scanner
from liualgotrader.scanners.base import ScanContext


class Movers(Scanner):
    """Picks what is up by `percent` since its open."""

    percent: float = 5.0

    async def scan(self, ctx: ScanContext) -> list[str]:
        """Return the movers."""
        rows = (await ctx.snapshots()).values()
        factor = 1 + self.percent / 100
        return [row.symbol for row in rows if row.day and row.day.close >= row.day.open * factor]


class Broken(Scanner):
    """Cannot scan."""

    async def scan(self, ctx: ScanContext) -> list[str]:
        """Raise."""
        raise RuntimeError("a mistake of the author's")
