"""The ledger of a session, over all consumers: admission and booking in PostgreSQL.

Each call is one transaction. Whatever moves money holds the account's row, so consumers take turns;
whatever failed in an unknown state (the connection broke around the commit) can be asked again:
order ids and executions say what was done.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal

import asyncpg

from liualgotrader.common.account_view import account_update
from liualgotrader.common.admission import MINUTE, Decision, judge, outcome
from liualgotrader.common.errors import BrokerDisagrees, InvariantError
from liualgotrader.common.events import AccountUpdate, OpenOrder, OpenPosition, OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.ids import parse_order_id
from liualgotrader.common.ledger_orders import (
    Execution,
    Holding,
    LedgerOrder,
    added_up,
    open_order,
)
from liualgotrader.common.orders import AMENDMENTS, FILLS, Approved, Cancel, OrderStatus, Replace
from liualgotrader.common.plan import Limits
from liualgotrader.models import ledger_sql as sql
from liualgotrader.models.postgres import from_ns, translated

log = logging.getLogger(__name__)

NO_LIMITS = Limits()


class PostgresLedger:
    """Implements `ports.Ledger` for the consumers of one batch.

    Raises StoreError when the database cannot be reached; the pool reconnects by itself.
    `foreign` counts events of orders that this account never admitted.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        *,
        batch_id: str,
        account_id: int,
        limits: Limits = NO_LIMITS,
    ) -> None:
        self._pool = pool
        self._batch_id = batch_id
        self._account_id = account_id
        self._limits = limits
        self.foreign = 0

    @asynccontextmanager
    async def _transaction(self, doing: str) -> AsyncIterator[asyncpg.Connection]:
        with translated(doing):
            async with self._pool.acquire() as connection, connection.transaction():
                yield connection

    async def _load(
        self, connection: asyncpg.Connection, *, now: int, ids: Sequence[str] = ()
    ) -> sql.Loaded:
        row = await connection.fetchrow(
            sql.VIEW, self._account_id, self._batch_id, now - MINUTE, list(ids)
        )
        if row is None:
            raise InvariantError(f"there is no account {self._account_id}")
        return sql.loaded(row)

    # -- admission -----------------------------------------------------------------------------

    async def admit(self, approved: Sequence[Approved]) -> tuple[list[Approved], list[OrderEvent]]:
        """Admit the intents of one input together; asking again gives the same answer."""
        ids = [new_id for each in approved if (new_id := _new_id(each)) is not None]
        if not ids:
            return list(approved), []
        now = max(each.intent.decided_at for each in approved)
        async with self._transaction("admit orders") as connection:
            await connection.execute(sql.LOCK, self._account_id)
            state = await self._load(connection, now=now, ids=ids)
            fresh = [each for each in approved if _new_id(each) not in state.known]
            judged = iter(judge(state.view, fresh, now=now, limits=self._limits))
            decisions = [
                _as_known(each, state) if _new_id(each) in state.known else next(judged)
                for each in approved
            ]
            await self._write(connection, decisions, state)
        return outcome(decisions)

    async def _write(
        self, connection: asyncpg.Connection, decisions: Sequence[Decision], state: sql.Loaded
    ) -> None:
        orders = [each.order for each in decisions if each.order is not None]
        new = [self._values(order, state) for order in orders if order.replaces is None]
        if new:
            await connection.executemany(sql.INSERT_ORDER, new)
        changed = [sql.replacement_values(order) for order in orders if order.replaces]
        if changed:
            await connection.executemany(sql.INSERT_REPLACEMENT, changed)
        refused = [sql.event_values(each.refusal) for each in decisions if each.refusal is not None]
        if refused:
            await connection.executemany(sql.INSERT_EVENT, refused)

    def _values(self, order: LedgerOrder, state: sql.Loaded) -> tuple[object, ...]:
        slot = parse_order_id(order.order_id)[1]
        run = state.runs.get((order.strategy, slot))
        if run is None:
            raise InvariantError(f"{order.strategy} has no algo_run in slot {slot}")
        return sql.order_values(
            order, batch_id=self._batch_id, account_id=self._account_id, run=run
        )

    # -- booking -------------------------------------------------------------------------------

    async def book(self, event: OrderEvent) -> AccountUpdate | None:
        """Record what happened to an order, once; None when it was before, or is not ours."""
        async with self._transaction("book an order event") as connection:
            if event.kind in FILLS or event.kind in AMENDMENTS:
                await connection.execute(sql.LOCK, self._account_id)
            row = await connection.fetchrow(sql.FIND_ORDER, event.order_id, self._account_id)
            if row is None:
                self.foreign += 1
                log.warning("not an order of this account: %s", event)
                return None
            if await connection.fetchval(sql.INSERT_EVENT, *sql.event_values(event)) is None:
                return None
            await self._happen(connection, sql.order_of(row), event)
            state = await self._load(connection, now=event.time)
        return account_update(state.view, event.time)

    async def standing(self, time: int) -> AccountUpdate:
        """Return the account as it stands, for one whose answer to `book` was lost. `time` in ns UTC."""
        async with self._transaction("read the account") as connection:
            state = await self._load(connection, now=time)
        return account_update(state.view, time)

    async def _happen(
        self, connection: asyncpg.Connection, order: LedgerOrder, event: OrderEvent
    ) -> None:
        if event.kind in AMENDMENTS:
            await self._amend(connection, order, event)
        else:
            order.apply(event)
        if event.kind in FILLS:
            await self._fill(connection, order, event)
        if event.kind is Kind.REPLACE_REJECTED:
            await connection.execute(sql.REJECT_REPLACEMENTS, order.order_id, event.reason)
        await connection.execute(
            sql.UPDATE_ORDER,
            order.order_id,
            order.status,
            order.filled,
            order.broker_id,
            order.refusal,
        )

    async def _fill(
        self, connection: asyncpg.Connection, order: LedgerOrder, event: OrderEvent
    ) -> None:
        execution = Execution.of(order, event)
        await connection.execute(sql.FILL_REPLACEMENTS, order.order_id, execution.qty)
        await connection.execute(sql.INSERT_TRADE, *sql.trade_values(order, execution))
        row = await connection.fetchrow(
            sql.FIND_POSITION, self._account_id, order.strategy, order.symbol
        )
        held = Holding() if row is None else Holding(row["qty"], row["avg_price"])
        await self._hold(connection, order, held.after(execution.signed_qty, execution.price))

    async def _hold(
        self, connection: asyncpg.Connection, order: LedgerOrder, holding: Holding
    ) -> None:
        key = (self._account_id, order.strategy, order.symbol)
        if not holding.qty:
            await connection.execute(sql.DROP_POSITION, *key)
            return
        slot = parse_order_id(order.order_id)[1]
        await connection.execute(
            sql.SET_POSITION, *key, holding.qty, holding.avg_price, self._batch_id, slot
        )

    async def _amend(
        self, connection: asyncpg.Connection, order: LedgerOrder, event: OrderEvent
    ) -> None:
        """Take an execution back (bust), and put another in its place (correction).

        Either may have been learnt from the broker's list before. Raises BrokerDisagrees for an
        execution that was never booked.
        """
        name = order.order_id
        row = await connection.fetchrow(sql.EXPIRE_TRADE, name, event.amended_id)
        if row is not None:
            await self._change_filled(connection, order, -row["qty"])
            await connection.execute(
                sql.REVERSE_MONEY, row["trade_id"], from_ns(event.time), str(event.kind)
            )
        elif not await connection.fetchval(sql.IS_BOOKED, name, event.amended_id, True):
            raise BrokerDisagrees(f"{event.kind} of an execution that was never booked: {event}")
        if event.kind is Kind.TRADE_CORRECT and not await connection.fetchval(
            sql.IS_BOOKED, name, event.execution_id, False
        ):
            new = Execution.of(order, event)
            await self._change_filled(connection, order, new.qty)
            await connection.execute(sql.INSERT_TRADE, *sql.trade_values(order, new))
        fills = await connection.fetch(
            sql.LIVE_TRADES, self._account_id, order.strategy, order.symbol
        )
        await self._hold(connection, order, added_up((each[0], each[1]) for each in fills))

    async def _change_filled(
        self, connection: asyncpg.Connection, order: LedgerOrder, qty: Decimal
    ) -> None:
        """Change what is filled of an order, and of what is to take over from it (FIX: CumQty)."""
        order.filled += qty
        await connection.execute(sql.FILL_REPLACEMENTS, order.order_id, qty)

    # -- what a new incarnation starts from ------------------------------------------------------

    async def open_state(
        self, slot: str
    ) -> tuple[Sequence[OpenPosition], Sequence[OpenOrder], int]:
        """Return a slot's positions, its open orders, and the number of its next order."""
        async with self._transaction("load positions and orders") as connection:
            held = await connection.fetch(
                sql.SLOT_POSITIONS, self._account_id, self._batch_id, slot
            )
            orders = await connection.fetch(sql.SLOT_ORDERS, self._batch_id, slot)
            number = await connection.fetchval(sql.NEXT_NUMBER, self._batch_id, slot)
        return [OpenPosition(*row) for row in held], [_open(row) for row in orders], number

    async def unanswered(self, slot: str) -> list[OpenOrder]:
        """Return the orders that were admitted and of which no broker has said a word."""
        async with self._transaction("look for orders without an answer") as connection:
            rows = await connection.fetch(sql.SLOT_ORDERS, self._batch_id, slot)
        orders = [_open(row) for row in rows]
        return [each for each in orders if each.status == OrderStatus.ADMITTED]

    async def strays(self) -> list[OpenOrder]:
        """Return orders of earlier batches that are open as far as this ledger knows.

        They claim money until the broker is asked what became of them and its answer is booked.
        """
        async with self._transaction("look for stray orders") as connection:
            rows = await connection.fetch(sql.STRAY_ORDERS, self._account_id, self._batch_id)
        return [_open(row) for row in rows]


def _open(row: asyncpg.Record) -> OpenOrder:
    return open_order(sql.order_of(row))


def _new_id(approved: Approved) -> str | None:
    intent = approved.intent
    if isinstance(intent, Cancel):
        return None
    return intent.new_id if isinstance(intent, Replace) else intent.order_id


def _as_known(approved: Approved, state: sql.Loaded) -> Decision:
    """Return what was decided the first time, when the answer was lost."""
    intent = approved.intent
    status, reason = state.known[_new_id(approved) or ""]
    if status != OrderStatus.REFUSED:
        return Decision(approved)
    event = OrderEvent(
        intent.order_id, Kind.REFUSED, intent.decided_at, intent.symbol, reason=reason
    )
    return Decision(approved, event)
