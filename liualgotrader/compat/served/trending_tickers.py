"""`liualgotrader.models.trending_tickers`."""

from __future__ import annotations

from collections.abc import Iterable

from liualgotrader.compat.served.tlog import tlog_once
from liualgotrader.compat.world import current


class TrendingTickers:
    """What was picked in a batch."""

    def __init__(self, batch_id: str) -> None:
        self.batch_id = batch_id

    async def save(self, symbols: Iterable[str]) -> None:
        """Take note: what a scanner returns is stored by the framework."""
        tlog_once("TrendingTickers.save(): picks are stored by the framework")

    @classmethod
    async def load(cls, batch_id: str) -> list[str]:
        """Return the symbols that the strategy was given."""
        return list(current().context("TrendingTickers.load()").symbols)
