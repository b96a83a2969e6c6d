"""Where this installation keeps its things (LIU_HOME), and how its database is reached (DSN)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from liualgotrader.common.errors import ConfigError

if TYPE_CHECKING:
    from liualgotrader.models.embedded import EmbeddedServer

HOME_VARIABLE = "LIU_HOME"
DSN_VARIABLE = "DSN"
DEFAULT_HOME = "~/.liualgotrader"


def liu_home(environ: Mapping[str, str] = os.environ) -> Path:
    """Return LIU_HOME, made for its owner alone: journals tell what one trades."""
    home = Path(environ.get(HOME_VARIABLE) or DEFAULT_HOME).expanduser().absolute()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise ConfigError(
            f"{HOME_VARIABLE} = {home}: cannot be made: {exc.strerror}; name another folder",
        ) from exc
    return home


def database_dir(home: Path) -> Path:
    """Return the data directory of the embedded server."""
    return home / "pg"


@contextmanager
def database(environ: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Give the DSN of a database that is up and has all tables: the user's, or the embedded one.

    The embedded server runs as long as somebody holds on to it. Raises StoreError.
    """
    with database_and_server(environ) as (dsn, _):
        yield dsn


@contextmanager
def database_and_server(
    environ: Mapping[str, str] = os.environ,
) -> Iterator[tuple[str, EmbeddedServer | None]]:
    """Give the DSN as `database` does, and the embedded server, to be watched; None with a DSN of one's own."""
    # Lazily: asyncpg and psutil take longer to import than most commands to run.
    import asyncio

    from liualgotrader.models.embedded import EmbeddedServer
    from liualgotrader.models.migrations import migrate

    own = environ.get(DSN_VARIABLE)
    if own:
        asyncio.run(migrate(own))
        yield own, None
        return
    with EmbeddedServer(database_dir(liu_home(environ))) as server:
        asyncio.run(migrate(server.dsn))
        yield server.dsn, server
