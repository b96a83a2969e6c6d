"""In and out of a symbol on one day: how often it was, and what is still in.

Source: docs.alpaca.markets, User Protection, and FINRA Rule 4210(f)(8)(B). A run of fills that open,
then one that closes, is one day trade, whatever the sizes. What was held overnight and is closed
before anything is opened is none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import Decimal

from liualgotrader.venue.orders import ZERO, Execution


class Opened:
    """One symbol's day: what is held, whether something was opened since the last close, its cost."""

    __slots__ = ("cost", "is_open", "position", "qty", "trades")

    def __init__(self, position: Decimal) -> None:
        self.position = position
        self.qty = ZERO
        self.cost = ZERO
        self.is_open = False
        self.trades = 0

    def fill(self, signed: Decimal, price: Decimal) -> None:
        """Take a fill in. What was opened today is closed before what was there."""
        opens = self.position * signed >= 0
        self.position += signed
        if opens:
            self.is_open = True
            self.qty += abs(signed)
            self.cost += abs(signed) * price
            return
        self.trades += self.is_open
        self.is_open = False
        closed = min(abs(signed), self.qty)
        if closed:
            self.cost -= self.cost * closed / self.qty
            self.qty -= closed


class DayTrades:
    """The day trades among one day's fills, which are read only when somebody asks."""

    def __init__(self) -> None:
        self._by_symbol: dict[str, Opened] = {}
        self._read = 0
        self._left: Sequence[Execution] = ()
        self._held: dict[str, Decimal] = {}

    def read(self, fills: Sequence[Execution], position: Callable[[str], Decimal]) -> None:
        """Read the fills that came since; `position` is what is held of a symbol now."""
        fresh = fills[self._read :]
        if fresh:
            self._read = len(fills)
            self._take_in(fresh, position)

    def end(self, fills: Sequence[Execution], position: Callable[[str], Decimal]) -> None:
        """Keep what nobody has read of a day that is over, with what is held of its symbols then."""
        self._left = fills[self._read :]
        self._held = {symbol: position(symbol) for symbol in {fill.symbol for fill in self._left}}

    def _take_in(self, fresh: Sequence[Execution], position: Callable[[str], Decimal]) -> None:
        moved: defaultdict[str, Decimal] = defaultdict(Decimal)
        for fill in fresh:
            moved[fill.symbol] += fill.side.sign * fill.qty
        for symbol, qty in moved.items():
            if symbol not in self._by_symbol:
                self._by_symbol[symbol] = Opened(position(symbol) - qty)
        for fill in fresh:
            self._by_symbol[fill.symbol].fill(fill.side.sign * fill.qty, fill.price)

    @property
    def count(self) -> int:
        """How many there were."""
        if self._left:
            left, self._left = self._left, ()
            self._take_in(left, self._held.__getitem__)
        return sum(each.trades for each in self._by_symbol.values())

    @property
    def cost(self) -> Decimal:
        """What was paid for all that was opened today and is still in, in dollars."""
        return sum((each.cost for each in self._by_symbol.values()), ZERO)

    def is_open(self, symbol: str) -> bool:
        """Whether closing some of a symbol now would be a day trade."""
        opened = self._by_symbol.get(symbol)
        return opened is not None and opened.is_open
