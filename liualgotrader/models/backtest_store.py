"""The rows of a backtest, written as its days end: what sessions would have left behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Protocol

import asyncpg
import msgspec

from liualgotrader.models.backtest_rows import (
    INSERT_EVENTS,
    INSERT_FLOWS,
    INSERT_ORDERS,
    INSERT_TRADES,
    Encoded,
    joined,
)
from liualgotrader.models.postgres import from_ns, translated
from liualgotrader.models.store import Store

_MONEY = """
UPDATE accounts SET modified_tstamp = now(), balance = (
    SELECT sum(amount) FROM account_transactions WHERE account_id = $1)
WHERE account_id = $1"""
# A backtest can be run again: its rows need not wait for the disk.
_NO_WAIT = "SELECT set_config('synchronous_commit', 'off', true)"
_NO_WAIT_AND_NO_KEYS = f"""{_NO_WAIT}, CASE
    WHEN (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
    AND (SELECT count(*) FROM (SELECT FROM batches WHERE batch_id = $1 FOR KEY SHARE) AS b) = 1
    AND (SELECT count(*) FROM (SELECT FROM accounts WHERE account_id = $2 FOR KEY SHARE) AS a) = 1
    AND (SELECT count(*) FROM (
        SELECT FROM algo_run WHERE algo_run_id = ANY($3::bigint[]) FOR KEY SHARE) AS r) = $4
    THEN set_config('session_replication_role', 'replica', true) END"""
_ACTION = """
INSERT INTO corporate_actions (batch_id, symbol, kind, ratio, cash, held, effective)
VALUES ($1, $2, $3, $4, $5, $6, $7)"""


class Owner(msgspec.Struct, frozen=True):
    """Whose rows they are. `runs` are the batch's algo_runs by (strategy, slot)."""

    batch_id: str
    account_id: int
    runs: Mapping[tuple[str, str], int]


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

    async def append(self, owner: Owner, parts: Sequence[Encoded]) -> None:
        """Write rows, or none of them: of all parts the orders, then what belongs to them."""
        strategies, slots = zip(*owner.runs, strict=True) if owner.runs else ((), ())
        runs = strategies, slots, list(owner.runs.values())
        rows = (
            (
                INSERT_ORDERS,
                [part.orders for part in parts],
                (owner.batch_id, owner.account_id, *runs),
            ),
            (INSERT_EVENTS, [part.events for part in parts], ()),
            (INSERT_TRADES, [part.executions for part in parts], ()),
            (INSERT_FLOWS, [part.flows for part in parts], (owner.account_id,)),
        )
        with translated("save the rows of a backtest"):
            async with self.pool.acquire() as connection, connection.transaction():
                if any(part.has_changes for part in parts):
                    await connection.execute(_NO_WAIT)
                else:
                    await self._ask_owners_once(connection, owner)
                for insert, arrays, arguments in rows:
                    if whole := joined(arrays):
                        await connection.execute(insert, whole, *arguments)

    async def _ask_owners_once(self, connection: asyncpg.Connection, owner: Owner) -> None:
        """Ask what the foreign keys of a transaction's rows would ask eight times an order, which takes half its time.

        Batch, account and runs are there, and are kept there; events and executions find their orders in the statements
        that insert them. Where it cannot be asked so, the keys ask. Only a superuser may switch them off. All in one
        statement: each waits for a turn at the interpreter, which lives through the next days.
        """
        runs = sorted(set(owner.runs.values()))
        await connection.execute(
            _NO_WAIT_AND_NO_KEYS, owner.batch_id, owner.account_id, runs, len(runs)
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
