"""Cash, positions and their value. Exact: cash is what it began with plus every flow."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from liualgotrader.common.frozen import Frozen
from liualgotrader.common.orders import Side
from liualgotrader.venue.margin_tables import MARGIN_MINIMUM
from liualgotrader.venue.market import Market
from liualgotrader.venue.orders import ZERO

_BUY = Side.BUY


class Position(msgspec.Struct):
    """What is held of a symbol: signed quantity, and what the open part cost (short: negative)."""

    symbol: str
    qty: Decimal = ZERO
    cost: Decimal = ZERO

    @property
    def avg_entry(self) -> Decimal:
        """The average price per unit of the open part; 0 when flat."""
        return self.cost / self.qty if self.qty else ZERO


class Unsettled(Frozen, frozen=True):
    """Money of a sale, and when it is settled (ns UTC; None: beyond the sessions known)."""

    amount: Decimal
    settles_at: int | None


class Charge(Frozen, frozen=True):
    """A fee taken at the end of a day, by kind."""

    kind: str
    amount: Decimal
    ts: int


class Account:
    """A broker's account. `multiplier`: 1 cash, 2 overnight margin, 4 intraday margin."""

    __slots__ = (
        "cash",
        "charges",
        "market",
        "multiplier",
        "positions",
        "realised",
        "shorts",
        "unsettled",
    )

    def __init__(self, cash: Decimal, *, multiplier: Decimal = Decimal(4)) -> None:
        self.cash = cash
        self.multiplier = multiplier
        self.positions: dict[str, Position] = {}
        self.shorts: set[str] = set()
        self.realised = ZERO
        self.unsettled: list[Unsettled] = []
        self.charges: list[Charge] = []
        self.market = Market()

    def hold(self, symbol: str, qty: Decimal, avg_entry: Decimal) -> None:
        """Put a position in at the beginning; cash is not touched. Short is negative."""
        self.put(Position(symbol, qty, qty * avg_entry))

    def put(self, position: Position) -> None:
        """Keep a position, or none when it is flat."""
        symbol = position.symbol
        if position.qty:
            self.positions[symbol] = position
        else:
            self.positions.pop(symbol, None)
        if position.qty < 0:
            self.shorts.add(symbol)
        elif self.shorts:
            self.shorts.discard(symbol)

    def position_qty(self, symbol: str) -> Decimal:
        """Return what is held of a symbol, short negative."""
        position = self.positions.get(symbol)
        return position.qty if position is not None else ZERO

    def market_value(self, position: Position) -> Decimal:
        """Return the signed value of a position at its mark, at cost when there is none."""
        mark = self.market.value_mark(position.symbol, long=position.qty > 0)
        return position.cost if mark is None else position.qty * mark

    def rough_value(self, position: Position) -> float:
        """Return `market_value` in floats: a curve asks for every position's, and a Decimal of each price costs."""
        market, symbol = self.market, position.symbol
        if symbol in market.bars and symbol not in market.trades:
            return float(position.qty) * market.bars[symbol].close
        return float(self.market_value(position))

    def equity(self) -> Decimal:
        """Return cash plus long less short value, in dollars."""
        return self.cash + sum((self.market_value(p) for p in self.positions.values()), ZERO)

    def gross(self) -> Decimal:
        """Return long plus absolute short value, in dollars."""
        return sum((abs(self.market_value(p)) for p in self.positions.values()), ZERO)

    def worth(self) -> tuple[Decimal, Decimal]:
        """Return equity and gross together, as `equity` and `gross` do one by one."""
        equity, gross = self.cash, ZERO
        for position in self.positions.values():
            value = self.market_value(position)
            equity += value
            gross += abs(value)
        return equity, gross

    @property
    def has_margin(self) -> bool:
        """Whether it may borrow and sell short."""
        return self.multiplier > 1 and self.equity() >= MARGIN_MINIMUM

    @property
    def withdrawable(self) -> Decimal:
        """Cash less the money of sales that has not settled; never below 0."""
        return max(self.cash - sum((u.amount for u in self.unsettled), ZERO), ZERO)

    def settle(self, ts: int) -> None:
        """Free the money that settles at or before `ts`."""
        self.unsettled = [u for u in self.unsettled if u.settles_at is None or u.settles_at > ts]

    def charge(self, kind: str, amount: Decimal, ts: int) -> None:
        """Take a fee from the cash."""
        self.cash -= amount
        self.realised -= amount
        self.charges.append(Charge(kind, amount, ts))

    def book(
        self,
        symbol: str,
        side: Side,
        *,
        qty: Decimal,
        price: Decimal,
        fee: Decimal,
    ) -> None:
        """Book a fill: money, position and profit."""
        signed = qty if side is _BUY else -qty
        self.cash -= signed * price + fee
        position = self.positions.get(symbol)
        if position is None:
            position = Position(symbol, signed, signed * price)
            self.realised -= fee
        else:
            self.realised += _fill(position, signed, price) - fee
        self.put(position)


def _fill(position: Position, signed: Decimal, price: Decimal) -> Decimal:
    """Move a position by a signed quantity; return the profit that was realised."""
    closing = _closing_part(position.qty, signed)
    released = position.cost * -closing / position.qty if closing else ZERO
    position.cost += (signed - closing) * price - released
    position.qty += signed
    return -closing * price - released


def _closing_part(held: Decimal, signed: Decimal) -> Decimal:
    if (held > 0) is (signed > 0):
        return ZERO
    return signed if abs(signed) <= abs(held) else -held
