"""Whatever is asked, filled and cancelled, in whatever order: the limits hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from liualgotrader.common.account_view import buying_power, claimed, claims
from liualgotrader.common.events import OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.ids import order_id
from liualgotrader.common.ledger_orders import ZERO, LedgerOrder
from liualgotrader.common.orders import (
    Approved,
    OrderType,
    Replace,
    Side,
    Submit,
    TimeInForce,
)
from liualgotrader.common.plan import Limits
from liualgotrader.trading.memory_ledger import MemoryLedger

BATCH = "0a1b2c3d-0000"
NOW = 1_700_000_000_000_000_000
PRICE = Decimal(100)
LIMITS = Limits(
    gross_exposure=Decimal(8_000),
    net_exposure=Decimal(6_000),
    max_position=Decimal(3_000),
    max_order=Decimal(2_500),
)

strategies = st.sampled_from(["trend", "other"])
symbols = st.sampled_from(["AAPL", "MSFT"])
sides = st.sampled_from(list(Side))
quantities = st.integers(1, 40).map(Decimal)
limits = st.one_of(st.none(), st.integers(90, 110).map(Decimal))


def run(coroutine: Any) -> Any:
    """Run a coroutine that never waits: the ledger in memory has nothing to wait for."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waited")


class Account(RuleBasedStateMachine):
    """A long-only cash account whose fills never cost more than an order's worst price."""

    shorting = False

    def __init__(self) -> None:
        super().__init__()
        self.ledger = MemoryLedger(cash=Decimal(10_000), limits=LIMITS, shorting=self.shorting)
        self.number = 0
        self.executions = 0

    def next_id(self) -> str:
        self.number += 1
        return order_id(BATCH, "A", self.number)

    @property
    def working(self) -> list[LedgerOrder]:
        return list(self.ledger.view.orders.values())

    @rule(
        asked=st.lists(
            st.tuples(strategies, symbols, sides, quantities, limits), min_size=1, max_size=4
        ),
    )
    def ask(self, asked: list[tuple[str, str, Side, Decimal, Decimal | None]]) -> None:
        intents = [
            Submit(
                order_id=self.next_id(),
                strategy=strategy,
                symbol=symbol,
                side=side,
                type=OrderType.MARKET if limit is None else OrderType.LIMIT,
                tif=TimeInForce.DAY,
                decided_at=NOW,
                qty=qty,
                limit=limit,
                reference_price=PRICE,
            )
            for strategy, symbol, side, qty, limit in asked
        ]
        approved = [Approved(intent) for intent in intents]
        admitted, refusals = run(self.ledger.admit(approved))
        assert len(admitted) + len(refusals) == len(intents)
        assert run(self.ledger.admit(approved)) == (admitted, refusals)

    @precondition(lambda self: self.working)
    @rule(data=st.data(), qty=quantities, limit=limits)
    def change(self, data: st.DataObject, qty: Decimal, limit: Decimal | None) -> None:
        order = data.draw(st.sampled_from(self.working))
        if any(each.replaces == order.order_id for each in self.working):
            return
        intent = Replace(
            order.order_id,
            self.next_id(),
            order.strategy,
            order.symbol,
            NOW,
            qty=order.filled + qty,
            limit=limit if order.limit is not None else None,
        )
        admitted, _ = run(self.ledger.admit([Approved(intent)]))
        if admitted:
            kind = data.draw(st.sampled_from([Kind.REPLACED, Kind.REPLACE_REJECTED]))
            self.book(OrderEvent(order.order_id, kind, NOW + self.number, order.symbol))

    @precondition(lambda self: self.working)
    @rule(data=st.data(), part=st.integers(1, 40).map(Decimal))
    def fill(self, data: st.DataObject, part: Decimal) -> None:
        order = data.draw(st.sampled_from(self.working))
        qty = min(part, order.remaining)
        self.executions += 1
        self.book(
            OrderEvent(
                order.order_id,
                Kind.FILL if qty == order.remaining else Kind.PARTIAL_FILL,
                NOW,
                order.symbol,
                qty,
                PRICE if order.limit is None else order.limit,
                f"x{self.executions}",
            ),
        )

    @precondition(lambda self: self.working)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(self.working))
        self.book(OrderEvent(order.order_id, Kind.CANCELED, NOW, order.symbol))

    def book(self, event: OrderEvent) -> None:
        assert run(self.ledger.book(event)) is not None
        assert run(self.ledger.book(event)) is None

    @invariant()
    def nothing_is_spent_twice(self) -> None:
        view = self.ledger.view
        power = buying_power(view.cash, view.multiplier, view.holdings)
        assert power - claimed(claims(view)) >= ZERO
        assert view.cash >= ZERO

    @invariant()
    def nothing_is_sold_that_is_not_held(self) -> None:
        assert all(held.qty > 0 for held in self.ledger.view.holdings.values())

    @invariant()
    def exposure_stays_within_the_plan(self) -> None:
        view = self.ledger.view
        gross = sum((abs(held.value) for held in view.holdings.values()), ZERO)
        assert gross + claimed(claims(view)) <= (LIMITS.gross_exposure or ZERO)

    @invariant()
    def what_is_claimed_is_what_it_would_be_worked_out_anew(self) -> None:
        view = self.ledger.view
        anew = view.with_orders(dict(view.orders))
        assert view.claimed() == anew.claimed()
        kept, fresh = ({each.order.order_id: each for each in claims(v)} for v in (view, anew))
        assert kept == fresh

    @invariant()
    def cash_is_what_the_executions_make_it(self) -> None:
        flows = sum((each.flow for each in self.ledger.executions), Decimal(10_000))
        assert self.ledger.view.cash == flows


TestAccount = Account.TestCase
TestAccount.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


@given(
    asked=st.lists(st.tuples(strategies, symbols, sides, quantities, limits), max_size=12),
    rate=st.integers(0, 6),
)
def test_refusals_are_the_same_every_time_and_in_the_order_asked(
    asked: list[tuple[str, str, Side, Decimal, Decimal | None]], rate: int
) -> None:
    plan = Limits(orders_per_minute=rate, gross_exposure=Decimal(5_000))
    outcomes = []
    for _ in range(2):
        ledger = MemoryLedger(cash=Decimal(10_000), limits=plan, shorting=True)
        approved = [
            Approved(
                Submit(
                    order_id=order_id(BATCH, "A", number),
                    strategy=strategy,
                    symbol=symbol,
                    side=side,
                    type=OrderType.MARKET if limit is None else OrderType.LIMIT,
                    tif=TimeInForce.DAY,
                    decided_at=NOW,
                    qty=qty,
                    limit=limit,
                    reference_price=PRICE,
                ),
            )
            for number, (strategy, symbol, side, qty, limit) in enumerate(asked, 1)
        ]
        outcomes.append(run(ledger.admit(approved)))
    admitted, refusals = outcomes[0]
    assert outcomes[0] == outcomes[1]
    assert len(admitted) <= rate
    assert [each.order_id for each in refusals] == sorted(each.order_id for each in refusals)
