"""The lake: reading stretches of time, writing what is new, and following a company's names."""

from __future__ import annotations

import fcntl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from liualgotrader.common.errors import ConfigError, StoreError
from liualgotrader.common.plan_errors import nearest
from liualgotrader.data.lake.actions import (
    Action,
    ActionKind,
    merged_actions,
    read_actions,
    write_actions,
)
from liualgotrader.data.lake.days import FOREVER, NEVER, day_start
from liualgotrader.data.lake.kinds import Kind
from liualgotrader.data.lake.layout import (
    Part,
    check_symbol,
    split_rows,
    stored_parts,
    stored_symbols,
)
from liualgotrader.data.lake.merging import Written, check_rows, merged
from liualgotrader.data.lake.row_files import (
    count_rows,
    read_between,
    read_span,
    write_file,
)
from liualgotrader.data.lake.rows import Rows, joined, no_rows

ACTIONS = "actions.csv"


class _Book(NamedTuple):
    """The recorded actions as of a version of their file: by symbol, and renames by new symbol."""

    version: tuple[int, int, int]
    actions: dict[str, list[Action]]
    renames: dict[str, list[Action]]


class Lake:
    """Rows of four kinds and corporate actions under one folder, which is made when first written.

    Prices are raw: as traded on the day. A symbol that came from a rename has the history of the
    old one before it, wherever that is stored.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known = _Book((0, 0, 0), {}, {})

    def symbols(self, kind: Kind) -> list[str]:
        """Return the symbols that there are rows of, sorted; delisted ones and old names too."""
        return stored_symbols(self.root, kind)

    def read(self, kind: Kind, symbol: str, start: int, end: int, *, as_of: int = FOREVER) -> Rows:
        """Return the rows whose times lie in [start, end), ns UTC; raw, oldest first.

        None when there are rows of other kinds only. Renames after `as_of` are not yet known.
        Raises ConfigError for a symbol that the lake does not know, and for a file that is torn,
        unsorted or of another kind.
        """
        stretches = self._stretches(kind, symbol, as_of)
        found = [
            part
            for name, begins, ends in stretches
            for part in self._read(kind, name, max(start, begins), min(end, ends))
        ]
        if found:
            rows = joined(found)
            return Rows(symbol, rows.start, rows.values)
        if not any(self.parts(kind, name) for name, _, _ in stretches):
            self._check_known(symbol)
        return no_rows(kind, symbol)

    def span(self, kind: Kind, symbol: str, *, before: int = FOREVER) -> tuple[int, int] | None:
        """Return the times of the first and the last row, ns UTC; None for no rows.

        As of a moment: of rows before it, and with the renames that took effect before it.
        """
        as_of = FOREVER if before == FOREVER else before - 1
        last = self.last(kind, symbol, before, as_of=as_of)
        for name, begins, ends in self._stretches(kind, symbol, as_of):
            first = self.first(kind, name, begins)
            if first is not None and first < min(ends, before):
                return first, int(last.start[0])
        return None

    def own_span(self, kind: Kind, symbol: str) -> tuple[int, int] | None:
        """Return the first and the last time that is stored under this very name, ns UTC."""
        spans = [read_span(part.path, kind) for part in self._ends(kind, symbol)]
        known = [span for span in spans if span is not None]
        return (known[0][0], known[-1][1]) if known else None

    def count(self, kind: Kind, symbol: str) -> int:
        """Return how many rows are stored under this name."""
        return sum(count_rows(part.path, kind) for part in self.parts(kind, symbol))

    def parts(self, kind: Kind, symbol: str) -> list[Part]:
        """Return the files of this name, oldest first."""
        return stored_parts(self.root, kind, symbol)

    def first(self, kind: Kind, symbol: str, after: int) -> int | None:
        """Return the time of the first row of this name at or after a moment, ns UTC."""
        for part in self.parts(kind, symbol):
            if part.end <= after or (span := read_span(part.path, kind)) is None:
                continue
            if span[0] >= after:
                return span[0]
            if span[1] >= after:
                return int(read_between(part.path, kind, symbol, after, FOREVER).start[0])
        return None

    def last(self, kind: Kind, symbol: str, before: int, *, as_of: int = FOREVER) -> Rows:
        """Return the last row before a moment, ns UTC; none if there is none."""
        for name, begins, ends in reversed(self._stretches(kind, symbol, as_of)):
            until = min(before, ends)
            for part in reversed(self.parts(kind, name)):
                if part.start >= until or part.end <= begins:
                    continue
                rows = _tail(part.path, kind, symbol, begins, until)
                if len(rows):
                    return rows.cut(len(rows) - 1, len(rows))
        return no_rows(kind, symbol)

    def write(self, kind: Kind, symbol: str, rows: Rows, replace: bool = False) -> Written:
        """Merge rows, in the order of time, with those that are there.

        Rows that are there already are kept once. Raises ConfigError for rows that cannot be and,
        unless `replace`, for a time at which others are stored; StoreError when the disk fails.
        """
        return self.write_all(kind, {symbol: rows}, replace=replace)

    def write_all(
        self,
        kind: Kind,
        rows: Mapping[str, Rows],
        *,
        replace: bool = False,
        dry_run: bool = False,
    ) -> Written:
        """Merge rows of several symbols, after all have been found good; `dry_run` ends there."""
        total = Written()
        for symbol, each in rows.items():
            check_rows(kind, Rows(check_symbol(symbol), each.start, each.values))
        with self.locked(dry_run):
            for apply in (False,) if dry_run else (False, True):
                total = Written()
                for symbol, each in rows.items():
                    named = Rows(symbol, each.start, each.values)
                    total += self._merge(kind, named, replace=replace, apply=apply)
        return total

    def actions(self, symbol: str, *, as_of: int = FOREVER) -> tuple[Action, ...]:
        """Return what concerns a symbol, by date: its own actions, and those under its old names.

        The latter are under the symbol asked for, whose history they belong to.
        """
        found = [
            msgspec.structs.replace(action, symbol=symbol)
            for name, begins, ends in self._stretches(None, symbol, as_of)
            for action in self.recorded(name)
            if begins <= day_start(name, action.ex_date) < ends
        ]
        return tuple(sorted(found))

    def all_actions(self) -> list[Action]:
        """Return all actions as they are recorded, by date and symbol."""
        return sorted(action for each in self._book().actions.values() for action in each)

    def recorded(self, symbol: str) -> list[Action]:
        """Return the actions that are recorded under this very name, by date."""
        return self._book().actions.get(symbol, [])

    def add_actions(self, actions: Iterable[Action], replace: bool = False) -> int:
        """Add actions, and return how many were not known. Raises ConfigError where they differ."""
        given = list(actions)
        for action in given:
            check_symbol(action.symbol)
        with self.locked():
            together, changed = merged_actions(self.all_actions(), given, replace=replace)
            if changed:
                write_actions(self.root / ACTIONS, together)
        return changed

    def _merge(self, kind: Kind, rows: Rows, *, replace: bool, apply: bool) -> Written:
        total = Written()
        for part, new in split_rows(self.root, kind, rows):
            old = no_rows(kind, rows.symbol)
            if part.path.exists():
                old = read_between(part.path, kind, rows.symbol, NEVER, FOREVER)
            both, written = merged(kind, old, new, replace=replace)
            if apply and (written.added or written.replaced):
                write_file(part.path, kind, both)
            total += written
        return total

    def _ends(self, kind: Kind, name: str) -> list[Part]:
        parts = self.parts(kind, name)
        return [parts[0], parts[-1]] if parts else []

    def _read(self, kind: Kind, name: str, start: int, end: int) -> Iterator[Rows]:
        for part in self.parts(kind, name):
            if part.start < end and start < part.end:
                rows = read_between(part.path, kind, name, start, end)
                if len(rows):
                    yield rows

    def _stretches(self, kind: Kind | None, symbol: str, as_of: int) -> list[tuple[str, int, int]]:
        """Return under which names a symbol's history lies, and from when to when, oldest first.

        A rename counts when the old name has rows before it, of this kind or of any for None; what
        lies under the new name before it is then another company's.
        """
        found: list[tuple[str, int, int]] = []
        name, ends = check_symbol(symbol), FOREVER
        while True:
            into = [
                (at, old)
                for at, old in self.renames_into(name)
                if at <= as_of and at < ends and self.has_before(kind, old, at)
            ]
            if not into:
                return [(name, NEVER, ends), *found]
            at, old_name = max(into)
            found.insert(0, (name, at, ends))
            name, ends = old_name, at

    def has_before(self, kind: Kind | None, name: str, moment: int) -> bool:
        """Whether there are rows under this very name from before a moment, ns UTC."""
        kinds = Kind if kind is None else [kind]
        firsts = [self.first(each, name, NEVER) for each in kinds]
        return any(first is not None and first < moment for first in firsts)

    def renames_into(self, symbol: str) -> list[tuple[int, str]]:
        """Return the renames that a symbol came from: when each began, ns UTC, and the old name."""
        renames = self._book().renames.get(symbol, [])
        return [(day_start(each.symbol, each.ex_date), each.symbol) for each in renames]

    def _book(self) -> _Book:
        """Return the recorded actions, read again when the file is another."""
        path = self.root / ACTIONS
        try:
            stat = path.stat()
        except FileNotFoundError:
            return _Book((0, 0, 0), {}, {})
        version = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        if self._known.version != version:
            self._known = _Book(version, {}, {})
            for action in read_actions(path):
                self._known.actions.setdefault(action.symbol, []).append(action)
                if action.kind is ActionKind.RENAME:
                    self._known.renames.setdefault(action.new_symbol, []).append(action)
        return self._known

    def _check_known(self, symbol: str) -> None:
        # A name that somebody will be given one day is one.
        names = [symbol, *(old for _, old in self.renames_into(symbol))]
        if any(self.parts(kind, name) for kind in Kind for name in names):
            return
        close = nearest(symbol, {name for kind in Kind for name in self.symbols(kind)})
        hint = f"the nearest symbol is {close}" if close else "`liu data list` shows what there is"
        raise ConfigError(
            f"{self.root}: no history of {symbol}; {hint}, `liu data import FILE` brings more in"
        )

    @contextmanager
    def locked(self, idle: bool = False) -> Iterator[None]:
        """Let one process write at a time; what another has written is then seen whole."""
        if idle:
            yield
            return
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = (self.root / ".lock").open("w")
        except OSError as exc:
            raise StoreError(
                f"{self.root}: cannot be written ({exc.strerror}); make room or mend the rights"
            ) from exc
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _tail(path: Path, kind: Kind, symbol: str, start: int, end: int) -> Rows:
    """Return rows in [start, end) that end with the last of them, reading little."""
    span = read_span(path, kind)
    if span is not None and start <= span[1] < end:
        start = span[1]
    return read_between(path, kind, symbol, start, end)
