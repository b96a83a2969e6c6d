"""Propose the symbols that a strategy was recommended for, by what was known before today."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from liualgotrader.common.recommendations import Recommendation, day_of
from liualgotrader.scanners.base import ScanContext, Scanner


class Recommended(Scanner):
    """Rank by how sure `liu recommend` was of `strategy`; its newest word on a symbol counts.

    `min_confidence`: 0 to 1. `scale`: the bars that it was tried on, "minute" or "day". `max_age`: days
    since the data ended on which the word rests. `from_market_open`: minutes after the open before
    the first scan.
    """

    strategy: str
    min_confidence: float = 0.9
    scale: str = "minute"
    max_age: int = 90
    max_symbols: int = 20
    from_market_open: float = 0.0

    async def scan(self, ctx: ScanContext) -> Sequence[str]:
        """Return the symbols that can be traded today, the surest first."""
        found = await ctx.recommendations(self.strategy)
        tradable = {instrument.symbol for instrument in await ctx.assets()} if found else set()
        chosen = self.choose(found, day_of(ctx.session_open))
        return [symbol for symbol in chosen if symbol in tradable][: self.max_symbols]

    def choose(self, found: Iterable[Recommendation], today: date) -> list[str]:
        """Decide on what was found, the surest first."""
        return [
            each.symbol
            for each in found
            if each.scale == self.scale
            and (each.confidence or 0.0) >= self.min_confidence
            and (today - each.through).days <= self.max_age
        ]
