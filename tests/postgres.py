"""PostgreSQL for tests: one server per pytest process, and a fresh, migrated database per test."""

import asyncio
from collections.abc import Coroutine, Iterator
from itertools import count
from typing import Any

import pytest

from liualgotrader.models.embedded import EmbeddedServer
from liualgotrader.models.migrations import migrate
from liualgotrader.models.postgres import connect, with_database

TEMPLATE = "template_migrated"
_numbers = count(1)


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run to the end on a loop of its own, leaving the one that pytest-asyncio set in place."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


async def execute(dsn: str, sql: str) -> None:
    """Run one statement on a connection of its own."""
    connection = await connect(dsn)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """Run a server without fsync for the whole session (or xdist worker)."""
    with EmbeddedServer(tmp_path_factory.mktemp("postgres") / "data", durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def migrated_template(postgres_server: EmbeddedServer) -> str:
    """Migrate one database, for the others to be copies of it; return its name."""
    run(execute(postgres_server.dsn, f"CREATE DATABASE {TEMPLATE}"))
    run(migrate(with_database(postgres_server.dsn, TEMPLATE)))
    return TEMPLATE


@pytest.fixture
def database(postgres_server: EmbeddedServer, migrated_template: str) -> Iterator[str]:
    """Return the DSN of a migrated database that is this test's alone."""
    yield from _database(postgres_server.dsn, migrated_template)


@pytest.fixture
def empty_database(postgres_server: EmbeddedServer) -> Iterator[str]:
    """Return the DSN of an empty database that is this test's alone."""
    yield from _database(postgres_server.dsn, "template1")


def _database(server_dsn: str, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    run(execute(server_dsn, f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield with_database(server_dsn, name)
    run(execute(server_dsn, f"DROP DATABASE {name} WITH (FORCE)"))
