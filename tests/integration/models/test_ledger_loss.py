"""A database that goes away and comes back, and consumers that ask at once."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path

import asyncpg
import pytest

from liualgotrader.common.errors import StoreError
from liualgotrader.common.events import OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.ids import order_id
from liualgotrader.common.orders import Approved, OrderType, Side, Submit, TimeInForce
from liualgotrader.common.plan import Limits
from liualgotrader.models.embedded import EmbeddedServer
from liualgotrader.models.ledger import PostgresLedger
from liualgotrader.models.ledger_sql import LOCK
from liualgotrader.models.migrations import migrate
from liualgotrader.models.postgres import connect
from liualgotrader.models.session_store import SessionStore

BATCH = "0a1b2c3d-0000"
NOW = 1_700_000_000_000_000_000


@pytest.fixture
async def store(database: str) -> AsyncIterator[SessionStore]:
    async with await open_store(database) as store:
        yield store


async def open_store(dsn: str) -> SessionStore:
    store = await SessionStore.open(dsn)
    await store.create_batch(BATCH, environment="PAPER", mode="paper", build="1")
    for slot in ("A", "B"):
        await store.begin_run(BATCH, strategy="trend", slot=slot)
    return store


async def open_ledger(store: SessionStore, limits: Limits | None = None) -> PostgresLedger:
    account = await store.open_account(
        BATCH, broker="alpaca", external_id="one", cash=Decimal(10_000)
    )
    return PostgresLedger(store.pool, batch_id=BATCH, account_id=account, limits=limits or Limits())


def buy(number: int, *, slot: str = "A", qty: int = 10, symbol: str = "AAPL") -> Approved:
    return Approved(
        Submit(
            order_id=order_id(BATCH, slot, number),
            strategy="trend",
            symbol=symbol,
            side=Side.BUY,
            type=OrderType.LIMIT,
            tif=TimeInForce.DAY,
            decided_at=NOW,
            qty=Decimal(qty),
            limit=Decimal(100),
        ),
    )


def fill(number: int, qty: int, *, slot: str = "A", symbol: str = "AAPL") -> OrderEvent:
    name = order_id(BATCH, slot, number)
    return OrderEvent(name, Kind.FILL, NOW, symbol, Decimal(qty), Decimal(100), f"x{slot}{number}")


async def kill_all(dsn: str) -> None:
    """End the server's side of every connection to this database but our own."""
    connection = await connect(dsn)
    await connection.execute(
        """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()""",
    )
    await connection.close()


async def kill_whoever_waits(holder: asyncpg.Connection) -> None:
    """End the server's side of the connection that waits for a lock which `holder` has."""
    killed = None
    while not killed:
        killed = await holder.fetchval(
            """SELECT bool_or(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
            WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))""",
        )


async def test_a_connection_lost_in_the_middle_leaves_nothing_and_can_be_asked_again(
    store: SessionStore,
) -> None:
    ledger = await open_ledger(store)
    holder = await connect(store.dsn)
    async with holder.transaction():
        await holder.execute(LOCK, 1)
        asking = asyncio.ensure_future(ledger.admit([buy(1)]))
        await kill_whoever_waits(holder)
        with pytest.raises(StoreError, match="admit orders"):
            await asking
    await holder.close()
    assert await ledger.unanswered("A") == []
    assert await ledger.admit([buy(1)]) == ([buy(1)], [])


async def test_an_answer_that_was_lost_after_the_commit_is_given_again(
    store: SessionStore,
) -> None:
    ledger = await open_ledger(store)
    batch = [buy(1, qty=60), buy(2, qty=60)]
    first = await ledger.admit(batch)
    await kill_all(store.dsn)
    assert await ledger.admit(batch) == first
    assert len(await store.orders(BATCH)) == 2


@pytest.fixture
def durable_dsn(tmp_path: Path) -> Iterator[str]:
    """Return the DSN of a server that writes through, which the one for tests does not."""
    with EmbeddedServer(tmp_path / "data") as server:
        yield server.dsn


async def test_a_server_that_crashes_loses_nothing_that_was_admitted(durable_dsn: str) -> None:
    await migrate(durable_dsn)
    async with await open_store(durable_dsn) as store:
        await crash_after_admission(store)


async def crash_after_admission(store: SessionStore) -> None:
    ledger = await open_ledger(store)
    first = await ledger.admit([buy(1)])
    async with store.pool.acquire() as connection:
        backend = await connection.fetchval("SELECT pg_backend_pid()")
        os.kill(backend, signal.SIGKILL)
        with pytest.raises(asyncpg.PostgresConnectionError):
            await connection.fetchval("SELECT pg_sleep(60)")
    lost = 0
    for _ in range(100_000):
        try:
            again = await ledger.admit([buy(1)])
        except StoreError:
            lost += 1
        else:
            break
    assert lost > 0
    assert again == first
    assert len(await ledger.unanswered("A")) == 1


async def test_a_booking_that_failed_is_booked_once(store: SessionStore) -> None:
    ledger = await open_ledger(store)
    await ledger.admit([buy(1)])
    holder = await connect(store.dsn)
    async with holder.transaction():
        await holder.execute(LOCK, 1)
        asking = asyncio.ensure_future(ledger.book(fill(1, 10)))
        await kill_whoever_waits(holder)
        with pytest.raises(StoreError, match="book an order event"):
            await asking
    await holder.close()
    update = await ledger.book(fill(1, 10))
    assert update is not None
    assert update.cash == Decimal(9000)
    assert await ledger.book(fill(1, 10)) is None
    assert len(await store.executions(BATCH)) == 1


async def test_consumers_that_ask_at_once_never_spend_a_dollar_twice(store: SessionStore) -> None:
    ledgers = {slot: await open_ledger(store) for slot in ("A", "B")}

    async def trade(slot: str, number: int) -> int:
        ledger = ledgers[slot]
        symbol = f"{slot}{number}"
        admitted, _ = await ledger.admit([buy(number, slot=slot, qty=17, symbol=symbol)])
        if admitted:
            await ledger.book(fill(number, 17, slot=slot, symbol=symbol))
        return len(admitted)

    asked = [(slot, number) for number in range(1, 9) for slot in ("A", "B")]
    admitted = await asyncio.gather(*(trade(*each) for each in asked))
    assert sum(admitted) == 10_000 // 1700
    held = await store.positions(1)
    assert len(held) == sum(admitted)
    balance = await store.pool.fetchval("SELECT balance FROM accounts WHERE account_id = 1")
    total = await store.pool.fetchval("SELECT sum(amount) FROM account_transactions")
    assert balance == total == Decimal(10_000 - 1700 * sum(admitted))


async def test_the_same_fill_from_two_sides_at_once_counts_once(store: SessionStore) -> None:
    ledger = await open_ledger(store)
    await ledger.admit([buy(1)])
    updates = await asyncio.gather(*(ledger.book(fill(1, 10)) for _ in range(6)))
    assert sum(update is not None for update in updates) == 1
    (held,) = await store.positions(1)
    assert held.qty == Decimal(10)


async def test_a_halted_batch_admits_exits_only(store: SessionStore) -> None:
    ledger = await open_ledger(store)
    await ledger.admit([buy(1)])
    await ledger.book(fill(1, 10))
    await store.halt(BATCH, "loss of the day")
    _, (refusal,) = await ledger.admit([buy(2)])
    assert refusal.reason == "Entries are halted: loss of the day."
    leave = Submit(
        order_id=order_id(BATCH, "A", 3),
        strategy="trend",
        symbol="AAPL",
        side=Side.SELL,
        type=OrderType.MARKET,
        tif=TimeInForce.DAY,
        decided_at=NOW,
        qty=Decimal(10),
        exit=True,
    )
    assert await ledger.admit([Approved(leave)]) == ([Approved(leave)], [])
    await store.halt(BATCH, None)
    assert await ledger.admit([buy(4)]) == ([buy(4)], [])


async def test_a_position_is_carried_into_the_next_batch(store: SessionStore) -> None:
    ledger = await open_ledger(store)
    await ledger.admit([buy(1)])
    await ledger.book(fill(1, 10))
    tomorrow = "1a1b2c3d-0000"
    await store.create_batch(tomorrow, environment="PAPER", mode="paper", build="1")
    account = await store.open_account(
        tomorrow, broker="alpaca", external_id="one", cash=Decimal(9000)
    )
    await store.begin_run(tomorrow, strategy="trend", slot="A")
    later = PostgresLedger(store.pool, batch_id=tomorrow, account_id=account)
    leave = Submit(
        order_id=order_id(tomorrow, "A", 1),
        strategy="trend",
        symbol="AAPL",
        side=Side.SELL,
        type=OrderType.MARKET,
        tif=TimeInForce.DAY,
        decided_at=NOW,
        qty=Decimal(10),
        exit=True,
    )
    assert await later.admit([Approved(leave)]) == ([Approved(leave)], [])
    sold = OrderEvent(leave.order_id, Kind.FILL, NOW, "AAPL", Decimal(10), Decimal(110), "x2")
    update = await later.book(sold)
    assert update is not None
    assert update.cash == Decimal(10_100)
    assert await store.positions(account) == []


async def test_orders_of_a_batch_that_died_are_found_and_ended(store: SessionStore) -> None:
    ledger = await open_ledger(store)
    await ledger.admit([buy(1, qty=90)])
    assert await ledger.strays() == []
    tomorrow = "1a1b2c3d-0000"
    await store.create_batch(tomorrow, environment="PAPER", mode="paper", build="1")
    account = await store.open_account(
        tomorrow, broker="alpaca", external_id="one", cash=Decimal(10_000)
    )
    later = PostgresLedger(store.pool, batch_id=tomorrow, account_id=account)
    (stray,) = await later.strays()
    assert stray.order_id == order_id(BATCH, "A", 1)
    update = await later.book(OrderEvent(stray.order_id, Kind.EXPIRED, NOW, stray.symbol))
    assert update is not None
    assert update.buying_power == Decimal(10_000)
    assert await later.strays() == []
