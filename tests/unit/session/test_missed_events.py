"""What a broker's list of executions is told as, once a stream was interrupted."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

import pytest

from liualgotrader.common.events import OpenOrder
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import Order, OrderStatus, Side
from liualgotrader.common.ports import BrokerFill, BrokerOrder
from liualgotrader.common.reconciliation import Booked
from liualgotrader.session.incarnation import missed_events

WHOLE = Decimal(24)
OPEN = OpenOrder("o", "s", "GE", "sell", WHOLE, Decimal(0), "new")
EARLY = BrokerFill("e1", "b", "GE", "sell", Decimal(15), Decimal("83.60"), 1)
LAST = BrokerFill("e2", "b", "GE", "sell", Decimal(9), Decimal("83.47"), 2)


class Broker:
    """Has filled one order in two parts."""

    async def find(self, order_id: str) -> BrokerOrder:
        return BrokerOrder("b", order_id, "GE", "sell", "filled", WHOLE, WHOLE, Decimal("83.55"), 2)

    async def fills(self, *, after: int) -> list[BrokerFill]:
        return [EARLY, LAST]


class Books:
    """Know some of the executions."""

    def __init__(self, heard: Sequence[BrokerFill]) -> None:
        self.heard = [Booked(each.execution_id, each.qty, each.price) for each in heard]

    async def booked(self, order_ids: Sequence[str]) -> dict[str, list[Booked]]:
        return {"o": self.heard} if self.heard else {}


@pytest.mark.parametrize(
    ("heard", "kinds"),
    [
        ([], [Kind.PARTIAL_FILL, Kind.FILL]),
        ([EARLY], [Kind.FILL]),
        ([LAST], [Kind.PARTIAL_FILL]),  # the stream has told of the end: there is no second one
        ([EARLY, LAST], []),
    ],
)
def test_only_the_last_execution_is_told_as_the_end(
    heard: list[BrokerFill], kinds: list[Kind]
) -> None:
    books = cast("Any", Books(heard))
    events = asyncio.run(missed_events(cast("Any", Broker()), books, [OPEN], since=0, now=3))
    assert [each.kind for each in events] == kinds
    order = Order("o", "s", "GE", Side.SELL, WHOLE, OrderStatus.NEW)
    if LAST in heard:
        order.status = OrderStatus.FILLED  # as the stream had it
    order.filled = sum((each.qty for each in heard), Decimal(0))
    for event in events:
        order.apply(event)
    assert (order.status, order.filled) == (OrderStatus.FILLED, WHOLE)
