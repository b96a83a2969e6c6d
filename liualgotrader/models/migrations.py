"""Bring a database to the schema of this version: numbered SQL files, each applied once.

A file `migrations/NNNN_what_it_does.sql` runs in one transaction with the row that records it,
so it holds no BEGIN or COMMIT of its own, and nothing that PostgreSQL refuses in a transaction
(CREATE INDEX CONCURRENTLY, say). A file that was released is never edited: a new one follows.
"""

import hashlib
import logging
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec

from liualgotrader.common.errors import StoreError
from liualgotrader.models.postgres import connect, redacted, translated

log = logging.getLogger(__name__)

FOLDER = Path(__file__).with_name("migrations")
FILE_NAME = re.compile(r"\d{4}_[a-z0-9_]+\.sql")
LOCK_KEY = 0x6C69755F6D6967  # "liu_mig": any number that no one else takes
LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    name text PRIMARY KEY,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)"""


class Migration(msgspec.Struct, frozen=True):
    """One numbered file."""

    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """Return the SHA-256 of the text, the same however a checkout ends its lines."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


async def migrate(dsn: str, folder: Path = FOLDER) -> list[str]:
    """Apply what is missing, in order, and return the names of what was applied.

    Several processes may do this at once: one works, the others wait and find nothing to do.
    Raises StoreError when an applied file has changed, when the database holds migrations that
    this version does not know, or when a file fails; earlier files stay applied, it does not.
    """
    files = read_folder(folder)
    connection = await connect(dsn)
    try:
        with translated(f"migrate {redacted(dsn)}"):
            async with _alone(connection):
                applied = await _applied(connection)
                todo = missing(files, applied)
                for migration in todo:
                    await _apply(connection, migration)
    finally:
        await connection.close()
    return [migration.name for migration in todo]


def read_folder(folder: Path) -> list[Migration]:
    """Return the migrations of a folder in order. Raises StoreError for an unfit name."""
    paths = sorted(folder.glob("*.sql"))
    for path in paths:
        if not FILE_NAME.fullmatch(path.name):
            raise StoreError(f"{path} is not named NNNN_what_it_does.sql")
    numbers = [path.name[:4] for path in paths]
    if twice := sorted({number for number in numbers if numbers.count(number) > 1}):
        raise StoreError(f"{folder} has several migrations numbered {', '.join(twice)}")
    return [Migration(path.name, path.read_text(encoding="utf-8")) for path in paths]


def missing(files: Sequence[Migration], applied: Mapping[str, str]) -> list[Migration]:
    """Return the files to apply, given name -> checksum of those that were.

    Raises StoreError when the two histories disagree.
    """
    if unknown := sorted(applied.keys() - {each.name for each in files}):
        raise StoreError(
            f"the database has migrations that this version does not know: {', '.join(unknown)}. "
            "Next: use the version that made them, or another database.",
        )
    for each in files:
        if applied.get(each.name, each.checksum) != each.checksum:
            raise StoreError(
                f"migration {each.name} was changed after it was applied to this database. "
                "Next: restore the file, and put the change into a new one.",
            )
    return [each for each in files if each.name not in applied]


@asynccontextmanager
async def _alone(connection: asyncpg.Connection) -> AsyncIterator[None]:
    await connection.execute("SELECT pg_advisory_lock($1)", LOCK_KEY)
    try:
        yield
    finally:
        if not connection.is_closed():  # closing it lets go of the lock as well
            await connection.execute("SELECT pg_advisory_unlock($1)", LOCK_KEY)


async def _applied(connection: asyncpg.Connection) -> dict[str, str]:
    await connection.execute(LEDGER)
    rows = await connection.fetch("SELECT name, checksum FROM schema_migrations")
    return {row["name"]: row["checksum"] for row in rows}


async def _apply(connection: asyncpg.Connection, migration: Migration) -> None:
    with translated(f"apply migration {migration.name}"):
        async with connection.transaction():
            await connection.execute(migration.sql)
            await connection.execute(
                "INSERT INTO schema_migrations (name, checksum) VALUES ($1, $2)",
                migration.name,
                migration.checksum,
            )
    log.info("applied migration %s", migration.name)
