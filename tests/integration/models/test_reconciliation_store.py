"""Differences booked in the database: once, in one transaction, and in a way that later bookings agree with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from liualgotrader.common.events import OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.ids import order_id
from liualgotrader.common.orders import Approved, OrderType, Side, Submit, TimeInForce
from liualgotrader.common.reconciliation import MANUAL, Change, Difference, DifferenceKind
from liualgotrader.models.ledger import PostgresLedger
from liualgotrader.models.reconciliation_store import ReconciliationStore
from liualgotrader.models.session_store import SessionStore

BATCH = "0a1b2c3d-0000"
NOW = 1_700_000_000_000_000_000
D = Decimal


@pytest.fixture
async def store(database: str) -> AsyncIterator[SessionStore]:
    """Return a store with a batch, its account and a strategy at work."""
    async with await SessionStore.open(database) as store:
        await store.create_batch(BATCH, environment="PAPER", mode="paper", build="1")
        await store.open_account(BATCH, broker="alpaca", external_id="one", cash=D(10_000))
        await store.begin_run(BATCH, strategy="trend", slot="A")
        yield store


async def bought(store: SessionStore, qty: int = 10) -> tuple[ReconciliationStore, int]:
    """Let the strategy buy some AAPL at 100; return the books and the account."""
    account = (await store.find_batch(BATCH)).account_id or 0
    ledger = PostgresLedger(store.pool, batch_id=BATCH, account_id=account)
    order = Submit(
        order_id(BATCH, "A", 1), "trend", "AAPL", Side.BUY, OrderType.MARKET, TimeInForce.DAY, NOW,
        qty=D(qty), reference_price=D(90),
    )  # fmt: skip
    await ledger.admit([Approved(order)])
    await ledger.book(
        OrderEvent(order.order_id, Kind.FILL, NOW, "AAPL", D(qty), D(100), "x1", "b1")
    )
    return ReconciliationStore(store.pool), account


def manual(*changes: Change, cash: str = "0", reference: str = "m1") -> Difference:
    """Return a trade of the owner's."""
    return Difference(
        DifferenceKind.MANUAL_TRADE, "AAPL", D(10), D(6), "by hand", changes, D(cash), reference
    )


async def test_the_books_are_read_as_they_stand(store: SessionStore) -> None:
    """Cash, positions, and what is booked of the orders that the broker lists."""
    books, account = await bought(store)
    await books.note_known(account, ["a1"])
    ours = await books.books(
        account, broker_ids=["b1", "b9"], references=["a1", "a2"], is_new=False
    )
    assert ours.cash == D(9_000)
    assert ours.holdings["trend", "AAPL"].qty == 10
    assert ours.orders == {"b1": order_id(BATCH, "A", 1)}
    assert [each.execution_id for each in ours.executions[order_id(BATCH, "A", 1)]] == ["x1"]
    assert ours.references == {"a1"}


async def test_a_difference_is_booked_once(store: SessionStore) -> None:
    """Cash, the owner's shares and the strategy's, and a row that tells of it."""
    books, account = await bought(store)
    difference = manual(Change("trend", "AAPL", D(-4), D(110)), cash="440")
    for expected in (True, False):
        booked = await books.book_difference(account, BATCH, difference, outcome="healed", ts=NOW)
        assert booked is expected
    (held,) = await store.positions(account)
    assert (held.qty, held.avg_price) == (D(6), D(100))
    assert (await store.load_account(account)).cash == D(9_440)
    (row,) = await books.reconciliations(BATCH)
    assert (row.kind, row.outcome, row.broker) == ("manual trade", "healed", D(6))
    total = await store.pool.fetchval("SELECT sum(amount) FROM account_transactions")
    assert total == D(9_440)


async def test_a_bust_after_an_adoption_keeps_both(store: SessionStore) -> None:
    """The position is the sum of the trades, and what was adopted is one of them."""
    books, account = await bought(store)
    gone = manual(Change("trend", "AAPL", D(-4), D(110)))
    await books.book_difference(account, BATCH, gone, outcome="healed", ts=NOW)
    ledger = PostgresLedger(store.pool, batch_id=BATCH, account_id=account)
    correct = OrderEvent(
        order_id(BATCH, "A", 1), Kind.TRADE_CORRECT, NOW + 1, "AAPL", D(10), D(101), "x1", "b1"
    )
    await ledger.book(correct)
    (held,) = await store.positions(account)
    assert held.qty == 6


async def test_a_split_keeps_the_cost(store: SessionStore) -> None:
    """Shares that cost nothing spread what the others did."""
    books, account = await bought(store)
    split = Difference(
        DifferenceKind.CORPORATE_ACTION, "AAPL", D(10), D(40), "SPLIT",
        (Change("trend", "AAPL", D(30), D(0)),), reference="s#shares",
    )  # fmt: skip
    await books.book_difference(account, BATCH, split, outcome="healed", ts=NOW)
    (held,) = await store.positions(account)
    assert (held.qty, held.avg_price) == (D(40), D(25))


async def test_the_owner_s_shares_go_to_no_consumer(store: SessionStore) -> None:
    """Neither in this session nor in the next one that trades the symbol."""
    books, account = await bought(store)
    await books.book_difference(
        account, BATCH, manual(Change(MANUAL, "AAPL", D(3), D(99))), outcome="healed", ts=NOW
    )
    ledger = PostgresLedger(store.pool, batch_id=BATCH, account_id=account)
    positions, _, _ = await ledger.open_state("A")
    assert [each.strategy for each in positions] == ["trend"]
    assert {(row.strategy, row.slot) for row in await store.positions(account)} == {
        ("trend", "A"),
        (MANUAL, ""),
    }


async def test_a_refusal_is_recorded_and_changes_nothing(store: SessionStore) -> None:
    """So that it can be read what stopped a session."""
    books, account = await bought(store)
    unknown = Difference(DifferenceKind.UNKNOWN, "", D(9_000), D(8_000), "nothing", cash=D(-1_000))
    assert await books.book_difference(account, BATCH, unknown, outcome="refused", ts=NOW)
    assert (await store.load_account(account)).cash == D(9_000)
    assert [row.outcome for row in await books.reconciliations(BATCH)] == ["refused"]


async def test_the_moment_of_the_last_comparison_is_kept(store: SessionStore) -> None:
    """None before the first."""
    books, account = await bought(store)
    assert await books.reconciled_at(account) is None
    await books.note_reconciled(account, NOW)
    assert await books.reconciled_at(account) == NOW
