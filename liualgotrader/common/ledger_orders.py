"""Orders, positions and cash as a ledger keeps them: the same in memory and in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from liualgotrader.common.errors import InvariantError
from liualgotrader.common.events import OpenOrder, OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import (
    CLOSED,
    FILLS,
    OrderClass,
    OrderStatus,
    OrderType,
    Replace,
    Side,
    Submit,
    TimeInForce,
    filled_status,
    next_status,
)

ZERO = Decimal(0)
_ADMITTED = OrderStatus.ADMITTED
_BUY = Side.BUY
_TELLS_WHY = frozenset({Kind.REFUSED, Kind.REJECTED, Kind.NEVER_SENT})


class Holding(msgspec.Struct, frozen=True, gc=False):
    """What one strategy holds of one symbol: signed quantity and average entry price.

    `value`: signed dollars at cost. The ledger sees no market, so it values at what was paid. Worked
    out once, for it is asked for with every order of the account.
    """

    qty: Decimal = ZERO
    avg_price: Decimal = ZERO
    value: Decimal = ZERO

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "value", self.qty * self.avg_price)

    def after(self, qty: Decimal, price: Decimal) -> Holding:
        """Return what a signed fill makes of it; what crosses zero opens anew at its price."""
        held = self.qty
        if not held:
            return Holding(qty, price) if qty else FLAT
        total = held + qty
        if not total:
            return FLAT
        if (held > 0) is (qty > 0):
            return Holding(total, (self.avg_price * held + price * qty) / total)
        return Holding(total, price if (total > 0) is not (held > 0) else self.avg_price)


FLAT = Holding()


def added_up(fills: Iterable[tuple[Decimal, Decimal]]) -> Holding:
    """Return what signed fills (quantity, price) come to, oldest first."""
    holding = FLAT
    for qty, price in fills:
        holding = holding.after(qty, price)
    return holding


class LedgerOrder(msgspec.Struct, gc=False):
    """An order with all that is kept of it. `reserved`: the dollars it claimed when admitted."""

    order_id: str
    strategy: str
    symbol: str
    side: Side
    type: OrderType
    qty: Decimal | None = None
    notional: Decimal | None = None
    limit: Decimal | None = None
    trigger: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    reference_price: Decimal | None = None
    status: OrderStatus = OrderStatus.ADMITTED
    filled: Decimal = ZERO
    reserved: Decimal = ZERO
    is_exit: bool = False
    replaces: str | None = None
    tif: TimeInForce = TimeInForce.DAY
    order_class: OrderClass = OrderClass.SIMPLE
    extended_hours: bool = False
    decided_at: int = 0
    stop: Decimal | None = None
    target: Decimal | None = None
    reason: str = ""
    indicators: dict[str, Any] = {}
    broker_id: str | None = None
    refusal: str | None = None

    @classmethod
    def of(cls, intent: Submit) -> LedgerOrder:
        """Return the order that a new intent becomes."""
        i = intent  # by place: by name, so many fields take six times as long
        return cls(
            i.order_id, i.strategy, i.symbol, i.side, i.type, i.qty, i.notional, i.limit, i.trigger,
            i.trail_price, i.trail_percent, i.reference_price, _ADMITTED, ZERO, ZERO, i.exit, None,
            i.tif, i.order_class, i.extended_hours, i.decided_at, i.stop, i.target, i.reason,
            i.indicators,
        )  # fmt: skip

    def changed(self, intent: Replace) -> LedgerOrder:
        """Return the order that takes over once the broker agrees; what was filled stays filled."""
        return msgspec.structs.replace(
            self,
            order_id=intent.new_id,
            qty=self.qty if intent.qty is None else intent.qty,
            limit=self.limit if intent.limit is None else intent.limit,
            trigger=self.trigger if intent.trigger is None else intent.trigger,
            trail_price=self.trail_price if intent.trail is None else intent.trail,
            decided_at=intent.decided_at,
            status=OrderStatus.ADMITTED,
            replaces=self.order_id,
            broker_id=None,
            refusal=None,
        )

    @property
    def is_open(self) -> bool:
        """Whether it can still fill."""
        return self.status not in CLOSED

    @property
    def remaining(self) -> Decimal:
        """What may still fill; of a notional order what it buys at the price that was last seen."""
        if self.qty is not None:
            if not self.filled:
                return self.qty
            return max(self.qty - self.filled, ZERO)
        price = self.limit or self.reference_price
        if self.notional is None or price is None:
            return ZERO
        return max(self.notional / price - self.filled, ZERO)

    def apply(self, event: OrderEvent) -> None:
        """Move by one event. Raises InvariantError when it cannot happen where the order is."""
        kind = event.kind
        status = next_status(self.status, kind)
        if kind in FILLS:
            self.filled += execution_of(event)[0]
            if status not in CLOSED:
                status = filled_status(status, qty=self.qty, filled=self.filled)
        elif kind in _TELLS_WHY:
            self.refusal = event.reason
        self.status = status
        if event.broker_id is not None:
            self.broker_id = event.broker_id


def execution_of(event: OrderEvent) -> tuple[Decimal, Decimal]:
    """Return quantity and price of a fill. Raises InvariantError when it lacks one."""
    if event.qty is None or event.price is None:
        raise InvariantError(f"a fill without quantity or price: {event}")
    return event.qty, event.price


class Execution(msgspec.Struct, gc=False):
    """One fill as it is kept. `live` ends when the venue takes it back."""

    order_id: str
    execution_id: str | None
    strategy: str
    symbol: str
    side: Side
    qty: Decimal
    price: Decimal
    fee: Decimal
    time: int
    live: bool = True

    @classmethod
    def of(cls, order: LedgerOrder, event: OrderEvent) -> Execution:
        """Return what a fill or a correction of an order puts on the books."""
        qty, price = execution_of(event)
        return cls(
            order.order_id, event.execution_id, order.strategy, order.symbol, order.side, qty, price,
            event.fee, event.time,
        )  # fmt: skip

    @property
    def signed_qty(self) -> Decimal:
        """The quantity, sold being negative."""
        return self.qty if self.side is _BUY else -self.qty

    @property
    def flow(self) -> Decimal:
        """The dollars it brings (positive) or costs (negative), its fee paid."""
        value = self.qty * self.price
        return -value - self.fee if self.side is _BUY else value - self.fee


def identity(event: OrderEvent) -> tuple[object, ...]:
    """Return what makes two tellings of one event of an order the same.

    An execution counts once whichever way it is told, as part or as end of an order. Any other
    word is the same when kind, time and execution are.
    """
    kind, execution_id = event.kind, event.execution_id
    if execution_id is not None and kind in FILLS:
        return "execution", execution_id
    return kind, event.time, execution_id


def open_order(order: LedgerOrder) -> OpenOrder:
    """Return an order as a new incarnation hears of it."""
    return OpenOrder(
        order_id=order.order_id,
        strategy=order.strategy,
        symbol=order.symbol,
        side=order.side,
        qty=order.remaining + order.filled if order.qty is None else order.qty,
        filled=order.filled,
        status=order.status,
        limit=order.limit,
        stop=order.stop,
        target=order.target,
        replaces=order.replaces,
        reason=order.reason,
    )
