"""What past batches traded, as miners ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from liualgotrader.analytics.execution_costs import BidAsk, ExecutedOrder
from liualgotrader.analytics.gain_loss import GainLoss, TradeAnalysis
from liualgotrader.analytics.past import PastBatch, Traded


class Batches(Protocol):
    """What past batches traded. All raise StoreError when the database fails."""

    async def of_days(self, first: date, last: date) -> Sequence[PastBatch]:
        """Return the batches of these days, both included, in the order they began.

        Those that were killed and never ended are among them; replays, which traded nothing, are not.
        """

    async def traded(self, batch_id: str) -> Traded:
        """Return what a batch traded."""

    async def gains(self, batch_id: str) -> list[GainLoss]:
        """Return the stored gains of a batch, by symbol and run."""

    async def trades(self, batch_id: str) -> list[TradeAnalysis]:
        """Return the stored round trips of a batch, in the order they began."""

    async def save_gains(self, batch_id: str, gains: Sequence[GainLoss]) -> None:
        """Put gains in the place of the stored ones."""

    async def save_trades(self, batch_id: str, trips: Sequence[TradeAnalysis]) -> None:
        """Put round trips in the place of the stored ones."""

    async def executed_orders(self, batch_id: str) -> Sequence[ExecutedOrder]:
        """Return the orders of a batch that were filled, in the order they were decided."""

    async def quotes(
        self, batch_id: str, symbol: str, moments: Sequence[int]
    ) -> Sequence[BidAsk | None]:
        """Return the best bid and ask at each of these moments, ns UTC.

        As the history on disk has them, else as the batch heard them; None where neither does.
        """
