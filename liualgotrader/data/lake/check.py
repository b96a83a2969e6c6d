"""What looks wrong in the lake: gaps, disorder, prices that cannot be, rows when nobody trades."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
import numpy as np

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.timestamps import format_time
from liualgotrader.data.lake.check_prices import jumps
from liualgotrader.data.lake.check_sessions import outside_sessions, session_gaps
from liualgotrader.data.lake.days import Ints, is_crypto
from liualgotrader.data.lake.kinds import Kind
from liualgotrader.data.lake.row_files import read_file
from liualgotrader.data.lake.rows import Rows, impossible, joined
from liualgotrader.data.lake.store import Lake

_NAMED = 3


class Finding(msgspec.Struct, frozen=True):
    """Something that looks wrong. `what` is one of a few words, `detail` says where and how much."""

    kind: Kind
    symbol: str
    what: str
    detail: str


def check_lake(lake: Lake, symbols: Iterable[str], *, missing: float) -> Iterator[Finding]:
    """Look through symbols, all when there are none given, kind by kind.

    `missing`: the part of a session's regular minutes that may be absent. Raises ConfigError for
    symbols that are not there.
    """
    wanted = list(symbols)
    for symbol in wanted:
        if not any(lake.parts(kind, symbol) for kind in Kind):
            lake.read(Kind.DAY, symbol, 0, 0)  # says what there is instead
    for kind in Kind:
        for symbol in lake.symbols(kind):
            if not wanted or symbol in wanted:
                yield from check_symbol_rows(lake, kind, symbol, missing=missing)


def check_symbol_rows(lake: Lake, kind: Kind, symbol: str, *, missing: float) -> Iterator[Finding]:
    """Look through the rows that are stored under one name."""

    def finding(what: str, detail: str) -> Finding:
        return Finding(kind, symbol, what, detail)

    files = []
    for part in lake.parts(kind, symbol):
        try:
            files.append(read_file(part.path, kind, symbol))
        except ConfigError as exc:
            yield finding("unreadable", str(exc))
    if not any(len(rows) for rows in files):
        return
    rows = joined(files)
    for what, wrong in _disorder(kind, rows):
        yield finding(what, _where(rows.start[wrong]))
    bad = np.zeros(len(rows), np.bool_)
    for reason, mask in impossible(kind, rows):
        bad |= mask
        if mask.any():
            yield finding("impossible", f"{reason}: {_where(rows.start[mask])}")
    good = rows.take(np.flatnonzero(~bad)[np.argsort(rows.start[~bad], kind="stable")])
    yield from _check_good(lake, kind, good, missing)


def _check_good(lake: Lake, kind: Kind, rows: Rows, missing: float) -> Iterator[Finding]:
    if not len(rows):
        return
    symbol = rows.symbol
    for what, detail in jumps(kind, rows, lake.recorded(symbol)):
        yield Finding(kind, symbol, what, detail)
    try:
        if not is_crypto(symbol):
            outside = outside_sessions(kind, rows)
            if outside.any():
                yield Finding(kind, symbol, "no session", _where(rows.start[outside]))
        if kind.is_bar:
            for detail in session_gaps(kind, rows, missing):
                yield Finding(kind, symbol, "gap", detail)
    except ConfigError as exc:
        yield Finding(kind, symbol, "not checked", str(exc))


def _disorder(kind: Kind, rows: Rows) -> Iterator[tuple[str, Ints]]:
    """Find rows that are earlier than the one before, and bars at the time of another."""
    earlier = np.flatnonzero(np.diff(rows.start) < 0) + 1
    if earlier.size:
        yield "unsorted", earlier
    if kind.is_bar:
        first = np.unique(rows.start, return_index=True)[1]
        again = np.setdiff1d(np.arange(len(rows)), first)
        if again.size:
            yield "duplicate", again


def _where(times: Ints) -> str:
    named = ", ".join(format_time(time) for time in times[:_NAMED].tolist())
    more = f" and {len(times) - _NAMED} more" if len(times) > _NAMED else ""
    return named + more
