"""Cash that moves apart from executions, and what a running batch notes of itself."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from liualgotrader.models.postgres import translated
from liualgotrader.models.store import Store


class AccountStore(Store):
    """Writes account_transactions that have no trade, and facts of a batch."""

    async def book_fee(
        self, account_id: int, *, activity_id: str, amount: Decimal, why: str
    ) -> bool:
        """Take a fee from an account's cash, once; True if it was new."""
        with translated(f"book the fee {activity_id}"):
            async with self.pool.acquire() as connection, connection.transaction():
                await connection.execute(
                    "SELECT 1 FROM accounts WHERE account_id = $1 FOR UPDATE", account_id
                )
                is_new = await connection.fetchval(
                    """INSERT INTO broker_activities VALUES ($1, $2)
                    ON CONFLICT DO NOTHING RETURNING true""",
                    account_id,
                    activity_id,
                )
                if not is_new:
                    return False
                await connection.execute(
                    """INSERT INTO account_transactions (account_id, amount, details)
                    VALUES ($1, $2, $3)""",
                    account_id,
                    -amount,
                    {"activity_id": activity_id, "why": why},
                )
                await connection.execute(
                    "UPDATE accounts SET balance = balance - $2 WHERE account_id = $1",
                    account_id,
                    amount,
                )
        return True

    async def note(self, batch_id: str, facts: Mapping[str, Any]) -> None:
        """Add facts to a batch's summary; a later fact of the same name replaces an earlier one."""
        with translated(f"note facts of batch {batch_id}"):
            await self.pool.execute(
                """UPDATE batches SET summary = coalesce(summary, '{}') || $2::jsonb
                WHERE batch_id = $1""",
                batch_id,
                dict(facts),
            )
