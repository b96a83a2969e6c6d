"""`liu db`: the database, asked in SQL."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import click
import msgspec

from liualgotrader.models.postgres import connect, translated
from liualgotrader.scripts.home import database

ROWS_AT_ONCE = 500
_encoder = msgspec.json.Encoder(decimal_format="number", enc_hook=str)


@click.group()
def db() -> None:
    """Ask the database."""


@db.command()
@click.argument("sql")
@click.option("--write", is_flag=True, help="Let the statement change something.")
def query(sql: str, write: bool) -> None:
    """Run one SQL statement and print its rows as JSON, one a line.

    Amounts are numbers with all their digits; times are in UTC.
    """
    with database() as dsn:
        asyncio.run(_query(dsn, sql, write=write))


async def _query(dsn: str, sql: str, *, write: bool) -> None:
    connection = await connect(dsn)
    try:
        with translated("run the statement"):
            async with connection.transaction(readonly=not write):
                statement = await connection.prepare(sql)
                names = column_names([each.name for each in statement.get_attributes()])
                if write or not names:
                    _print(names, await statement.fetch())
                    return
                cursor = await statement.cursor()
                while rows := await cursor.fetch(ROWS_AT_ONCE):
                    _print(names, rows)
    finally:
        await connection.close()


def column_names(names: Sequence[str]) -> list[str]:
    """Return names that differ: of two columns `id`, the second is `id_2`."""
    seen: list[str] = []
    for name in names:
        count = 2
        unique = name
        while unique in seen:
            unique, count = f"{name}_{count}", count + 1
        seen.append(unique)
    return seen


def _print(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    for row in rows:
        values = dict(zip(names, map(_plain, row), strict=True))
        click.echo(_encoder.encode(values))


def _plain(value: Any) -> Any:
    """JSON has no word for a number that is none."""
    return str(value) if isinstance(value, Decimal) and not value.is_finite() else value
