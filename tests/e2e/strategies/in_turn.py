"""A scanner that proposes what it is told to, one more symbol at every scan."""

from __future__ import annotations

from liualgotrader.common.clock import MINUTE
from liualgotrader.scanners.base import ScanContext, Scanner


class InTurn(Scanner):
    """The first symbols of a list, by the minutes since the open alone."""

    names: str = ""

    async def scan(self, ctx: ScanContext) -> list[str]:
        """Propose one more every other minute."""
        known = int((ctx.now - ctx.session_open) // MINUTE) // 2 + 3
        return self.names.split()[:known]
