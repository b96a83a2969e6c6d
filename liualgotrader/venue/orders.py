"""Orders as a broker keeps them, what it tells of them, and what it refuses."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from liualgotrader.common.errors import LiuError
from liualgotrader.common.events import OrderEventKind
from liualgotrader.common.orders import (
    CLOSED,
    OrderClass,
    OrderStatus,
    OrderType,
    Side,
    StopLoss,
    TakeProfit,
    TimeInForce,
)

ZERO = Decimal(0)
_MARKET, _LIMIT = OrderType.MARKET, OrderType.LIMIT


def plain(number: Decimal) -> str:
    """Return a number as the broker's bodies have it: no exponent, no zeros behind."""
    return f"{number.normalize():f}"


class OrderRequest(msgspec.Struct, frozen=True, gc=False):
    """What a client asks for: `qty` (units) or `notional` (dollars); `client_id` may be None."""

    symbol: str
    side: Side
    type: OrderType = OrderType.MARKET
    tif: TimeInForce = TimeInForce.DAY
    qty: Decimal | None = None
    notional: Decimal | None = None
    limit: Decimal | None = None
    trigger: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    extended_hours: bool = False
    order_class: OrderClass = OrderClass.SIMPLE
    take_profit: TakeProfit | None = None
    stop_loss: StopLoss | None = None
    client_id: str | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What a replacement changes; None keeps."""

    qty: Decimal | None = None
    limit: Decimal | None = None
    trigger: Decimal | None = None
    trail: Decimal | None = None
    tif: TimeInForce | None = None
    notional: Decimal | None = None
    client_id: str | None = None


class LegRole(StrEnum):
    """What an exit of a group is for."""

    TAKE_PROFIT = "take_profit"
    STOP_LOSS = "stop_loss"


STOPS = frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP})


class VenueOrder(msgspec.Struct, gc=False):
    """An order at the broker. Times are ns UTC; `legs`, `parent`, `replaces` are other orders' ids.

    `qty` is None while a notional order's size is unknown. `hwm` is the extreme a trailing stop has
    seen: the highest for a sell, the lowest for a buy; `trigger` follows it. `role` says what a leg
    is for. The rest is the venue's own: `triggered` an elected stop, `resting` a limit order that
    the market has shown not to be marketable, `opening` whether it opens or adds to a position,
    `collar` the limit of a buy stop, or of a short sale under a price test, `value_price` what a unit
    is reserved at, `live_since` when it came, `arrival` its place in the queue.
    """

    id: str
    client_id: str
    symbol: str
    side: Side
    type: OrderType
    tif: TimeInForce
    qty: Decimal | None
    submitted_at: int
    updated_at: int
    notional: Decimal | None = None
    limit: Decimal | None = None
    trigger: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    extended_hours: bool = False
    order_class: OrderClass = OrderClass.SIMPLE
    status: OrderStatus = OrderStatus.ADMITTED
    filled_qty: Decimal = ZERO
    filled_cost: Decimal = ZERO
    legs: tuple[str, ...] = ()
    parent: str | None = None
    filled_at: int | None = None
    canceled_at: int | None = None
    expired_at: int | None = None
    failed_at: int | None = None
    replaced_at: int | None = None
    replaces: str | None = None
    replaced_by: str | None = None
    hwm: Decimal | None = None
    role: LegRole | None = None
    triggered: bool = False
    resting: bool = False
    opening: bool = True
    collar: Decimal | None = None
    value_price: Decimal = ZERO
    live_since: int = 0
    arrival: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it can still fill."""
        return self.status not in CLOSED

    @property
    def working_limit(self) -> Decimal | None:
        """The limit it is held to: its own, or the collar."""
        return self.limit if self.collar is None else self.collar

    @property
    def waits_for_stop(self) -> bool:
        """Whether it is a stop that has not been elected."""
        kind = self.type
        return not (kind is _MARKET or kind is _LIMIT or self.triggered)

    @property
    def filled_avg_price(self) -> Decimal | None:
        """The average price of what was filled, or None."""
        return self.filled_cost / self.filled_qty if self.filled_qty else None

    @property
    def remaining(self) -> Decimal:
        """What may still fill; 0 for a notional order whose size is unknown."""
        qty, filled = self.qty, self.filled_qty
        if qty is None:
            return ZERO
        return qty - filled if filled else qty

    def snapshot(self) -> VenueOrder:
        """Return the order as it stands now; later changes do not reach the copy."""
        return msgspec.structs.replace(self)


class VenueEvent(msgspec.Struct, frozen=True, gc=False):
    """Something happened to an order. `order` is a snapshot taken right after it.

    `qty`, `price` and `fee` are those of this execution; `position_qty` is the account's position
    after it, in units, short negative. `amends`: the execution that was taken back or corrected.
    """

    kind: OrderEventKind
    order: VenueOrder
    ts: int
    qty: Decimal | None = None
    price: Decimal | None = None
    execution_id: str | None = None
    amends: str | None = None
    position_qty: Decimal | None = None
    fee: Decimal = ZERO
    reason: str | None = None


class Execution(msgspec.Struct, frozen=True, gc=False):
    """One fill, as the broker's list of activities has it. `fee` in dollars, `price` per unit."""

    execution_id: str
    order_id: str
    client_id: str
    symbol: str
    side: Side
    qty: Decimal
    price: Decimal
    fee: Decimal
    ts: int


class Rejection(LiuError):
    """The broker refuses a request at once: HTTP status, its own code, its words, and details."""

    def __init__(self, status: int, code: int, message: str, **details: Any) -> None:
        super().__init__(f"{message} (HTTP {status}, code {code})")
        self.status = status
        self.code = code
        self.message = message
        self.details = details
