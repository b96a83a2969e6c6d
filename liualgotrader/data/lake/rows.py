"""Rows of one symbol as columns of numbers, and what rows cannot be."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from liualgotrader.data.lake.days import MINUTE, Ints, day_numbers, day_starts
from liualgotrader.data.lake.kinds import BAR_COLUMNS, QUOTE_COLUMNS, TRADE_COLUMNS, Kind

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_NAMES = {len(names): names for names in (TRADE_COLUMNS, QUOTE_COLUMNS, BAR_COLUMNS)}


class Rows(msgspec.Struct, frozen=True, eq=False):
    """Trades, quotes or bars of one symbol, oldest first.

    `start`: ns UTC, (n,); of a bar, when it began. `values`: a float64 column (n,) each, in the
    order of `Kind.columns`; prices in the quote currency, sizes in shares or coins. A column that
    rows of this kind do not have raises AttributeError.
    """

    symbol: str
    start: Ints
    values: tuple[Floats, ...]

    def __len__(self) -> int:
        return len(self.start)

    def cut(self, begin: int, stop: int) -> Rows:
        """Return the rows from index `begin` up to `stop`, as views."""
        return Rows(self.symbol, self.start[begin:stop], tuple(v[begin:stop] for v in self.values))

    def take(self, rows: Any) -> Rows:
        """Return these rows (an index array or a mask), as copies."""
        return Rows(self.symbol, self.start[rows], tuple(v[rows] for v in self.values))

    def between(self, start: int, end: int) -> Rows:
        """Return the rows whose times lie in [start, end), as views."""
        begin, stop = self.start.searchsorted((start, end))
        return self.cut(int(begin), int(stop))

    def column(self, name: str) -> Floats:
        """Return a column by its name. Raises AttributeError."""
        names = _NAMES[len(self.values)]
        if name not in names:
            raise AttributeError(f"{self.symbol}: there is no column {name}, only {names}")
        return self.values[names.index(name)]

    @property
    def open(self) -> Floats:
        """The bars' first prices."""
        return self.column("open")

    @property
    def high(self) -> Floats:
        """The bars' highest prices."""
        return self.column("high")

    @property
    def low(self) -> Floats:
        """The bars' lowest prices."""
        return self.column("low")

    @property
    def close(self) -> Floats:
        """The bars' last prices."""
        return self.column("close")

    @property
    def volume(self) -> Floats:
        """The bars' volumes."""
        return self.column("volume")

    @property
    def price(self) -> Floats:
        """The trades' prices."""
        return self.column("price")

    @property
    def size(self) -> Floats:
        """The trades' sizes."""
        return self.column("size")

    @property
    def bid(self) -> Floats:
        """The quotes' bids."""
        return self.column("bid")

    @property
    def ask(self) -> Floats:
        """The quotes' asks."""
        return self.column("ask")

    @property
    def bid_size(self) -> Floats:
        """What the bids are for."""
        return self.column("bid_size")

    @property
    def ask_size(self) -> Floats:
        """What the asks are for."""
        return self.column("ask_size")

    @property
    def last_price(self) -> Floats:
        """A price for each row: a bar's close, a trade's price, the middle of a quote."""
        if len(self.values) == len(QUOTE_COLUMNS):
            middle: Floats = (self.bid + self.ask) / 2
            return middle
        return self.close if len(self.values) == len(BAR_COLUMNS) else self.price


def no_rows(kind: Kind, symbol: str) -> Rows:
    """Return none."""
    return Rows(symbol, np.empty(0, np.int64), tuple(np.empty(0) for _ in kind.columns))


def joined(parts: list[Rows]) -> Rows:
    """Return the rows of all parts (at least one), one part after the other."""
    if len(parts) == 1:
        return parts[0]
    columns = zip(*(part.values for part in parts), strict=True)
    return Rows(
        parts[0].symbol,
        np.concatenate([part.start for part in parts]),
        tuple(np.concatenate(column) for column in columns),
    )


def impossible(kind: Kind, rows: Rows) -> list[tuple[str, Mask]]:
    """Return, per reason, which rows cannot be, whatever their neighbours are.

    Prices are positive and finite, trades have a size, a bar's open and close lie between its low
    and high, minute bars begin with a minute and day bars at midnight. A crossed quote is none of
    it: that happens.
    """
    prices, sizes = rows.values[: kind.prices], rows.values[kind.prices :]
    names = kind.columns
    wrong = [
        (f"{name} is not a positive number", _not_positive(column))
        for name, column in zip(names, prices, strict=False)
    ]
    wrong += [
        (
            f"{name} is not a positive number" if kind is Kind.TRADES else f"{name} is negative",
            _not_positive(column) if kind is Kind.TRADES else ~((column >= 0) & (column < np.inf)),
        )
        for name, column in zip(names[kind.prices :], sizes, strict=True)
    ]
    if kind.is_bar:
        wrong += _impossible_bars(kind, rows)
    return wrong


def _not_positive(column: Floats) -> Mask:
    """NaN compares as false."""
    return ~((column > 0) & (column < np.inf))


def _impossible_bars(kind: Kind, rows: Rows) -> list[tuple[str, Mask]]:
    opened, high, low, close = rows.values[:4]
    outside = (np.maximum(opened, close) > high) | (np.minimum(opened, close) < low)
    if kind is Kind.MINUTE:
        misplaced = ("the time is not a whole minute", rows.start % MINUTE != 0)
    else:
        numbers = day_numbers(rows.symbol, rows.start)
        midnight = day_starts(rows.symbol, numbers)
        misplaced = ("the time is not midnight", rows.start != midnight)
    return [
        ("high is below low", high < low),
        ("open or close lies outside low to high", outside & (high >= low)),
        misplaced,
    ]
