"""One Parquet file of trades, quotes or bars, read in bounded pieces and checked row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from liualgotrader.common.errors import ConfigError
from liualgotrader.data import arrow_numbers
from liualgotrader.exchange.columns import BAR, QUOTE, TRADE, Columns, Floats, of_kind

Mask = NDArray[np.bool_]

BATCH_ROWS = 65_536


class Content(StrEnum):
    """What a file has in its rows."""

    TRADES = "trades"
    QUOTES = "quotes"
    BARS = "bars"


ACCEPTED = {
    Content.TRADES: ("price", "size"),
    Content.QUOTES: ("bid", "ask", "bid_size", "ask_size"),
    Content.BARS: ("open", "high", "low", "close", "volume"),
}
PRICES = {Content.TRADES: 1, Content.QUOTES: 2, Content.BARS: 4}
"""How many of the accepted columns, from the first, are prices."""
KINDS = {Content.TRADES: TRADE, Content.QUOTES: QUOTE, Content.BARS: BAR}
_KEYS = ("symbol", "timestamp")
_OTHER_NAMES = {"bid": "bid_price", "ask": "ask_price"}


class SymbolTable:
    """The symbols of all files of a tape, numbered as they are met."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}

    def numbers(self, column: Any) -> NDArray[np.int32]:
        """Return the column's symbols as numbers; -1 where there is none."""
        encoded = pc.dictionary_encode(column.cast(pa.string()))
        numbers = [self._number(name) for name in encoded.dictionary.to_pylist()]
        indices = arrow_numbers.numbers(encoded.indices.fill_null(len(numbers)), np.int32)
        known = np.array([*numbers, -1], np.int32)
        taken: NDArray[np.int32] = known[indices]
        return taken

    def _number(self, name: str | None) -> int:
        if not name:
            return -1
        if name not in self._numbers:
            self._numbers[name] = len(self.names)
            self.names.append(name)
        return self._numbers[name]


class TapeFile:
    """A file that has the right columns. Raises ConfigError for any other."""

    def __init__(self, path: Path, symbols: SymbolTable) -> None:
        self.path = path
        self.symbols = symbols
        self._file = _opened(path)
        schema = self._file.schema_arrow
        self.content = _content(path, schema.names)
        self._columns = [_present(name, schema.names) for name in ACCEPTED[self.content]]
        _check_types(path, schema, self._columns)

    @property
    def groups(self) -> int:
        """How many row groups it has."""
        return int(self._file.metadata.num_row_groups)

    def rows(self, group: int, skipped: Counter[str] | None = None) -> Iterator[Columns]:
        """Iterate over the good rows of a group as they stand, in pieces.

        Here `moment` is the row's timestamp, also of a bar. Bad rows are left out and counted, by
        reason.
        """
        names = [*_KEYS, *self._columns]
        try:
            for batch in self._file.iter_batches(BATCH_ROWS, row_groups=[group], columns=names):
                yield self._good(batch, skipped if skipped is not None else Counter())
        except (pa.ArrowException, OSError) as exc:
            raise ConfigError(f"{self.path}: cannot be read ({exc}); write the file anew") from exc

    def _good(self, batch: Any, skipped: Counter[str]) -> Columns:
        stamps = batch.column("timestamp").cast(pa.timestamp("ns"))
        moment = arrow_numbers.numbers(stamps.cast(pa.int64()).fill_null(0), np.int64)
        symbol = self.symbols.numbers(batch.column("symbol"))
        values = [_floats(batch.column(name)) for name in self._columns]
        reasons = [
            ("without a time", arrow_numbers.flags(stamps.is_null())),
            ("without a symbol", symbol < 0),
            *_BAD[self.content](values),
        ]
        good = np.ones(len(moment), np.bool_)
        for reason, bad in reasons:
            if count := int(np.count_nonzero(good & bad)):
                skipped[reason] += count
            good &= ~bad
        rows = of_kind(KINDS[self.content], symbol=symbol, moment=moment, values=values)
        return rows if good.all() else rows.take(good)


def _opened(path: Path) -> Any:
    try:
        return pq.ParquetFile(path, memory_map=True)
    except FileNotFoundError as exc:
        raise ConfigError(
            f"{path}: there is no such file; check the path given with --tape"
        ) from exc
    except (pa.ArrowException, OSError) as exc:
        raise ConfigError(
            f"{path}: not a Parquet file that can be read ({exc}); a CSV becomes one with"
            " pandas: read_csv(FILE, parse_dates=['timestamp']).to_parquet(...)"
        ) from exc


def _present(name: str, names: Sequence[str]) -> str | None:
    return next((n for n in (name, _OTHER_NAMES.get(name)) if n in names), None)


def _content(path: Path, names: Sequence[str]) -> Content:
    fits = [c for c, needed in ACCEPTED.items() if all(_present(n, names) for n in needed)]
    missing = [name for name in _KEYS if name not in names]
    if len(fits) == 1 and not missing:
        return fits[0]
    found = f"found {', '.join(names) or 'nothing'}"
    if missing and fits:
        raise ConfigError(f"{path}: no column {' and no column '.join(missing)}; {found}")
    if fits:
        raise ConfigError(
            f"{path}: may be {' or '.join(fits)}; {found}; leave the columns of one of them"
        )
    raise ConfigError(
        f"{path}: neither trades nor quotes nor bars; {found}; needed are symbol, timestamp and"
        f" {'; or '.join(', '.join(needed) for needed in ACCEPTED.values())}"
    )


def _check_types(path: Path, schema: Any, columns: Sequence[str | None]) -> None:
    time = schema.field("timestamp").type
    if not pa.types.is_timestamp(time):
        raise ConfigError(
            f"{path}: timestamp is {time}; it should be a timestamp, with a zone or in UTC, for"
            " example by pandas.to_datetime(..., utc=True)"
        )
    symbol = schema.field("symbol").type
    if pa.types.is_dictionary(symbol):
        symbol = symbol.value_type
    if not (pa.types.is_string(symbol) or pa.types.is_large_string(symbol)):
        raise ConfigError(f"{path}: symbol is {symbol}; it should be text")
    for name in columns:
        kind = schema.field(name).type
        if not (
            pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind)
        ):
            raise ConfigError(f"{path}: {name} is {kind}; it should be a number")


def _floats(column: Any) -> Floats:
    return arrow_numbers.numbers(column.cast(pa.float64()).fill_null(np.nan), np.float64)


def _not_positive(values: Sequence[Floats]) -> Mask:
    """Mark rows where one of these is not a positive, finite number. NaN compares as false."""
    good = np.ones(len(values[0]), np.bool_)
    for column in values:
        good &= (column > 0) & (column < np.inf)
    return ~good


def _negative(values: Sequence[Floats]) -> Mask:
    good = np.ones(len(values[0]), np.bool_)
    for column in values:
        good &= (column >= 0) & (column < np.inf)
    return ~good


def _bad_trades(values: Sequence[Floats]) -> list[tuple[str, Mask]]:
    return [("bad price", _not_positive(values[:1])), ("bad size", _not_positive(values[1:]))]


def _bad_quotes(values: Sequence[Floats]) -> list[tuple[str, Mask]]:
    # A locked or crossed market is no mistake: it happens, for moments, and it is quoted so.
    return [("bad price", _not_positive(values[:2])), ("bad size", _negative(values[2:]))]


def _bad_bars(values: Sequence[Floats]) -> list[tuple[str, Mask]]:
    opened, high, low, close, volume = values
    outside = (high < np.maximum(opened, close)) | (low > np.minimum(opened, close))
    return [
        ("bad price", _not_positive(values[:4])),
        ("bad volume", _negative([volume])),
        ("open or close outside the range", outside),
    ]


_BAD = {
    Content.TRADES: _bad_trades,
    Content.QUOTES: _bad_quotes,
    Content.BARS: _bad_bars,
}
