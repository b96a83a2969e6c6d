"""Sessions as an operator sees them: which there are, how one stands, and what it is told."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import asyncpg
import msgspec

from liualgotrader.common.errors import ConfigError
from liualgotrader.models.postgres import translated

CHANNEL = "liu_commands"
"""What a session listens on; the payload is the batch's id."""

_BATCHES = """
    SELECT batch_id, mode, environment, session_date::text AS session_date, started_at, ended_at,
           end_reason, halted, report
    FROM batches
"""
_POSITIONS = """
    SELECT strategy, symbol, qty, avg_price FROM positions
    WHERE batch_id = $1 AND qty <> 0 ORDER BY strategy, symbol
"""
_ORDERS = """
    SELECT status, count(*) AS count FROM orders WHERE batch_id = $1 GROUP BY status ORDER BY status
"""
_RUNS = """
    SELECT algo_name, slot, end_reason FROM algo_run WHERE batch_id = $1 ORDER BY algo_name, slot
"""
_COMMAND = """
    INSERT INTO commands (batch_id, name, reason) VALUES ($1, $2, $3) RETURNING command_id
"""


class Batch(msgspec.Struct, frozen=True):
    """One session. `halted` says why no entry is allowed; times are aware."""

    batch_id: str
    mode: str
    environment: str
    session_date: str | None
    started_at: datetime
    ended_at: datetime | None
    end_reason: str | None
    halted: str | None
    report: str | None


class Holding(msgspec.Struct, frozen=True):
    """A position; short is negative, `avg_price` in dollars."""

    strategy: str
    symbol: str
    qty: Decimal
    avg_price: Decimal


class Run(msgspec.Struct, frozen=True):
    """A strategy in a consumer; `end_reason` is None while it runs."""

    strategy: str
    slot: str
    end_reason: str | None


class Standing(msgspec.Struct, frozen=True):
    """How a session stands. `orders` counts them by status."""

    batch: Batch
    runs: list[Run]
    positions: list[Holding]
    orders: dict[str, int]


async def recent_batches(connection: asyncpg.Connection, limit: int) -> list[Batch]:
    """Return the sessions that began last, newest first."""
    with translated("list the batches"):
        rows = await connection.fetch(f"{_BATCHES} ORDER BY started_at DESC LIMIT $1", limit)
    return [Batch(**row) for row in rows]


async def find_batch(connection: asyncpg.Connection, prefix: str) -> Batch:
    """Return the one batch whose id begins so. Raises ConfigError for none, or several."""
    with translated("find the batch"):
        rows = await connection.fetch(
            f"{_BATCHES} WHERE starts_with(batch_id, $1) ORDER BY started_at DESC LIMIT 5", prefix
        )
    exact = [row for row in rows if row["batch_id"] == prefix]
    if len(exact or rows) == 1:
        return Batch(**(exact or rows)[0])
    if not rows:
        raise ConfigError(f"there is no batch {prefix}; `liu batches` lists them")
    ids = ", ".join(row["batch_id"] for row in rows)
    raise ConfigError(f"{prefix} begins several batches: {ids}; give more of the id")


async def standing(connection: asyncpg.Connection, batch: Batch) -> Standing:
    """Return how a session stands, all of one moment."""
    with translated("read how the batch stands"):
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            positions = await connection.fetch(_POSITIONS, batch.batch_id)
            orders = await connection.fetch(_ORDERS, batch.batch_id)
            runs = await connection.fetch(_RUNS, batch.batch_id)
    return Standing(
        batch=batch,
        runs=[Run(*row.values()) for row in runs],
        positions=[Holding(**row) for row in positions],
        orders={row["status"]: row["count"] for row in orders},
    )


async def send_command(
    connection: asyncpg.Connection,
    batch_id: str,
    name: str,
    *,
    reason: str = "",
) -> int:
    """Store a command (halt, resume, flatten, stop) for a session and wake it; return its id."""
    with translated(f"tell the batch to {name}"):
        async with connection.transaction():
            number = await connection.fetchval(
                _COMMAND,
                batch_id,
                name,
                reason,
            )
            await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, batch_id)
    return int(number)
