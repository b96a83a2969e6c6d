"""Batches, and the account that each trades."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from liualgotrader.common.account_view import account_update
from liualgotrader.common.errors import ConfigError, StoreError
from liualgotrader.common.events import AccountUpdate
from liualgotrader.credentials.redaction import redact
from liualgotrader.models import ledger_sql
from liualgotrader.models.account_lock import AccountLock
from liualgotrader.models.postgres import translated
from liualgotrader.models.session_rows import BatchRow, PositionRow
from liualgotrader.models.store import Store

_BATCH = """
SELECT batch_id, environment, mode, build, started_at, account_id, session_date, ended_at,
    end_reason, halted, source_batch_id, report, plan, summary FROM batches"""

_OPEN_ACCOUNT = """
INSERT INTO accounts (broker, external_account_id, multiplier, shorting) VALUES ($1, $2, $3, $4)
ON CONFLICT (broker, external_account_id) DO UPDATE
SET multiplier = excluded.multiplier, shorting = excluded.shorting, modified_tstamp = now()
RETURNING account_id"""

# A transaction like any other: the balance is always the sum of the transactions.
_FIRST_CASH = """
WITH first AS (
    INSERT INTO account_transactions (account_id, amount, details)
    SELECT $1, $2, jsonb_build_object('why', 'as the broker says', 'batch_id', $3::text)
    WHERE NOT EXISTS (SELECT 1 FROM account_transactions WHERE account_id = $1)
    RETURNING account_id
)
UPDATE accounts SET balance = $2 FROM first WHERE accounts.account_id = first.account_id"""

_TAKE_ACCOUNT = """
UPDATE batches SET account_id = $2
WHERE batch_id = $1"""


class BatchStore(Store):
    """Reads and writes batches and accounts."""

    # -- batches -------------------------------------------------------------------------------

    async def create_batch(
        self,
        batch_id: str,
        *,
        environment: str,
        mode: str,
        build: str,
        plan: bytes = b"{}",
        session_date: date | None = None,
        source_batch_id: str | None = None,
    ) -> None:
        """Add a batch. `environment` is PAPER, BACKTEST, PROD or SIMULATED; `plan` is JSON.

        `source_batch_id` is the batch that it replays.

        Its first eight characters must be unique among all batches: order ids begin with them.
        """
        await self._execute(
            f"create batch {batch_id}",
            """INSERT INTO batches
                (batch_id, environment, mode, build, plan, session_date, source_batch_id)
            VALUES ($1, $2, $3, $4, $5, $6, $7)""",
            batch_id,
            environment,
            mode,
            build,
            msgspec.Raw(plan),
            session_date,
            source_batch_id,
        )

    async def end_batch(
        self,
        batch_id: str,
        *,
        reason: str,
        summary: Mapping[str, Any] | None = None,
        report: str | None = None,
    ) -> None:
        """Say that and why a batch is over; runs that are still open end with it."""
        reason = redact(reason)
        with translated(f"end batch {batch_id}"):
            async with self.pool.acquire() as connection, connection.transaction():
                await connection.execute(
                    """UPDATE batches SET ended_at = now(), end_reason = $2,
                    summary = coalesce($3, summary), report = coalesce($4, report)
                    WHERE batch_id = $1""",
                    batch_id,
                    reason,
                    summary,
                    report,
                )
                await connection.execute(
                    """UPDATE algo_run SET end_time = now(), end_reason = $2
                    WHERE batch_id = $1 AND end_time IS NULL""",
                    batch_id,
                    reason,
                )

    async def reopen_batch(self, batch_id: str) -> None:
        """Take back the end of a batch that is resumed."""
        await self._execute(
            f"reopen batch {batch_id}",
            "UPDATE batches SET ended_at = NULL, end_reason = NULL WHERE batch_id = $1",
            batch_id,
        )

    async def halt(self, batch_id: str, reason: str | None) -> None:
        """Refuse all entries at admission, for that reason; None allows them again."""
        await self._execute(
            f"halt batch {batch_id}",
            "UPDATE batches SET halted = $2 WHERE batch_id = $1",
            batch_id,
            reason,
        )

    async def find_batch(self, prefix: str) -> BatchRow:
        """Return the one batch whose id begins so. Raises ConfigError for none or several."""
        rows = await self._fetch(
            "find a batch",
            _BATCH + " WHERE starts_with(batch_id, $1) ORDER BY started_at DESC LIMIT 5",
            prefix,
        )
        if len(rows) == 1:
            return BatchRow.of(rows[0])
        if not rows:
            raise ConfigError(f"there is no batch {prefix!r}; `liu batches` lists them")
        names = ", ".join(row["batch_id"] for row in rows)
        raise ConfigError(f"{prefix!r} is the beginning of several batches: {names}")

    async def list_batches(
        self, *, limit: int = 30, environment: str | None = None
    ) -> list[BatchRow]:
        """Return the latest batches, newest first."""
        rows = await self._fetch(
            "list batches",
            _BATCH
            + """ WHERE $2::text IS NULL OR environment = $2
            ORDER BY started_at DESC, batch_id LIMIT $1""",
            limit,
            environment,
        )
        return [BatchRow.of(row) for row in rows]

    # -- the account ---------------------------------------------------------------------------

    async def open_account(
        self,
        batch_id: str,
        *,
        broker: str,
        external_id: str,
        cash: Decimal,
        multiplier: Decimal = Decimal(1),
        shorting: bool = False,
    ) -> int:
        """Return the account of a batch, made if new with the broker's cash.

        One that was there keeps its books: what moved the broker's since is found by comparing them.
        """
        with translated(f"open account {broker} {external_id}"):
            async with self.pool.acquire() as connection, connection.transaction():
                account_id: int = await connection.fetchval(
                    _OPEN_ACCOUNT, broker, external_id, multiplier, shorting
                )
                await connection.execute(_TAKE_ACCOUNT, batch_id, account_id)
                await connection.execute(_FIRST_CASH, account_id, cash, batch_id)
        return account_id

    async def load_account(self, account_id: int, *, time: int = 0) -> AccountUpdate:
        """Return cash and buying power of an account as the ledger has them."""
        with translated(f"load account {account_id}"):
            row = await self.pool.fetchrow(ledger_sql.VIEW, account_id, None, 0, [])
        if row is None:
            raise StoreError(f"there is no account {account_id}")
        return account_update(ledger_sql.loaded(row).view, time)

    def account_lock(self, account_id: int, *, batch_id: str) -> AccountLock:
        """Return the claim of a batch to an account, not taken yet."""
        return AccountLock(self.dsn, account_id=account_id, batch_id=batch_id)

    async def positions(self, account_id: int) -> list[PositionRow]:
        """Return all that is held on an account, whichever batch bought it."""
        rows = await self._fetch(
            "load positions",
            """SELECT strategy, symbol, qty, avg_price, batch_id, slot FROM positions
            WHERE account_id = $1 ORDER BY strategy, symbol""",
            account_id,
        )
        return [PositionRow.of(row) for row in rows]
