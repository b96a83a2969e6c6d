"""A command's one visit to the database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from liualgotrader.models.store import Store
from liualgotrader.scripts.home import database

S = TypeVar("S", bound=Store)
T = TypeVar("T")


def ask(store: type[S], work: Callable[[S], Awaitable[T]]) -> T:
    """Return what `work` finds out from a store that is open for as long as it takes."""

    async def visit(dsn: str) -> T:
        async with await store.open(dsn, max_size=1) as opened:
            return await work(opened)

    with database() as dsn:
        return asyncio.run(visit(dsn))
