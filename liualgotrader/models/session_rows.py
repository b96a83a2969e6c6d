"""What the session's tables hold, as values. Times are ns UTC, money and quantities Decimal."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import asyncpg
import msgspec

from liualgotrader.analytics.rows import Fill
from liualgotrader.common.events import Picked
from liualgotrader.common.orders import Side
from liualgotrader.models.postgres import to_ns

RowT = TypeVar("RowT", bound="Row")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a SELECT whose columns are named like the fields."""

    @classmethod
    def of(cls: type[RowT], record: asyncpg.Record) -> RowT:
        """Return a record's values; timestamps become ns."""
        values = {name: _plain(value) for name, value in record.items()}
        return cls(**values)


def _plain(value: Any) -> Any:
    return to_ns(value) if isinstance(value, datetime) else value


class BatchRow(Row, frozen=True, kw_only=True):
    """One session, backtest or simulation. `plan` and `summary` are plain JSON values."""

    batch_id: str
    environment: str
    mode: str
    build: str
    started_at: int
    account_id: int | None = None
    session_date: date | None = None
    ended_at: int | None = None
    end_reason: str | None = None
    halted: str | None = None
    source_batch_id: str | None = None
    report: str | None = None
    plan: Any = None
    summary: Any = None


class RunRow(Row, frozen=True, kw_only=True):
    """One strategy in one consumer of a batch."""

    algo_run_id: int
    strategy: str
    slot: str
    environment: str
    started_at: int
    ended_at: int | None = None
    end_reason: str | None = None
    portfolio_id: str | None = None


class Route(Row, frozen=True, kw_only=True):
    """A symbol goes to a consumer, for one strategy or, when `strategy` is None, for all."""

    symbol: str
    slot: str
    strategy: str | None = None


class PickRow(msgspec.Struct, frozen=True, kw_only=True):
    """A scanner's proposal, the consumer it went to, and whether it was given back."""

    picked: Picked
    slot: str | None = None
    given_back: bool = False

    @property
    def symbol(self) -> str:
        """The symbol that was picked."""
        return self.picked.symbol


class IncarnationRow(Row, frozen=True, kw_only=True):
    """One life of a consumer. `failures`: why strategies were disabled, by name."""

    slot: str
    number: int
    started_at: int
    ended_at: int | None = None
    reason: str | None = None
    failures: dict[str, str] = {}


class JournalRow(Row, frozen=True, kw_only=True):
    """A journal file. `bytes` and `closed_at` are None while it is being written."""

    slot: str
    incarnation: int
    part: int
    path: str
    opened_at: int
    closed_at: int | None = None
    bytes: int | None = None
    first_ns: int | None = None
    last_ns: int | None = None


class ExecutionRow(Row, frozen=True, kw_only=True):
    """One execution that stands. `decided_at` is None for an adopted difference."""

    trade_id: int
    algo_run_id: int
    strategy: str
    slot: str
    order_id: str | None
    execution_id: str | None
    symbol: str
    operation: str
    qty: Decimal
    price: Decimal
    fee: Decimal
    time: int
    decided_at: int | None
    stop_price: Decimal | None
    target_price: Decimal | None
    reason: str
    indicators: Any

    @property
    def fill(self) -> Fill:
        """The execution as analytics takes it."""
        return Fill(
            strategy=self.strategy,
            symbol=self.symbol,
            side=Side(self.operation),
            qty=self.qty,
            price=self.price,
            ts=self.time,
            fee=self.fee,
            algo_run_id=self.algo_run_id,
            order_id=self.order_id or "",
            execution_id=self.execution_id or "",
            reason=self.reason,
            stop=self.stop_price,
            target=self.target_price,
            indicators=dict(self.indicators or {}),
        )


class OrderRow(Row, frozen=True, kw_only=True):
    """One order, as it ended or stands."""

    order_id: str
    algo_run_id: int
    strategy: str
    slot: str
    symbol: str
    side: str
    order_type: str
    time_in_force: str
    qty: Decimal | None
    notional: Decimal | None
    limit_price: Decimal | None
    trigger_price: Decimal | None
    stop_price: Decimal | None
    target_price: Decimal | None
    status: str
    filled: Decimal
    is_exit: bool
    decided_at: int
    reason: str
    refusal: str | None
    broker_id: str | None
    replaces: str | None
    indicators: Any


class PositionRow(Row, frozen=True, kw_only=True):
    """What a strategy holds, and the batch that booked it last."""

    strategy: str
    symbol: str
    qty: Decimal
    avg_price: Decimal
    batch_id: str
    slot: str


class ReconciliationRow(Row, frozen=True, kw_only=True):
    """A difference between the broker's books and ours. `symbol` is "" for cash."""

    found_at: int
    kind: str
    symbol: str
    ledger: Decimal
    broker: Decimal
    outcome: str
    why: str
