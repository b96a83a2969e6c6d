"""Made-up history: compact tables of bars, written into a lake.

A table is lines of `HH:MM OPEN [HIGH LOW CLOSE [VOLUME]]` below lines of dates, in New York's time, in
UTC for pairs such as BTC/USD. One price is a flat bar; `HH:MM-HH:MM PRICE` is one such bar a minute, the
last minute included. A line `YYYY-MM-DD OPEN ...` is a day bar. `HH:MM:SS t PRICE SIZE` is a print,
`HH:MM:SS q BID ASK BID_SIZE ASK_SIZE` a quote; the seconds may have decimals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from liualgotrader.common.calendar import NEW_YORK
from liualgotrader.data.lake import Action, ActionKind, Kind, Lake, Rows
from liualgotrader.data.lake.days import MINUTE, is_crypto

VOLUME = 100_000.0
"""Of a bar that says none: a tenth of it is more than any case trades."""

_TICKS = {"t": Kind.TRADES, "q": Kind.QUOTES}
_Row = tuple[Kind, int, tuple[float, ...]]


def write_history(root: Path, bars: Mapping[str, str], actions: list[dict[str, Any]]) -> Lake:
    """Return a lake with these tables, by symbol, and corporate actions."""
    lake = Lake(root)
    for symbol, table in bars.items():
        found = list(_rows(symbol, table))
        for kind in Kind:
            rows = [(start, values) for of, start, values in found if of is kind]
            if rows:
                lake.write(kind, symbol, _columns(symbol, rows))
    lake.add_actions(_action(each) for each in actions)
    return lake


def _columns(symbol: str, rows: list[tuple[int, tuple[float, ...]]]) -> Rows:
    columns = np.array([values for _, values in rows]).T
    return Rows(symbol, np.array([start for start, _ in rows], np.int64), tuple(columns))


def _rows(symbol: str, table: str) -> Iterator[_Row]:
    day: date | None = None
    for line in filter(None, map(str.strip, table.splitlines())):
        when, *numbers = line.split()
        if when[4:5] == "-":
            day = date.fromisoformat(when)
            if numbers:
                yield Kind.DAY, _moment(symbol, day, "00:00"), _values(line, numbers)
            continue
        if day is None:
            raise ValueError(f"{symbol}: {line!r} comes before the first date; write one above it")
        if numbers[0] in _TICKS:
            ticks = tuple(float(number) for number in numbers[1:])
            yield _TICKS[numbers[0]], _moment(symbol, day, when), ticks
            continue
        first, _, last = when.partition("-")
        start, end = _moment(symbol, day, first), _moment(symbol, day, last or first)
        for moment in range(start, end + 1, MINUTE):
            yield Kind.MINUTE, moment, _values(line, numbers)


def _moment(symbol: str, day: date, clock: str) -> int:
    zone = UTC if is_crypto(symbol) else NEW_YORK
    moment = datetime.combine(day, time.fromisoformat(clock), zone)
    return int(moment.timestamp()) * 10**9 + moment.microsecond * 1000


def _values(line: str, numbers: list[str]) -> tuple[float, ...]:
    values = [float(number) for number in numbers]
    if len(values) == 1:
        values *= 4
    if len(values) == 4:
        values.append(VOLUME)
    if len(values) != 5:
        raise ValueError(
            f"{line!r}: write one price, or open, high, low, close and a volume or none"
        )
    return tuple(values)


def _action(fields: dict[str, Any]) -> Action:
    return Action(
        symbol=fields["symbol"],
        ex_date=fields["ex_date"],
        kind=ActionKind(fields["kind"]),
        value=Decimal(str(fields["value"])) if "value" in fields else None,
        new_symbol=fields.get("new_symbol", ""),
    )
