"""The rows of a backtest, written at its end by COPY: what a session would have left behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import asyncpg
import msgspec

from liualgotrader.common.events import OrderEvent
from liualgotrader.common.ids import parse_order_id
from liualgotrader.common.ledger_orders import Execution, LedgerOrder
from liualgotrader.models.ledger_sql import event_values, order_values
from liualgotrader.models.postgres import from_ns, translated
from liualgotrader.models.store import Store

_ORDER_COLUMNS = (
    "order_id algo_run_id batch_id account_id slot number strategy symbol side order_type "
    "time_in_force order_class extended_hours qty notional limit_price trigger_price trail_price "
    "trail_percent reference_price stop_price target_price reason indicators is_exit status "
    "reserved decided_ns refusal filled replaces broker_id"
).split()

_EVENT_COLUMNS = (
    "order_id kind execution_id qty price fee broker_id replaced_by reason ts_event"
).split()

_TRADE_COLUMNS = (
    "algo_run_id order_id execution_id symbol operation qty price trade_fee indicators stop_price "
    "target_price reason client_time tstamp ts_ns expire_tstamp"
).split()

_MONEY = """
UPDATE accounts SET modified_tstamp = now(), balance = (
    SELECT sum(amount) FROM account_transactions WHERE account_id = $1)
WHERE account_id = $1"""


class Books(msgspec.Struct, frozen=True, kw_only=True):
    """What a ledger in memory holds at the end; `flows` are changes of cash as (ns, dollars)."""

    orders: Sequence[LedgerOrder]
    events: Sequence[OrderEvent]
    executions: Sequence[Execution]
    flows: Sequence[tuple[int, Decimal]]


class BacktestStore(Store):
    """Writes what a backtest did."""

    async def save(
        self,
        batch_id: str,
        *,
        account_id: int,
        runs: Mapping[tuple[str, str], int],
        books: Books,
    ) -> None:
        """Write all rows of a batch, or none. `runs` are the algo_runs by (strategy, slot)."""
        by_id = {order.order_id: order for order in books.orders}
        orders = [_order(each, batch_id, account_id, runs) for each in books.orders]
        trades = [_trade(each, by_id[each.order_id], runs) for each in books.executions]
        money = [(account_id, amount, from_ns(time)) for time, amount in books.flows]
        with translated(f"save backtest {batch_id}"):
            async with self.pool.acquire() as connection, connection.transaction():
                await _copy(connection, "orders", _ORDER_COLUMNS, orders)
                events = [event_values(each) for each in books.events if each.order_id in by_id]
                await _copy(connection, "order_events", _EVENT_COLUMNS, events)
                await _copy(connection, "new_trades", _TRADE_COLUMNS, trades)
                columns = ["account_id", "amount", "tstamp"]
                await _copy(connection, "account_transactions", columns, money)
                await connection.execute(_MONEY, account_id)


async def _copy(
    connection: asyncpg.Connection,
    table: str,
    columns: Sequence[str],
    records: Sequence[tuple[Any, ...]],
) -> None:
    await connection.copy_records_to_table(table, columns=columns, records=records)


def _run(order_id: str, strategy: str, runs: Mapping[tuple[str, str], int]) -> int:
    return runs[strategy, parse_order_id(order_id)[1]]


def _order(
    order: LedgerOrder, batch_id: str, account_id: int, runs: Mapping[tuple[str, str], int]
) -> tuple[Any, ...]:
    run = _run(order.order_id, order.strategy, runs)
    values = order_values(order, batch_id=batch_id, account_id=account_id, run=run)
    return (*values, order.filled, order.replaces, order.broker_id)


def _trade(
    execution: Execution, order: LedgerOrder, runs: Mapping[tuple[str, str], int]
) -> tuple[Any, ...]:
    executed = from_ns(execution.time)
    expired: datetime | None = None if execution.live else executed
    return (
        _run(order.order_id, order.strategy, runs),
        order.order_id,
        execution.execution_id,
        execution.symbol,
        execution.side,
        execution.qty,
        execution.price,
        execution.fee,
        order.indicators,
        order.stop,
        order.target,
        order.reason,
        from_ns(order.decided_at),
        executed,
        execution.time,
        expired,
    )
