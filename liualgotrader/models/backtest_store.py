"""The rows of a backtest, written by COPY as its days end: what sessions would have left behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from io import BytesIO
from typing import Protocol

import asyncpg

from liualgotrader.common.events import OrderEvent
from liualgotrader.common.ids import parse_order_id
from liualgotrader.common.ledger_orders import Execution, LedgerOrder
from liualgotrader.models import copy_rows
from liualgotrader.models.postgres import from_ns, translated
from liualgotrader.models.store import Store

_MONEY = """
UPDATE accounts SET modified_tstamp = now(), balance = (
    SELECT sum(amount) FROM account_transactions WHERE account_id = $1)
WHERE account_id = $1"""
_ACTION = """
INSERT INTO corporate_actions (batch_id, symbol, kind, ratio, cash, held, effective)
VALUES ($1, $2, $3, $4, $5, $6, $7)"""


class Books(Protocol):
    """What a ledger in memory gives away; `flows` are changes of cash as (ns, dollars)."""

    @property
    def orders(self) -> Sequence[LedgerOrder]:
        """Orders, each with all its events and executions."""

    @property
    def events(self) -> Sequence[OrderEvent]:
        """What happened to them, in order."""

    @property
    def executions(self) -> Sequence[Execution]:
        """Their fills, in order."""

    @property
    def flows(self) -> Sequence[tuple[int, Decimal]]:
        """Changes of cash."""


class Action(Protocol):
    """A corporate action in something that was held."""

    @property
    def symbol(self) -> str:
        """Whose."""

    @property
    def kind(self) -> str:
        """split, dividend, rename or delisted."""

    @property
    def ts(self) -> int:
        """When it took effect, ns UTC."""

    @property
    def ratio(self) -> Decimal:
        """New shares for an old one."""

    @property
    def cash(self) -> Decimal:
        """Dollars a share."""

    @property
    def held(self) -> Decimal:
        """Shares held before it, short negative."""


class BacktestStore(Store):
    """Writes what a backtest did."""

    async def append(
        self,
        batch_id: str,
        *,
        account_id: int,
        runs: Mapping[tuple[str, str], int],
        books: Books,
    ) -> None:
        """Write rows of a batch, or none of them. `runs` are the algo_runs by (strategy, slot)."""
        lines = _Lines(batch_id, account_id, runs)
        by_id = {order.order_id: order for order in books.orders}
        parts = (
            ("orders", copy_rows.ORDER_COLUMNS, lines.orders(books.orders)),
            ("order_events", copy_rows.EVENT_COLUMNS, lines.events(books.events, by_id)),
            ("new_trades", copy_rows.TRADE_COLUMNS, lines.trades(books.executions, by_id)),
            ("account_transactions", copy_rows.MONEY_COLUMNS, lines.money(books.flows)),
        )
        with translated(f"save backtest {batch_id}"):
            async with self.pool.acquire() as connection, connection.transaction():
                # A backtest can be run again: its rows need not wait for the disk.
                await connection.execute("SET LOCAL synchronous_commit = off")
                for table, columns, rows in parts:
                    await _copy(connection, table, columns, rows)

    async def settle(self, account_id: int) -> None:
        """Make the account's balance the sum of its transactions."""
        await self._execute(f"settle account {account_id}", _MONEY, account_id)

    async def save_actions(self, batch_id: str, actions: Iterable[Action]) -> None:
        """Keep the corporate actions that a batch lived through."""
        rows = [
            (batch_id, a.symbol, a.kind, a.ratio, a.cash, a.held, from_ns(a.ts)) for a in actions
        ]
        with translated(f"save corporate actions of {batch_id}"):
            await self.pool.executemany(_ACTION, rows)


class _Lines:
    """Makes the lines of one batch."""

    def __init__(self, batch_id: str, account_id: int, runs: Mapping[tuple[str, str], int]) -> None:
        self._batch_id = batch_id
        self._account_id = account_id
        self._runs = runs
        self._owners: dict[tuple[str, str], tuple[str, str]] = {}

    def _run(self, order: LedgerOrder) -> int:
        return self._runs[order.strategy, parse_order_id(order.order_id)[1]]

    def _owner(self, order: LedgerOrder, slot: str) -> tuple[str, str]:
        key = (order.strategy, slot)
        if key not in self._owners:
            self._owners[key] = copy_rows.owner(
                slot,
                order.strategy,
                run=self._runs[key],
                batch_id=self._batch_id,
                account_id=self._account_id,
            )
        return self._owners[key]

    def orders(self, orders: Iterable[LedgerOrder]) -> Iterable[str]:
        for order in orders:
            _, slot, number = parse_order_id(order.order_id)
            yield copy_rows.order_line(order, number, self._owner(order, slot))

    def events(self, events: Iterable[OrderEvent], known: Mapping[str, object]) -> Iterable[str]:
        return (copy_rows.event_line(event) for event in events if event.order_id in known)

    def trades(
        self, executions: Iterable[Execution], by_id: Mapping[str, LedgerOrder]
    ) -> Iterable[str]:
        for execution in executions:
            order = by_id[execution.order_id]
            yield copy_rows.trade_line(execution, order, self._run(order))

    def money(self, flows: Iterable[tuple[int, Decimal]]) -> Iterable[str]:
        return (copy_rows.money_line(self._account_id, time, amount) for time, amount in flows)


async def _copy(
    connection: asyncpg.Connection, table: str, columns: Sequence[str], lines: Iterable[str]
) -> None:
    source = BytesIO("".join(lines).encode())
    if source.getbuffer().nbytes:
        await connection.copy_to_table(table, source=source, columns=columns, format="csv")
