"""A session's rows, on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal

import msgspec
import pytest

from liualgotrader.common.errors import ConfigError, StoreError
from liualgotrader.common.events import Picked
from liualgotrader.common.instruments import AssetClass, Instrument
from liualgotrader.common.plan import Plan, plan_from_json, plan_to_json
from liualgotrader.models.account_lock import AccountLock
from liualgotrader.models.session_rows import Route
from liualgotrader.models.session_store import SessionStore

BATCH = "0a1b2c3d-0000"
OTHER = "0a1b2c3e-0000"
NOW = 1_700_000_000_123_456_789


@pytest.fixture
async def store(database: str) -> AsyncIterator[SessionStore]:
    async with await SessionStore.open(database) as store:
        yield store


async def begin(store: SessionStore, batch_id: str = BATCH, cash: int = 10_000) -> int:
    await store.create_batch(batch_id, environment="PAPER", mode="paper", build="1")
    return await store.open_account(
        batch_id, broker="alpaca", external_id="one", cash=Decimal(cash), multiplier=Decimal(2)
    )


async def test_a_batch_is_found_by_its_beginning_and_tells_all(store: SessionStore) -> None:
    plan = Plan(portfolio_value=Decimal("12345.67"))
    await store.create_batch(
        BATCH,
        environment="PAPER",
        mode="paper",
        build="1",
        plan=plan_to_json(plan),
        session_date=date(2026, 1, 5),
    )
    run = await store.begin_run(BATCH, strategy="trend", slot="A", parameters={"n": 3})
    await store.end_batch(BATCH, reason="closed", summary={"trades": 3}, report="report.html")
    batch = await store.find_batch("0a1b2c3d")
    assert (batch.batch_id, batch.environment, batch.end_reason) == (BATCH, "PAPER", "closed")
    assert (batch.summary, batch.report) == ({"trades": 3}, "report.html")
    assert batch.session_date == date(2026, 1, 5)
    assert batch.ended_at is not None
    assert batch.ended_at >= batch.started_at
    assert plan_from_json(msgspec.json.encode(batch.plan)) == plan
    (ended,) = await store.runs(BATCH)
    assert (ended.algo_run_id, ended.end_reason) == (run, "closed")


async def test_a_beginning_that_fits_none_or_several_says_so(store: SessionStore) -> None:
    await begin(store)
    await begin(store, OTHER)
    with pytest.raises(ConfigError, match=r"several batches: .*0a1b2c3d-0000"):
        await store.find_batch("0a1b")
    with pytest.raises(ConfigError, match="no batch 'ffff'"):
        await store.find_batch("ffff")
    assert {each.batch_id for each in await store.list_batches()} == {BATCH, OTHER}
    assert await store.list_batches(environment="PROD") == []


async def test_two_batches_cannot_share_the_beginning_of_their_order_ids(
    store: SessionStore,
) -> None:
    await begin(store)
    with pytest.raises(StoreError, match="batches_prefix"):
        await begin(store, BATCH[:8] + "-another")


async def test_an_account_begins_with_the_broker_s_cash_and_keeps_its_books(
    store: SessionStore,
) -> None:
    account = await begin(store)
    assert await begin(store, OTHER, cash=9_500) == account
    update = await store.load_account(account)
    assert (update.cash, update.buying_power) == (Decimal(10_000), Decimal(20_000))
    total = await store.pool.fetchval(
        "SELECT sum(amount) FROM account_transactions WHERE account_id = $1", account
    )
    assert total == Decimal(10_000)
    assert (await store.find_batch(OTHER)).account_id == account


async def test_a_resumed_batch_keeps_its_books(store: SessionStore) -> None:
    account = await begin(store)
    again = await store.open_account(
        BATCH, broker="alpaca", external_id="one", cash=Decimal(4_000), multiplier=Decimal(4)
    )
    assert again == account
    update = await store.load_account(account)
    assert (update.cash, update.buying_power) == (Decimal(10_000), Decimal(40_000))


async def test_a_run_is_the_same_in_every_incarnation(store: SessionStore) -> None:
    await begin(store)
    first = await store.begin_run(BATCH, strategy="trend", slot="A")
    await store.end_run(first, reason="crashed")
    assert await store.begin_run(BATCH, strategy="trend", slot="A") == first
    assert await store.begin_run(BATCH, strategy="trend", slot="B") != first
    assert (await store.runs(BATCH))[0].end_reason is None
    with pytest.raises(StoreError, match="there is no batch"):
        await store.begin_run("ffffffff", strategy="trend", slot="A")


async def test_incarnations_count_up_and_remember_how_they_ended(store: SessionStore) -> None:
    await begin(store)
    await store.begin_run(BATCH, strategy="trend", slot="A")
    assert await store.begin_incarnation(BATCH, "A") == 1
    await store.end_incarnation(
        BATCH, "A", 1, reason="killed", journals=["/j/A-1.0", "/j/A-1.1"], failures={"trend": "x"}
    )
    assert await store.begin_incarnation(BATCH, "A") == 2
    assert await store.begin_incarnation(BATCH, "B", 7) == 7
    lives = await store.incarnations(BATCH)
    assert [(each.slot, each.number, each.reason) for each in lives] == [
        ("A", 1, "killed"),
        ("A", 2, None),
        ("B", 7, None),
    ]
    assert lives[0].failures == {"trend": "x"}
    assert [each.path for each in await store.journals(BATCH)] == ["/j/A-1.0", "/j/A-1.1"]
    assert (await store.runs(BATCH))[0].end_reason == "x"


async def test_a_journal_is_indexed_from_its_first_byte_on(store: SessionStore) -> None:
    await begin(store)
    await store.begin_incarnation(BATCH, "A")
    await store.open_journal(BATCH, "A", incarnation=1, path="/j/A-1")
    assert (await store.journals(BATCH))[0].closed_at is None
    await store.close_journal(
        BATCH, "A", incarnation=1, path="/j/A-1.gz", size=12, first_ns=1, last_ns=2
    )
    (journal,) = await store.journals(BATCH)
    assert (journal.path, journal.bytes, journal.first_ns, journal.last_ns) == (
        "/j/A-1.gz",
        12,
        1,
        2,
    )
    assert journal.closed_at is not None


async def test_picks_come_back_with_instrument_and_consumer(store: SessionStore) -> None:
    await begin(store)
    coin = Instrument("BTC/USD", AssetClass.CRYPTO, lot=Decimal("0.0001"), tick=Decimal("0.01"))
    for picked in (
        Picked("BTC/USD", "momentum", NOW, coin),
        Picked("AAPL", "momentum", NOW + 1, Instrument("AAPL"), "trend"),
    ):
        await store.save_pick(BATCH, picked, "B")
        await store.save_pick(BATCH, picked, "B")
    await store.give_back(BATCH, ["AAPL"])
    first, second = await store.load_picks(BATCH)
    assert first.picked == Picked("BTC/USD", "momentum", NOW, coin)
    assert (first.symbol, first.slot, first.given_back) == ("BTC/USD", "B", False)
    assert (second.picked.strategy, second.given_back) == ("trend", True)
    assert await store.load_routes(BATCH) == [
        Route(symbol="AAPL", slot="B", strategy="trend"),
        Route(symbol="BTC/USD", slot="B", strategy=None),
    ]


async def test_who_gets_a_symbol_inherits_what_earlier_batches_hold(store: SessionStore) -> None:
    account = await begin(store)
    for strategy, symbol in (("trend", "AAPL"), ("swing", "AAPL"), ("trend", "MSFT")):
        await store.pool.execute(
            "INSERT INTO positions VALUES ($1, $2, $3, 5, 100, $4, 'A')",
            account,
            strategy,
            symbol,
            BATCH,
        )
    await begin(store, OTHER)
    routes = [Route(symbol="AAPL", slot="B", strategy="swing"), Route(symbol="MSFT", slot="C")]
    await store.save_routes(OTHER, routes)
    held = await store.positions(account)
    assert [(p.strategy, p.symbol, p.batch_id, p.slot) for p in held] == [
        ("swing", "AAPL", OTHER, "B"),
        ("trend", "AAPL", BATCH, "A"),
        ("trend", "MSFT", OTHER, "C"),
    ]


async def test_what_strategies_remember_is_kept_per_strategy_and_slot(store: SessionStore) -> None:
    await store.save_keys("A", [("trend", "n", "1"), ("trend", "n", "2"), ("swing", "n", "3")])
    await store.save_keys("B", [("trend", "n", "4")])
    assert await store.load_keys("A") == {"swing": {"n": "3"}, "trend": {"n": "2"}}
    assert await store.load_keys("C") == {}


async def test_an_account_is_traded_by_one_session_at_a_time(store: SessionStore) -> None:
    account = await begin(store)
    mine = store.account_lock(account, batch_id=BATCH)
    await mine.take()
    rival = store.account_lock(account, batch_id=OTHER)
    with pytest.raises(ConfigError, match=f"used by batch {BATCH}"):
        await rival.take()
    await mine.keep()
    elsewhere = store.account_lock(account + 1, batch_id=OTHER)
    await elsewhere.take()
    await elsewhere.release()
    await mine.release()
    await rival.take()
    assert (mine.is_held, rival.is_held) == (False, True)
    await rival.release()


async def kill(store: SessionStore, what: str) -> None:
    """End the server's side of the connections whose application or last query begins so."""
    await store.pool.fetch(
        """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE starts_with(application_name, $1) AND pid <> pg_backend_pid()""",
        what,
    )


async def test_a_lost_claim_is_taken_again_unless_another_was_quicker(store: SessionStore) -> None:
    account = await begin(store)
    mine, rival = (AccountLock(store.dsn, account_id=account, batch_id=b) for b in (BATCH, OTHER))
    await mine.take()
    await kill(store, "liu session")
    await mine.keep()
    with pytest.raises(ConfigError):
        await rival.take()
    await kill(store, "liu session")
    await rival.take()
    with pytest.raises(ConfigError, match=OTHER):
        await mine.keep()
    await rival.release()


async def test_commands_arrive_whether_or_not_somebody_listened(store: SessionStore) -> None:
    await begin(store)
    early = await store.send_command(BATCH, "halt", reason="lunch", strategy="trend")
    commands = store.listen_commands(BATCH)
    first = await anext(commands)
    assert (first.name, first.reason, first.strategy) == ("halt", "lunch", "trend")
    waiting = asyncio.ensure_future(anext(commands))
    await begin(store, OTHER)
    await store.send_command(OTHER, "stop")
    await store.send_command(BATCH, "flatten")
    assert (await waiting).name == "flatten"
    assert await store.is_taken(early)
    await commands.aclose()
    again = store.listen_commands(BATCH)
    assert (await anext(again)).name == "flatten"
    await again.aclose()
