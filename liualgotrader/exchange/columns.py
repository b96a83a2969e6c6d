"""Tape events as columns of numbers, and as objects only at the moment when somebody plays them.

A day has hundreds of thousands of events; as columns they take a tenth of the memory and sort in
one call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.exchange.tape import TapeEvent

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Five = tuple[Floats, Floats, Floats, Floats, Floats]

TRADE, QUOTE = 0, 1
"""Kinds; a bar's is its seconds plus `BAR`, so 61 is a minute's."""
BAR = 1

# So many events are objects at a time; small, so that an event is made when it is nearly its turn.
_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class Columns:
    """Events in rows.

    `moment` is when it is known, ns UTC: of a bar, its end. `symbol` counts into a list kept
    elsewhere. `values` go by kind: price, size / bid, ask, bid size, ask size / open, high, low,
    close, volume; what a kind does not have is not looked at.
    """

    moment: Ints
    kind: NDArray[np.int32]
    symbol: NDArray[np.int32]
    values: Five

    def __len__(self) -> int:
        return len(self.moment)

    def take(self, rows: Any) -> Self:
        """Return these rows (an index array, a mask or a slice)."""
        return type(self)(
            self.moment[rows],
            self.kind[rows],
            self.symbol[rows],
            _five(column[rows] for column in self.values),
        )

    def in_order(self) -> Self:
        """Return them by moment; equal moments keep their order."""
        return self.take(np.argsort(self.moment, kind="stable"))


def joined(parts: Sequence[Columns]) -> Columns:
    """Return the rows of all parts, one part after the other."""
    if len(parts) == 1:
        return parts[0]
    return Columns(
        np.concatenate([part.moment for part in parts]),
        np.concatenate([part.kind for part in parts]),
        np.concatenate([part.symbol for part in parts]),
        _five(np.concatenate([part.values[i] for part in parts]) for i in range(5)),
    )


def of_kind(kind: int, *, symbol: Any, moment: Ints, values: Sequence[Floats]) -> Columns:
    """Return rows of one kind; `symbol` is one number for all or a column."""
    count = len(moment)
    spare = np.zeros(count)
    return Columns(
        moment,
        np.full(count, kind, np.int32),
        np.broadcast_to(np.asarray(symbol, np.int32), count),
        _five((*values, *[spare] * (5 - len(values)))),
    )


def _five(columns: Iterable[Floats]) -> Five:
    first, second, third, fourth, fifth = columns
    return first, second, third, fourth, fifth


def events(columns: Columns, symbols: Sequence[str]) -> Iterator[TapeEvent]:
    """Iterate over the rows as events, as they stand."""
    names = np.array(symbols, dtype=object)
    for begin in range(0, len(columns), _AT_ONCE):
        part = columns.take(slice(begin, begin + _AT_ONCE))
        yield from _objects(part, names[part.symbol].tolist())


def _objects(part: Columns, names: list[str]) -> Iterator[TapeEvent]:
    numbers = zip(
        part.kind.tolist(),
        names,
        part.moment.tolist(),
        *(v.tolist() for v in part.values),
        strict=True,
    )
    for kind, name, moment, a, b, c, d, e in numbers:
        if kind == TRADE:
            yield Trade(name, moment, a, b)
        elif kind == QUOTE:
            yield Quote(name, moment, a, b, c, d)
        else:
            seconds = kind - BAR
            yield Bar(name, moment - seconds * 1_000_000_000, a, b, c, d, e, seconds)
