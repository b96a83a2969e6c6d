"""A file of somebody's, turned into rows of the lake, or into a list of what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from liualgotrader.common.errors import ConfigError
from liualgotrader.data.lake.days import DAY, SECOND, Ints, day_numbers, day_starts, is_crypto
from liualgotrader.data.lake.intake.columns import Guess, guess
from liualgotrader.data.lake.intake.grain import bar_kind
from liualgotrader.data.lake.intake.table import Mistake, Table, column_names, read_table
from liualgotrader.data.lake.intake.times import Times, read_times
from liualgotrader.data.lake.kinds import BAR_COLUMNS, QUOTE_COLUMNS, TRADE_COLUMNS, Kind
from liualgotrader.data.lake.layout import check_symbol
from liualgotrader.data.lake.rows import Floats, Mask, Rows, impossible

_SHOWN = 20
_LIKE_A_TICKER = 6


class Options(msgspec.Struct, frozen=True):
    """What the user says of a file.

    `symbol`: of a file without a column for it. `kind`: where it cannot be seen. `zone`: of times
    that do not say theirs. `bar_end`: bars carry the time of their end, not of their start.
    """

    symbol: str | None = None
    kind: Kind | None = None
    zone: str | None = None
    bar_end: bool = False


class Intake(msgspec.Struct, frozen=True):
    """What is in a file: rows by symbol, all good, and what its columns were taken for."""

    kind: Kind
    rows: dict[str, Rows]
    described: str


def read_intake(path: Path, options: Options) -> Intake:
    """Read a file of trades, quotes or bars.

    Raises ConfigError when it cannot be understood, and when a row cannot be: with `FILE:LINE` (of
    Parquet, the number of the row) for each mistake, up to twenty.
    """
    wanted = options.kind.columns if options.kind is not None else None
    columns = guess(path, column_names(path), wanted)
    symbol = _only_symbol(path, columns, options)
    names = [
        *columns.columns.values(),
        *columns.time,
        *([columns.symbol] if columns.symbol else ()),
    ]
    table = read_table(path, list(dict.fromkeys(names)))
    if not len(table.lines) and not table.mistakes:
        raise ConfigError(f"{path}: has no rows")
    reader = _Reader(path, table, columns, options)
    symbols = reader.symbols(symbol)
    kind, starts = reader.starts(symbols)
    found = reader.rows(kind, symbols, starts)
    reader.refuse_mistakes()
    return Intake(kind, found, f"{kind.row_name}s; {columns}; {reader.times.how}")


def _only_symbol(path: Path, columns: Guess, options: Options) -> str | None:
    """Return the symbol of a file that has no column for it."""
    if columns.symbol is not None:
        if options.symbol is not None:
            raise ConfigError(
                f"{path}: has the symbols in its column {columns.symbol}; leave --symbol out"
            )
        return None
    if options.symbol is not None:
        return check_symbol(options.symbol)
    name = path.name.split(".")[0]
    if name.isascii() and name.isalpha() and name.isupper() and len(name) <= _LIKE_A_TICKER:
        return name
    raise ConfigError(
        f"{path}: no column with the symbol; say it with --symbol, as in --symbol AAPL"
    )


class _Reader:
    """Goes through a table and notes every mistake with its line."""

    def __init__(self, path: Path, table: Table, columns: Guess, options: Options) -> None:
        self._path = path
        self._table = table
        self._columns = columns
        self._options = options
        self._mistakes = list(table.mistakes)
        try:
            self.times: Times = read_times([table.columns[n] for n in columns.time], options.zone)
        except ConfigError as exc:
            raise ConfigError(f"{path}: {exc}") from exc
        self._good = ~self.times.bad
        self._note(self.times.bad, self.times.reason)

    def symbols(self, only: str | None) -> dict[str, Ints]:
        """Return the symbols and which rows are theirs."""
        if only is not None or self._columns.symbol is None:
            assert only is not None  # one of them says it
            return {only: np.arange(len(self._table.lines))}
        column = pc.utf8_trim_whitespace(
            self._table.columns[self._columns.symbol].cast(pa.string())
        )
        coded = pc.dictionary_encode(column.combine_chunks())
        codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        found: dict[str, Ints] = {}
        order = np.argsort(codes, kind="stable")
        bounds = codes[order].searchsorted(np.arange(len(coded.dictionary) + 1))
        self._note(codes < 0, "no symbol")
        for number, name in enumerate(coded.dictionary.to_pylist()):
            mine = order[bounds[number] : bounds[number + 1]]
            try:
                found[check_symbol(name)] = mine
            except ConfigError as exc:
                self._note_at(mine, str(exc) if name else "no symbol")
        return found

    def starts(self, symbols: dict[str, Ints]) -> tuple[Kind, Ints]:
        """Return the kind of the rows and the times that the lake gives them, ns UTC."""
        kind = self._kind(symbols)
        if kind is Kind.DAY:
            return kind, self._midnights(symbols)
        if self.times.days is not None:
            raise ConfigError(
                f"{self._path}: has days without a time of day, and {kind.row_name}s need one"
            )
        early = kind.seconds * SECOND if self._options.bar_end else 0
        return kind, self.times.ns - early

    def rows(self, kind: Kind, symbols: dict[str, Ints], starts: Ints) -> dict[str, Rows]:
        """Return the rows of each symbol in the order of time; what is wrong is noted."""
        values = [self._numbers(ours, theirs) for ours, theirs in self._columns.columns.items()]
        found = {}
        for symbol, mine in symbols.items():
            mine = mine[self._good[mine]]
            mine = mine[np.argsort(starts[mine], kind="stable")]
            rows = Rows(symbol, starts[mine], tuple(column[mine] for column in values))
            for reason, wrong in impossible(kind, rows):
                self._note_at(mine[wrong], reason)
            if kind.is_bar:
                self._note_repeated(kind, mine, rows.start)
            found[symbol] = rows
        return found

    def refuse_mistakes(self) -> None:
        """Raise ConfigError when there was any, line by line."""
        if not self._mistakes:
            return
        # A line may be wrong in several ways; the first is enough.
        first: dict[int, str] = {}
        for line, text in self._mistakes:
            first.setdefault(line, text)
        lines = [f"{self._path}:{line}: {first[line]}" for line in sorted(first)]
        more = [f"... and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
        raise ConfigError(
            "\n".join([*lines[:_SHOWN], *more, f"{self._path}: nothing of it was written"])
        )

    def _kind(self, symbols: dict[str, Ints]) -> Kind:
        names = tuple(self._columns.columns)
        if names != BAR_COLUMNS:
            return {TRADE_COLUMNS: Kind.TRADES, QUOTE_COLUMNS: Kind.QUOTES}[names]
        if self._options.kind is not None:
            return self._options.kind
        times = [self.times.ns[mine[self._good[mine]]] for mine in symbols.values()]
        return bar_kind(self._path, times, by_days=self.times.days is not None)

    def _midnights(self, symbols: dict[str, Ints]) -> Ints:
        """Return the midnights of day bars, whatever moment of the day they carry."""
        starts = np.zeros(len(self._good), np.int64)
        for symbol, mine in symbols.items():
            mine = mine[self._good[mine]]
            days = self._days(symbol, mine)
            starts[mine] = day_starts(symbol, days)
        return starts

    def _days(self, symbol: str, mine: Ints) -> Ints:
        if self.times.days is not None:
            return self.times.days[mine]
        ns = self.times.ns[mine] - (1 if self._options.bar_end else 0)
        # Vendors stamp the days of equities with midnight in UTC as well as in New York.
        as_utc = not self._options.bar_end and not is_crypto(symbol) and not (ns % DAY).any()
        return day_numbers("UTC/" if as_utc else symbol, ns)

    def _numbers(self, ours: str, theirs: str) -> Floats:
        column = self._table.columns[theirs]
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            return self._parsed(ours, pc.utf8_trim_whitespace(column))
        try:
            numbers = column.cast(pa.float64())
        except pa.ArrowException as exc:
            raise ConfigError(
                f"{self._path}: the column {theirs} is {column.type}, not numbers"
            ) from exc
        self._note(numbers.is_null().to_numpy(), f"{ours} is missing")
        found: Floats = numbers.fill_null(np.nan).to_numpy()
        return found

    def _parsed(self, ours: str, column: Any) -> Floats:
        try:
            found: Floats = column.cast(pa.float64()).to_numpy()
        except pa.ArrowException:
            found = np.array([self._number(i, ours, t) for i, t in enumerate(column.to_pylist())])
        return found

    def _number(self, row: int, ours: str, text: str | None) -> float:
        try:
            return float(text or "")
        except ValueError:
            what = f"{text} is not a number" if text else "is missing"
            self._note_at(np.array([row]), f"{ours} {what}" if not text else f"{ours} = {what}")
            return np.nan

    def _note_repeated(self, kind: Kind, mine: Ints, starts: Ints) -> None:
        again = np.flatnonzero(np.diff(starts) == 0) + 1
        for row in again.tolist():
            first = self._table.lines[mine[int(starts.searchsorted(starts[row]))]]
            self._note_at(
                mine[row : row + 1], f"a {kind.row_name} of the same time as line {first}"
            )

    def _note(self, wrong: Mask, text: str) -> None:
        self._note_at(np.flatnonzero(wrong), text)

    def _note_at(self, rows: Sequence[int] | Ints, text: str) -> None:
        self._mistakes += [Mistake(line, text) for line in self._table.lines[rows].tolist()]
