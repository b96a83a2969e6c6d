"""`liualgotrader.common.database`: there is no connection within a session."""

from __future__ import annotations

from typing import Any

from liualgotrader.compat.errors import unanswerable

_INSTEAD = "read the tables in a miner or with `liu db query`; a strategy's own trades and cash come from its models"


async def create_db_connection(dsn: str | None = None) -> None:
    """Do nothing: the framework has its own."""


async def fetch_as_dataframe(query: str, *args: Any) -> Any:
    """Refuse."""
    raise unanswerable("fetch_as_dataframe()", _INSTEAD)


async def execute(*args: Any) -> Any:
    """Refuse."""
    raise unanswerable("database.execute()", _INSTEAD)
