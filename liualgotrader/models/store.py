"""A pool of connections, and how its errors become ours."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import asyncpg

from liualgotrader.models.postgres import create_pool, translated


class Store:
    """The base of what reads and writes tables. Every error of the database is a StoreError."""

    def __init__(self, pool: asyncpg.Pool, *, dsn: str = "") -> None:
        self.pool = pool
        self.dsn = dsn

    @classmethod
    async def open(cls, dsn: str, *, max_size: int = 8) -> Self:
        """Return a store with a pool of its own, to be closed."""
        return cls(await create_pool(dsn, max_size=max_size), dsn=dsn)

    async def close(self) -> None:
        """Close the pool."""
        with translated("close the connections"):
            await self.pool.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _execute(self, doing: str, query: str, *args: Any) -> None:
        with translated(doing):
            await self.pool.execute(query, *args)

    async def _fetch(self, doing: str, query: str, *args: Any) -> list[asyncpg.Record]:
        with translated(doing):
            return list(await self.pool.fetch(query, *args))

    async def _fetchval(self, doing: str, query: str, *args: Any) -> Any:
        with translated(doing):
            return await self.pool.fetchval(query, *args)
