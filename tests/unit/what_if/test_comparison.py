"""Where two rows of orders part, and what of an order counts."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from liualgotrader.common.ledger_orders import Execution, LedgerOrder
from liualgotrader.common.orders import OrderStatus, OrderType, Side
from liualgotrader.trading.memory_ledger import Finished
from liualgotrader.what_if.comparison import Lived, first_difference, lived_orders


def order(number: int, *, decided_at: int, slot: str = "A", qty: int = 10) -> LedgerOrder:
    return LedgerOrder(
        order_id=f"12345678-{slot}-{number:07}",
        strategy="s",
        symbol="AAA",
        side=Side.BUY,
        type=OrderType.MARKET,
        qty=Decimal(qty),
        status=OrderStatus.FILLED,
        filled=Decimal(qty),
        decided_at=decided_at,
    )


def fill(of: LedgerOrder, price: str) -> Execution:
    return Execution(
        order_id=of.order_id,
        execution_id="x",
        strategy=of.strategy,
        symbol=of.symbol,
        side=of.side,
        qty=of.filled,
        price=Decimal(price),
        fee=Decimal(0),
        time=of.decided_at + 5,
    )


def lived(*orders: LedgerOrder, price: str = "10") -> list[Lived]:
    return lived_orders(Finished(list(orders), [], [fill(each, price) for each in orders], []))


def test_orders_stand_by_decision_then_consumer_then_number() -> None:
    found = lived(order(9, decided_at=2), order(10, decided_at=1), order(1, decided_at=2, slot="B"))
    assert [(each.decided_at, each.slot) for each in found] == [(1, "A"), (2, "A"), (2, "B")]


def test_ids_do_not_count_and_fills_do() -> None:
    before = lived(order(1, decided_at=1), order(2, decided_at=2))
    assert first_difference(before, lived(order(5, decided_at=1), order(6, decided_at=2))) is None
    dearer = lived(order(1, decided_at=1), order(2, decided_at=2), price="11")
    assert first_difference(before, dearer) == (before[0], dearer[0])
    assert before[0].fills == ((6, Decimal(10), Decimal(10), Decimal(0)),)


def test_the_first_place_that_differs_is_found_also_behind_an_end() -> None:
    before = lived(order(1, decided_at=1), order(2, decided_at=2))
    larger = [before[0], replace(before[1], qty=Decimal(11))]
    assert first_difference(before, larger) == (before[1], larger[1])
    assert first_difference(before, before[:1]) == (before[1], None)
    assert first_difference([], before) == (None, before[0])
    assert first_difference([], []) is None
