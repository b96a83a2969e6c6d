"""One session per account: two would spend the same money."""

from __future__ import annotations

import logging

import asyncpg

from liualgotrader.common.errors import ConfigError, StoreError
from liualgotrader.models.postgres import connect, translated

log = logging.getLogger(__name__)

LOCK_CLASS = (
    0x6C6975  # "liu": the first of the two keys of our advisory locks; the second is the account
)
NAME = "liu session "

_HOLDER = """
SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
    AND l.classid = $1::bigint::oid AND l.objid = $2::bigint::oid
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


class AccountLock:
    """A session's claim to an account. It is held by a connection, so it ends with the process."""

    def __init__(self, dsn: str, *, account_id: int, batch_id: str) -> None:
        self._dsn = dsn
        self._account_id = account_id
        self._batch_id = batch_id
        self._connection: asyncpg.Connection | None = None

    @property
    def is_held(self) -> bool:
        """Whether the connection that holds it is alive, as far as this side knows."""
        return self._connection is not None and not self._connection.is_closed()

    async def take(self) -> None:
        """Claim the account. Raises ConfigError naming the batch that has it."""
        connection = await connect(self._dsn)
        try:
            with translated(f"lock account {self._account_id}"):
                await self._take(connection)
        except (ConfigError, StoreError):
            await connection.close()
            raise
        self._connection = connection

    async def _take(self, connection: asyncpg.Connection) -> None:
        name = NAME + self._batch_id
        await connection.execute("SELECT set_config('application_name', $1, false)", name)
        keys = (LOCK_CLASS, self._account_id)
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1::int, $2::int)", *keys):
            holder = await connection.fetchval(_HOLDER, *keys)
            raise ConfigError(
                f"account {self._account_id} is used by {_described(holder)}. One session trades "
                "an account at a time: stop that one first, or use another account.",
            )

    async def keep(self) -> None:
        """Take it again if the connection was lost. Raises ConfigError if another was quicker."""
        if self._connection is not None and not self._connection.is_closed():
            try:
                with translated("hold the account"):
                    await self._connection.execute("SELECT 1")
            except StoreError:
                log.warning("the connection that holds account %s is lost", self._account_id)
                self._connection.terminate()
            else:
                return
        await self.take()

    async def release(self) -> None:
        """Give the account free; harmless when it is not held."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            with translated(f"release account {self._account_id}"):
                await connection.close()


def _described(holder: str | None) -> str:
    if holder is None:
        return "another session that has just ended"
    return f"batch {holder.removeprefix(NAME)}" if holder.startswith(NAME) else holder
