"""What every ledger promises, in memory and in PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any, Protocol

import pytest

from liualgotrader.common.account_view import PortfolioView
from liualgotrader.common.errors import BrokerDisagrees, InvariantError
from liualgotrader.common.events import OpenOrder, OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.ids import order_id
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
from liualgotrader.common.ports import Ledger
from liualgotrader.models.ledger import PostgresLedger
from liualgotrader.models.postgres import create_pool
from liualgotrader.trading.memory_ledger import NO_LIMITS, MemoryLedger

BATCH = "0a1b2c3d-session"
START = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
CASH = Decimal(10_000)


class AnyLedger(Ledger, Protocol):
    foreign: int

    async def unanswered(self, slot: str) -> list[OpenOrder]: ...


class Desk:
    """A ledger with words for what tests do to it."""

    def __init__(self, ledger: AnyLedger) -> None:
        self.ledger = ledger
        self._number = {"A": 0, "B": 0}
        self._executions = 0

    def id(self, slot: str = "A") -> str:
        self._number[slot] += 1
        return order_id(BATCH, slot, self._number[slot])

    def order(self, side: Side, qty: Any, *, slot: str = "A", **what: Any) -> Submit:
        values = {
            "order_id": self.id(slot),
            "strategy": "trend",
            "symbol": "AAPL",
            "side": side,
            "type": OrderType.LIMIT if "limit" in what else OrderType.MARKET,
            "tif": TimeInForce.DAY,
            "decided_at": START,
            "qty": None if qty is None else Decimal(qty),
            "reference_price": Decimal(100),
        }
        numbers = ("limit", "trigger", "notional", "stop", "target", "reference_price")
        exact = {key: Decimal(value) for key, value in what.items() if key in numbers}
        return Submit(**{**values, **what, **exact})

    def buy(self, qty: Any, **what: Any) -> Submit:
        return self.order(Side.BUY, qty, **what)

    def sell(self, qty: Any, **what: Any) -> Submit:
        return self.order(Side.SELL, qty, **what)

    async def admit(self, *intents: Submit | Cancel | Replace) -> list[str]:
        """Return the reasons of refusals."""
        _, refusals = await self.ledger.admit([Approved(intent) for intent in intents])
        return [event.reason or "" for event in refusals]

    def event(self, order: Submit | str, kind: Kind, **what: Any) -> OrderEvent:
        name = order if isinstance(order, str) else order.order_id
        values = {"time": START + SECOND, "symbol": "AAPL"}
        return OrderEvent(**{"order_id": name, "kind": kind, **values, **what})

    def fill(self, order: Submit | str, qty: Any, price: Any, **what: Any) -> OrderEvent:
        self._executions += 1
        kind = what.pop("kind", Kind.FILL)
        values = {"execution_id": f"x{self._executions}"} | what
        return self.event(order, kind, qty=Decimal(qty), price=Decimal(price), **values)

    async def hold(self, qty: Any, price: Any, **what: Any) -> Submit:
        """Buy and fill at once."""
        order = self.buy(qty, reference_price=price, **what)
        assert await self.admit(order) == []
        assert await self.ledger.book(self.fill(order, qty, price)) is not None
        return order

    async def positions(self, slot: str = "A") -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
        held, _, _ = await self.ledger.open_state(slot)
        return {(p.strategy, p.symbol): (p.qty, p.avg_price) for p in held}

    async def open_orders(self, slot: str = "A") -> dict[str, tuple[str, Decimal]]:
        _, orders, _ = await self.ledger.open_state(slot)
        return {order.order_id: (order.status, order.filled) for order in orders}


class Make(Protocol):
    async def __call__(
        self,
        *,
        limits: Limits = ...,
        multiplier: int = ...,
        shorting: bool = ...,
        portfolio: int | None = ...,
    ) -> Desk: ...


@pytest.fixture(params=["memory", "postgres"])
def dsn(request: pytest.FixtureRequest) -> str:
    """Return where the ledger is kept; "" is memory."""
    return "" if request.param == "memory" else str(request.getfixturevalue("database"))


@pytest.fixture
async def make(dsn: str) -> AsyncIterator[Make]:
    """Return what makes a ledger with 10,000 $ and a strategy, "trend", beside "other"."""
    pools = []

    async def memory(
        *,
        limits: Limits = NO_LIMITS,
        multiplier: int = 1,
        shorting: bool = False,
        portfolio: int | None = None,
    ) -> Desk:
        purse = {"trend": PortfolioView("p1", Decimal(portfolio))} if portfolio else {}
        ledger = MemoryLedger(
            cash=CASH,
            multiplier=Decimal(multiplier),
            shorting=shorting,
            limits=limits,
            portfolios=purse,
        )
        return Desk(ledger)

    async def postgres(
        *,
        limits: Limits = NO_LIMITS,
        multiplier: int = 1,
        shorting: bool = False,
        portfolio: int | None = None,
    ) -> Desk:
        pool = await create_pool(dsn)
        pools.append(pool)
        await pool.execute(SETUP)
        await pool.execute(
            "UPDATE accounts SET multiplier = $1, shorting = $2 WHERE account_id = 1",
            Decimal(multiplier),
            shorting,
        )
        if portfolio:
            await pool.execute("UPDATE accounts SET balance = $1 WHERE account_id = 2", portfolio)
            await pool.execute("UPDATE algo_run SET portfolio_id = 'p1' WHERE algo_name = 'trend'")
        ledger = PostgresLedger(pool, batch_id=BATCH, account_id=1, limits=limits)
        return Desk(ledger)

    yield postgres if dsn else memory
    for pool in pools:
        await pool.close()


SETUP = f"""
INSERT INTO accounts (account_id, balance, broker, external_account_id)
VALUES (1, 10000, 'test', 'one'), (2, 0, NULL, NULL);
INSERT INTO batches (batch_id, environment, mode, build, account_id)
VALUES ('{BATCH}', 'PAPER', 'paper', 'test', 1);
INSERT INTO portfolio (portfolio_id, account_id, size) VALUES ('p1', 2, 1000);
INSERT INTO algo_run (batch_id, algo_name, slot, algo_env, build_number)
SELECT '{BATCH}', name, slot, 'PAPER', 'test'
FROM unnest(ARRAY['trend', 'other']) AS name, unnest(ARRAY['A', 'B']) AS slot;
"""


async def test_admitted_orders_may_leave_and_wait_for_a_word(make: Make) -> None:
    desk = await make()
    order = desk.buy(10, limit=100)
    admitted, refusals = await desk.ledger.admit([Approved(order)])
    assert (admitted, refusals) == ([Approved(order)], [])
    assert [each.order_id for each in await desk.ledger.unanswered("A")] == [order.order_id]
    await desk.ledger.book(desk.event(order, Kind.NEW, broker_id="b1"))
    assert await desk.ledger.unanswered("A") == []
    assert await desk.open_orders() == {order.order_id: ("new", Decimal(0))}


async def test_consumers_share_one_account(make: Make) -> None:
    desk = await make()
    assert await desk.admit(desk.buy(60, limit=100)) == []
    reasons = await desk.admit(desk.buy(60, limit=100, slot="B", symbol="MSFT"))
    assert reasons == [
        "The order needs 6,000.00 $; buying power is 4,000.00 $ "
        "(10,000.00 $ less 6,000.00 $ claimed by open orders).",
    ]
    assert await desk.open_orders("B") == {}


async def test_asking_again_gives_the_first_answer(make: Make) -> None:
    desk = await make()
    orders = [desk.buy(60, limit=100), desk.buy(60, limit=100)]
    first = await desk.ledger.admit([Approved(each) for each in orders])
    again = await desk.ledger.admit([Approved(each) for each in orders])
    assert first == again
    assert [each.intent for each in first[0]] == [orders[0]]
    assert [each.order_id for each in first[1]] == [orders[1].order_id]


async def test_fills_move_cash_and_position_and_count_once(make: Make) -> None:
    desk = await make()
    order = desk.buy(10, limit=100)
    await desk.admit(order)
    part = desk.fill(order, 4, "99.5", kind=Kind.PARTIAL_FILL, fee=Decimal("0.25"))
    update = await desk.ledger.book(part)
    assert update is not None
    assert update.cash == Decimal("9601.75")
    assert update.buying_power == Decimal("9001.75")
    told_again = desk.event(
        order, Kind.FILL, qty=part.qty, price=part.price, execution_id=part.execution_id
    )
    assert await desk.ledger.book(told_again) is None
    rest = await desk.ledger.book(desk.fill(order, 6, 100))
    assert rest is not None
    assert rest.cash == rest.buying_power == Decimal("9001.75")
    assert await desk.positions() == {("trend", "AAPL"): (Decimal(10), Decimal("99.8"))}
    assert await desk.open_orders() == {}


async def test_a_word_that_comes_twice_is_recorded_once(make: Make) -> None:
    desk = await make()
    order = desk.buy(10, limit=100)
    await desk.admit(order)
    word = desk.event(order, Kind.NEW)
    assert await desk.ledger.book(word) is not None
    assert await desk.ledger.book(word) is None


async def test_a_cancelled_order_gives_its_money_back(make: Make) -> None:
    desk = await make()
    order = desk.buy(100, limit=100)
    await desk.admit(order)
    assert await desk.admit(Cancel(order.order_id, "trend", "AAPL", START)) == []
    update = await desk.ledger.book(desk.event(order, Kind.CANCELED))
    assert update is not None
    assert update.buying_power == CASH
    assert await desk.admit(desk.buy(100, limit=100)) == []


async def test_a_fill_after_the_cancel_counts(make: Make) -> None:
    desk = await make()
    order = desk.buy(10, limit=100)
    await desk.admit(order)
    await desk.ledger.book(desk.event(order, Kind.CANCELED))
    update = await desk.ledger.book(desk.fill(order, 10, 100, kind=Kind.PARTIAL_FILL))
    assert update is not None
    assert update.cash == Decimal(9000)
    assert await desk.positions() == {("trend", "AAPL"): (Decimal(10), Decimal(100))}


async def test_foreign_orders_are_counted_and_change_nothing(make: Make) -> None:
    desk = await make()
    assert await desk.ledger.book(desk.fill("by-hand", 1, 100)) is None
    assert desk.ledger.foreign == 1
    assert await desk.positions() == {}


async def test_an_exit_needs_no_money(make: Make) -> None:
    desk = await make()
    await desk.hold(97, 100)
    assert await desk.admit(desk.sell(97, exit=True)) == []


async def test_selling_twice_what_is_held_is_refused(make: Make) -> None:
    desk = await make()
    await desk.hold(10, 100)
    assert await desk.admit(desk.sell(6, limit=110)) == []
    (reason,) = await desk.admit(desk.sell(6, limit=120))
    assert "would sell 2 more than trend can" in reason


async def test_one_strategy_does_not_sell_what_another_holds(make: Make) -> None:
    desk = await make()
    await desk.hold(10, 100)
    (reason,) = await desk.admit(desk.sell(5, strategy="other", slot="B"))
    assert "it holds 0" in reason


async def test_shorts_are_sold_where_the_account_may_and_covered_without_money(make: Make) -> None:
    desk = await make(shorting=True, multiplier=2)
    order = desk.sell(90, limit=100)
    assert await desk.admit(order) == []
    update = await desk.ledger.book(desk.fill(order, 90, 100))
    assert update is not None
    assert update.cash == Decimal(19_000)
    assert update.buying_power == 2 * CASH - 9000
    assert await desk.positions() == {("trend", "AAPL"): (Decimal(-90), Decimal(100))}
    cover = desk.buy(90, exit=True, reference_price=250)
    assert await desk.admit(cover) == []
    await desk.ledger.book(desk.fill(cover, 90, 90))
    assert await desk.positions() == {}


async def test_strategies_do_not_trade_with_each_other(make: Make) -> None:
    desk = await make()
    await desk.hold(10, 100)
    assert await desk.admit(desk.sell(10, limit=101)) == []
    assert await desk.admit(desk.buy(5, limit=100, strategy="other", slot="B")) == []
    (reason,) = await desk.admit(desk.buy(5, limit=101, strategy="other", slot="B"))
    assert "could trade with order" in reason
    assert "a sell at 101 by trend" in reason


async def test_a_busted_trade_is_taken_back_to_the_cent(make: Make) -> None:
    desk = await make()
    order = desk.buy(10, limit=100)
    await desk.admit(order)
    first = desk.fill(order, 4, "99.5", kind=Kind.PARTIAL_FILL, fee=Decimal("0.25"))
    await desk.ledger.book(first)
    await desk.ledger.book(desk.fill(order, 6, 100))
    bust = desk.event(order, Kind.TRADE_BUST, execution_id=first.execution_id)
    update = await desk.ledger.book(bust)
    assert update is not None
    assert update.cash == Decimal(9400)
    assert await desk.positions() == {("trend", "AAPL"): (Decimal(6), Decimal(100))}
    assert await desk.ledger.book(bust) is None


async def test_a_corrected_trade_counts_as_corrected(make: Make) -> None:
    desk = await make()
    order = desk.buy(10, limit=100)
    await desk.admit(order)
    fill = desk.fill(order, 10, 100)
    await desk.ledger.book(fill)
    fixed = desk.event(
        order,
        Kind.TRADE_CORRECT,
        execution_id=fill.execution_id,
        qty=Decimal(9),
        price=Decimal(98),
    )
    update = await desk.ledger.book(fixed)
    assert update is not None
    assert update.cash == CASH - 9 * 98
    assert await desk.positions() == {("trend", "AAPL"): (Decimal(9), Decimal(98))}


async def test_a_correction_under_a_new_name_counts_once_whoever_tells_of_it(make: Make) -> None:
    desk = await make()
    order = desk.buy(10, limit=100)
    await desk.admit(order)
    fill = desk.fill(order, 10, 100)
    await desk.ledger.book(fill)
    fixed = desk.fill(order, 10, 99, kind=Kind.TRADE_CORRECT, amends=fill.execution_id)
    assert await desk.ledger.book(fixed) is not None
    # The broker's list has it as a fill, and a stream may say everything again.
    listed = desk.fill(order, 10, 99, kind=Kind.PARTIAL_FILL, execution_id=fixed.execution_id)
    for told_again in (listed, fill, fixed):
        assert await desk.ledger.book(told_again) is None
    update = await desk.ledger.standing(START)
    assert update.cash == CASH - 10 * 99
    assert await desk.positions() == {("trend", "AAPL"): (Decimal(10), Decimal(99))}


async def test_a_correction_that_was_learnt_from_the_list_changes_nothing_more(make: Make) -> None:
    desk = await make()
    order = desk.buy(20, limit=100)
    await desk.admit(order)
    fill = desk.fill(order, 10, 100, kind=Kind.PARTIAL_FILL)
    await desk.ledger.book(fill)
    await desk.ledger.book(desk.event(order, Kind.TRADE_BUST, execution_id=fill.execution_id))
    listed = desk.fill(order, 10, 99, kind=Kind.PARTIAL_FILL)
    await desk.ledger.book(listed)
    values = {"execution_id": listed.execution_id, "amends": fill.execution_id}
    await desk.ledger.book(desk.fill(order, 10, 99, kind=Kind.TRADE_CORRECT, **values))
    update = await desk.ledger.standing(START)
    assert update.cash == CASH - 10 * 99
    assert await desk.open_orders() == {order.order_id: ("partially_filled", Decimal(10))}


async def test_what_has_filled_whole_is_filled_whatever_its_parts_are_called(make: Make) -> None:
    desk = await make()
    order = desk.buy(10, limit=100)
    await desk.admit(order)
    await desk.ledger.book(desk.fill(order, 4, 100, kind=Kind.PARTIAL_FILL))
    assert await desk.open_orders() == {order.order_id: ("partially_filled", Decimal(4))}
    await desk.ledger.book(desk.fill(order, 6, 100, kind=Kind.PARTIAL_FILL))
    assert await desk.open_orders() == {}


async def test_what_takes_over_from_an_order_loses_its_busted_fills(make: Make) -> None:
    desk = await make()
    order = desk.buy(10, limit=100)
    await desk.admit(order)
    change = Replace(order.order_id, desk.id(), "trend", "AAPL", START, limit=Decimal(101))
    await desk.admit(change)
    fill = desk.fill(order, 4, 100, kind=Kind.PARTIAL_FILL)
    await desk.ledger.book(fill)
    await desk.ledger.book(desk.event(order, Kind.REPLACED, replaced_by=change.new_id))
    assert await desk.open_orders() == {change.new_id: ("admitted", Decimal(4))}
    await desk.ledger.book(desk.event(order, Kind.TRADE_BUST, execution_id=fill.execution_id))
    assert await desk.open_orders() == {change.new_id: ("admitted", Decimal(0))}


async def test_an_amendment_of_an_unknown_trade_is_a_disagreement(make: Make) -> None:
    desk = await make()
    order = await desk.hold(10, 90)
    with pytest.raises(BrokerDisagrees):
        await desk.ledger.book(desk.event(order, Kind.TRADE_BUST, execution_id="never"))
    assert await desk.positions() == {("trend", "AAPL"): (Decimal(10), Decimal(90))}


async def test_what_cannot_happen_to_an_order_is_a_bug_and_changes_nothing(make: Make) -> None:
    desk = await make()
    order = await desk.hold(10, 90)
    with pytest.raises(InvariantError):
        await desk.ledger.book(desk.fill(order, 10, 90))
    assert await desk.positions() == {("trend", "AAPL"): (Decimal(10), Decimal(90))}


async def test_a_replacement_is_charged_the_difference_only(make: Make) -> None:
    desk = await make()
    order = desk.buy(90, limit=100)
    await desk.admit(order)
    change = Replace(order.order_id, desk.id(), "trend", "AAPL", START, limit=Decimal(105))
    assert await desk.admit(change) == []
    update = await desk.ledger.book(desk.event(order, Kind.PENDING_REPLACE))
    assert update is not None
    assert update.buying_power == CASH - 90 * 105
    await desk.ledger.book(desk.event(order, Kind.REPLACED, replaced_by=change.new_id))
    assert await desk.open_orders() == {change.new_id: ("admitted", Decimal(0))}
    filled = await desk.ledger.book(desk.fill(change.new_id, 90, 105))
    assert filled is not None
    assert filled.cash == filled.buying_power == CASH - 90 * 105


async def test_a_replacement_beyond_the_money_leaves_the_order_at_work(make: Make) -> None:
    desk = await make()
    order = desk.buy(90, limit=100)
    await desk.admit(order)
    change = Replace(order.order_id, desk.id(), "trend", "AAPL", START, qty=Decimal(101))
    admitted, refusals = await desk.ledger.admit([Approved(change)])
    assert admitted == []
    assert [(each.order_id, each.kind) for each in refusals] == [
        (order.order_id, Kind.REPLACE_REJECTED),
    ]
    assert await desk.open_orders() == {order.order_id: ("admitted", Decimal(0))}


async def test_a_replacement_that_the_broker_rejects_is_gone(make: Make) -> None:
    desk = await make()
    order = desk.buy(10, limit=100)
    await desk.admit(order)
    await desk.ledger.book(desk.event(order, Kind.NEW))
    change = Replace(order.order_id, desk.id(), "trend", "AAPL", START, qty=Decimal(20))
    await desk.admit(change)
    update = await desk.ledger.book(desk.event(order, Kind.REPLACE_REJECTED, reason="too late"))
    assert update is not None
    assert update.buying_power == Decimal(9000)
    assert await desk.open_orders() == {order.order_id: ("new", Decimal(0))}


async def test_what_was_filled_before_a_replacement_stays_filled(make: Make) -> None:
    desk = await make()
    order = desk.buy(10, limit=100)
    await desk.admit(order)
    change = Replace(order.order_id, desk.id(), "trend", "AAPL", START, qty=Decimal(20))
    await desk.admit(change)
    await desk.ledger.book(desk.fill(order, 4, 100, kind=Kind.PARTIAL_FILL))
    update = await desk.ledger.book(desk.event(order, Kind.REPLACED))
    assert update is not None
    assert update.buying_power == CASH - 20 * 100
    assert await desk.open_orders() == {change.new_id: ("admitted", Decimal(4))}


async def test_a_replacement_of_an_unknown_order_is_refused(make: Make) -> None:
    desk = await make()
    change = Replace("by-hand", desk.id(), "trend", "AAPL", START, qty=Decimal(20))
    assert await desk.admit(change) == ["Order by-hand is not open, so it cannot be changed."]


async def test_a_portfolio_spends_its_own_money_only(make: Make) -> None:
    desk = await make(portfolio=1000)
    assert await desk.admit(desk.buy(60, limit=100, strategy="other", symbol="MSFT")) == []
    (reason,) = await desk.admit(desk.buy(11, limit=100))
    assert reason.startswith("The order needs 1,100.00 $; portfolio p1 has 1,000.00 $")
    await desk.hold(9, 100)
    assert len(await desk.admit(desk.buy(2, limit=100))) == 1
    assert await desk.admit(desk.buy(1, limit=100)) == []


async def test_limits_hold_over_all_consumers(make: Make) -> None:
    desk = await make(limits=Limits(gross_exposure=Decimal(5000), max_order=Decimal(4000)))
    assert len(await desk.admit(desk.buy(41, limit=100))) == 1
    assert await desk.admit(desk.buy(40, limit=100)) == []
    (reason,) = await desk.admit(desk.buy(11, limit=100, slot="B", symbol="MSFT"))
    assert reason == "Gross exposure would be 5,100.00 $; the plan allows 5,000.00 $."


async def test_a_minute_later_the_rate_allows_more(make: Make) -> None:
    desk = await make(limits=Limits(orders_per_minute=2))
    assert await desk.admit(desk.buy(1, limit=100), desk.buy(1, limit=100)) == []
    (reason,) = await desk.admit(desk.buy(1, limit=100, slot="B", decided_at=START + 59 * SECOND))
    assert reason == "There were 2 orders within the last minute; the plan allows 2."
    later = desk.buy(1, limit=100, slot="B", decided_at=START + 60 * SECOND)
    assert await desk.admit(later) == []


async def test_a_new_incarnation_goes_on_where_the_old_one_was(make: Make) -> None:
    desk = await make()
    await desk.hold(10, 90, stop=85)
    resting = desk.buy(5, limit=80, stop=75, target=99)
    await desk.admit(resting)
    await desk.admit(desk.buy(1_000_000, limit=100))
    positions, orders, number = await desk.ledger.open_state("A")
    assert [(p.symbol, p.qty, p.avg_price) for p in positions] == [
        ("AAPL", Decimal(10), Decimal(90)),
    ]
    (order,) = orders
    assert (order.order_id, order.side, order.qty) == (resting.order_id, "buy", Decimal(5))
    assert (order.limit, order.stop, order.target) == (Decimal(80), Decimal(75), Decimal(99))
    assert number == 4
    assert await desk.ledger.open_state("B") == ([], [], 1)


async def test_a_notional_order_claims_its_amount(make: Make) -> None:
    desk = await make()
    order = desk.buy(None, notional=6000, symbol="BTC/USD", reference_price=30_000)
    assert await desk.admit(order) == []
    (reason,) = await desk.admit(desk.buy(None, notional=6000, reference_price=100))
    assert "buying power is 4,000.00 $" in reason
    update = await desk.ledger.book(desk.fill(order, "0.2", 30_000, symbol="BTC/USD"))
    assert update is not None
    assert update.cash == update.buying_power == Decimal(4000)
