"""The book against a second bookkeeping, over random fills, busts, corrections and repeats."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liualgotrader.common.errors import InvariantError
from liualgotrader.common.events import OpenOrder, OpenPosition, OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import Order, OrderStatus, Side
from liualgotrader.engine.book import Book

QTY = st.integers(1, 50).map(lambda n: Decimal(n) / 2)
PRICE = st.integers(1, 500).map(lambda n: Decimal(n) / 4)
FEE = st.integers(0, 3).map(lambda n: Decimal(n) / 100)
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("fill"), st.sampled_from(Side), QTY, PRICE, FEE),
        st.tuples(st.just("bust"), st.integers(0, 30)),
        st.tuples(st.just("correct"), st.integers(0, 30), QTY, PRICE, FEE),
        st.tuples(st.just("repeat"), st.integers(0, 30)),
    ),
    max_size=25,
)


class Bookkeeper:
    """Lots, first in first out or not, do not matter here: a stack of signed fills, and fractions."""

    def __init__(self) -> None:
        self.live: dict[str, tuple[Fraction, Fraction, Fraction]] = {}

    @property
    def cash(self) -> Fraction:
        return -sum((q * p + fee for q, p, fee in self.live.values()), Fraction(0))

    @property
    def qty(self) -> Fraction:
        return sum((q for q, _, _ in self.live.values()), Fraction(0))

    def average_and_realised(self) -> tuple[Fraction, Fraction]:
        """Average cost from what was paid in: money in the position over its quantity."""
        qty = paid = realised = Fraction(0)
        for signed, price, _ in self.live.values():
            rest = signed
            if qty * signed < 0:
                closing = max(-abs(qty), -abs(signed)) * (1 if qty > 0 else -1)
                realised += -closing * (price - paid / qty)
                paid += closing * paid / qty
                qty += closing
                rest -= closing
            qty += rest
            paid += rest * price
        return (paid / qty if qty else Fraction(0)), realised


def _fill(number: str, side: Side, qty: Decimal, price: Decimal, fee: Decimal) -> OrderEvent:
    return OrderEvent(
        f"o{side}", Kind.PARTIAL_FILL, 0, "A", qty=qty, price=price, execution_id=number, fee=fee
    )


def _book() -> Book:
    book = Book()
    for side in Side:
        book.add(Order(f"o{side}", "s", "A", side, Decimal(10**6)))
    return book


class Play:
    """Plays actions to a book and to the bookkeeper."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.keeper = Bookkeeper()
        self.told: list[OrderEvent] = []
        self.fills: dict[str, OrderEvent] = {}
        self._numbers = count()

    def act(self, action: tuple) -> None:  # type: ignore[type-arg]
        getattr(self, action[0])(*action[1:])

    def _tell(self, event: OrderEvent) -> None:
        assert self.book.apply(event) is not None
        self.told.append(event)

    def _keep(self, name: str, side: Side, event: OrderEvent) -> None:
        assert event.qty is not None
        assert event.price is not None
        signed = Fraction(event.qty) * side.sign
        self.keeper.live[name] = (signed, Fraction(event.price), Fraction(event.fee))

    def fill(self, side: Side, qty: Decimal, price: Decimal, fee: Decimal) -> None:
        event = _fill(f"e{next(self._numbers)}", side, qty, price, fee)
        self._tell(event)
        assert event.execution_id is not None
        self.fills[event.execution_id] = event
        self._keep(event.execution_id, side, event)

    def _pick(self, index: int) -> OrderEvent | None:
        names = list(self.keeper.live)
        return self.fills[names[index % len(names)]] if names else None

    def bust(self, index: int) -> None:
        if (fill := self._pick(index)) is None or fill.execution_id is None:
            return
        self._tell(
            OrderEvent(fill.order_id, Kind.TRADE_BUST, 0, "A", execution_id=fill.execution_id)
        )
        del self.keeper.live[fill.execution_id]

    def correct(self, index: int, qty: Decimal, price: Decimal, fee: Decimal) -> None:
        if (fill := self._pick(index)) is None or fill.execution_id is None:
            return
        event = OrderEvent(
            fill.order_id,
            Kind.TRADE_CORRECT,
            0,
            "A",
            qty=qty,
            price=price,
            execution_id=fill.execution_id,
            fee=fee,
        )
        self._tell(event)
        del self.keeper.live[fill.execution_id]  # a correction is the newest, as in the ledger
        self._keep(fill.execution_id, Side(fill.order_id[1:]), event)

    def repeat(self, index: int) -> None:
        if self.fills:
            names = list(self.fills)
            assert self.book.apply(self.fills[names[index % len(names)]]) is None


@given(ACTIONS)
def test_cash_and_positions_equal_a_second_bookkeeping(actions: list[tuple]) -> None:  # type: ignore[type-arg]
    play = Play(_book())
    for action in actions:
        play.act(action)
    book, keeper = play.book, play.keeper
    assert Fraction(book.cash_flow) == keeper.cash
    assert Fraction(book.qty("s", "A")) == keeper.qty
    average, realised = keeper.average_and_realised()
    position = book.position("s", "A")
    assert float(position.avg_price if position else 0) == pytest.approx(float(average))
    assert float(book.realised) == pytest.approx(float(realised), abs=1e-9)
    filled = {side: Fraction(0) for side in Side}
    for signed, _, _ in keeper.live.values():
        filled[Side.BUY if signed > 0 else Side.SELL] += abs(signed)
    for side in Side:
        order = book.order(f"o{side}")
        assert order is not None
        assert Fraction(order.filled) == filled[side] >= 0


@given(ACTIONS, st.integers(0, 25))
def test_a_loaded_book_goes_on_like_one_that_saw_it_all(
    actions: list[tuple],  # type: ignore[type-arg]
    cut: int,
) -> None:
    """Amendments of what came before the restart are left out: see the test of that below."""
    fills = [action for action in actions if action[0] == "fill"]
    play = Play(_book())
    for action in fills[:cut]:
        play.act(action)
    loaded = Book()
    loaded.load(play.book.positions(), [_open(play.book, side) for side in Side])
    again = Play(loaded)
    again._numbers = play._numbers
    for action in fills[cut:]:
        again.act(action)
        assert play.book.apply(again.told[-1]) is not None
    assert loaded.positions() == play.book.positions()
    assert loaded.pending("s", "A") == play.book.pending("s", "A")


def _open(book: Book, side: Side) -> OpenOrder:
    order = book.order(f"o{side}")
    assert order is not None
    assert order.qty is not None
    return OpenOrder(
        order.order_id, "s", "A", side.value, order.qty, order.filled, order.status.value
    )


def _event(order_id: str, kind: Kind, qty: int | None = None, execution: str = "") -> OrderEvent:
    return OrderEvent(
        order_id,
        kind,
        0,
        "A",
        qty=None if qty is None else Decimal(qty),
        price=None if qty is None else Decimal(10),
        execution_id=execution or None,
    )


def _changing(qty: int = 100) -> tuple[Book, Order, Order]:
    book = Book()
    old = Order("old", "s", "A", Side.BUY, Decimal(100))
    book.add(old)
    new = Order("new", "s", "A", Side.BUY, Decimal(qty), filled=old.filled)
    book.await_replacement(old, new)
    return book, old, new


def test_a_replacement_carries_what_filled_while_it_was_on_its_way() -> None:
    book, _, new = _changing()
    book.apply(_event("old", Kind.PARTIAL_FILL, 30, "e1"))
    assert book.pending("s", "A") == 70
    book.apply(_event("old", Kind.REPLACED))
    assert [order.order_id for order in book.open_orders("s", "A")] == ["new"]
    assert new.filled == 30
    assert book.pending("s", "A") == 70


def test_a_fill_of_the_old_order_that_comes_after_the_change_counts_for_the_new_one() -> None:
    book, _, new = _changing()
    book.apply(_event("old", Kind.REPLACED))
    book.apply(_event("old", Kind.PARTIAL_FILL, 10, "e1"))
    assert [new.filled, book.pending("s", "A"), book.qty("s", "A")] == [10, 90, 10]
    book.apply(_event("old", Kind.TRADE_BUST, execution="e1"))
    assert [new.filled, book.pending("s", "A"), book.qty("s", "A")] == [0, 100, 0]


def test_a_refused_change_leaves_the_old_order_at_work_alone() -> None:
    book, old, new = _changing(150)
    assert book.leaving("s", "A", side=Side.BUY) == 150
    book.apply(_event("old", Kind.REPLACE_REJECTED))
    assert book.open_orders("s") == [old]
    assert new.status is OrderStatus.REJECTED
    assert book.leaving("s", "A", side=Side.BUY) == 100
    book.apply(_event("old", Kind.PARTIAL_FILL, 10, "e1"))
    assert new.filled == 0


def test_executions_of_two_orders_with_one_name_are_two() -> None:
    book = _book()
    for side in Side:
        book.apply(
            _fill("same", side, Decimal(3 if side is Side.BUY else 1), Decimal(10), Decimal(0))
        )
    assert book.qty("s", "A") == 2
    book.apply(_event("osell", Kind.TRADE_BUST, execution="same"))
    assert book.qty("s", "A") == 3


def test_an_order_taken_for_unsent_that_turns_up_is_at_work_again() -> None:
    book = _book()
    book.apply(_event("obuy", Kind.NEVER_SENT))
    assert not [o for o in book.open_orders("s") if o.order_id == "obuy"]
    book.apply(_event("obuy", Kind.ACCEPTED))
    assert [o for o in book.open_orders("s") if o.order_id == "obuy"]


@pytest.mark.parametrize(
    "kind", [Kind.PARTIAL_FILL, Kind.FILL, Kind.TRADE_BUST, Kind.TRADE_CORRECT]
)
def test_what_would_move_a_position_of_an_unknown_order_asks_for_a_new_incarnation(
    kind: Kind,
) -> None:
    with pytest.raises(InvariantError, match="incarnation"):
        _book().apply(_event("stranger", kind, 1, "e"))


def test_other_events_of_unknown_orders_are_nothing_to_us() -> None:
    assert _book().apply(_event("stranger", Kind.CANCELED)) is None


def test_an_amendment_of_an_execution_before_the_restart_asks_for_a_new_incarnation() -> None:
    book = Book()
    order = OpenOrder("o", "s", "A", "buy", Decimal(9), Decimal(5), "partially_filled")
    book.load([OpenPosition("s", "A", Decimal(5), Decimal(10))], [order])
    with pytest.raises(InvariantError, match="not known"):
        book.apply(_event("o", Kind.TRADE_BUST, execution="before"))
    assert book.qty("s", "A") == 5


def test_a_loaded_order_against_the_position_is_an_exit() -> None:
    book = Book()
    orders = [
        OpenOrder("out", "s", "A", "sell", Decimal(5), Decimal(0), "new"),
        OpenOrder("in", "s", "A", "buy", Decimal(5), Decimal(0), "new"),
        OpenOrder("flat", "s", "B", "sell", Decimal(5), Decimal(0), "new"),
    ]
    book.load([OpenPosition("s", "A", Decimal(5), Decimal(10))], orders)
    assert [o.order_id for o in book.open_orders("s") if o.exit] == ["out"]


@pytest.mark.parametrize("agreed", [True, False])
def test_a_change_on_its_way_is_known_after_a_restart(agreed: bool) -> None:
    old = OpenOrder("old", "s", "A", "buy", Decimal(9), Decimal(2), "pending_replace")
    new = OpenOrder("new", "s", "A", "buy", Decimal(20), Decimal(2), "admitted", replaces="old")
    third = OpenOrder("third", "s", "A", "buy", Decimal(30), Decimal(2), "admitted", replaces="new")
    gone = OpenOrder("heir", "s", "B", "buy", Decimal(5), Decimal(0), "new", replaces="gone")
    book = Book()
    book.load([], [third, new, old, gone])
    assert [o.order_id for o in book.open_orders("s")] == ["old", "heir"]
    assert book.pending("s", "A") == 7
    book.apply(_event("old", Kind.REPLACED if agreed else Kind.REPLACE_REJECTED))
    assert book.pending("s", "A") == (18 if agreed else 7)
