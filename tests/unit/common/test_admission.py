"""The rules of admission, one by one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from liualgotrader.common.account_view import (
    AccountView,
    PortfolioView,
    account_update,
    buying_power,
    worst_price,
)
from liualgotrader.common.admission import admit
from liualgotrader.common.ledger_orders import Holding, LedgerOrder
from liualgotrader.common.orders import (
    Approved,
    Cancel,
    OrderType,
    Replace,
    Side,
    Submit,
    TimeInForce,
)
from liualgotrader.common.plan import Limits

NOW = 1_700_000_000_000_000_000
D = Decimal


def submit(side: Side, qty: int | None, **what: Any) -> Submit:
    values = {
        "order_id": "0a1b2c3d-A-0000001",
        "strategy": "trend",
        "symbol": "AAPL",
        "side": side,
        "type": OrderType.LIMIT if "limit" in what else OrderType.MARKET,
        "tif": TimeInForce.DAY,
        "decided_at": NOW,
        "qty": None if qty is None else D(qty),
        "reference_price": D(100),
    }
    return Submit(**{**values, **what})


def buy(qty: int | None, **what: Any) -> Submit:
    return submit(Side.BUY, qty, **what)


def sell(qty: int | None, **what: Any) -> Submit:
    return submit(Side.SELL, qty, **what)


def view(
    *,
    cash: int = 10_000,
    held: dict[str, int] | None = None,
    orders: tuple[Submit, ...] = (),
    **what: Any,
) -> AccountView:
    """An account; `held` is quantity by symbol, bought by "trend" at 100."""
    holdings = {("trend", symbol): Holding(D(qty), D(100)) for symbol, qty in (held or {}).items()}
    known = {each.order_id: LedgerOrder.of(each) for each in orders}
    return AccountView(cash=D(cash), holdings=holdings, orders=known, **what)


def reasons(
    account: AccountView, *intents: Submit | Cancel | Replace, limits: Limits | None = None
) -> list[str]:
    approved = [Approved(each) for each in intents]
    _, refusals = admit(account, approved, NOW, limits)
    return [each.reason or "" for each in refusals]


@pytest.mark.parametrize(
    ("order", "price"),
    [
        (buy(1, limit=D(90)), D(90)),
        (buy(1), D(103)),
        (buy(1, type=OrderType.STOP, trigger=D(110)), D("113.3")),
        (buy(1, type=OrderType.STOP_LIMIT, trigger=D(110), limit=D(111)), D(111)),
        (buy(1, type=OrderType.TRAILING_STOP), D(103)),
        (buy(1, reference_price=None), None),
        (sell(1), D(103)),
        (sell(1, limit=D(90)), D(103)),
        (sell(1, limit=D(200)), D(200)),
        (sell(1, limit=D(90), reference_price=None), D(90)),
    ],
)
def test_entries_are_valued_at_the_worst_price(order: Submit, price: Decimal | None) -> None:
    assert worst_price(LedgerOrder.of(order)) == price


@pytest.mark.parametrize(
    ("cash", "multiplier", "qty", "power"),
    [
        (10_000, 1, 0, 10_000),
        (4_000, 1, 60, 4_000),
        (10_000, 2, 0, 20_000),
        (4_000, 2, 60, 14_000),
        (16_000, 2, -60, 14_000),
        (16_000, 1, -60, 4_000),
    ],
)
def test_buying_power_follows_equity(cash: int, multiplier: int, qty: int, power: int) -> None:
    holdings = {("trend", "AAPL"): Holding(D(qty), D(100))}
    assert buying_power(D(cash), D(multiplier), holdings) == power


def test_a_market_order_needs_a_cushion() -> None:
    assert reasons(view(), buy(97)) == []
    assert reasons(view(), buy(98)) == [
        "The order needs 10,094.00 $; buying power is 10,000.00 $ "
        "(10,000.00 $ less 0.00 $ claimed by open orders).",
    ]


def test_intents_of_one_input_share_the_money() -> None:
    first, second = buy(60, order_id="a"), buy(60, order_id="b", symbol="MSFT")
    admitted, refusals = admit(view(), [Approved(first), Approved(second)], NOW)
    assert [each.intent for each in admitted] == [first]
    assert [(each.order_id, each.time) for each in refusals] == [("b", NOW)]


def test_judging_does_not_change_the_view() -> None:
    account = view()
    assert reasons(account, buy(10)) == []
    assert account.orders == {}
    assert account.recent_orders == 0


def test_what_exits_will_bring_cannot_be_spent_before() -> None:
    account = view(cash=0, held={"AAPL": 100}, orders=(sell(100, order_id="x", limit=D(100)),))
    assert len(reasons(account, buy(1, symbol="MSFT"))) == 1


def test_an_exit_passes_whatever_the_limits_and_the_money() -> None:
    limits = Limits(
        gross_exposure=D(1),
        net_exposure=D(1),
        orders_per_minute=0,
        max_position=D(1),
        max_order=D(1),
    )
    account = view(cash=0, held={"AAPL": 100}, recent_orders=9, halted="enough")
    assert reasons(account, sell(100, reference_price=None), limits=limits) == []
    short = view(cash=0, held={"AAPL": -100}, recent_orders=9, halted="enough")
    assert reasons(short, buy(100, reference_price=None), limits=limits) == []


def test_only_the_part_beyond_the_position_is_an_entry() -> None:
    account = view(cash=11_000, held={"AAPL": -100})
    assert buying_power(account.cash, account.multiplier, account.holdings) == -9_000
    assert len(reasons(account, buy(101))) == 1
    rich = view(cash=21_000, held={"AAPL": -100})
    assert reasons(rich, buy(109)) == []
    assert len(reasons(rich, buy(110))) == 1


def test_a_halt_stops_entries() -> None:
    assert reasons(view(halted="by hand"), buy(1)) == ["Entries are halted: by hand."]


def test_an_order_without_any_price_is_refused() -> None:
    expected = "No price of AAPL is known, so a market order cannot be valued."
    assert reasons(view(), buy(1, reference_price=None)) == [expected]
    amount = buy(None, notional=D(500), reference_price=None)
    assert reasons(view(), amount) == [expected]


@pytest.mark.parametrize(
    ("mine", "theirs", "refused"),
    [
        (buy(1, limit=D(99)), sell(1, limit=D(100)), False),
        (buy(1, limit=D(100)), sell(1, limit=D(100)), True),
        (buy(1), sell(1, limit=D(500)), True),
        (buy(1, limit=D(1)), sell(1), True),
        (buy(1, limit=D(1)), sell(1, type=OrderType.STOP, trigger=D(90)), True),
        (buy(1), buy(1), False),
        (buy(1), sell(1, symbol="MSFT"), False),
    ],
)
def test_crossing_orders_of_two_strategies(mine: Submit, theirs: Submit, refused: bool) -> None:
    other = LedgerOrder.of(theirs)
    other.order_id, other.strategy = "0a1b2c3d-B-0000001", "other"
    account = AccountView(cash=D(10_000), orders={other.order_id: other}, shorting=True)
    assert any("could trade with" in each for each in reasons(account, mine)) is refused
    other.strategy = mine.strategy
    assert reasons(account, mine) == []


def test_limits_say_what_they_allow() -> None:
    account = view(cash=100_000, held={"AAPL": 10})
    order = buy(20, limit=D(100))

    def reason(**limits: Any) -> list[str]:
        return reasons(account, order, limits=Limits(**limits))

    assert reason(max_order=D(1999)) == [
        "The order is worth 2,000.00 $; the plan allows 1,999.00 $ an order.",
    ]
    assert reason(max_position=D(2999)) == [
        "AAPL would tie up 3,000.00 $ (1,000.00 $ held, 0.00 $ in open orders); "
        "the plan allows 2,999.00 $ a position.",
    ]
    assert reason(gross_exposure=D(2999)) == [
        "Gross exposure would be 3,000.00 $; the plan allows 2,999.00 $.",
    ]
    assert reason(net_exposure=D(2999)) == [
        "Net exposure would be 3,000.00 $ long; the plan allows 2,999.00 $.",
    ]
    assert (
        reason(
            max_order=D(2000), max_position=D(3000), gross_exposure=D(3000), net_exposure=D(3000)
        )
        == []
    )


def test_net_exposure_counts_the_side_that_may_fill_alone() -> None:
    waiting = sell(20, order_id="x", symbol="MSFT", limit=D(103))
    account = view(cash=100_000, orders=(waiting,), shorting=True, multiplier=D(2))
    limits = Limits(net_exposure=D(2060))
    assert reasons(account, buy(20), limits=limits) == []
    assert reasons(account, sell(1), limits=limits) == [
        "Net exposure would be 2,163.00 $ short; the plan allows 2,060.00 $.",
    ]


def test_a_shared_portfolio_is_spent_once() -> None:
    purse = PortfolioView("p", D(1000), D(100))
    account = view(portfolios={"trend": purse, "swing": purse})
    first = buy(8, order_id="a", limit=D(100))
    second = buy(4, order_id="b", limit=D(100), strategy="swing")
    third = buy(3, order_id="c", limit=D(100), strategy="swing")
    assert reasons(account, first, second, third) == [
        "The order needs 400.00 $; portfolio p has 300.00 $ "
        "(balance 1,000.00 $, credit 100.00 $, open orders 800.00 $).",
    ]


def test_cancels_pass_always() -> None:
    assert reasons(view(cash=0, halted="x"), Cancel("a", "trend", "AAPL", NOW)) == []


def test_making_an_order_smaller_needs_no_money() -> None:
    old = buy(100, order_id="a", limit=D(100))
    account = view(orders=(old,))
    smaller = Replace("a", "b", "trend", "AAPL", NOW, qty=D(50))
    larger = Replace("a", "c", "trend", "AAPL", NOW, limit=D(101))
    assert reasons(account, smaller) == []
    assert "buying power is 10,000.00 $" in reasons(account, larger)[0]


def test_an_order_whose_position_was_closed_by_another_claims_money() -> None:
    account = view(cash=10_000, held={"AAPL": -10}, orders=(buy(10, limit=D(100)),))
    assert account_update(account, NOW).buying_power == 10_000 - 2_000
    account.hold(next(iter(account.holdings)), Holding())
    assert account_update(account, NOW).buying_power == 10_000 - 1_000
