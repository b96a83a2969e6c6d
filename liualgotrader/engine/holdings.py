"""A strategy's position in a symbol, and the executions that it came from."""

from __future__ import annotations

from decimal import Decimal

import msgspec

ZERO = Decimal(0)


class Execution(msgspec.Struct, frozen=True, gc=False):
    """One fill: signed quantity (sold is negative), price and fee."""

    execution_id: str
    qty: Decimal
    price: Decimal
    fee: Decimal = ZERO


class Position(msgspec.Struct, gc=False):
    """What one strategy holds of one symbol: average cost, and what closing parts of it brought."""

    qty: Decimal = ZERO
    avg_price: Decimal = ZERO
    realised: Decimal = ZERO

    def apply(self, qty: Decimal, price: Decimal) -> None:
        """Add a signed quantity at a price.

        What crosses zero opens a new position at that price.
        """
        held = self.qty
        if not held:
            self.qty, self.avg_price = qty, price if qty else ZERO
            return
        if (held > 0) is (qty > 0):
            total = held + qty
            self.avg_price = (self.avg_price * held + price * qty) / total
            self.qty = total
            return
        closed = min(abs(qty), abs(held))
        direction = 1 if held > 0 else -1
        self.realised += (price - self.avg_price) * closed * direction
        self.qty = held + qty
        if self.qty * held < 0:
            self.avg_price = price
        elif not self.qty:
            self.avg_price = ZERO


class Holding:
    """A position with the executions it came from, so that a busted one can be taken out."""

    __slots__ = ("executions", "opening", "position")

    def __init__(self, opening: Position | None = None) -> None:
        self.opening = opening
        self.position = _copy(opening) if opening else Position()
        self.executions: dict[tuple[str, str], Execution] = {}

    def add(self, order_id: str, execution: Execution) -> None:
        self.executions[order_id, execution.execution_id] = execution
        self.position.apply(execution.qty, execution.price)

    def rebuild(self) -> None:
        """Go through all executions again.

        After a bust or a correction an average cannot be patched.
        """
        self.position = _copy(self.opening) if self.opening else Position()
        for execution in self.executions.values():
            self.position.apply(execution.qty, execution.price)


def _copy(position: Position) -> Position:
    return Position(position.qty, position.avg_price, position.realised)
