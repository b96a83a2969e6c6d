"""Which days of the lake a vendor's feed filled, so that nothing is asked for twice.

    kept/minute/AAPL.json      {"alpaca/sip": [["2026-11-02", "2026-11-20"]]}

A day that is marked is whole: what it lacks, the feed does not have. Rows of days without a mark
came from elsewhere, from an import, and no vendor's rows ever take their place.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from urllib.parse import quote, unquote

import msgspec
import numpy as np

from liualgotrader.common.errors import ConfigError
from liualgotrader.data.lake.day_ranges import Range, missing, with_range, without_range
from liualgotrader.data.lake.days import FOREVER, NEVER, day_numbers, day_start
from liualgotrader.data.lake.kinds import Kind
from liualgotrader.data.lake.layout import check_symbol, split_rows
from liualgotrader.data.lake.merging import check_rows
from liualgotrader.data.lake.row_files import read_between, write_file, write_whole
from liualgotrader.data.lake.rows import Mask, Rows, joined, no_rows
from liualgotrader.data.lake.store import Lake

FOLDER = "kept"
ACTIONS = "actions"
"""In place of a kind: the days of which a vendor's corporate actions are known."""
_Marks = dict[str, list[tuple[date, date]]]
_decoder = msgspec.json.Decoder(_Marks)


class Kept:
    """The marks of a lake, and the rows that go with them. One process writes at a time."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def missing(self, kind: Kind | str, symbol: str, source: str, wanted: Range) -> list[Range]:
        """Return which of these days (ordinals, both ends included) a source has not filled."""
        return missing(self._marks(kind, symbol).get(source, ()), wanted)

    def symbols(self, kind: Kind, source: str, day: date) -> list[str]:
        """Return the symbols whose rows of a day came from a source, sorted."""
        number = day.toordinal()
        return sorted(
            symbol
            for symbol, marks in self.marks(kind)
            if not missing(marks.get(source, ()), (number, number))
        )

    def marks(self, kind: Kind) -> list[tuple[str, dict[str, list[Range]]]]:
        """Return every symbol's marks: by source, the days that it filled."""
        folder = self._lake.root / FOLDER / kind.value
        return [_read(path) for path in folder.glob("*.json")] if folder.is_dir() else []

    def rows(self, kind: Kind, symbol: str, start: int, end: int) -> Rows:
        """Return the rows of [start, end), ns UTC, that are stored under this very name."""
        parts = [
            read_between(part.path, kind, symbol, max(start, part.start), min(end, part.end))
            for part in self._lake.parts(kind, symbol)
            if part.start < end and start < part.end
        ]
        return joined(parts) if parts else no_rows(kind, symbol)

    def fill(self, kind: Kind, rows: Rows, source: str, days: Range) -> None:
        """Make these the rows of the days, and mark the days as filled by the source.

        Rows of marked days go; those of days without a mark stay, and keep their places. Raises
        ConfigError for rows that cannot be or are of other days, StoreError when the disk fails.
        """
        symbol = check_symbol(rows.symbol)
        check_rows(kind, rows)
        start, end = bounds(symbol, days)
        if len(rows) and not (start <= rows.start[0] and rows.start[-1] < end):
            raise ConfigError(f"{symbol}: rows of other days than are to be filled; cut them first")
        with self._lake.locked():
            marks = self._marks(kind, symbol)
            old = self.rows(kind, symbol, start, end)
            stays = old.take(~_marked(old, marks))
            new = rows.take(~np.isin(rows.start, stays.start))
            both = joined([stays, new])
            self._put(kind, both.take(np.argsort(both.start, kind="stable")), start, end)
            self._write(kind, symbol, _moved(marks, source, days))

    def note(self, what: str, symbol: str, source: str, days: Range) -> None:
        """Mark days without rows. Raises StoreError when the disk fails."""
        with self._lake.locked():
            marks = self._marks(what, symbol)
            self._write(what, symbol, _moved(marks, source, days))

    def _put(self, kind: Kind, rows: Rows, start: int, end: int) -> None:
        """Make these the rows of [start, end). Files that nothing is left of go."""
        new = {part.path: piece for part, piece in split_rows(self._lake.root, kind, rows)}
        for part in self._lake.parts(kind, rows.symbol):
            if part.start < end and start < part.end and part.path not in new:
                new[part.path] = no_rows(kind, rows.symbol)
        for path, piece in new.items():
            around = [piece]
            if path.exists():
                before = read_between(path, kind, rows.symbol, NEVER, start)
                around = [before, piece, read_between(path, kind, rows.symbol, end, FOREVER)]
            whole = joined(around)
            if len(whole):
                write_file(path, kind, whole)
            else:
                path.unlink(missing_ok=True)

    def _path(self, kind: Kind | str, symbol: str) -> Path:
        name = kind.value if isinstance(kind, Kind) else kind
        return self._lake.root / FOLDER / name / (quote(check_symbol(symbol), safe="") + ".json")

    def _marks(self, kind: Kind | str, symbol: str) -> dict[str, list[Range]]:
        path = self._path(kind, symbol)
        return _read(path)[1] if path.exists() else {}

    def _write(self, kind: Kind | str, symbol: str, marks: Mapping[str, list[Range]]) -> None:
        told = {
            source: [(date.fromordinal(first), date.fromordinal(last)) for first, last in ranges]
            for source, ranges in sorted(marks.items())
            if ranges
        }
        data = msgspec.json.encode(told)
        write_whole(self._path(kind, symbol), lambda file: file.write(data))


def _read(path: Path) -> tuple[str, dict[str, list[Range]]]:
    """Return a file's symbol and marks. Raises ConfigError for what is no such file."""
    try:
        told = _decoder.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError) as exc:
        raise ConfigError(
            f"{path}: cannot be read ({exc}); remove it, and days are fetched again"
        ) from exc
    return unquote(path.stem), {
        source: [(first.toordinal(), last.toordinal()) for first, last in ranges]
        for source, ranges in told.items()
    }


def _moved(marks: Mapping[str, list[Range]], source: str, days: Range) -> dict[str, list[Range]]:
    """Return the marks after a source has filled days: they are no other source's any more."""
    moved = {name: without_range(ranges, days) for name, ranges in marks.items()}
    return moved | {source: with_range(moved.get(source, []), days)}


def _marked(rows: Rows, marks: Mapping[str, list[Range]]) -> Mask:
    numbers = day_numbers(rows.symbol, rows.start) if len(rows) else rows.start
    mask: Mask = np.zeros(len(rows), np.bool_)
    for ranges in marks.values():
        for first, last in ranges:
            mask |= (first <= numbers) & (numbers <= last)
    return mask


def bounds(symbol: str, days: Range) -> tuple[int, int]:
    """Return the midnight that begins the days and the one that ends them, ns UTC."""
    first, after = (date.fromordinal(number) for number in (days[0], days[1] + 1))
    return day_start(symbol, first), day_start(symbol, after)
