"""The tables that miners keep: any of their columns read, rows brought in by the hundred thousand.

What a table is called and has is asked of the database; names that are not there never become part of a statement.
Values travel as parameters, or by COPY into a temporary table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import asyncpg
import msgspec

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.plan_errors import suggestion
from liualgotrader.models.postgres import translated
from liualgotrader.models.store import Store

MINER_TABLES = (
    "stock_ohlc",
    "ticker_data",
    "miner_values",
    "forecast_samples",
    "forecasts",
    "forecast_checks",
    "live_differences",
    "portfolio_ranking",
    "slippage_costs",
)
"""What miners may read and write."""

Row = tuple[Any, ...]

_CHUNK = 20_000
_MODIFIED = "modify_tstamp"
_INCOMING = "incoming_rows"

_COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position"""

_KEYS = """
SELECT array_agg(k.column_name::text ORDER BY k.ordinal_position) AS columns
FROM information_schema.table_constraints c
JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name, table_name)
WHERE c.table_schema = current_schema() AND c.table_name = $1
    AND c.constraint_type IN ('PRIMARY KEY', 'UNIQUE')
GROUP BY c.constraint_name, c.constraint_type ORDER BY c.constraint_type, c.constraint_name"""

_GENERATED = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name = $1 AND is_identity = 'YES'"""


class Shape(msgspec.Struct, frozen=True):
    """A table: its columns, and what there is one row of; `key` is the first of `keys` that nobody draws."""

    name: str
    columns: tuple[str, ...]
    keys: tuple[frozenset[str], ...]
    key: tuple[str, ...]


class MinerTables(Store):
    """Implements `miners.base.Tables`."""

    def __init__(self, pool: asyncpg.Pool, *, dsn: str = "") -> None:
        super().__init__(pool, dsn=dsn)
        self._shapes: dict[str, Shape] = {}

    async def get(
        self, table: str, columns: Sequence[str], *, where: Mapping[str, Any] | None = None
    ) -> list[Row]:
        """Return these columns of the rows whose values equal `where` (a list: any of them), by key."""
        shape = await self._shape(table, columns, where or {})
        condition, values = _where(where or {})
        query = (
            f"SELECT {_list(columns)} FROM {_name(shape.name)} {condition}"
            f" ORDER BY {_list(shape.key)}"
        )
        return [tuple(row) for row in await self._fetch(f"read {table}", query, *values)]

    async def put(
        self, table: str, columns: Sequence[str], rows: Iterable[Row], *, key: Sequence[str]
    ) -> int:
        """Insert rows, or change those with the same `key`, all or none; return how many are new or changed.

        Rows that are there as they are given are left alone.
        """
        shape = await self._shape(table, columns, dict.fromkeys(key))
        if frozenset(key) not in shape.keys or not set(key) <= set(columns):
            known = " or ".join(f"({', '.join(sorted(each))})" for each in shape.keys)
            raise ConfigError(
                f"table {table}: ({', '.join(key)}) is no key of what is put; it is {known}"
            )
        merge = _merge(shape, columns, key)
        changed = 0
        with translated(f"write {table}"):
            async with self.pool.acquire() as connection, connection.transaction():
                await _prepare(connection, shape, columns)
                for chunk in _chunks(table, columns, rows):
                    await _bring(connection, table, columns, chunk)
                    await _refuse_twins(connection, table, key)
                    changed += _count(await connection.execute(merge))
                    await connection.execute(f"TRUNCATE {_INCOMING}")
        return changed

    async def replace(
        self,
        table: str,
        columns: Sequence[str],
        rows: Iterable[Row],
        *,
        where: Mapping[str, Any],
    ) -> int:
        """Put rows in the place of those whose values equal `where`, all or none; return how many there are now.

        Rows of others than `where` says are refused. Raises ConfigError.
        """
        shape = await self._shape(table, columns, where)
        condition, values = _where(where)
        if not condition:
            raise ConfigError(f"table {table}: say whose rows are replaced, in where")
        insert = (
            f"INSERT INTO {_name(table)} ({_list(columns)})"
            f" SELECT {_list(columns)} FROM {_INCOMING} ORDER BY {_list(_within(shape.key, columns))}"
        )
        count = 0
        with translated(f"replace rows of {table}"):
            async with self.pool.acquire() as connection, connection.transaction():
                await _prepare(connection, shape, columns)
                await connection.execute(f"DELETE FROM {_name(table)} {condition}", *values)
                for chunk in _chunks(table, columns, rows):
                    await _bring(connection, table, columns, chunk)
                    await _refuse_strangers(connection, table, columns, where)
                    count += _count(await connection.execute(insert))
                    await connection.execute(f"TRUNCATE {_INCOMING}")
        return count

    async def _shape(self, table: str, columns: Sequence[str], also: Mapping[str, Any]) -> Shape:
        """Return what a table is. Raises ConfigError for a name that it has not."""
        if table not in self._shapes:
            self._shapes[table] = await self._look_up(table)
        shape = self._shapes[table]
        for column in (*columns, *also):
            if column not in shape.columns:
                hint = suggestion(column, shape.columns, what="column")
                raise ConfigError(f"table {table} has no column {column}; {hint}")
        if not columns or len(set(columns)) < len(columns):
            raise ConfigError(
                f"table {table}: name each column once: {', '.join(columns) or 'none'}"
            )
        return shape

    async def _look_up(self, table: str) -> Shape:
        columns = await self._fetch(f"look {table} up", _COLUMNS, table)
        if table not in MINER_TABLES or not columns:
            hint = suggestion(table, MINER_TABLES, what="table")
            raise ConfigError(f"{table} is no table of miners; {hint}")
        drawn = {row[0] for row in await self._fetch(f"look {table} up", _GENERATED, table)}
        keys = [tuple(row[0]) for row in await self._fetch(f"look {table} up", _KEYS, table)]
        told = [key for key in keys if not drawn & set(key)]
        return Shape(
            table,
            tuple(row[0] for row in columns),
            tuple(frozenset(key) for key in told),
            told[0] if told else keys[0],
        )


async def _prepare(connection: asyncpg.Connection, shape: Shape, columns: Sequence[str]) -> None:
    """Make a place for rows to come in, which goes with the transaction."""
    await connection.execute(
        f"CREATE TEMPORARY TABLE {_INCOMING} ON COMMIT DROP AS"
        f" SELECT {_list(columns)} FROM {_name(shape.name)} WITH NO DATA"
    )


async def _bring(
    connection: asyncpg.Connection, table: str, columns: Sequence[str], chunk: Sequence[Row]
) -> None:
    try:
        await connection.copy_records_to_table(_INCOMING, records=chunk, columns=list(columns))
    except (TypeError, ValueError, AttributeError, OverflowError) as exc:
        # What the driver says of a value that it cannot encode.
        raise ConfigError(
            f"table {table}: a value is not of its column's kind, of {', '.join(columns)} such as"
            f" {chunk[0]}: {exc}"
        ) from exc


async def _refuse_twins(connection: asyncpg.Connection, table: str, key: Sequence[str]) -> None:
    twin = await connection.fetchrow(
        f"SELECT {_list(key)} FROM {_INCOMING} GROUP BY {_list(key)} HAVING count(*) > 1 LIMIT 1"
    )
    if twin is not None:
        named = ", ".join(f"{name} {value}" for name, value in twin.items())
        raise ConfigError(f"table {table}: there are two rows of {named}; nothing was written")


async def _refuse_strangers(
    connection: asyncpg.Connection, table: str, columns: Sequence[str], where: Mapping[str, Any]
) -> None:
    condition, values = _where({name: value for name, value in where.items() if name in columns})
    if not condition:
        return
    of_these = condition.removeprefix("WHERE ")
    stranger = await connection.fetchrow(
        f"SELECT {_list(columns)} FROM {_INCOMING} WHERE NOT ({of_these}) LIMIT 1", *values
    )
    if stranger is not None:
        raise ConfigError(
            f"table {table}: {tuple(stranger)} is none of the rows that are replaced ({dict(where)});"
            " nothing was written"
        )


def _merge(shape: Shape, columns: Sequence[str], key: Sequence[str]) -> str:
    """Return the statement that puts what came in into the table."""
    table, rest = _name(shape.name), [each for each in columns if each not in key]
    start = (
        f"INSERT INTO {table} ({_list(columns)}) SELECT {_list(columns)} FROM {_INCOMING}"
        f" ORDER BY {_list(key)} ON CONFLICT ({_list(key)}) DO"
    )
    if not rest:
        return f"{start} NOTHING"
    changes = [f"{_name(each)} = excluded.{_name(each)}" for each in rest]
    if _MODIFIED in shape.columns and _MODIFIED not in columns:
        changes.append(f"{_MODIFIED} = now()")
    old = ", ".join(f"{table}.{_name(each)}" for each in rest)
    new = ", ".join(f"excluded.{_name(each)}" for each in rest)
    return f"{start} UPDATE SET {', '.join(changes)} WHERE ({old}) IS DISTINCT FROM ({new})"


def _where(where: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Return a condition, "" for none, and its values."""
    parts, values = [], []
    for name, value in where.items():
        values.append(value)
        several = isinstance(value, list | tuple | set | frozenset)
        if several:
            values[-1] = list(value)
        test = f"= ANY(${len(values)})" if several else f"IS NOT DISTINCT FROM ${len(values)}"
        parts.append(f"{_name(name)} {test}")
    return (f"WHERE {' AND '.join(parts)}" if parts else ""), values


def _chunks(table: str, columns: Sequence[str], rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield rows, so many at a time. Raises ConfigError for one of another length."""
    left = iter(rows)
    while chunk := list(islice(left, _CHUNK)):
        for row in chunk:
            if len(row) != len(columns):
                raise ConfigError(
                    f"table {table}: {len(row)} values for {len(columns)} columns"
                    f" ({', '.join(columns)}): {row}"
                )
        yield chunk


def _within(names: Sequence[str], columns: Sequence[str]) -> list[str]:
    return [name for name in names if name in columns] or list(columns[:1])


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _list(names: Iterable[str]) -> str:
    return ", ".join(map(_name, names))


def _count(tag: str) -> int:
    """Return how many rows a statement says that it wrote: `INSERT 0 12`."""
    return int(tag.rsplit(" ", 1)[-1])
