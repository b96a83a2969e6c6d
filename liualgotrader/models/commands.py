"""What an operator asks of a running session: a row, and a NOTIFY that wakes the supervisor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

import asyncpg

from liualgotrader.common.events import Command
from liualgotrader.models.postgres import connect, to_ns, translated

CHANNEL = "liu_commands"

_SEND = f"""
WITH sent AS (
    INSERT INTO commands (batch_id, name, reason, strategy) VALUES ($1, $2, $3, $4)
    RETURNING command_id, batch_id
)
SELECT command_id, pg_notify('{CHANNEL}', batch_id) FROM sent"""

_WAITING = """
SELECT command_id, name, reason, strategy, given_at FROM commands
WHERE batch_id = $1 AND taken_at IS NULL ORDER BY command_id"""

_TAKEN = "UPDATE commands SET taken_at = now() WHERE command_id = $1"


async def send_command(
    pool: asyncpg.Pool,
    batch_id: str,
    name: str,
    *,
    reason: str = "",
    strategy: str | None = None,
) -> int:
    """Ask something of a session (halt, resume, flatten, stop); return the command's id."""
    with translated(f"send {name} to batch {batch_id}"):
        return int(await pool.fetchval(_SEND, batch_id, name, reason, strategy))


async def is_taken(pool: asyncpg.Pool, command_id: int) -> bool:
    """Return whether the session has acted on a command."""
    query = "SELECT taken_at IS NOT NULL FROM commands WHERE command_id = $1"
    with translated("look for an answer"):
        return bool(await pool.fetchval(query, command_id))


async def listen_commands(dsn: str, batch_id: str) -> AsyncGenerator[Command, None]:
    """Iterate over a batch's commands, those first that were sent while nobody listened.

    A command counts as taken when the next one is asked for. Raises StoreError when the connection
    is lost; listening anew misses nothing.
    """
    connection = await connect(dsn)
    news = asyncio.Event()
    try:
        with translated("listen for commands"):
            await connection.add_listener(CHANNEL, lambda *_: news.set())
            connection.add_termination_listener(lambda _: news.set())
            while True:
                news.clear()
                for row in await connection.fetch(_WAITING, batch_id):
                    yield Command(
                        row["name"], to_ns(row["given_at"]), row["reason"], row["strategy"]
                    )
                    await connection.execute(_TAKEN, row["command_id"])
                await news.wait()
    finally:
        with suppress(asyncpg.InterfaceError, OSError):
            await connection.close(timeout=1)
