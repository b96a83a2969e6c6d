"""The rows of a backtest, written by COPY as its days end: what sessions would have left behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from io import BytesIO
from typing import Protocol

import msgspec

from liualgotrader.common.events import OrderEvent
from liualgotrader.common.ids import parse_order_id
from liualgotrader.common.ledger_orders import Execution, LedgerOrder
from liualgotrader.models.copy_rows import (
    EVENT_COLUMNS,
    MONEY_COLUMNS,
    ORDER_COLUMNS,
    TRADE_COLUMNS,
    event_line,
    money_line,
    order_line,
    owner,
    plan_of,
    trade_line,
)
from liualgotrader.models.postgres import from_ns, translated
from liualgotrader.models.store import Store

# In the order in which one may refer to another.
_TABLES = {
    "orders": ORDER_COLUMNS,
    "order_events": EVENT_COLUMNS,
    "new_trades": TRADE_COLUMNS,
    "account_transactions": MONEY_COLUMNS,
}
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


class Lines(msgspec.Struct, frozen=True):
    """The lines of a part of a batch, by table, and how many orders they are of."""

    count: int
    orders: str
    order_events: str
    new_trades: str
    account_transactions: str


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

    async def append(self, parts: Sequence[Lines]) -> None:
        """Write rows, or none of them: of all parts the orders, then what belongs to them."""
        with translated("save the rows of a backtest"):
            async with self.pool.acquire() as connection, connection.transaction():
                # A backtest can be run again: its rows need not wait for the disk.
                await connection.execute("SET LOCAL synchronous_commit = off")
                for table, columns in _TABLES.items():
                    lines = "".join([getattr(part, table) for part in parts])
                    if lines:
                        await connection.copy_to_table(
                            table, source=BytesIO(lines.encode()), columns=columns, format="csv"
                        )

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


class LineWriter:
    """Makes the lines of one batch. `runs` are its algo_runs by (strategy, slot)."""

    def __init__(self, batch_id: str, account_id: int, runs: Mapping[tuple[str, str], int]) -> None:
        self._batch_id = batch_id
        self._account_id = account_id
        self._runs = runs
        self._owners: dict[tuple[str, str], tuple[str, str]] = {}

    def lines(self, books: Books) -> Lines:
        """Return the lines of what a ledger gave away."""
        of_run: dict[str, tuple[int, str, int]] = {}
        return Lines(
            len(books.orders),
            "".join([self._order(order, of_run) for order in books.orders]),
            "".join([event_line(event) for event in books.events if event.order_id in of_run]),
            "".join([trade_line(each, *of_run[each.order_id]) for each in books.executions]),
            "".join([money_line(self._account_id, time, amount) for time, amount in books.flows]),
        )

    def _order(self, order: LedgerOrder, of_run: dict[str, tuple[int, str, int]]) -> str:
        """Return the line of an order, and note by its id what the lines of its fills need of it."""
        _, slot, number = parse_order_id(order.order_id)
        key, plan = (order.strategy, slot), plan_of(order)
        of_run[order.order_id] = self._runs[key], plan, order.decided_at
        owned = self._owners.get(key) or self._owner(key)
        return order_line(order, number, owned, plan)

    def _owner(self, key: tuple[str, str]) -> tuple[str, str]:
        strategy, slot = key
        found = self._owners[key] = owner(
            slot,
            strategy,
            run=self._runs[key],
            batch_id=self._batch_id,
            account_id=self._account_id,
        )
        return found
