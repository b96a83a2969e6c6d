"""One Parquet file of rows: read in part, checked against its kind, written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from liualgotrader.common.errors import ConfigError, StoreError
from liualgotrader.data.arrow_numbers import numbers
from liualgotrader.data.lake.kinds import Kind
from liualgotrader.data.lake.rows import Rows, joined, no_rows

TIME = "timestamp"
# About a month of minutes: little is decoded for nothing when a day is asked for.
ROWS_A_GROUP = 8_192
# History is written once and read by every backtest: half as long to read as zstd's, for a tenth more room.
_COMPRESSION = "lz4"


def schema(kind: Kind) -> Any:
    """Return the Arrow schema of a kind's files."""
    fields = [(TIME, pa.timestamp("ns", tz="UTC"))]
    return pa.schema([*fields, *((name, pa.float64()) for name in kind.columns)])


def read_file(path: Path, kind: Kind, symbol: str) -> Rows:
    """Return all rows as they stand, sorted or not. Raises ConfigError for another kind's file."""
    with _opened(path, kind) as file:
        return _rows(path, file, kind, symbol, list(range(file.metadata.num_row_groups)))


def read_between(path: Path, kind: Kind, symbol: str, start: int, end: int) -> Rows:
    """Return the rows whose times lie in [start, end), ns UTC.

    Raises ConfigError for another kind's file, a torn one and one that is not in order.
    """
    with _opened(path, kind) as file:
        groups = [
            group
            for group, (first, last) in enumerate(_spans(file))
            if first < end and last >= start
        ]
        rows = _rows(path, file, kind, symbol, groups)
    if (np.diff(rows.start) < 0).any():
        raise ConfigError(
            f"{path}: the rows are not in the order of time; `liu data check {symbol}` says where."
            " Export from the source and import again with --replace after removing the file"
        )
    found = rows.between(start, end)
    # A small part of what was decoded must not keep the whole of it in memory.
    return found if 2 * len(found) > len(rows) else found.take(np.arange(len(found)))


def read_span(path: Path, kind: Kind) -> tuple[int, int] | None:
    """Return the first and the last time, ns UTC, without reading rows; None for no rows."""
    with _opened(path, kind) as file:
        spans = list(_spans(file))
    return (min(s[0] for s in spans), max(s[1] for s in spans)) if spans else None


def count_rows(path: Path, kind: Kind) -> int:
    """Return how many rows a file has."""
    with _opened(path, kind) as file:
        return int(file.metadata.num_rows)


def write_file(path: Path, kind: Kind, rows: Rows) -> None:
    """Write a file whole, in place of what is there. Raises StoreError, the old file being untouched."""
    table = pa.table(
        [pa.array(rows.start).cast(pa.timestamp("ns", tz="UTC")), *map(pa.array, rows.values)],
        schema=schema(kind),
    )
    write_whole(
        path,
        lambda file: pq.write_table(
            table,
            file,
            compression=_COMPRESSION,
            row_group_size=ROWS_A_GROUP,
            write_statistics=True,
        ),
    )


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Have a file written beside `path` and put into its place once it is on the disk.

    Raises StoreError, the old file being untouched.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except (pa.ArrowException, OSError) as exc:
        raise StoreError(
            f"{path}: cannot be written ({_reason(exc)}); what was there before is untouched. Make"
            " room or mend the rights, and do it again"
        ) from exc
    finally:
        # After the rename there is nothing of this name.
        beside.unlink(missing_ok=True)


@contextmanager
def _opened(path: Path, kind: Kind) -> Iterator[Any]:
    try:
        with pq.ParquetFile(path, memory_map=True) as file:
            found, expected = file.schema_arrow, schema(kind)
            if found.names != expected.names or found.types != expected.types:
                raise ConfigError(_foreign(path, kind, found))
            yield file
    except (pa.ArrowException, OSError) as exc:
        raise ConfigError(
            f"{path}: cannot be read ({_reason(exc)}); remove the file and import its rows again"
        ) from exc


def _foreign(path: Path, kind: Kind, found: Any) -> str:
    def described(one: Any) -> str:
        return ", ".join(f"{field.name} {field.type}" for field in one) or "nothing"

    return (
        f"{path}: not a file of {kind.row_name}s; found {described(found)}; expected"
        f" {described(schema(kind))}; move it out of the lake and use `liu data import FILE`"
    )


def _spans(file: Any) -> Iterator[tuple[int, int]]:
    """Iterate over the first and last time of each row group."""
    for group in range(file.metadata.num_row_groups):
        found = file.metadata.row_group(group).column(0).statistics
        if found is None or not found.has_min_max:
            column = file.read_row_group(group, columns=[TIME]).column(0)
            times = numbers(column.cast(pa.int64()), np.int64)
            yield int(times.min()), int(times.max())
        else:
            yield int(found.min_raw), int(found.max_raw)


def _rows(path: Path, file: Any, kind: Kind, symbol: str, groups: list[int]) -> Rows:
    if not groups:
        return no_rows(kind, symbol)
    table = file.read_row_groups(groups, use_threads=False)
    if any(column.null_count for column in table.columns):
        raise ConfigError(
            f"{path}: has rows without a value; remove the file and import its rows again"
        )
    parts = [
        Rows(
            symbol,
            numbers(batch.column(0).cast(pa.int64()), np.int64),
            tuple(numbers(batch.column(i), np.float64) for i in range(1, len(kind.columns) + 1)),
        )
        for batch in table.combine_chunks().to_batches()
    ]
    return joined(parts) if parts else no_rows(kind, symbol)


def _reason(exc: Exception) -> str:
    return (getattr(exc, "strerror", None) or str(exc)).splitlines()[0]
