"""Orders: what a strategy wants (intent), what risk says (verdict), what the broker has (order).

An order moves only through TRANSITIONS. A pair that is not in the table is a bug and says so.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from liualgotrader.common.errors import InvariantError
from liualgotrader.common.events import OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind

ZERO = Decimal(0)
FILLS = frozenset({Kind.PARTIAL_FILL, Kind.FILL})
AMENDMENTS = frozenset({Kind.TRADE_BUST, Kind.TRADE_CORRECT})

PROTECTIVE = "protective stop"
"""The reason of the stop orders that the engine keeps at the broker; by it a later life knows them."""


class Side(StrEnum):
    """Which way. Selling what one does not have is a short sale; it is still `sell`.

    `sign`: +1 for buy, -1 for sell.
    """

    BUY = "buy"
    SELL = "sell"

    sign: int

    def __init__(self, value: str) -> None:
        self.sign = 1 if value == "buy" else -1


class OrderType(StrEnum):
    """How the price is chosen."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING_STOP = "trailing_stop"


class TimeInForce(StrEnum):
    """How long it works."""

    DAY = "day"
    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    OPG = "opg"
    CLS = "cls"


class OrderClass(StrEnum):
    """Whether it brings further orders with it."""

    SIMPLE = "simple"
    BRACKET = "bracket"
    OCO = "oco"
    OTO = "oto"


class TakeProfit(msgspec.Struct, frozen=True, array_like=True):
    """The leg that takes the profit."""

    limit: Decimal


class StopLoss(msgspec.Struct, frozen=True, array_like=True):
    """The leg that cuts the loss: a stop, or a stop-limit when `limit` is given."""

    trigger: Decimal
    limit: Decimal | None = None


# `gc=False`, here and of what orders are made into: nothing in them can lead back to them. An author's remarks are
# copied into plain values first (engine/intents.py).
class Submit(
    msgspec.Struct, frozen=True, array_like=True, gc=False, tag_field="what", tag="submit"
):
    """A new order, exact. Either `qty` or `notional` is given.

    `trigger` activates stop orders. `stop`, `target`, `reason` and `indicators` are what the
    strategy says of its plan; they are stored with the trades and do not reach the broker.
    """

    order_id: str
    strategy: str
    symbol: str
    side: Side
    type: OrderType
    tif: TimeInForce
    decided_at: int
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
    reference_price: Decimal | None = None
    stop: Decimal | None = None
    target: Decimal | None = None
    reason: str = ""
    indicators: dict[str, Any] = {}
    exit: bool = False


class Cancel(msgspec.Struct, frozen=True, array_like=True, tag_field="what", tag="cancel"):
    """Take an order back."""

    order_id: str
    strategy: str
    symbol: str
    decided_at: int
    reason: str = ""


class Replace(msgspec.Struct, frozen=True, array_like=True, tag_field="what", tag="replace"):
    """Change quantity, limit or trigger of an order.

    The broker gives the changed one a new id, `new_id`.
    """

    order_id: str
    new_id: str
    strategy: str
    symbol: str
    decided_at: int
    qty: Decimal | None = None
    limit: Decimal | None = None
    trigger: Decimal | None = None
    trail: Decimal | None = None


OrderIntent = Submit | Cancel | Replace


class Approved(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="approved"):
    """Risk agrees. A Trader takes nothing else."""

    intent: OrderIntent


class Refused(msgspec.Struct, frozen=True, array_like=True, tag="refused"):
    """Risk refuses, and says why. The strategy hears of it as an OrderEvent of kind REFUSED."""

    intent: OrderIntent
    reason: str


Verdict = Approved | Refused


class OrderStatus(StrEnum):
    """Where an order stands."""

    ADMITTED = "admitted"
    ACCEPTED = "accepted"
    PENDING_NEW = "pending_new"
    NEW = "new"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    PENDING_CANCEL = "pending_cancel"
    PENDING_REPLACE = "pending_replace"
    DONE_FOR_DAY = "done_for_day"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REPLACED = "replaced"
    REJECTED = "rejected"
    SUSPENDED = "suspended"
    STOPPED = "stopped"
    CALCULATED = "calculated"
    HELD = "held"
    REFUSED = "refused"
    NEVER_SENT = "never_sent"

    @property
    def is_open(self) -> bool:
        """Whether it can still fill."""
        return self not in CLOSED


CLOSED = frozenset(
    {
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
        OrderStatus.EXPIRED,
        OrderStatus.REPLACED,
        OrderStatus.REJECTED,
        OrderStatus.REFUSED,
        OrderStatus.NEVER_SENT,
    },
)

_S = OrderStatus

# What each event makes of an order that is alive, unless a row below says otherwise.
_FROM_ALIVE: dict[Kind, OrderStatus] = {
    Kind.ACCEPTED: _S.ACCEPTED,
    Kind.PENDING_NEW: _S.PENDING_NEW,
    Kind.NEW: _S.NEW,
    Kind.HELD: _S.HELD,
    Kind.PARTIAL_FILL: _S.PARTIALLY_FILLED,
    Kind.FILL: _S.FILLED,
    Kind.CANCELED: _S.CANCELED,
    Kind.EXPIRED: _S.EXPIRED,
    Kind.REJECTED: _S.REJECTED,
    Kind.REPLACED: _S.REPLACED,
    Kind.PENDING_CANCEL: _S.PENDING_CANCEL,
    Kind.PENDING_REPLACE: _S.PENDING_REPLACE,
    Kind.DONE_FOR_DAY: _S.DONE_FOR_DAY,
    Kind.STOPPED: _S.STOPPED,
    Kind.SUSPENDED: _S.SUSPENDED,
    Kind.CALCULATED: _S.CALCULATED,
}

_ALIVE = [status for status in OrderStatus if status not in CLOSED]
# The broker's word travels on its own stream, so an early word may come after a later one. It
# changes nothing.
_LATE_WORDS = (Kind.ACCEPTED, Kind.PENDING_NEW, Kind.NEW, Kind.HELD)
_KEEPS = (Kind.CANCEL_REJECTED, Kind.REPLACE_REJECTED, Kind.RESTATED)


def _table() -> dict[tuple[OrderStatus, Kind], OrderStatus]:
    table = {(s, kind): to for s in _ALIVE for kind, to in _FROM_ALIVE.items()}
    table |= {(s, kind): s for s in OrderStatus for kind in _KEEPS}
    for status in (_S.PARTIALLY_FILLED, _S.PENDING_CANCEL, _S.PENDING_REPLACE, *CLOSED):
        table |= {(status, kind): status for kind in _LATE_WORDS}
    # A cancel on its way does not end the order: it may fill while the cancel travels.
    table[_S.PENDING_CANCEL, Kind.PARTIAL_FILL] = _S.PENDING_CANCEL
    table[_S.PENDING_REPLACE, Kind.PARTIAL_FILL] = _S.PENDING_REPLACE
    # The broker would not cancel or change it: it works on as before.
    table[_S.PENDING_CANCEL, Kind.CANCEL_REJECTED] = _S.NEW
    table[_S.PENDING_REPLACE, Kind.REPLACE_REJECTED] = _S.NEW
    # A refusal is ours and comes before anything left; never_sent is found out at recovery.
    table[_S.ADMITTED, Kind.REFUSED] = _S.REFUSED
    table[_S.ADMITTED, Kind.NEVER_SENT] = _S.NEVER_SENT
    # The real world: a fill that was on its way when the order ended still counts.
    for status in (_S.CANCELED, _S.EXPIRED, _S.REPLACED, _S.NEVER_SENT):
        table[status, Kind.PARTIAL_FILL] = status
        table[status, Kind.FILL] = _S.FILLED
    # The real world: after an interruption REST tells of an early part once the stream told of the end.
    table[_S.FILLED, Kind.PARTIAL_FILL] = _S.FILLED
    # The real world: what recovery took for unsent turns up at the broker after all, or ends there.
    table[_S.NEVER_SENT, Kind.PARTIAL_FILL] = _S.PARTIALLY_FILLED
    table[_S.NEVER_SENT, Kind.ACCEPTED] = _S.ACCEPTED
    table[_S.NEVER_SENT, Kind.NEW] = _S.NEW
    # The real world: an end that is told twice, over the stream and over REST.
    for status in CLOSED:
        for kind in (Kind.CANCELED, Kind.EXPIRED, Kind.REJECTED, Kind.REPLACED, Kind.DONE_FOR_DAY):
            table.setdefault((status, kind), status)
        for kind in (Kind.PENDING_CANCEL, Kind.PENDING_REPLACE, Kind.CALCULATED):
            table.setdefault((status, kind), status)
    # Busts and corrections change what was executed, not where the order stands.
    table |= {(s, kind): s for s in OrderStatus for kind in (Kind.TRADE_BUST, Kind.TRADE_CORRECT)}
    return table


TRANSITIONS: dict[tuple[OrderStatus, Kind], OrderStatus] = _table()
# Asked of the class, a member takes three times as long as a name of the module.
_FILLED, _ADMITTED = OrderStatus.FILLED, OrderStatus.ADMITTED


def next_status(status: OrderStatus, kind: Kind) -> OrderStatus:
    """Return where `kind` takes an order that stands at `status`.

    Raises InvariantError on an unknown pair.
    """
    try:
        return TRANSITIONS[status, kind]
    except KeyError:
        raise InvariantError(f"an order that is {status} cannot meet {kind}") from None


def filled_status(status: OrderStatus, *, qty: Decimal | None, filled: Decimal) -> OrderStatus:
    """Return where an order stands after a part of it was filled.

    The broker's list does not say which part was the last: what has filled whole is filled.
    """
    whole = qty is not None and filled >= qty
    return _FILLED if whole and status not in CLOSED else status


class Order(msgspec.Struct, gc=False):
    """An order at the broker, as its events tell it.

    `qty` is None while a notional order's size is unknown.
    """

    order_id: str
    strategy: str
    symbol: str
    side: Side
    qty: Decimal | None
    status: OrderStatus = OrderStatus.ADMITTED
    filled: Decimal = ZERO
    limit: Decimal | None = None
    broker_id: str | None = None
    stop: Decimal | None = None
    target: Decimal | None = None
    exit: bool = False
    type: OrderType = OrderType.MARKET

    @classmethod
    def of(cls, intent: Submit) -> Order:
        """Return the order that an approved intent becomes."""
        i = intent
        return cls(
            i.order_id, i.strategy, i.symbol, i.side, i.qty, _ADMITTED, ZERO, i.limit, None, i.stop,
            i.target, i.exit, i.type,
        )  # fmt: skip

    @property
    def is_open(self) -> bool:
        """Whether it can still fill."""
        return self.status not in CLOSED

    @property
    def remaining(self) -> Decimal:
        """What may still fill, in units of the instrument.

        0 for a notional order without a size.
        """
        if self.qty is None:
            return ZERO
        return max(self.qty - self.filled, ZERO) if self.filled else self.qty

    def apply(self, event: OrderEvent) -> None:
        """Move by one event."""
        kind, qty = event.kind, event.qty
        status = next_status(self.status, kind)
        if kind in FILLS:
            if qty is None or event.price is None:
                raise InvariantError(f"a fill without quantity or price: {event}")
            self.filled += qty
            if status not in CLOSED:
                status = filled_status(status, qty=self.qty, filled=self.filled)
        self.status = status
        if event.broker_id is not None:
            self.broker_id = event.broker_id
