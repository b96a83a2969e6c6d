"""Migrations against a real server."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from liualgotrader.common.errors import StoreError
from liualgotrader.models.migrations import FOLDER, migrate, read_folder
from liualgotrader.models.postgres import connect, create_pool, from_ns, to_ns


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_first.sql").write_text("CREATE TABLE a (n int PRIMARY KEY);")
    (tmp_path / "0002_second.sql").write_text("INSERT INTO a VALUES (1); INSERT INTO a VALUES (2);")
    return tmp_path


async def rows(dsn: str, query: str) -> list[object]:
    connection = await connect(dsn)
    try:
        return [row[0] for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def test_migrations_are_applied_in_order_and_once(empty_database: str, folder: Path) -> None:
    assert await migrate(empty_database, folder) == ["0001_first.sql", "0002_second.sql"]
    assert await migrate(empty_database, folder) == []
    assert await rows(empty_database, "SELECT n FROM a ORDER BY n") == [1, 2]


async def test_a_changed_migration_is_refused(empty_database: str, folder: Path) -> None:
    await migrate(empty_database, folder)
    (folder / "0001_first.sql").write_text("CREATE TABLE a (n bigint PRIMARY KEY);")
    with pytest.raises(StoreError, match=r"0001_first\.sql was changed"):
        await migrate(empty_database, folder)


async def test_a_migration_unknown_to_this_version_is_refused(
    empty_database: str, folder: Path
) -> None:
    await migrate(empty_database, folder)
    (folder / "0002_second.sql").unlink()
    with pytest.raises(StoreError, match=r"does not know: 0002_second\.sql"):
        await migrate(empty_database, folder)


async def test_a_failing_migration_leaves_nothing_of_itself(
    empty_database: str, folder: Path
) -> None:
    (folder / "0003_bad.sql").write_text("INSERT INTO a VALUES (3); INSERT INTO a VALUES (1);")
    with pytest.raises(StoreError, match=r"0003_bad\.sql.*UniqueViolation"):
        await migrate(empty_database, folder)
    assert await rows(empty_database, "SELECT n FROM a ORDER BY n") == [1, 2]
    assert len(await rows(empty_database, "SELECT name FROM schema_migrations")) == 2


async def test_of_several_migrators_at_once_one_does_the_work(
    empty_database: str, folder: Path
) -> None:
    done = await asyncio.gather(*(migrate(empty_database, folder) for _ in range(4)))
    assert sorted(map(len, done)) == [0, 0, 0, 2]


async def test_the_fixture_gives_a_database_at_the_newest_schema(database: str) -> None:
    recorded = await rows(database, "SELECT name FROM schema_migrations ORDER BY name")
    assert recorded == [each.name for each in read_folder(FOLDER)]


async def test_values_come_back_as_they_were_stored(empty_database: str) -> None:
    ns = 1_385_751_600_123_456_789
    pool = await create_pool(empty_database, max_size=2)
    try:
        row = await pool.fetchrow(
            "SELECT $1::jsonb AS document, $2::numeric AS price, $3::timestamptz AS time",
            {"a": [1, None, "ü"]},
            Decimal("0.10"),
            from_ns(ns),
        )
    finally:
        await pool.close()
    assert row["document"] == {"a": [1, None, "ü"]}
    assert str(row["price"]) == "0.10"
    assert to_ns(row["time"]) == ns - 789


async def test_a_refused_connection_is_a_store_error_without_the_password(tmp_path: Path) -> None:
    dsn = f"postgresql://joe:s3cret@/db?host={tmp_path}"
    with pytest.raises(StoreError) as caught:
        await connect(dsn, patience=0.0)
    assert "joe" in str(caught.value)
    assert "s3cret" not in str(caught.value)
