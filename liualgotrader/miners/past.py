"""What past batches traded, as miners ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple, Protocol

import msgspec

from liualgotrader.analytics.gain_loss import GainLoss, TradeAnalysis
from liualgotrader.analytics.round_trips import Adjustment
from liualgotrader.analytics.rows import Fill
from liualgotrader.common.events import OpenPosition
from liualgotrader.common.orders import Side


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


class Part(NamedTuple):
    """One execution of an order: when (ns UTC), how much, at what price."""

    time: int
    qty: Decimal
    price: Decimal


class ExecutedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order that was filled, at least in part. Times in ns UTC.

    `decided`: the engine's time of the input that it answers; `sent`: when the venue took it, None
    where it did not say; `reference_price`: the last price that the strategy knew when it decided.
    """

    order_id: str
    symbol: str
    side: Side
    order_type: str
    decided: int
    sent: int | None
    reference_price: Decimal | None
    parts: tuple[Part, ...]


class BidAsk(NamedTuple):
    """The best bid and ask of a moment."""

    bid: float
    ask: float


class Batches(Protocol):
    """What past batches traded. All raise StoreError when the database fails."""

    async def ended(self, first: date, last: date) -> Sequence[PastBatch]:
        """Return the batches of these days, both included, that are over, in the order they began.

        Replays are none: they traded nothing.
        """

    async def traded(self, batch_id: str) -> Traded:
        """Return what a batch traded."""

    async def analysis(self, batch_id: str) -> tuple[list[GainLoss], list[TradeAnalysis]]:
        """Return the stored analysis of a batch."""

    async def save_analysis(
        self, batch_id: str, *, gains: Sequence[GainLoss], trips: Sequence[TradeAnalysis]
    ) -> None:
        """Put an analysis in the place of the stored one."""

    async def orders(self, batch_id: str) -> Sequence[ExecutedOrder]:
        """Return the orders of a batch that were filled, in the order they were decided."""

    async def quotes(
        self, batch_id: str, symbol: str, moments: Sequence[int]
    ) -> Sequence[BidAsk | None]:
        """Return the best bid and ask at each of these moments (ns UTC, ascending).

        As the history on disk has them, else as the batch heard them; None where neither does.
        """
