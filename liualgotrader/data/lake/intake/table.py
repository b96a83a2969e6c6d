"""A CSV or Parquet file as columns, each row with the line that it stands in."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from liualgotrader.common.errors import ConfigError
from liualgotrader.data.lake.days import Ints

_DELIMITERS = ",;\t"
_FORMATS = (".csv", ".csv.gz", ".parquet")


class Mistake(NamedTuple):
    """What is wrong with a line (of Parquet: a row, from 1)."""

    line: int
    text: str


class Table(NamedTuple):
    """Columns by name; `lines` says where each row stands. A CSV file's columns are text."""

    columns: dict[str, Any]
    lines: Ints
    mistakes: list[Mistake]


def column_names(path: Path) -> list[str]:
    """Return the names of a file's columns. Raises ConfigError for what is no such file."""
    try:
        if _format(path) == ".parquet":
            return list(pq.read_schema(path).names)
        names, _ = _header(path)
    except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError) as exc:
        raise ConfigError(_unreadable(path, exc)) from exc
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ConfigError(f"{path}:1: the column {repeated[0]} is there twice; name it otherwise")
    return names


def read_table(path: Path, names: Sequence[str]) -> Table:
    """Return some columns of a file. Raises ConfigError when it cannot be read to its end."""
    try:
        if _format(path) == ".parquet":
            table = pq.read_table(path, columns=list(names))
            lines = np.arange(1, table.num_rows + 1)
            return Table({name: table.column(name) for name in names}, lines, [])
        return _read_csv(path, names)
    except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError) as exc:
        raise ConfigError(_unreadable(path, exc)) from exc


def _read_csv(path: Path, names: Sequence[str]) -> Table:
    header, delimiter = _header(path)
    dropped: list[int] = []
    mistakes: list[Mistake] = []

    def drop(row: Any) -> str:
        dropped.append(row.number)
        if row.text.strip():
            text = f"{row.actual_columns} values for {row.expected_columns} columns"
            mistakes.append(Mistake(row.number, text))
        return "skip"

    table = pyarrow.csv.read_csv(
        path,
        # With threads it does not know the numbers of rows.
        read_options=pyarrow.csv.ReadOptions(use_threads=False, column_names=header, skip_rows=1),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=delimiter, ignore_empty_lines=False, invalid_row_handler=drop
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types={name: pa.string() for name in header},
            include_columns=list(names),
            strings_can_be_null=False,
        ),
    )
    everything = np.arange(2, table.num_rows + len(dropped) + 2)
    lines = np.setdiff1d(everything, np.array(dropped, np.int64), assume_unique=True)
    blank = np.ones(table.num_rows, np.bool_)
    for name in names:
        blank &= pc.equal(table.column(name), "").to_numpy()
    table = table.filter(pa.array(~blank))
    return Table({name: table.column(name) for name in names}, lines[~blank], mistakes)


def _header(path: Path) -> tuple[list[str], str]:
    """Return the names in the first line, and what lies between them."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
        line = file.readline()
    delimiter = max(_DELIMITERS, key=line.count)
    names = next(csv.reader([line], delimiter=delimiter), [])
    return [name.strip() for name in names], delimiter


def _format(path: Path) -> str:
    found = next((each for each in _FORMATS if path.name.lower().endswith(each)), None)
    if found is None:
        raise ConfigError(f"{path}: the name should end with {', '.join(_FORMATS)}")
    return found


def _unreadable(path: Path, exc: Exception) -> str:
    if isinstance(exc, FileNotFoundError):
        return f"{path}: there is no such file"
    return f"{path}: cannot be read ({str(exc).splitlines()[0]}); write the file anew"
