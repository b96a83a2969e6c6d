"""What a backtest left behind. Whoever ran it fills these rows; nothing here reads or runs anything.

Times are ns UTC. Dates are the sessions' own: New York's for equities; a day of UTC, which New York's
clock sees end in its evening, for crypto.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal

import msgspec

from liualgotrader.analytics.round_trips import Adjustment as Adjustment
from liualgotrader.analytics.rows import ZERO, Fill, Floats, OrderRow, PriceSeries, Times


class BacktestInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of one backtest.

    `first` and `last` are the first and the last day that was lived through: of one that was
    `interrupted`, the last that was. `plan` is what the reader should know of the plan, as (name, value);
    `notices` what must not be misread. `source` is the batch that it replays, `benchmark` a symbol.
    """

    batch_id: str
    first: dt.date
    last: dt.date
    scale: Literal["minute", "day"]
    asset: Literal["equity", "crypto"]
    symbols: int
    days: int
    bars: int
    duration_s: float
    build: str
    plan: tuple[tuple[str, str], ...] = ()
    notices: tuple[str, ...] = ()
    benchmark: str = ""
    interrupted: bool = False
    source: str = ""


class Curve(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The account at each session's close: arrays of one length, the first row before any trade.

    Dollars. `long` is what long positions are worth, `short` what short ones owe (<= 0); equity is cash +
    long + short. `fees` are all paid so far and already out of `cash`.
    """

    ts: Times
    equity: Floats
    cash: Floats
    long: Floats
    short: Floats
    fees: Floats


class Candles(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Candles of one symbol, of a day or more each, oldest first; `ts` is when one was complete.

    Prices as they were traded, not adjusted for splits: fills are drawn on them.
    """

    symbol: str
    ts: Times
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats


class BacktestData(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """All that a backtest left behind.

    `charges` are fees of no single fill, positive where they cost; `curve` has them already. The
    `benchmark` has closes adjusted for splits, from before the first session on.
    """

    info: BacktestInfo
    cash_start: Decimal
    curve: Curve
    fills: tuple[Fill, ...] = ()
    orders: tuple[OrderRow, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    candles: tuple[Candles, ...] = ()
    benchmark: PriceSeries | None = None
    charges: Decimal = ZERO
