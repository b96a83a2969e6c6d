"""The broker's books beside ours: what explains a difference, and who gains what."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liualgotrader.common.ledger_orders import Holding
from liualgotrader.common.ports import BrokerActivity, BrokerFill, BrokerPosition
from liualgotrader.common.reconciliation import (
    MANUAL,
    Booked,
    Difference,
    DifferenceKind,
    Ours,
    Theirs,
    allocate,
    compare,
    unheard,
)

D = Decimal


def fill(
    execution_id: str,
    qty: int | str,
    price: int | str = 10,
    *,
    order: str = "b1",
    side: str = "buy",
    fee: str = "0",
) -> BrokerFill:
    """Return an execution of AAPL in the broker's list."""
    return BrokerFill(execution_id, order, "AAPL", side, D(qty), D(price), 1, D(fee))


def held(qty: int | str, price: int | str = 10, symbol: str = "AAPL") -> BrokerPosition:
    """Return a position at the broker."""
    return BrokerPosition(symbol, D(qty), D(price))


def ours(cash: int | str = 1000, **options: object) -> Ours:
    """Return our books, of one strategy that holds 10 AAPL unless said otherwise."""
    holdings = {("trend", "AAPL"): Holding(D(10), D(9))}
    return Ours(**({"cash": D(cash), "holdings": holdings} | options))  # type: ignore[arg-type]


def only(found: list[Difference]) -> Difference:
    """Return the one difference."""
    (difference,) = found
    return difference


def gains(difference: Difference) -> dict[str, Decimal]:
    """Return who gains what."""
    return {change.strategy: change.qty for change in difference.changes}


def test_equal_books_have_no_difference() -> None:
    """To the share and to the cent; less than a cent is rounding on a page of the broker's."""
    assert compare(ours(), Theirs(D("1000.004"), [held(10)])) == []
    assert compare(ours(cash=0, holdings={}), Theirs(D(0))) == []


def test_a_fill_of_our_order_that_nobody_heard_of() -> None:
    """It explains shares and cash; those that are booked are not told again."""
    books = ours(orders={"b1": "o1"}, executions={"o1": [Booked("x1", D(10), D(9))]})
    listed = [fill("x1", 10, 9), fill("x2", 5, "9.5", fee="0.1")]
    found = only(compare(books, Theirs(D("952.4"), [held(15)], listed)))
    assert found.kind is DifferenceKind.MISSED_FILL
    assert (found.order_id, found.reference, found.cash) == ("o1", "x2", D("-47.6"))
    assert (found.ledger, found.broker) == (D(10), D(15))


def test_an_execution_of_another_name_counts_once() -> None:
    """The list and the stream may name one differently; quantity and price tell."""
    booked = [Booked("s1", D(10), D(9)), Booked("s2", D(10), D(9)), Booked("s3", D(4), D(9))]
    listed = [fill("l1", 10, 9), fill("s2", 10, 9), fill("l3", 4, 9), fill("l4", 4, 9)]
    assert [each.execution_id for each in unheard(listed, booked)] == ["l4"]
    assert unheard(listed[:3], booked) == []


def test_what_the_owner_bought_is_his() -> None:
    """An order that is none of ours: recognised, booked once, given to no strategy."""
    listed = [fill("m1", 7, 11, order="theirs")]
    found = only(compare(ours(), Theirs(D(923), [held(17)], listed)))
    assert (found.kind, found.reference) == (DifferenceKind.MANUAL_TRADE, "m1")
    assert gains(found) == {MANUAL: 7}
    booked = ours(
        923,
        references={"m1"},
        holdings={("trend", "AAPL"): Holding(D(10), D(9)), (MANUAL, "AAPL"): Holding(D(7), D(11))},
    )
    assert compare(booked, Theirs(D(923), [held(17)], listed)) == []


def test_what_the_owner_sells_is_a_strategy_s_when_there_is_nothing_else() -> None:
    """Else the strategy would sell shares that are gone, and be short."""
    listed = [fill("m1", 4, 11, order="theirs", side="sell")]
    found = only(compare(ours(), Theirs(D(1044), [held(6)], listed)))
    assert gains(found) == {"trend": -4}


@pytest.mark.parametrize(
    ("holders", "delta", "expected"),
    [
        ({"a": 10, MANUAL: 5}, -7, {MANUAL: -5, "a": -2}),
        ({"a": 10, "b": 30}, -35, {"b": -30, "a": -5}),
        ({"a": 10}, -12, {"a": -10, MANUAL: -2}),
        ({"a": -10}, 4, {"a": 4}),
        ({"a": 10}, 4, {MANUAL: 4}),
        ({"a": 10, "b": -10}, 5, {"b": 5}),
        ({}, -3, {MANUAL: -3}),
    ],
)
def test_who_gains(holders: dict[str, int], delta: int, expected: dict[str, int]) -> None:
    """The owner's own first, then the largest strategy's; what is left is the owner's."""
    assert allocate({k: D(v) for k, v in holders.items()}, D(delta)) == expected


@given(
    st.dictionaries(st.sampled_from(["a", "b", "c", MANUAL]), st.integers(-50, 50)),
    st.integers(-120, 120).filter(bool),
)
def test_shares_add_up(holders: dict[str, int], delta: int) -> None:
    """Nothing is lost in sharing out, and no strategy is taken through zero."""
    shares = allocate({k: D(v) for k, v in holders.items()}, D(delta))
    assert sum(shares.values()) == delta
    for name, part in shares.items():
        before = holders.get(name, 0)
        assert name == MANUAL or before * (before + part) >= 0


def activity(name: str, amount: str = "0", kind: str = "FEE", symbol: str = "") -> BrokerActivity:
    """Return a line of the broker's list."""
    return BrokerActivity(name, kind, D(amount), "2026-11-27", "", symbol)


def test_fees_dividends_and_transfers_explain_cash() -> None:
    """Each is booked under its id."""
    listed = [activity("f", "-0.52"), activity("d", "3.10", "DIV"), activity("t", "500", "CSD")]
    found = compare(ours(), Theirs(D("1502.58"), [held(10)], (), listed))
    assert {each.kind for each in found} == {DifferenceKind.CASH_ACTIVITY}
    assert {each.reference for each in found} == {"f", "d", "t"}


def test_an_activity_that_is_not_needed_explains_nothing() -> None:
    """They have a date and no time: one of today may be in the cash that we began with."""
    listed = [activity("f", "-0.52"), activity("d", "3.10", "DIV")]
    assert compare(ours(), Theirs(D(1000), [held(10)], (), listed)) == []
    found = only(compare(ours(), Theirs(D("1003.10"), [held(10)], (), listed)))
    assert found.reference == "d"


def test_what_is_left_of_cash_is_unknown() -> None:
    """After all that is listed."""
    listed = [activity("f", "-0.52")]
    fee, rest = compare(ours(), Theirs(D("1004.48"), [held(10)], (), listed))
    assert fee.kind is DifferenceKind.CASH_ACTIVITY
    assert (rest.kind, rest.cash, rest.symbol) == (DifferenceKind.UNKNOWN, D(5), "")


def test_a_split_scales_what_everybody_holds() -> None:
    """Cost stays; a strategy and the owner both have four for one."""
    books = ours(
        holdings={("trend", "AAPL"): Holding(D(10), D(9)), (MANUAL, "AAPL"): Holding(D(5), D(8))}
    )
    listed = [activity("s", kind="SPLIT", symbol="AAPL")]
    found = only(compare(books, Theirs(D(1000), [held(60)], (), listed)))
    assert found.kind is DifferenceKind.CORPORATE_ACTION
    assert gains(found) == {"trend": 30, MANUAL: 15}
    again = ours(
        references={found.reference}, holdings={("trend", "AAPL"): Holding(D(40), D("2.25"))}
    )
    unknown = only(compare(again, Theirs(D(1000), [held(60)], (), listed)))
    assert unknown.kind is DifferenceKind.UNKNOWN, "a split explains once"


def test_shares_that_nothing_explains() -> None:
    """Said with both figures."""
    found = only(compare(ours(), Theirs(D(1000), [held(12)])))
    assert found.kind is DifferenceKind.UNKNOWN
    assert str(found).startswith("AAPL: the ledger has 10, the broker 12 (unknown: ")
    gone = only(compare(ours(), Theirs(D(1000), [])))
    assert gains(gone) == {"trend": -10}


def test_an_account_that_is_first_seen_is_taken_as_it_is() -> None:
    """Its positions are the owner's, and its past trades are nobody's news."""
    new = ours(cash=700, holdings={}, is_new=True)
    listed = [fill("old", 3, order="theirs")]
    found = only(compare(new, Theirs(D(700), [held(3, 12)], listed, [activity("f", "-1")])))
    assert found.kind is DifferenceKind.HELD_BEFORE
    assert (gains(found), found.changes[0].price) == ({MANUAL: D(3)}, D(12))
