"""Executions that the broker does not list any more, and what must not be taken for one."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

import pytest

from liualgotrader.common.events import OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.ports import BrokerFill, BrokerOrder, Trader
from liualgotrader.models.session_rows import ExecutionRow, OrderRow
from liualgotrader.models.session_store import SessionStore
from liualgotrader.session.amendments import taken_back

NONE: dict[str, Any] = {}


def row(kind: type[Any], **values: Any) -> Any:
    """Return a row of which only what matters is filled in."""
    blank = dict.fromkeys(kind.__struct_fields__)
    return kind(**{**blank, **values})


def booked(order_id: str, name: str, qty: int) -> ExecutionRow:
    values = {"order_id": order_id, "execution_id": name, "qty": Decimal(qty)}
    row_of: ExecutionRow = row(
        ExecutionRow, symbol="A", operation="buy", price=Decimal(10), fee=Decimal(0), **values
    )
    return row_of


def listed(broker_id: str, name: str, qty: int, price: int = 10) -> BrokerFill:
    return BrokerFill(name, broker_id, "A", "buy", Decimal(qty), Decimal(price), 0, Decimal(0))


class Books:
    """A store and a broker at once."""

    def __init__(
        self, rows: Sequence[ExecutionRow], fills: Sequence[BrokerFill], **filled: int
    ) -> None:
        self._rows = rows
        self._fills = fills
        self._filled = filled
        self._orders = [
            row(OrderRow, order_id="one", broker_id="b1"),
            row(OrderRow, order_id="two", broker_id="b2", replaces="one"),
        ]

    async def executions(self, batch_id: str) -> list[ExecutionRow]:
        return list(self._rows)

    async def orders(self, batch_id: str) -> list[OrderRow]:
        return self._orders

    async def fills(self, *, after: int) -> list[BrokerFill]:
        return list(self._fills)

    async def find(self, order_id: str) -> BrokerOrder | None:
        qty = self._filled.get(order_id)
        if qty is None:
            return None
        return BrokerOrder("b", order_id, "A", "buy", "filled", None, Decimal(qty), None, 0)

    async def missed(self, only: set[str] | None = None) -> list[OrderEvent]:
        store, trader = cast(SessionStore, self), cast(Trader, self)
        return await taken_back(store, trader, batch_id="b", since=0, now=5, only=only)


ONE, MORE = booked("one", "x1", 4), booked("one", "x2", 6)


async def test_what_is_not_listed_any_more_is_a_bust() -> None:
    (bust,) = await Books([ONE, MORE], [listed("b1", "x2", 6)], one=6).missed()
    assert (bust.kind, bust.order_id, bust.execution_id) == (Kind.TRADE_BUST, "one", "x1")
    assert (bust.time, bust.qty) == (5, Decimal(4))


async def test_a_correction_is_a_bust_of_the_old_name() -> None:
    fills = [listed("b1", "y1", 4, price=9), listed("b1", "x2", 6)]
    (bust,) = await Books([ONE, MORE], fills, one=10).missed()
    assert bust.execution_id == "x1"


async def test_a_list_may_name_an_execution_otherwise_than_the_stream_did() -> None:
    fills = [listed("b1", "y1", 4), listed("b1", "y2", 6)]
    assert await Books([ONE, MORE], fills, one=10).missed() == []
    (bust,) = await Books([ONE, MORE], fills[:1], one=4).missed()
    assert bust.execution_id == "x2"


@pytest.mark.parametrize(
    ("fills", "filled"),
    [
        ([listed("b1", "x1", 4), listed("b1", "x2", 6)], {"one": 10}),  # nothing is missing
        ([listed("b1", "x2", 6)], {"one": 10}),  # the list is behind
        ([listed("b1", "x2", 6)], NONE),  # the broker does not know the order
    ],
)
async def test_a_list_that_is_behind_takes_nothing_back(
    fills: list[BrokerFill], filled: dict[str, int]
) -> None:
    assert await Books([ONE, MORE], fills, **filled).missed() == []


async def test_an_order_counts_the_fills_of_those_it_took_over_from() -> None:
    rows = [ONE, booked("two", "z1", 3), booked("two", "z2", 2)]
    fills = [listed("b1", "x1", 4), listed("b2", "z1", 3)]
    (bust,) = await Books(rows, fills, two=7).missed()
    assert bust.execution_id == "z2"
    assert await Books(rows, fills, two=3).missed() == []


async def test_only_the_orders_that_are_asked_for_are_looked_at() -> None:
    books = Books([ONE, MORE], [listed("b1", "x2", 6)], one=6)
    assert await books.missed({"two"}) == []
    assert len(await books.missed({"one"})) == 1
