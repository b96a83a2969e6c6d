"""A backtest leaves the rows that a session would have left."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from liualgotrader.common.errors import StoreError
from liualgotrader.common.events import OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.ids import order_id
from liualgotrader.common.orders import (
    Approved,
    OrderType,
    Replace,
    Side,
    Submit,
    TimeInForce,
)
from liualgotrader.common.ports import Ledger
from liualgotrader.models.backtest_rows import encoded
from liualgotrader.models.backtest_store import BacktestStore, Owner
from liualgotrader.models.ledger import PostgresLedger
from liualgotrader.models.postgres import translated
from liualgotrader.models.session_store import SessionStore
from liualgotrader.trading.memory_ledger import Finished, MemoryLedger

NOW = 1_700_000_000_123_456_789
COMPARED = (
    """SELECT right(order_id, -9) AS id, right(replaces, -9) AS old, number, slot, strategy, symbol,
        side, order_type, time_in_force, order_class, qty, notional, limit_price, reference_price,
        stop_price, target_price, reason, indicators, is_exit, status, reserved, decided_ns,
        refusal, filled, broker_id
    FROM orders WHERE batch_id = $1 ORDER BY order_id""",
    """SELECT right(e.order_id, -9) AS id, e.kind, e.execution_id, e.qty, e.price, e.fee,
        e.broker_id, right(e.replaced_by, -9) AS new, e.reason, e.ts_event
    FROM order_events e JOIN orders o USING (order_id) WHERE batch_id = $1
    ORDER BY e.order_id, e.ts_event, e.kind""",
    """SELECT right(t.order_id, -9) AS id, t.execution_id, t.symbol, t.operation, t.qty, t.price,
        t.trade_fee, t.indicators, t.stop_price, t.reason, t.client_time, t.tstamp, t.ts_ns,
        t.expire_tstamp IS NULL AS stands
    FROM new_trades t JOIN algo_run r USING (algo_run_id) WHERE r.batch_id = $1
    ORDER BY t.trade_id""",
    """SELECT a.balance, (SELECT sum(amount) FROM account_transactions t
        WHERE t.account_id = a.account_id) AS total
    FROM accounts a JOIN batches b USING (account_id) WHERE b.batch_id = $1""",
)


async def live_through(ledger: Ledger, batch: str) -> None:
    """Enter, change, fill in parts, leave, have a trade corrected and one busted."""

    def order(number: int, side: Side, qty: int, **what: Any) -> Submit:
        return Submit(
            order_id=order_id(batch, "A", number),
            strategy="trend",
            symbol="AAPL",
            side=side,
            type=OrderType.LIMIT,
            tif=TimeInForce.DAY,
            decided_at=NOW + number,
            qty=Decimal(qty),
            limit=Decimal("100.5"),
            reference_price=Decimal(100),
            stop=Decimal(98),
            reason='because "it" is, é\n\tso\\' if number == 1 else "",
            indicators={"rsi": 31.5, "why": ['"', {"deep": None}]} if number == 1 else {},
            **what,
        )

    def event(number: int, kind: Kind, after: int, **what: Any) -> OrderEvent:
        return OrderEvent(order_id(batch, "A", number), kind, NOW + after, "AAPL", **what)

    def fill(number: int, after: int, qty: int, price: str, **what: Any) -> OrderEvent:
        values: dict[str, Any] = {"execution_id": f"x{after}", "fee": Decimal("0.01")} | what
        kind = values.pop("kind", Kind.PARTIAL_FILL)
        return event(number, kind, after, qty=Decimal(qty), price=Decimal(price), **values)

    change = Replace(
        order_id(batch, "A", 1), order_id(batch, "A", 3), "trend", "AAPL", NOW + 3, qty=Decimal(30)
    )
    asked: Sequence[Submit | Replace] = (order(1, Side.BUY, 20), order(2, Side.BUY, 900), change)
    for intent in asked:
        await ledger.admit([Approved(intent)])
    for each in (
        event(1, Kind.NEW, 10, broker_id="b1"),
        fill(1, 11, 5, "100.25"),
        event(1, Kind.REPLACED, 12, replaced_by=change.new_id),
        fill(3, 13, 10, "100.5"),
        fill(3, 14, 15, "100.4", kind=Kind.FILL),
        event(3, Kind.TRADE_BUST, 15, execution_id="x13"),
        fill(3, 16, 15, "100.1", kind=Kind.TRADE_CORRECT, execution_id="x14"),
    ):
        assert await ledger.book(each) is not None
    await ledger.admit([Approved(order(4, Side.SELL, 20, exit=True))])
    assert await ledger.book(fill(4, 20, 20, "101", kind=Kind.FILL)) is not None


async def begin(store: SessionStore, batch: str) -> tuple[int, int]:
    await store.create_batch(batch, environment="BACKTEST", mode="backtest", build="1")
    account = await store.open_account(batch, broker="box", external_id=batch, cash=Decimal(10_000))
    return account, await store.begin_run(batch, strategy="trend", slot="A")


async def test_a_copied_backtest_equals_a_session(database: str) -> None:
    async with await SessionStore.open(database) as store:
        account, _ = await begin(store, "aaaaaaaa-session")
        session = PostgresLedger(store.pool, batch_id="aaaaaaaa-session", account_id=account)
        await live_through(session, "aaaaaaaa-session")
        account, run = await begin(store, "bbbbbbbb-backtest")
        memory = MemoryLedger(cash=Decimal(10_000))
        await live_through(memory, "bbbbbbbb-backtest")
        backtest = BacktestStore(store.pool)
        owner = Owner("bbbbbbbb-backtest", account, {("trend", "A"): run})
        parts = (memory.take_finished(), memory.take_all())
        assert [bool(part.orders) for part in parts] == [True, bool(memory.view.orders)]
        await backtest.append(owner, [encoded(part) for part in parts])
        await backtest.settle(account)
        for query in COMPARED:
            live = [dict(row) for row in await store.pool.fetch(query, "aaaaaaaa-session")]
            test = [dict(row) for row in await store.pool.fetch(query, "bbbbbbbb-backtest")]
            assert live == test
            assert live
        (balance,) = await store.pool.fetch(COMPARED[3], "bbbbbbbb-backtest")
        assert balance["balance"] == balance["total"] == memory.view.cash


async def traded(store: SessionStore, batch: str) -> tuple[Owner, Finished]:
    """Return rows of one order, filled, and whose they are; its batch is in the database."""
    account, run = await begin(store, batch)
    memory = MemoryLedger(cash=Decimal(10_000))
    name = order_id(batch, "A", 1)
    order = Submit(name, "trend", "AAPL", Side.BUY, OrderType.MARKET, TimeInForce.DAY, NOW, Decimal(5),
                   reference_price=Decimal(100))  # fmt: skip
    await memory.admit([Approved(order)])
    for event in (
        OrderEvent(name, Kind.NEW, NOW + 1, "AAPL"),
        OrderEvent(name, Kind.FILL, NOW + 2, "AAPL", Decimal(5), Decimal(100), "x"),
    ):
        assert await memory.book(event) is not None
    return Owner(batch, account, {("trend", "A"): run}), memory.take_finished()


async def as_ordinary_user(dsn: str, store: SessionStore) -> str:
    """Return the address of the same database for a user who may only read and write tables."""
    user = f"ordinary_{urlsplit(dsn).path.removeprefix('/')}"
    await store.pool.execute(
        f"""CREATE ROLE {user} LOGIN;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {user};
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {user}"""
    )
    return dsn.replace("//postgres@", f"//{user}@")


@pytest.mark.parametrize("is_superuser", [True, False])
@pytest.mark.parametrize("missing", ["nothing", "batch", "account", "run", "order of events",
                                     "order of executions", "order that was changed"])  # fmt: skip
async def test_rows_that_name_what_is_not_there_are_refused(
    database: str, is_superuser: bool, missing: str
) -> None:
    async with await SessionStore.open(database) as store:
        owner, finished = await traded(store, "cccccccc-backtest")
        dsn = database if is_superuser else await as_ordinary_user(database, store)
        if missing == "batch":
            owner = replace(owner, batch_id="another")
        elif missing == "account":
            owner = replace(owner, account_id=owner.account_id + 1)
        elif missing == "run":
            owner = replace(owner, runs={("trend", "A"): owner.runs["trend", "A"] + 1})
        elif missing == "order that was changed":
            finished.orders[0].replaces = order_id("cccccccc-backtest", "A", 9)
        part = encoded(finished)
        if missing == "order of events":
            part = replace(part, events=part.events.replace(b"-A-0000001", b"-A-0000002"))
        elif missing == "order of executions":
            part = replace(part, executions=part.executions.replace(b"-A-0000001", b"-A-0000002"))
        assert b"-A-0000001" in part.orders
        async with await BacktestStore.open(dsn, max_size=1) as backtest:
            assert await backtest.pool.fetchval("SHOW session_replication_role") == "origin"
            if missing == "nothing":
                await backtest.append(owner, [part])
            else:
                with pytest.raises(StoreError, match="could not save the rows of a backtest"):
                    await backtest.append(owner, [part])
            assert await backtest.pool.fetchval("SHOW session_replication_role") == "origin"
            for table, rows in (("orders", 1), ("order_events", 2), ("new_trades", 1)):
                count = await backtest.pool.fetchval(f"SELECT count(*) FROM {table}")
                assert count == (rows if missing == "nothing" else 0)


async def test_a_connection_lost_while_rows_are_saved_is_told_in_words(database: str) -> None:
    async with (
        await BacktestStore.open(database, max_size=1) as backtest,
        await SessionStore.open(database) as other,
    ):
        with pytest.raises(StoreError, match="could not save: ") as caught, translated("save"):
            async with backtest.pool.acquire() as connection, connection.transaction():
                mine = await connection.fetchval("SELECT pg_backend_pid()")
                await other.pool.fetchval("SELECT pg_terminate_backend($1)", mine)
                await connection.execute("SELECT pg_sleep(1)")
    # The server's own words, if they came; never the driver's about its states.
    assert "connection" in str(caught.value)
    assert "__aexit__" not in str(caught.value)
    assert "state" not in str(caught.value)
