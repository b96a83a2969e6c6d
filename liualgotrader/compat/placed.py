"""Orders that were placed, followed until they end: what was filled of each, and at what price on average."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from liualgotrader.common.events import OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind

ZERO = Decimal(0)
FILLS = (Kind.PARTIAL_FILL, Kind.FILL)
_ENDS = (
    Kind.FILL,
    Kind.CANCELED,
    Kind.EXPIRED,
    Kind.REJECTED,
    Kind.REFUSED,
    Kind.NEVER_SENT,
)


class Placed(msgspec.Struct):
    """One order. `cost` is its fills' price times quantity; `stop`, `target`, `indicators` are what went with it."""

    order_id: str
    symbol: str
    buy: bool
    filled: Decimal = ZERO
    cost: Decimal = ZERO
    fee: Decimal = ZERO
    stop: float | None = None
    target: float | None = None
    indicators: dict[str, Any] = {}

    @property
    def price(self) -> Decimal:
        """The average price of what was filled; 0 while nothing was."""
        return self.cost / self.filled if self.filled else ZERO

    @property
    def flow(self) -> Decimal:
        """The dollars that its fills brought, less fees; negative for what was bought."""
        return (-self.cost if self.buy else self.cost) - self.fee

    def hear(self, event: OrderEvent) -> Decimal:
        """Take in what happened; return the dollars that it brought."""
        if event.kind not in FILLS or event.qty is None or event.price is None:
            return ZERO
        before = self.flow
        self.filled += event.qty
        self.cost += event.qty * event.price
        self.fee += event.fee
        return self.flow - before


def ends(event: OrderEvent) -> bool:
    """Say whether nothing more is to come of an order."""
    return event.kind in _ENDS
