"""The rows that analytics works on. Whoever reads the database fills them; nothing here reads.

Times are ns UTC. Amounts are exact; prices of bars are floats, because a market price only marks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from liualgotrader.common.events import Bar, OpenPosition
from liualgotrader.common.orders import Side

ZERO = Decimal(0)

Floats = NDArray[np.float64]
Times = NDArray[np.int64]


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """One execution: a row of `new_trades` that was not taken back.

    `qty` is positive, `side` gives its sign. `stop` and `target` are what the strategy planned
    when it sent the order; `fee` is positive where it costs.
    """

    strategy: str
    symbol: str
    side: Side
    qty: Decimal
    price: Decimal
    ts: int
    fee: Decimal = ZERO
    algo_run_id: int = 0
    order_id: str = ""
    execution_id: str = ""
    reason: str = ""
    stop: Decimal | None = None
    target: Decimal | None = None
    indicators: dict[str, Any] = {}

    @property
    def signed(self) -> Decimal:
        """The quantity, sold is negative."""
        return self.qty * self.side.sign

    @property
    def cash(self) -> Decimal:
        """What it did to the cash, before its fee."""
        return -self.signed * self.price


class OrderRow(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it stands: a row of `orders`. `refusal` says why it was refused or rejected."""

    order_id: str
    strategy: str
    symbol: str
    side: Side
    order_type: str
    status: str
    decided: int
    qty: Decimal | None = None
    notional: Decimal | None = None
    limit: Decimal | None = None
    trigger: Decimal | None = None
    filled: Decimal = ZERO
    reason: str = ""
    refusal: str = ""


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy in a consumer: a row of `algo_run`. `end_reason` is empty while it runs."""

    algo_run_id: int
    strategy: str
    slot: str
    end_reason: str = ""


class PriceSeries(msgspec.Struct, frozen=True, eq=False):
    """Closes of one symbol's bars, oldest first. `ts` is when a bar was complete.

    `low` and `high` have the same length as `close`, or are empty where only closes are known.
    """

    symbol: str
    ts: Times
    close: Floats
    low: Floats = np.empty(0)
    high: Floats = np.empty(0)

    @classmethod
    def of(cls, symbol: str, bars: Iterable[Bar]) -> PriceSeries:
        """Return the series of a symbol's bars, which are put in order of time.

        Of several bars of the same minute the last counts, as it is a correction.
        """
        latest = {bar.ts_event: bar for bar in bars}
        ordered = [latest[ts] for ts in sorted(latest)]
        return cls(
            symbol,
            np.array([bar.ts_event for bar in ordered], dtype=np.int64),
            np.array([bar.close for bar in ordered], dtype=np.float64),
            np.array([bar.low for bar in ordered], dtype=np.float64),
            np.array([bar.high for bar in ordered], dtype=np.float64),
        )

    def until(self, ts: int) -> float | None:
        """Return the last close known at a moment, None before the first."""
        index = int(np.searchsorted(self.ts, ts, side="right")) - 1
        return float(self.close[index]) if index >= 0 else None


class Company(msgspec.Struct, frozen=True):
    """A symbol with its company's name. An invented one does not exist outside the simulation."""

    symbol: str
    name: str = ""
    invented: bool = False


class SessionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of one session.

    `open` and `close` bound the regular hours; `started` and `ended` are the wall clock of the
    run. `plan` is what the reader should know of the plan, as (name, value). `notice` is
    what the tape says of itself; `intraday_simulated` tells that prices within the day never traded.
    """

    batch_id: str
    mode: str
    environment: str
    session_date: dt.date
    open: int
    close: int
    symbols: int
    consumers: int
    build: str = ""
    started: int | None = None
    ended: int | None = None
    end_reason: str = ""
    plan: tuple[tuple[str, str], ...] = ()
    companies: tuple[Company, ...] = ()
    intraday_simulated: bool = False
    notice: str = ""


class FeedIncident(msgspec.Struct, frozen=True, kw_only=True):
    """The feed was not live: which state, since when, for which symbols (none means all)."""

    ts: int
    state: str
    symbols: tuple[str, ...] = ()
    reason: str = ""


class FeedSummary(msgspec.Struct, frozen=True, kw_only=True):
    """How the market data came in. Lag is wall time from socket to callback, in ms."""

    events: int
    dropped_stale: int = 0
    gaps: int = 0
    lag_ms_p50: float | None = None
    lag_ms_p99: float | None = None
    incidents: tuple[FeedIncident, ...] = ()


class PositionDifference(msgspec.Struct, frozen=True):
    """What the ledger and the broker say of one symbol, as signed quantities."""

    symbol: str
    ledger: Decimal
    broker: Decimal


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger's books beside the broker's at the end. `differences` holds only what differs."""

    ledger_cash: Decimal
    broker_cash: Decimal
    positions: int = 0
    differences: tuple[PositionDifference, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether both say the same, to the cent and to the share."""
        return self.ledger_cash == self.broker_cash and not self.differences


class SessionData(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """All that a session left behind.

    `cash_start` and `openings` are what the account held before the first fill of the batch;
    `charges` are the fees that the broker took when the day was over, positive where they cost.
    """

    session: SessionInfo
    cash_start: Decimal
    charges: Decimal = ZERO
    fills: tuple[Fill, ...] = ()
    orders: tuple[OrderRow, ...] = ()
    prices: tuple[PriceSeries, ...] = ()
    openings: tuple[OpenPosition, ...] = ()
    runs: tuple[RunRow, ...] = ()
    feed: FeedSummary | None = None
    reconciliation: Reconciliation | None = None
