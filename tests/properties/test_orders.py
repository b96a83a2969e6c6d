"""What holds for an order whatever happens to it."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liualgotrader.common.errors import InvariantError
from liualgotrader.common.events import OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import (
    CLOSED,
    TRANSITIONS,
    Order,
    OrderStatus,
    Side,
    next_status,
)

FILLS = (Kind.PARTIAL_FILL, Kind.FILL)
S = OrderStatus

# The only ways out of a closed state: fills that were on their way, and what was sent after all.
REOPENED = {
    (S.CANCELED, Kind.FILL): S.FILLED,
    (S.EXPIRED, Kind.FILL): S.FILLED,
    (S.REPLACED, Kind.FILL): S.FILLED,
    (S.NEVER_SENT, Kind.FILL): S.FILLED,
    (S.NEVER_SENT, Kind.PARTIAL_FILL): S.PARTIALLY_FILLED,
    (S.NEVER_SENT, Kind.ACCEPTED): S.ACCEPTED,
    (S.NEVER_SENT, Kind.NEW): S.NEW,
}


@pytest.mark.parametrize(("status", "kind"), list(product(OrderStatus, Kind)))
def test_every_pair_is_in_the_table_or_a_bug(status: OrderStatus, kind: Kind) -> None:
    if (status, kind) in TRANSITIONS:
        assert next_status(status, kind) is TRANSITIONS[status, kind]
    else:
        with pytest.raises(InvariantError, match=f"{status}.*{kind}"):
            next_status(status, kind)


def test_a_closed_order_moves_only_by_the_documented_rows() -> None:
    moved = {
        (status, kind): to
        for (status, kind), to in TRANSITIONS.items()
        if status in CLOSED and to is not status
    }
    assert moved == REOPENED


@pytest.mark.parametrize("status", [S.REFUSED, S.REJECTED])
@pytest.mark.parametrize("kind", FILLS)
def test_what_never_worked_cannot_fill(status: OrderStatus, kind: Kind) -> None:
    with pytest.raises(InvariantError):
        next_status(status, kind)


@pytest.mark.parametrize("status", [status for status in OrderStatus if status not in CLOSED])
def test_an_order_at_work_can_fill_and_end(status: OrderStatus) -> None:
    assert next_status(status, Kind.FILL) is S.FILLED
    assert next_status(status, Kind.CANCELED) is S.CANCELED
    assert next_status(status, Kind.PARTIAL_FILL).is_open


def test_only_what_did_not_leave_can_be_refused() -> None:
    can = {status for status in OrderStatus if (status, Kind.REFUSED) in TRANSITIONS}
    assert can == {S.ADMITTED}


events = st.builds(
    OrderEvent,
    order_id=st.just("x"),
    kind=st.sampled_from(Kind),
    time=st.just(0),
    symbol=st.just("A"),
    qty=st.integers(1, 5).map(Decimal),
    price=st.just(Decimal(10)),
)


@given(st.lists(events, max_size=30))
def test_filled_is_the_sum_of_the_fills_and_never_negative(row: list[OrderEvent]) -> None:
    order = Order("x", "s", "A", Side.BUY, Decimal(100))
    filled = Decimal(0)
    for event in row:
        before = order.status
        try:
            order.apply(event)
        except InvariantError:
            assert (before, event.kind) not in TRANSITIONS
            assert order.status is before
            continue
        if event.kind in FILLS:
            filled += event.qty or 0
        if before in CLOSED and order.status is not before:
            assert REOPENED[before, event.kind] is order.status
        assert order.filled == filled
        assert order.remaining == max(100 - filled, Decimal(0))


@pytest.mark.parametrize("kind", FILLS)
def test_a_fill_without_a_price_is_a_bug_and_changes_nothing(kind: Kind) -> None:
    order = Order("x", "s", "A", Side.BUY, Decimal(100), status=S.NEW)
    with pytest.raises(InvariantError):
        order.apply(OrderEvent("x", kind, 0, "A", qty=Decimal(1)))
    assert (order.status, order.filled) == (S.NEW, Decimal(0))


def test_an_order_for_an_amount_has_no_known_rest() -> None:
    assert Order("x", "s", "A", Side.BUY, None).remaining == 0
