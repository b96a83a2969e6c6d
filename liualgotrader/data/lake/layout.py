"""Where the lake keeps what: a file per symbol, year or day.

    day/SYMBOL.parquet  minute/SYMBOL/YYYY.parquet  trades/SYMBOL/YYYY-MM-DD.parquet  quotes/...

Symbols are percent-quoted, so BTC/USD is BTC%2FUSD. A year is UTC's; a day is the market's.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote

import numpy as np

from liualgotrader.common.errors import ConfigError
from liualgotrader.data.lake.days import (
    FOREVER,
    NEVER,
    SECOND,
    day_numbers,
    day_start,
)
from liualgotrader.data.lake.kinds import Kind
from liualgotrader.data.lake.rows import Rows

FOLDER = "history"
"""Where the lake lies in LIU_HOME."""
SUFFIX = ".parquet"
_LONGEST = 80


class Part(NamedTuple):
    """A file and the stretch of time that its rows lie in, [start, end) in ns UTC."""

    path: Path
    start: int
    end: int


def check_symbol(symbol: str) -> str:
    """Return the symbol. Raises ConfigError for what cannot be one."""
    if (
        not symbol.isprintable()
        or symbol != symbol.strip()
        or not symbol.strip(".")
        or symbol.startswith(".")
        or len(symbol) > _LONGEST
    ):
        raise ConfigError(f"{symbol!r} cannot be a symbol; give one such as AAPL or BTC/USD")
    return symbol


def place(root: Path, kind: Kind, symbol: str) -> Path:
    """Return the file (day bars) or the folder that holds a symbol's rows."""
    name = quote(check_symbol(symbol), safe="")
    return root / kind.value / (name + SUFFIX if kind is Kind.DAY else name)


def stored_symbols(root: Path, kind: Kind) -> list[str]:
    """Return the symbols that there are rows of, sorted."""
    folder = root / kind.value
    if not folder.is_dir():
        return []
    names = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
    if kind is Kind.DAY:
        return sorted(unquote(n.removesuffix(SUFFIX)) for n in names if n.endswith(SUFFIX))
    return sorted(unquote(name) for name in names if _files(folder / name))


def stored_parts(root: Path, kind: Kind, symbol: str) -> list[Part]:
    """Return a symbol's files, oldest first. Raises ConfigError for one that does not belong."""
    where = place(root, kind, symbol)
    if kind is Kind.DAY:
        return [Part(where, NEVER, FOREVER)] if where.is_file() else []
    return [_part(path, kind, symbol) for path in sorted(_files(where))]


def split_rows(root: Path, kind: Kind, rows: Rows) -> list[tuple[Part, Rows]]:
    """Cut rows, in the order of time, by the files that they go into."""
    where = place(root, kind, rows.symbol)
    if not len(rows):
        return []
    if kind is Kind.DAY:
        return [(Part(where, NEVER, FOREVER), rows)]
    if kind is Kind.MINUTE:
        keys = rows.start.astype("datetime64[ns]").astype("datetime64[Y]").astype(np.int64) + 1970
        names = [f"{year:04d}" for year in np.unique(keys).tolist()]
    else:
        keys = day_numbers(rows.symbol, rows.start)
        names = [date.fromordinal(number).isoformat() for number in np.unique(keys).tolist()]
    cuts = np.flatnonzero(np.diff(keys)) + 1
    bounds = [0, *cuts.tolist(), len(rows)]
    return [
        (_part(where / (name + SUFFIX), kind, rows.symbol), rows.cut(begin, stop))
        for name, begin, stop in zip(names, bounds[:-1], bounds[1:], strict=True)
    ]


def _files(folder: Path) -> list[Path]:
    """Hidden files, such as one that is being written, are none of the lake's."""
    if not folder.is_dir():
        return []
    return [path for path in folder.iterdir() if not path.name.startswith(".")]


def _part(path: Path, kind: Kind, symbol: str) -> Part:
    try:
        if path.suffix != SUFFIX:
            raise ValueError
        if kind is Kind.MINUTE:
            year = int(path.stem)
            return Part(path, _new_year(year), _new_year(year + 1))
        day = date.fromisoformat(path.stem)
    except ValueError:
        name = "YYYY" if kind is Kind.MINUTE else "YYYY-MM-DD"
        raise ConfigError(
            f"{path}: files here are called {name}{SUFFIX}; move it out of the lake"
        ) from None
    return Part(
        path, day_start(symbol, day), day_start(symbol, date.fromordinal(day.toordinal() + 1))
    )


def _new_year(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * SECOND
