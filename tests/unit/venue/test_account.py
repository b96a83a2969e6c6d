"""What an account is worth, what it may take out and what its fills have brought."""

from __future__ import annotations

from decimal import Decimal

import pytest

from liualgotrader.common.events import Quote, Trade
from liualgotrader.common.orders import Side
from liualgotrader.venue.account import Account, Position, Unsettled
from liualgotrader.venue.buying_power import before_reserves
from tests.unit.venue.a_venue import make


def _account(cash: int = 10_000, multiplier: int = 4) -> Account:
    return Account(Decimal(cash), multiplier=Decimal(multiplier))


def _book(account: Account, *fills: tuple[Side, str, str]) -> None:
    for side, qty, price in fills:
        account.book("A", side, qty=Decimal(qty), price=Decimal(price), fee=Decimal("0.5"))


@pytest.mark.parametrize(
    ("fills", "qty", "average", "profit"),
    [
        ([(Side.BUY, "10", "50"), (Side.BUY, "30", "54")], "40", "53", "0"),
        ([(Side.BUY, "0.5", "50"), (Side.BUY, "0.5", "60")], "1", "55", "0"),
        ([(Side.BUY, "10", "50"), (Side.SELL, "4", "60")], "6", "50", "40"),
        ([(Side.BUY, "1", "50"), (Side.SELL, "0.5", "60")], "0.5", "50", "5"),
        ([(Side.SELL, "10", "50"), (Side.BUY, "4", "40")], "-6", "50", "40"),
        ([(Side.SELL, "10", "50"), (Side.SELL, "10", "40")], "-20", "45", "0"),
        ([(Side.BUY, "10", "50"), (Side.SELL, "15", "60")], "-5", "60", "100"),
        ([(Side.SELL, "10", "50"), (Side.BUY, "15", "40")], "5", "40", "100"),
    ],
)
def test_a_position_averages_what_opens_it_and_realises_what_closes_it(
    fills: list[tuple[Side, str, str]],
    qty: str,
    average: str,
    profit: str,
) -> None:
    account = _account()
    _book(account, *fills)
    position = account.positions["A"]
    assert [position.qty, position.avg_entry] == [Decimal(qty), Decimal(average)]
    assert account.realised == Decimal(profit) - len(fills) * Decimal("0.5")


@pytest.mark.parametrize("first", Side)
def test_a_position_that_is_closed_is_gone_and_its_profit_is_cash(first: Side) -> None:
    second = Side.SELL if first is Side.BUY else Side.BUY
    account = _account()
    _book(account, (first, "10", "50"), (second, "10", "60"))
    assert account.positions == {}
    assert account.position_qty("A") == 0
    assert account.cash == 10_000 + 100 * first.sign - 1
    assert account.realised == 100 * first.sign - 1


def test_what_is_flat_has_no_average() -> None:
    assert Position("A").avg_entry == 0


def test_a_charge_is_a_loss_and_is_listed() -> None:
    account = _account()
    account.charge("TAF", Decimal("0.02"), 7)
    assert [account.cash, account.realised] == [Decimal("9999.98"), Decimal("-0.02")]
    assert [(c.kind, c.amount, c.ts) for c in account.charges] == [("TAF", Decimal("0.02"), 7)]


# ---------------------------------------------------------------------------- value


@pytest.mark.parametrize(("qty", "mark"), [("0.5", 49), ("10", 49), ("-0.5", 51), ("-10", 51)])
def test_where_nothing_printed_a_position_is_valued_at_the_worse_side(qty: str, mark: int) -> None:
    account = _account()
    account.hold("A", Decimal(qty), Decimal(40))
    assert account.equity() == 10_000 + 40 * Decimal(qty)
    account.market.marks["A"] = Decimal(45)
    assert account.equity() == 10_000 + 45 * Decimal(qty)
    account.market.quotes["A"] = Quote("A", 0, 49.0, 51.0, 1.0, 1.0)
    assert account.equity() == 10_000 + mark * Decimal(qty)
    assert account.gross() == mark * abs(Decimal(qty))
    account.market.trades["A"] = Trade("A", 0, 50.0, 1.0)
    assert account.equity() == 10_000 + 50 * Decimal(qty)


@pytest.mark.parametrize(
    ("cash", "multiplier", "has_margin"),
    [(2000, 2, True), (2000, 4, True), (1999, 4, False), (9000, 1, False)],
)
def test_margin_needs_an_account_for_it_and_two_thousand_dollars(
    cash: int,
    multiplier: int,
    has_margin: bool,
) -> None:
    assert _account(cash, multiplier).has_margin is has_margin


@pytest.mark.parametrize(
    ("multiplier", "qty", "power"),
    [
        (1, 100, 10_000),  # cash alone
        (2, 0, 20_000),
        (2, 100, 25_000),  # twice (15,000 less half of 5,000)
        (2, 700, 55_000),
        (4, 100, 55_000),  # four times 15,000, less 5,000
    ],
)
def test_buying_power_is_cash_or_what_equity_can_borrow(
    multiplier: int,
    qty: int,
    power: int,
) -> None:
    account = _account(10_000, multiplier)
    account.hold("A", Decimal(qty), Decimal(50))
    assert _power(account) == power


@pytest.mark.parametrize("multiplier", [2, 4])
def test_an_account_beyond_its_margin_has_no_buying_power(multiplier: int) -> None:
    account = _account(-100_000, multiplier)
    account.hold("A", Decimal(2100), Decimal(50))  # 105,000 held on equity of 5,000
    assert _power(account) == 0


def _power(account: Account) -> Decimal:
    """Return the buying power in June 2026, after the pattern day trader's rules."""
    return before_reserves(make(account=account).books)


# ---------------------------------------------------------------------------- settlement


def test_money_of_sales_is_withdrawable_once_it_has_settled() -> None:
    account = _account(100)
    account.unsettled += [
        Unsettled(Decimal(30), 10),
        Unsettled(Decimal(20), 11),
        Unsettled(Decimal(10), None),
    ]
    assert account.withdrawable == 40
    account.settle(9)
    assert account.withdrawable == 40
    account.settle(10)
    assert account.withdrawable == 70
    account.settle(1 << 62)
    assert account.withdrawable == 90


def test_no_less_than_nothing_can_be_withdrawn() -> None:
    account = _account(100)
    account.unsettled.append(Unsettled(Decimal(130), 10))
    assert account.withdrawable == 0
