"""Our books as a reconciliation sees them, and the differences that it books."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

import asyncpg

from liualgotrader.common.ledger_orders import Holding
from liualgotrader.common.reconciliation import Booked, Change, Difference, Ours
from liualgotrader.models import ledger_sql as sql
from liualgotrader.models.postgres import translated
from liualgotrader.models.session_rows import ReconciliationRow
from liualgotrader.models.store import Store

_EXECUTIONS = """
SELECT o.order_id, t.execution_id, t.qty, t.price FROM new_trades t JOIN orders o USING (order_id)
WHERE o.account_id = $1 AND o.broker_id = ANY($2::text[]) AND t.expire_tstamp IS NULL"""


# What a strategy gained is a trade without an order, on its latest run: positions stay the sum of the trades.
# The owner's own have no run.
_ADOPT = """
INSERT INTO new_trades (algo_run_id, symbol, operation, qty, price, reason, tstamp, ts_ns)
SELECT max(r.algo_run_id), $3, $4, $5, $6, $7, to_timestamp($8::bigint / 1e9), $8::bigint
FROM algo_run r JOIN batches b USING (batch_id) WHERE b.account_id = $1 AND r.algo_name = $2
HAVING max(r.algo_run_id) IS NOT NULL"""


class ReconciliationStore(Store):
    """Reads an account's books and books differences."""

    async def books(
        self,
        account_id: int,
        *,
        broker_ids: Collection[str],
        references: Collection[str],
        is_new: bool,
    ) -> Ours:
        """Return our books, as far as they concern these orders and activities of the broker."""
        with translated("read the books"):
            async with (
                self.pool.acquire() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                cash = await connection.fetchval(
                    "SELECT balance FROM accounts WHERE account_id = $1", account_id
                )
                held = await connection.fetch(
                    "SELECT strategy, symbol, qty, avg_price FROM positions WHERE account_id = $1",
                    account_id,
                )
                orders = await connection.fetch(
                    """SELECT broker_id, order_id FROM orders
                    WHERE account_id = $1 AND broker_id = ANY($2::text[])""",
                    account_id,
                    list(broker_ids),
                )
                trades = await connection.fetch(_EXECUTIONS, account_id, list(broker_ids))
                known = await connection.fetch(
                    """SELECT activity_id FROM broker_activities
                    WHERE account_id = $1 AND activity_id = ANY($2::text[])""",
                    account_id,
                    list(references),
                )
        return Ours(
            cash=cash,
            holdings={(row[0], row[1]): Holding(row[2], row[3]) for row in held},
            orders={row[0]: row[1] for row in orders},
            executions=_by_order(trades),
            references={row[0] for row in known},
            is_new=is_new,
        )

    async def ours_among(self, account_id: int, order_ids: Collection[str]) -> set[str]:
        """Return which of these are ids of orders of an account."""
        rows = await self._fetch(
            "look for orders",
            "SELECT order_id FROM orders WHERE account_id = $1 AND order_id = ANY($2::text[])",
            account_id,
            list(order_ids),
        )
        return {row[0] for row in rows}

    async def booked(self, order_ids: Collection[str]) -> dict[str, list[Booked]]:
        """Return the executions that stand of each order."""
        rows = await self._fetch(
            "read executions",
            """SELECT order_id, execution_id, qty, price FROM new_trades
            WHERE order_id = ANY($1::text[]) AND expire_tstamp IS NULL""",
            list(order_ids),
        )
        return _by_order(rows)

    async def owner(self, order_id: str) -> tuple[str, str]:
        """Return the strategy of an order, and its side."""
        rows = await self._fetch(
            "find an order", "SELECT strategy, side FROM orders WHERE order_id = $1", order_id
        )
        return rows[0]["strategy"], rows[0]["side"]

    async def reconciled_at(self, account_id: int) -> int | None:
        """Return up to when the broker's lists are in the books, ns UTC; None before the first look."""
        value = await self._fetchval(
            "read when the books were compared",
            "SELECT details->>'reconciled_ns' FROM accounts WHERE account_id = $1",
            account_id,
        )
        return None if value is None else int(value)

    async def note_reconciled(self, account_id: int, ts: int) -> None:
        """Remember up to when the broker's lists are in the books."""
        await self._execute(
            "note when the books were compared",
            """UPDATE accounts SET details = details || jsonb_build_object('reconciled_ns', $2::bigint)
            WHERE account_id = $1""",
            account_id,
            ts,
        )

    async def note_known(self, account_id: int, references: Iterable[str]) -> None:
        """Note activities as booked that the account's first balance has in it."""
        with translated("note activities"):
            await self.pool.executemany(
                "INSERT INTO broker_activities VALUES ($1, $2) ON CONFLICT DO NOTHING",
                [(account_id, reference) for reference in references],
            )

    async def book_difference(
        self, account_id: int, batch_id: str, difference: Difference, *, outcome: str, ts: int
    ) -> bool:
        """Make the books agree in one difference and record it; False if its reference was booked before.

        `outcome` is healed, adopted, or refused: then it is recorded and nothing changes. `ts`: when, ns UTC.
        """
        with translated(f"book a difference: {difference}"):
            async with self.pool.acquire() as connection, connection.transaction():
                await connection.execute(sql.LOCK, account_id)
                if outcome != "refused":
                    if not await _is_first(connection, account_id, difference.reference):
                        return False
                    await _move_cash(connection, account_id, difference)
                    for change in difference.changes:
                        await _move_position(connection, account_id, batch_id, change)
                        await connection.execute(
                            _ADOPT, account_id, change.strategy, change.symbol,
                            "buy" if change.qty > 0 else "sell", abs(change.qty), change.price,
                            f"{difference.kind.value}: {difference.why}", ts,
                        )  # fmt: skip
                await connection.execute(
                    """INSERT INTO reconciliations
                        (account_id, batch_id, kind, symbol, ledger, broker, outcome, why)
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
                    account_id,
                    batch_id,
                    difference.kind.value,
                    difference.symbol,
                    difference.ledger,
                    difference.broker,
                    outcome,
                    difference.why,
                )
        return True

    async def note_healed(self, account_id: int, batch_id: str, difference: Difference) -> None:
        """Record a difference that is booked on another way: a missed fill, by its order's event."""
        await self._execute(
            "record a difference",
            """INSERT INTO reconciliations
                (account_id, batch_id, kind, symbol, ledger, broker, outcome, why)
            VALUES ($1, $2, $3, $4, $5, $6, 'healed', $7)""",
            account_id,
            batch_id,
            difference.kind.value,
            difference.symbol,
            difference.ledger,
            difference.broker,
            difference.why,
        )

    async def reconciliations(self, batch_id: str) -> list[ReconciliationRow]:
        """Return the differences that a batch found, oldest first."""
        rows = await self._fetch(
            "load reconciliations",
            """SELECT found_at, kind, symbol, ledger, broker, outcome, why FROM reconciliations
            WHERE batch_id = $1 ORDER BY reconciliation_id""",
            batch_id,
        )
        return [ReconciliationRow.of(row) for row in rows]


def _by_order(trades: Sequence[asyncpg.Record]) -> dict[str, list[Booked]]:
    found: dict[str, list[Booked]] = defaultdict(list)
    for order_id, execution_id, qty, price in trades:
        found[order_id].append(Booked(execution_id or "", qty, price))
    return dict(found)


async def _is_first(connection: asyncpg.Connection, account_id: int, reference: str) -> bool:
    if not reference:
        return True
    return bool(
        await connection.fetchval(
            "INSERT INTO broker_activities VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true",
            account_id,
            reference,
        )
    )


async def _move_cash(
    connection: asyncpg.Connection, account_id: int, difference: Difference
) -> None:
    if not difference.cash:
        return
    details = {"why": f"{difference.kind.value}: {difference.why}"}
    await connection.execute(
        "INSERT INTO account_transactions (account_id, amount, details) VALUES ($1, $2, $3)",
        account_id,
        difference.cash,
        details,
    )
    await connection.execute(
        """UPDATE accounts SET balance = balance + $2, modified_tstamp = now()
        WHERE account_id = $1""",
        account_id,
        difference.cash,
    )


async def _move_position(
    connection: asyncpg.Connection, account_id: int, batch_id: str, change: Change
) -> None:
    """Let a holder gain; who held it in which slot goes on. A price of 0 spreads the cost over more shares."""
    key = (account_id, change.strategy, change.symbol)
    row = await connection.fetchrow(
        "SELECT qty, avg_price, batch_id, slot FROM positions"
        " WHERE account_id = $1 AND strategy = $2 AND symbol = $3",
        *key,
    )
    held = Holding() if row is None else Holding(row["qty"], row["avg_price"])
    after = held.after(change.qty, change.price)
    if not change.price and held.qty and after.qty * held.qty > 0:
        after = Holding(after.qty, held.value / after.qty)
    if not after.qty:
        await connection.execute(sql.DROP_POSITION, *key)
        return
    batch, slot = (batch_id, "") if row is None else (row["batch_id"], row["slot"])
    await connection.execute(sql.SET_POSITION, *key, after.qty, after.avg_price, batch, slot)
