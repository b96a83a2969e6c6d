"""What past batches traded, as miners ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

import msgspec

from liualgotrader.analytics.execution_costs import BidAsk, ExecutedOrder
from liualgotrader.analytics.gain_loss import GainLoss, TradeAnalysis
from liualgotrader.analytics.round_trips import Adjustment
from liualgotrader.analytics.rows import Fill
from liualgotrader.common.events import OpenPosition


class PastBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A session or a backtest that is over. `day`: of its session, or the first of a backtest.

    `environment` is PROD, PAPER, SIMULATED or BACKTEST.
    """

    batch_id: str
    environment: str
    day: date


class Traded(msgspec.Struct, frozen=True, kw_only=True):
    """A batch's executions that stand, in their order, and what it held before the first of them.

    `adjustments`: corporate actions in what it held.
    """

    fills: tuple[Fill, ...] = ()
    openings: tuple[OpenPosition, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()


class Batches(Protocol):
    """What past batches traded. All raise StoreError when the database fails."""

    async def ended(self, first: date, last: date) -> Sequence[PastBatch]:
        """Return the batches of these days, both included, that are over, in the order they began.

        Replays are none: they traded nothing.
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

    async def orders(self, batch_id: str) -> Sequence[ExecutedOrder]:
        """Return the orders of a batch that were filled, in the order they were decided."""

    async def quotes(
        self, batch_id: str, symbol: str, moments: Sequence[int]
    ) -> Sequence[BidAsk | None]:
        """Return the best bid and ask at each of these moments, ns UTC.

        As the history on disk has them, else as the batch heard them; None where neither does.
        """
