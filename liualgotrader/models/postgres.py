"""Talk to PostgreSQL: connections, pools, codecs, times, and the seam where errors become ours."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import asyncpg
import msgspec

from liualgotrader.common.errors import StoreError
from liualgotrader.credentials.redaction import KNOWN

log = logging.getLogger(__name__)

T = TypeVar("T")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
JSONB_VERSION = b"\x01"  # the first byte of jsonb on the wire

DATABASE_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # What the driver says of a rollback on a connection that broke in the middle of a statement.
    asyncpg.InternalClientError,
    OSError,
)
# The driver's words, about itself, once the server has ended a connection in the middle of a statement.
_LOST = re.compile("connection (is|was) closed|cannot switch to state")
# A server that is starting, stopping, full or being restarted may say yes a moment later; a wrong
# password or an unknown database will not.
PASSING_ERRORS = (
    OSError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)


def from_ns(ns: int) -> datetime:
    """Return the aware UTC datetime of ns since the epoch.

    PostgreSQL and datetime hold microseconds: what is below is cut off, towards the past, so
    that nothing appears to happen after it did. Keep a bigint column where ns matter.
    """
    return EPOCH + timedelta(microseconds=ns // 1000)


def to_ns(when: datetime) -> int:
    """Return ns since the epoch, exactly. Raises TypeError for a naive datetime."""
    return (when - EPOCH) // MICROSECOND * 1000


def redacted(dsn: str) -> str:
    """Return the DSN without its passwords, fit for a log.

    Works on the text, not on a parsed URL: a password with an unescaped `/` or `@` must not
    slip through for being misplaced.
    """
    hidden = re.sub(r"(://[^:@/?#]*):.*@", r"\1:***@", dsn, flags=re.DOTALL)
    return re.sub(r"(?i)(pass\w*)=('[^']*'|[^&\s]*)", r"\1=***", hidden)


def with_database(dsn: str, name: str) -> str:
    """Return the DSN of another database on the same server."""
    return urlsplit(dsn)._replace(path=f"/{quote(name, safe='')}").geturl()


def backoff(patience: float, *, first: float = 0.05, ceiling: float = 2.0) -> Iterator[float]:
    """Yield delays in seconds, doubling up to a ceiling; together they are patience, no more."""
    delay = first
    while patience > 0:
        step = min(delay, ceiling, patience)
        yield step
        patience -= step
        delay *= 2


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raise errors of the driver and the operating system as StoreError, the cause kept."""
    try:
        yield
    except DATABASE_ERRORS as error:
        raise StoreError(f"could not {doing}: {_said(_first(error))}") from error


def _first(error: BaseException) -> BaseException:
    """Return the error that came first: when a connection is lost, leaving its transaction fails as well, and only says
    so of the driver.
    """
    while isinstance(error, (asyncpg.InterfaceError, asyncpg.InternalClientError)):
        before = error.__context__
        if not isinstance(before, DATABASE_ERRORS):
            break
        error = before
    return error


async def connect(dsn: str, *, patience: float = 5.0) -> asyncpg.Connection:
    """Return a connection with our codecs, trying again while the server is not ready.

    patience is in seconds. Raises StoreError; the DSN in it has no password.
    """

    async def open_one() -> asyncpg.Connection:
        connection = await asyncpg.connect(dsn)
        await _prepare(connection)
        return connection

    return await _persist(open_one, dsn, patience)


async def create_pool(
    dsn: str,
    *,
    min_size: int = 1,
    max_size: int = 8,
    patience: float = 5.0,
) -> asyncpg.Pool:
    """Return an open pool of connections with our codecs; errors as for connect()."""

    async def open_pool() -> asyncpg.Pool:
        return await asyncpg.create_pool(
            dsn,
            min_size=min_size,
            max_size=max_size,
            init=_prepare,
        )

    return await _persist(open_pool, dsn, patience)


async def _persist(attempt: Callable[[], Awaitable[T]], dsn: str, patience: float) -> T:
    with translated(f"connect to {redacted(dsn)}"):
        for delay in backoff(patience):
            try:
                return await attempt()
            except PASSING_ERRORS as error:
                log.info("%s: %s; again in %.2f s", redacted(dsn), _said(error), delay)
            await asyncio.sleep(delay)
        return await attempt()


async def _prepare(connection: asyncpg.Connection) -> None:
    """Let jsonb columns hold plain values; numeric is Decimal and timestamptz aware already."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=_encode_jsonb,
        decoder=_decode_jsonb,
        format="binary",
    )


def _encode_jsonb(value: Any) -> bytes:
    return JSONB_VERSION + KNOWN.blanked(msgspec.json.encode(value))


def _decode_jsonb(data: bytes) -> Any:
    return msgspec.json.decode(data[len(JSONB_VERSION) :])


def _said(error: BaseException) -> str:
    """Return what an error says; some, such as TimeoutError, say nothing but their name."""
    if isinstance(error, (asyncpg.InterfaceError, asyncpg.InternalClientError)) and _LOST.search(
        str(error)
    ):
        return "the connection to the database was lost"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
