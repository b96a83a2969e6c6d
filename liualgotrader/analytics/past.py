"""Past batches as whoever looks back at them sees them."""

from __future__ import annotations

from datetime import date

import msgspec

from liualgotrader.analytics.round_trips import Adjustment
from liualgotrader.analytics.rows import Fill
from liualgotrader.common.events import OpenPosition


class PastBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A session or a backtest. `day`: of its session; of a backtest, the day on which it was run.

    `environment` is PROD, PAPER, SIMULATED or BACKTEST.
    """

    batch_id: str
    environment: str
    day: date


class Traded(msgspec.Struct, frozen=True, kw_only=True):
    """A batch's executions that stand, in their order, and what it held before the first of them.

    `adjustments`: corporate actions in what it held. `gap`: why round trips cannot be made of these
    rows, "" where they can.
    """

    fills: tuple[Fill, ...] = ()
    openings: tuple[OpenPosition, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    gap: str = ""
