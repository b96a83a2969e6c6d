"""Which column of somebody's file is what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from liualgotrader.common.errors import ConfigError
from liualgotrader.data.lake.kinds import BAR_COLUMNS, QUOTE_COLUMNS, TRADE_COLUMNS

TIME, DATE, SYMBOL = "timestamp", "date", "symbol"
# What a column may be called, in lower case without spaces and signs; the first that is there counts.
_ALIASES = {
    TIME: (
        "timestamp", "datetime", "time", "date", "ts", "t", "opentime", "windowstart", "start",
        "siptimestamp", "participanttimestamp", "unix", "epoch", "indexlevel0", "index",
    ),
    SYMBOL: ("symbol", "ticker", "sym", "instrument"),
    "open": ("open", "o", "openprice"),
    "high": ("high", "h", "highprice"),
    "low": ("low", "l", "lowprice"),
    "close": ("close", "c", "closeprice"),
    "volume": ("volume", "v", "vol"),
    "price": ("price", "p"),
    "size": ("size", "s", "quantity", "qty", "amount"),
    "bid": ("bid", "bidprice", "bp"),
    "ask": ("ask", "askprice", "ap"),
    "bid_size": ("bidsize", "bs", "bidqty"),
    "ask_size": ("asksize", "as", "askqty"),
}  # fmt: skip


class Guess(msgspec.Struct, frozen=True):
    """What the columns of a file are.

    `columns`: of the lake's columns, the file's names, in the order of the kind. `time`: one name,
    or a date and a time of day. `symbol`: a name, or None. `ignored`: the others.
    """

    columns: dict[str, str]
    time: tuple[str, ...]
    symbol: str | None
    ignored: tuple[str, ...]

    def __str__(self) -> str:
        """Return it as people read it: `open <- Open, ...`."""
        pairs = [(TIME, " and ".join(self.time)), *self.columns.items()]
        if self.symbol is not None:
            pairs.insert(0, (SYMBOL, self.symbol))
        text = ", ".join(f"{ours} <- {theirs}" for ours, theirs in pairs)
        return f"{text}; ignored: {', '.join(self.ignored)}" if self.ignored else text


def guess(path: Path, names: Sequence[str], wanted: tuple[str, ...] | None) -> Guess:
    """Guess what the columns of a file are; `wanted` are those of the kind, where it was said.

    Raises ConfigError when there is no time, and unless exactly one kind fits.
    """
    found = {ours: name for ours in _ALIASES if (name := _called(ours, names)) is not None}
    if TIME not in found:
        raise ConfigError(f"{path}: no column with the time; {_there_is(names)}, for example Date")
    kinds: tuple[tuple[str, ...], ...] = (TRADE_COLUMNS, QUOTE_COLUMNS, BAR_COLUMNS)
    fits = [
        columns
        for columns in kinds
        if all(name in found for name in columns) and wanted in (None, columns)
    ]
    if len(fits) != 1:
        raise ConfigError(_unclear(path, names, found, fits, wanted))
    columns = {name: found[name] for name in fits[0]}
    time = _time(names, found[TIME])
    used = {*columns.values(), *time, found.get(SYMBOL)}
    ignored = tuple(name for name in names if name not in used)
    return Guess(columns, time, found.get(SYMBOL), ignored)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _called(ours: str, names: Sequence[str]) -> str | None:
    by_alias = {_plain(name): name for name in reversed(names)}
    return next((by_alias[alias] for alias in _ALIASES[ours] if alias in by_alias), None)


def _time(names: Sequence[str], found: str) -> tuple[str, ...]:
    """Return the column of the time; a time of day needs the date beside it."""
    date = next((name for name in names if _plain(name) == DATE), None)
    return (date, found) if _plain(found) == "time" and date is not None else (found,)


def _there_is(names: Sequence[str]) -> str:
    return f"found {', '.join(names) or 'nothing'}; the first line should name the columns"


def _unclear(
    path: Path,
    names: Sequence[str],
    found: dict[str, str],
    fits: list[tuple[str, ...]],
    wanted: tuple[str, ...] | None,
) -> str:
    if fits:
        both = " or ".join(", ".join(columns) for columns in fits)
        return f"{path}: may hold {both}; say which with --kind"
    # Of the kind that the file comes nearest to, what is not there.
    kinds = [wanted] if wanted else [BAR_COLUMNS, QUOTE_COLUMNS, TRADE_COLUMNS]
    missing = min(([name for name in columns if name not in found] for columns in kinds), key=len)
    return f"{path}: no column for {', '.join(missing)}; {_there_is(names)}"
