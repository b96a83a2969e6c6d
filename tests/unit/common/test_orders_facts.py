"""Where each event takes an order, written out by hand, and what an order knows of itself."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from liualgotrader.common.errors import InvariantError
from liualgotrader.common.events import OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import (
    TRANSITIONS,
    Approved,
    Cancel,
    Order,
    OrderClass,
    OrderIntent,
    OrderStatus,
    OrderType,
    Refused,
    Replace,
    Side,
    StopLoss,
    Submit,
    TakeProfit,
    TimeInForce,
    Verdict,
    next_status,
)

S = OrderStatus
OPEN = {
    *(S.ADMITTED, S.ACCEPTED, S.PENDING_NEW, S.NEW, S.HELD, S.PARTIALLY_FILLED),
    *(S.PENDING_CANCEL, S.PENDING_REPLACE, S.DONE_FOR_DAY, S.SUSPENDED, S.STOPPED, S.CALCULATED),
}
ENDED = {S.FILLED, S.CANCELED, S.EXPIRED, S.REPLACED, S.REJECTED, S.REFUSED, S.NEVER_SENT}
WORDS = (Kind.ACCEPTED, Kind.PENDING_NEW, Kind.NEW, Kind.HELD)

# What an event says of an order at work; the rows of EXCEPTIONS differ.
AT_WORK = {
    Kind.ACCEPTED: S.ACCEPTED,
    Kind.PENDING_NEW: S.PENDING_NEW,
    Kind.NEW: S.NEW,
    Kind.HELD: S.HELD,
    Kind.PARTIAL_FILL: S.PARTIALLY_FILLED,
    Kind.FILL: S.FILLED,
    Kind.CANCELED: S.CANCELED,
    Kind.EXPIRED: S.EXPIRED,
    Kind.REJECTED: S.REJECTED,
    Kind.REPLACED: S.REPLACED,
    Kind.PENDING_CANCEL: S.PENDING_CANCEL,
    Kind.PENDING_REPLACE: S.PENDING_REPLACE,
    Kind.DONE_FOR_DAY: S.DONE_FOR_DAY,
    Kind.STOPPED: S.STOPPED,
    Kind.SUSPENDED: S.SUSPENDED,
    Kind.CALCULATED: S.CALCULATED,
}
EXCEPTIONS = {
    # It may fill in part while a cancel or a change travels, and works on when that is refused.
    (S.PENDING_CANCEL, Kind.PARTIAL_FILL): S.PENDING_CANCEL,
    (S.PENDING_REPLACE, Kind.PARTIAL_FILL): S.PENDING_REPLACE,
    (S.PENDING_CANCEL, Kind.CANCEL_REJECTED): S.NEW,
    (S.PENDING_REPLACE, Kind.REPLACE_REJECTED): S.NEW,
    # Only what has not left can be refused by us, or be found never to have left.
    (S.ADMITTED, Kind.REFUSED): S.REFUSED,
    (S.ADMITTED, Kind.NEVER_SENT): S.NEVER_SENT,
    # An early word that comes late changes nothing.
    **{
        (status, word): status
        for status in (S.PARTIALLY_FILLED, S.PENDING_CANCEL, S.PENDING_REPLACE)
        for word in WORDS
    },
    # A fill that was on its way when the order ended.
    (S.CANCELED, Kind.FILL): S.FILLED,
    (S.EXPIRED, Kind.FILL): S.FILLED,
    (S.REPLACED, Kind.FILL): S.FILLED,
    (S.NEVER_SENT, Kind.FILL): S.FILLED,
    (S.CANCELED, Kind.PARTIAL_FILL): S.CANCELED,
    (S.EXPIRED, Kind.PARTIAL_FILL): S.EXPIRED,
    (S.REPLACED, Kind.PARTIAL_FILL): S.REPLACED,
    (S.FILLED, Kind.PARTIAL_FILL): S.FILLED,
    # What was taken for unsent is at the broker after all.
    (S.NEVER_SENT, Kind.PARTIAL_FILL): S.PARTIALLY_FILLED,
    (S.NEVER_SENT, Kind.ACCEPTED): S.ACCEPTED,
    (S.NEVER_SENT, Kind.NEW): S.NEW,
}
# What changes nothing about where an order stands, whether it has ended or not.
NEUTRAL = (
    *(Kind.CANCEL_REJECTED, Kind.REPLACE_REJECTED, Kind.RESTATED),
    *(Kind.TRADE_BUST, Kind.TRADE_CORRECT),
)
# What is no news of an order that has ended.
NO_NEWS = (
    *WORDS,
    *(Kind.CANCELED, Kind.EXPIRED, Kind.REJECTED, Kind.REPLACED, Kind.DONE_FOR_DAY),
    *(Kind.PENDING_CANCEL, Kind.PENDING_REPLACE, Kind.CALCULATED),
)


def _expected() -> dict[tuple[OrderStatus, Kind], OrderStatus]:
    table = {(status, kind): to for status in OPEN for kind, to in AT_WORK.items()}
    table |= {(status, kind): status for status in OrderStatus for kind in NEUTRAL}
    table |= {(status, kind): status for status in ENDED for kind in NO_NEWS}
    return table | EXCEPTIONS


@pytest.mark.parametrize("status", OrderStatus)
def test_each_event_takes_an_order_where_it_is_written_and_nowhere_else(
    status: OrderStatus,
) -> None:
    expected = {kind: to for (at, kind), to in _expected().items() if at is status}
    assert {kind: to for (at, kind), to in TRANSITIONS.items() if at is status} == expected


@pytest.mark.parametrize("status", OrderStatus)
def test_an_order_can_fill_until_it_has_ended(status: OrderStatus) -> None:
    assert status.is_open is (status in OPEN) is (status not in ENDED)
    order = Order("o", "s", "A", Side.BUY, Decimal(1), status=status)
    assert order.is_open is (status in OPEN)


def test_a_word_that_cannot_be_names_where_the_order_stands() -> None:
    with pytest.raises(InvariantError, match="rejected cannot meet fill"):
        next_status(S.REJECTED, Kind.FILL)


def test_buying_adds_and_selling_takes() -> None:
    assert (Side.BUY.sign, Side.SELL.sign) == (1, -1)


# ---------------------------------------------------------------------------- orders


def _intent() -> Submit:
    return Submit(
        order_id="o",
        strategy="s",
        symbol="A",
        side=Side.SELL,
        type=OrderType.LIMIT,
        tif=TimeInForce.DAY,
        decided_at=1,
        qty=Decimal(7),
        limit=Decimal(50),
        stop=Decimal(55),
        target=Decimal(40),
        exit=True,
    )


def test_an_order_is_what_its_intent_asked_for() -> None:
    order = Order.of(_intent())
    assert (order.order_id, order.strategy, order.symbol) == ("o", "s", "A")
    assert (order.side, order.status, order.exit) == (Side.SELL, S.ADMITTED, True)
    assert [order.qty, order.limit, order.stop, order.target] == [7, 50, 55, 40]
    assert [order.filled, order.remaining] == [0, 7]
    assert order.broker_id is None


def test_a_new_intent_asks_for_nothing_special() -> None:
    plain = Submit(
        order_id="o",
        strategy="s",
        symbol="A",
        side=Side.BUY,
        type=OrderType.MARKET,
        tif=TimeInForce.DAY,
        decided_at=1,
    )
    assert plain.order_class is OrderClass.SIMPLE
    assert (plain.extended_hours, plain.exit) == (False, False)
    assert not Order.of(plain).exit
    assert not Order("o", "s", "A", Side.BUY, None).exit


def _event(kind: Kind, qty: str | None = None, **fields: str) -> OrderEvent:
    number = None if qty is None else Decimal(qty)
    price = None if qty is None else Decimal(50)
    return OrderEvent("o", kind, 0, "A", qty=number, price=price, **fields)  # type: ignore[arg-type]


def test_fills_add_up_and_leave_the_rest() -> None:
    order = Order.of(_intent())
    order.apply(_event(Kind.PARTIAL_FILL, "2"))
    assert [order.filled, order.remaining] == [2, 5]
    order.apply(_event(Kind.FILL, "5"))
    assert [order.filled, order.remaining] == [7, 0]
    assert order.status is S.FILLED


def test_an_order_filled_beyond_its_quantity_has_nothing_left() -> None:
    order = Order.of(_intent())
    order.apply(_event(Kind.FILL, "9"))
    assert order.remaining == 0


@pytest.mark.parametrize("kind", [Kind.NEW, Kind.TRADE_CORRECT, Kind.REPLACED])
def test_a_quantity_in_any_other_event_is_no_fill(kind: Kind) -> None:
    order = Order.of(_intent())
    order.apply(_event(kind, "3"))
    assert order.filled == 0


@pytest.mark.parametrize("kind", [Kind.PARTIAL_FILL, Kind.FILL])
@pytest.mark.parametrize("missing", ["qty", "price"])
def test_a_fill_needs_quantity_and_price(kind: Kind, missing: str) -> None:
    event = msgspec.structs.replace(_event(kind, "3"), **{missing: None})
    order = Order.of(_intent())
    with pytest.raises(InvariantError, match="fill without"):
        order.apply(event)
    assert order.status is S.ADMITTED


def test_an_order_keeps_the_broker_s_id_once_told() -> None:
    order = Order.of(_intent())
    order.apply(_event(Kind.NEW, broker_id="b-1"))
    order.apply(_event(Kind.CANCELED))
    assert order.broker_id == "b-1"


# ---------------------------------------------------------------------------- on the wire


@pytest.mark.parametrize(
    "intent",
    [
        _intent(),
        Cancel("o", "s", "A", 1, "too late"),
        Replace("o", "o2", "s", "A", 1, qty=Decimal(3)),
        msgspec.structs.replace(
            _intent(),
            order_class=OrderClass.BRACKET,
            take_profit=TakeProfit(Decimal(40)),
            stop_loss=StopLoss(Decimal(55), Decimal(56)),
        ),
    ],
)
def test_verdicts_travel_as_arrays_and_come_back_equal(intent: OrderIntent) -> None:
    for verdict in (Approved(intent), Refused(intent, "no money")):
        wire = msgspec.json.encode(verdict)
        assert wire.startswith(b"[")
        assert b"{" not in wire.replace(b"{}", b"")
        decoded: Verdict = msgspec.json.decode(wire, type=Verdict)
        assert decoded == verdict
