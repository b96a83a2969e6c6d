"""What is in a tape's files, found in one pass before anything is played."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.timestamps import format_time
from liualgotrader.exchange.columns import Columns, Floats, Ints, joined
from liualgotrader.exchange.parquet_rows import BATCH_ROWS, PRICES, Content, TapeFile

SECOND = 1_000_000_000
HOUR = 3_600 * SECOND
DAY_SECONDS = 86_400
_SYMBOL_BITS = 32
_MOST_DECIMALS = 9


@dataclass(slots=True)
class Stretch:
    """A symbol's rows within an hour: how many, from when to when."""

    count: int
    first: int
    last: int


@dataclass(slots=True)
class Survey:
    """What one file holds. `hours` is by number of the symbol and hour of UTC since the epoch."""

    file: TapeFile
    skipped: Counter[str] = field(default_factory=Counter)
    hours: dict[tuple[int, int], Stretch] = field(default_factory=dict)
    decimals: dict[int, int] = field(default_factory=dict)
    unsorted_groups: set[int] = field(default_factory=set)
    seconds: int = 60

    @property
    def is_daily(self) -> bool:
        """Whether its rows are bars of a day or longer: history, not events."""
        return self.file.content is Content.BARS and self.seconds >= DAY_SECONDS

    def chunks(self) -> Iterator[Columns]:
        """Iterate over the good rows in the order of time, in pieces."""
        for group in range(self.file.groups):
            if group not in self.unsorted_groups:
                yield from self.file.rows(group)
                continue
            whole = joined(list(self.file.rows(group))).in_order()
            for begin in range(0, len(whole), BATCH_ROWS):
                yield whole.take(slice(begin, begin + BATCH_ROWS))


def survey(file: TapeFile) -> Survey:
    """Read a file once. Raises ConfigError if its row groups overlap in time or no row is good."""
    found = Survey(file)
    gaps: Counter[int] = Counter()
    ends: int | None = None
    for group in range(file.groups):
        span = _survey_group(found, group, gaps)
        if span is None:
            continue
        if ends is not None and span[0] < ends:
            raise ConfigError(_overlap(file, group, span[0], ends))
        ends = span[1]
    if ends is None:
        raise ConfigError(f"{file.path}: has no good row; skipped: {dict(found.skipped) or 'none'}")
    if gaps:
        found.seconds = min(gaps, key=lambda gap: (-gaps[gap], gap))
    return found


def _survey_group(found: Survey, group: int, gaps: Counter[int]) -> tuple[int, int] | None:
    """Note what is in a row group and return its first and last time, None if no row is good."""
    first: int | None = None
    last: int | None = None
    for rows in found.file.rows(group, found.skipped):
        if not len(rows):
            continue
        _note_hours(found, rows)
        _note_decimals(found, rows)
        if found.file.content is Content.BARS:
            gaps.update(_gaps(rows))
        if (last is not None and rows.moment[0] < last) or (np.diff(rows.moment) < 0).any():
            found.unsorted_groups.add(group)
        low, high = int(rows.moment.min()), int(rows.moment.max())
        first = low if first is None else min(first, low)
        last = high if last is None else max(last, high)
    return None if first is None or last is None else (first, last)


def _overlap(file: TapeFile, group: int, first: int, ends: int) -> str:
    return (
        f"{file.path}: row group {group} begins at {format_time(first)}, before the one in front of it"
        f" ends at {format_time(ends)}; sort the file by time, for example with pandas:"
        " read_parquet(FILE).sort_values('timestamp', kind='stable').to_parquet(FILE)"
    )


def _note_hours(found: Survey, rows: Columns) -> None:
    key = (rows.moment // HOUR << _SYMBOL_BITS) | rows.symbol
    keys, place, counts = np.unique(key, return_inverse=True, return_counts=True)
    first = np.full(len(keys), np.iinfo(np.int64).max)
    last = np.full(len(keys), np.iinfo(np.int64).min)
    np.minimum.at(first, place, rows.moment)
    np.maximum.at(last, place, rows.moment)
    for k, count, begin, end in zip(
        keys.tolist(), counts.tolist(), first.tolist(), last.tolist(), strict=True
    ):
        at = (k & ((1 << _SYMBOL_BITS) - 1), k >> _SYMBOL_BITS)
        known = found.hours.setdefault(at, Stretch(0, begin, end))
        known.count += count
        known.first, known.last = min(known.first, begin), max(known.last, end)


def _note_decimals(found: Survey, rows: Columns) -> None:
    """Find the decimals of the prices of pairs like BTC/USD, whose tick is in no rule."""
    for number in np.unique(rows.symbol).tolist():
        if is_crypto(found.file.symbols.names[number]):
            for column in rows.values[: PRICES[found.file.content]]:
                prices = np.unique(column[rows.symbol == number])
                found.decimals[number] = _decimals(prices, found.decimals.get(number, 0))


def _decimals(prices: Floats, least: int) -> int:
    for decimals in range(least, _MOST_DECIMALS):
        scaled = prices * 10**decimals
        if (np.abs(scaled - np.rint(scaled)) <= 1e-9 * np.maximum(scaled, 1e-3)).all():
            return decimals
    return _MOST_DECIMALS


def _gaps(rows: Columns) -> dict[int, int]:
    """Count the whole seconds between neighbouring rows of the same symbol."""
    order = np.argsort(rows.symbol, kind="stable")
    symbol, moment = rows.symbol[order], rows.moment[order]
    steps: Ints = np.diff(moment)[symbol[1:] == symbol[:-1]] // SECOND
    seconds, counts = np.unique(steps[steps > 0], return_counts=True)
    return dict(zip(seconds.tolist(), counts.tolist(), strict=True))


def is_crypto(symbol: str) -> bool:
    """Whether it is a pair of currencies, such as BTC/USD, and so trades around the clock."""
    return "/" in symbol
