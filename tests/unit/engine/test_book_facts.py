"""A book, told of single fills whose sums one can do in one's head."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest

from liualgotrader.common.errors import InvariantError
from liualgotrader.common.events import OpenOrder, OpenPosition, OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import Order, OrderStatus, OrderType, Side, Submit, TimeInForce
from liualgotrader.engine.book import Book
from liualgotrader.engine.holdings import Position

ORDER_OF = {Side.BUY: "in", Side.SELL: "out"}


@pytest.fixture
def book() -> Book:
    """A book with a large order of each side at work."""
    book = Book()
    for side, order_id in ORDER_OF.items():
        book.add(Order(order_id, "s", "A", side, Decimal(1000)))
    return book


def _told(order_id: str, kind: Kind, execution: str | None = None, **figures: str) -> OrderEvent:
    numbers = {name: Decimal(value) for name, value in figures.items()}
    return OrderEvent(order_id, kind, 0, "A", execution_id=execution, **numbers)  # type: ignore[arg-type]


def _trade(book: Book, *fills: tuple[Side, str, str]) -> Position:
    """Let fills happen, each (side, quantity, price); return the position after them."""
    for number, (side, qty, price) in enumerate(fills):
        book.apply(
            _told(ORDER_OF[side], Kind.PARTIAL_FILL, f"{number}", qty=qty, price=price),
        )
    position = book.position("s", "A")
    assert position is not None
    return position


# ---------------------------------------------------------------------------- average and profit


@pytest.mark.parametrize(
    ("fills", "qty", "average", "realised"),
    [
        ([(Side.BUY, "10", "50"), (Side.BUY, "30", "54")], 40, 53, 0),
        ([(Side.BUY, "10", "50"), (Side.SELL, "4", "60")], 6, 50, 40),
        ([(Side.BUY, "10", "50"), (Side.SELL, "4", "45")], 6, 50, -20),
        ([(Side.SELL, "10", "50"), (Side.SELL, "10", "40")], -20, 45, 0),
        ([(Side.SELL, "10", "50"), (Side.BUY, "4", "40")], -6, 50, 40),
        ([(Side.SELL, "10", "50"), (Side.BUY, "4", "60")], -6, 50, -40),
        ([(Side.BUY, "10", "50"), (Side.SELL, "15", "60")], -5, 60, 100),
        ([(Side.SELL, "10", "50"), (Side.BUY, "15", "40")], 5, 40, 100),
        ([(Side.BUY, "10", "50"), (Side.SELL, "10.5", "60")], Decimal("-0.5"), 60, 100),
        ([(Side.BUY, "0.5", "50"), (Side.SELL, "0.25", "60")], Decimal("0.25"), 50, 2.5),
        ([(Side.BUY, "1", "50"), (Side.SELL, "0.5", "60")], Decimal("0.5"), 50, 5),
        ([(Side.BUY, "10", "50"), (Side.SELL, "10", "60")], 0, 0, 100),
        ([(Side.SELL, "10", "50"), (Side.BUY, "10", "60")], 0, 0, -100),
        ([(Side.BUY, "1", "5"), (Side.SELL, "1", "5"), (Side.SELL, "2", "9")], -2, 9, 0),
    ],
)
def test_a_position_averages_what_opens_it_and_realises_what_closes_it(
    book: Book,
    fills: list[tuple[Side, str, str]],
    qty: Decimal,
    average: int,
    realised: float,
) -> None:
    position = _trade(book, *fills)
    assert [position.qty, position.avg_price] == [qty, average]
    assert position.realised == book.realised == Decimal(str(realised))


def test_profits_of_all_symbols_and_strategies_are_summed(book: Book) -> None:
    _trade(book, (Side.BUY, "10", "50"), (Side.SELL, "10", "60"))
    for side, price in ((Side.BUY, "5"), (Side.SELL, "4")):
        book.add(Order(f"other-{side}", "t", "B", side, Decimal(10)))
        event = _told(f"other-{side}", Kind.FILL, "x", qty="10", price=price)
        book.apply(event)
    assert book.realised == 90


def test_only_positions_that_are_not_flat_are_listed(book: Book) -> None:
    _trade(book, (Side.BUY, "10", "50"), (Side.SELL, "10", "60"))
    book.add(Order("b", "s", "B", Side.SELL, Decimal(3)))
    book.apply(_told("b", Kind.FILL, "x", qty="3", price="7"))
    assert book.positions() == [OpenPosition("s", "B", Decimal(-3), Decimal(7))]


def test_what_was_never_held_is_none_and_what_was_sold_is_flat(book: Book) -> None:
    assert book.position("s", "A") is None
    assert book.qty("s", "A") == 0
    position = _trade(book, (Side.BUY, "10", "50"), (Side.SELL, "10", "60"))
    assert [position.qty, book.qty("s", "A")] == [0, 0]


# ---------------------------------------------------------------------------- money


def test_buying_takes_money_selling_brings_it_and_fees_are_taken_from_both(book: Book) -> None:
    assert [book.cash_flow, book.fees] == [0, 0]
    book.apply(_told("in", Kind.PARTIAL_FILL, "1", qty="10", price="50", fee="0.25"))
    assert (book.cash_flow, book.fees) == (Decimal("-500.25"), Decimal("0.25"))
    book.apply(_told("out", Kind.PARTIAL_FILL, "1", qty="4", price="60", fee="0.5"))
    assert (book.cash_flow, book.fees) == (Decimal("-260.75"), Decimal("0.75"))


def test_a_bust_gives_money_fee_and_quantity_back(book: Book) -> None:
    book.apply(_told("out", Kind.PARTIAL_FILL, "1", qty="10", price="50", fee="0.25"))
    book.apply(_told("out", Kind.TRADE_BUST, "1"))
    assert [book.cash_flow, book.fees, book.qty("s", "A")] == [0, 0, 0]
    assert book.pending("s", "A") == 0  # 1000 bought less 1000 sold


def test_a_correction_takes_the_place_of_what_it_corrects(book: Book) -> None:
    book.apply(_told("out", Kind.PARTIAL_FILL, "1", qty="10", price="50", fee="0.25"))
    book.apply(_told("out", Kind.TRADE_CORRECT, "1", qty="8", price="51", fee="0.5"))
    assert (book.cash_flow, book.fees) == (Decimal("407.5"), Decimal("0.5"))
    assert book.positions() == [OpenPosition("s", "A", Decimal(-8), Decimal(51))]
    book.apply(_told("out", Kind.TRADE_BUST, "1"))
    assert [book.cash_flow, book.fees, book.qty("s", "A")] == [0, 0, 0]


def test_a_correction_after_a_change_of_the_order_counts_for_both(book: Book) -> None:
    old = book.order("out")
    assert old is not None
    new = Order("out2", "s", "A", Side.SELL, Decimal(1000))
    book.await_replacement(old, new)
    book.apply(_told("out", Kind.PARTIAL_FILL, "1", qty="10", price="50"))
    book.apply(_told("out", Kind.TRADE_CORRECT, "1", qty="8", price="50"))
    assert [old.filled, new.filled] == [8, 8]
    book.apply(_told("out", Kind.TRADE_BUST, "1"))
    assert [old.filled, new.filled] == [0, 0]


@pytest.mark.parametrize("kind", [Kind.PARTIAL_FILL, Kind.FILL])
@pytest.mark.parametrize(
    ("execution", "figures"),
    [(None, {"qty": "1", "price": "5"}), ("1", {"price": "5"}), ("1", {"qty": "1"})],
)
def test_a_fill_that_lacks_something_is_a_bug(
    book: Book,
    kind: Kind,
    execution: str | None,
    figures: dict[str, str],
) -> None:
    with pytest.raises(InvariantError, match="fill without"):
        book.apply(_told("in", kind, execution, **figures))
    assert book.position("s", "A") is None


@pytest.mark.parametrize("figures", [{}, {"qty": "1"}, {"price": "5"}])
def test_a_correction_that_lacks_something_is_a_bug(book: Book, figures: dict[str, str]) -> None:
    _trade(book, (Side.BUY, "10", "50"))
    with pytest.raises(InvariantError, match="correction without"):
        book.apply(_told("in", Kind.TRADE_CORRECT, "0", **figures))


def test_a_fill_told_twice_counts_once(book: Book) -> None:
    fill = _told("in", Kind.PARTIAL_FILL, "1", qty="10", price="50")
    assert book.apply(fill) is book.order("in")
    assert book.apply(fill) is None
    assert [book.qty("s", "A"), book.cash_flow] == [10, -500]


# ---------------------------------------------------------------------------- orders at work


def _intent(order_id: str, side: Side, qty: str | None) -> Submit:
    return Submit(
        order_id=order_id,
        strategy="s",
        symbol="B",
        side=side,
        type=OrderType.MARKET,
        tif=TimeInForce.DAY,
        decided_at=0,
        qty=None if qty is None else Decimal(qty),
    )


def test_an_approved_intent_is_an_order_at_work_at_once() -> None:
    book = Book()
    order = book.open(_intent("b", Side.BUY, "10"))
    assert (order.order_id, order.status) == ("b", OrderStatus.ADMITTED)
    assert book.order("b") is order
    assert book.open_orders("s", "B") == book.open_orders("s") == [order]
    assert book.open_orders("s", "A") == book.open_orders("t") == []


def test_an_order_that_ends_is_known_but_not_at_work(book: Book) -> None:
    book.apply(_told("in", Kind.FILL, "1", qty="1000", price="5"))
    book.apply(_told("out", Kind.CANCELED))
    assert book.open_orders("s") == []
    assert book.order("in") is not None


def test_what_is_pending_is_signed_and_less_what_has_filled() -> None:
    book = Book()
    assert book.pending("s", "B") == 0
    book.open(_intent("b", Side.SELL, "10"))
    book.apply(_told("b", Kind.PARTIAL_FILL, "1", qty="4", price="5"))
    assert book.pending("s", "B") == -6
    book.open(_intent("c", Side.BUY, "2"))
    assert book.pending("s", "B") == -4


def test_what_may_leave_counts_one_side_without_the_order_in_hand() -> None:
    book = Book()
    assert book.leaving("s", "B", Side.SELL) == 0
    for order_id, side, qty in (
        ("a", Side.SELL, "10"),
        ("b", Side.SELL, "5"),
        ("c", Side.BUY, "3"),
    ):
        book.open(_intent(order_id, side, qty))
    assert book.leaving("s", "B", Side.SELL) == 15
    assert book.leaving("s", "B", side=Side.SELL, without="a") == 5
    assert book.leaving("s", "B", side=Side.BUY) == 3
    book.open(_intent("d", Side.BUY, "0.25"))
    assert book.leaving("s", "B", side=Side.BUY) == Decimal("3.25")


def test_nobody_knows_what_may_leave_with_an_order_by_amount() -> None:
    book = Book()
    book.open(_intent("a", Side.SELL, None))
    assert book.leaving("s", "B", Side.SELL) is None
    assert book.leaving("s", "B", side=Side.BUY) == 0
    assert book.leaving("s", "B", side=Side.SELL, without="a") == 0


@pytest.mark.parametrize(("qty", "most"), [(1500, 1500), (500, 1000)])
def test_an_order_that_is_being_changed_counts_with_its_larger_quantity(
    book: Book,
    qty: int,
    most: int,
) -> None:
    old = book.order("out")
    assert old is not None
    new = Order("out2", "s", "A", Side.SELL, Decimal(qty))
    book.await_replacement(old, new)
    assert book.replacement("out") is book.order("out2") is new
    assert book.leaving("s", "A", side=Side.SELL) == most
    book.apply(_told("out", Kind.REPLACED))
    assert book.replacement("out") is None
    assert book.leaving("s", "A", side=Side.SELL) == qty


def test_a_change_of_a_change_hands_fills_on_to_the_last(book: Book) -> None:
    orders = [Order(f"out{n}", "s", "A", Side.SELL, Decimal(1000)) for n in range(3)]
    book.add(orders[0])
    for before, after in pairwise(orders):
        book.await_replacement(before, after)
        book.apply(_told(before.order_id, Kind.REPLACED))
    book.apply(_told("out0", Kind.PARTIAL_FILL, "late", qty="7", price="5"))
    assert [order.filled for order in orders] == [7, 7, 7]


def test_a_loaded_order_is_as_the_ledger_has_it() -> None:
    book = Book()
    row = OpenOrder("o", "s", "A", "sell", Decimal(9), Decimal(5), "partially_filled")
    book.load([OpenPosition("s", "A", Decimal(-5), Decimal(10))], [row])
    order = book.order("o")
    assert order is not None
    assert order.side is Side.SELL
    assert [order.qty, order.filled] == [9, 5]
    assert (order.strategy, order.symbol) == ("s", "A")
    assert order.status is OrderStatus.PARTIALLY_FILLED
    assert not order.exit
    assert book.positions() == [OpenPosition("s", "A", Decimal(-5), Decimal(10))]
    assert book.pending("s", "A") == -4


def test_a_bust_after_a_restart_leaves_the_loaded_position() -> None:
    book = Book()
    book.load([OpenPosition("s", "A", Decimal(5), Decimal(10))], [])
    book.add(Order("in", "s", "A", Side.BUY, Decimal(9)))
    book.apply(_told("in", Kind.PARTIAL_FILL, "1", qty="5", price="20"))
    book.apply(_told("in", Kind.TRADE_BUST, "1"))
    assert book.positions() == [OpenPosition("s", "A", Decimal(5), Decimal(10))]
