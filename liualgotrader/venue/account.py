"""Cash, positions and their marks. Exact: the cash is the opening cash plus every flow, to the last
digit.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from liualgotrader.common.events import Bar, Trade
from liualgotrader.common.orders import Side
from liualgotrader.venue.orders import ZERO


class Position(msgspec.Struct):
    """What is held of a symbol: signed quantity, and what the open part cost in dollars (short:
    negative).
    """

    symbol: str
    qty: Decimal = ZERO
    cost: Decimal = ZERO

    @property
    def avg_entry(self) -> Decimal:
        """The average price per unit of the open part; 0 when flat."""
        return self.cost / self.qty if self.qty else ZERO


class Unsettled(msgspec.Struct, frozen=True):
    """Money of a sale, and when it can be used (ns UTC; None: beyond the sessions known)."""

    amount: Decimal
    settles_at: int | None


class Account:
    """A broker's account. `last` holds the newest trade or bar of each symbol, from which marks are
    taken.
    """

    __slots__ = ("cash", "last", "multiplier", "positions", "realised", "unsettled")

    def __init__(self, cash: Decimal, *, multiplier: Decimal = Decimal(4)) -> None:
        self.cash = cash
        self.multiplier = multiplier
        self.positions: dict[str, Position] = {}
        self.realised = ZERO
        self.unsettled: list[Unsettled] = []
        self.last: dict[str, Trade | Bar] = {}

    def position_qty(self, symbol: str) -> Decimal:
        """Return what is held of a symbol, short negative."""
        position = self.positions.get(symbol)
        return position.qty if position is not None else ZERO

    def mark(self, symbol: str) -> Decimal | None:
        """Return the last price of a symbol, or None when the market has not shown one."""
        seen = self.last.get(symbol)
        if seen is None:
            return None
        return exact(seen.price if isinstance(seen, Trade) else seen.close)

    def market_value(self, position: Position) -> Decimal:
        """Return the signed value of a position at its mark, at cost without one."""
        mark = self.mark(position.symbol)
        return position.cost if mark is None else position.qty * mark

    def equity(self) -> Decimal:
        """Return cash plus the value of all positions, in dollars."""
        return self.cash + sum((self.market_value(p) for p in self.positions.values()), ZERO)

    def gross(self) -> Decimal:
        """Return the value of long and short positions together, both positive."""
        return sum((abs(self.market_value(p)) for p in self.positions.values()), ZERO)

    @property
    def settled_cash(self) -> Decimal:
        """Cash less the money of sales that has not settled."""
        return self.cash - sum((u.amount for u in self.unsettled), ZERO)

    def settle(self, ts: int) -> None:
        """Free the money that settles at or before `ts`."""
        self.unsettled = [u for u in self.unsettled if u.settles_at is None or u.settles_at > ts]

    def book(self, symbol: str, side: Side, qty: Decimal, price: Decimal, fee: Decimal) -> Decimal:
        """Book a fill; return the position's quantity after it."""
        self.cash -= side.sign * qty * price + fee
        position = self.positions.get(symbol)
        if position is None:
            position = self.positions[symbol] = Position(symbol)
        self.realised += _fill(position, side.sign * qty, price) - fee
        if not position.qty:
            del self.positions[symbol]
        return position.qty


def exact(value: float) -> Decimal:
    """Turn a market price or size into the decimal that was printed."""
    return Decimal(repr(value))


def _fill(position: Position, signed: Decimal, price: Decimal) -> Decimal:
    """Move a position by a signed quantity; return the profit that was realised."""
    closing = _closing_part(position.qty, signed)
    released = position.cost * -closing / position.qty if closing else ZERO
    position.cost += (signed - closing) * price - released
    position.qty += signed
    if not position.qty:
        position.cost = ZERO
    return -closing * price - released


def _closing_part(held: Decimal, signed: Decimal) -> Decimal:
    if held * signed >= 0:
        return ZERO
    return signed if abs(signed) <= abs(held) else -held
