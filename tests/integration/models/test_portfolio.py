"""Portfolios and analyses, on a real database, their money moved by the ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from liualgotrader.analytics.gain_loss import GainLoss, TradeAnalysis
from liualgotrader.common.errors import ConfigError
from liualgotrader.common.events import OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.ids import order_id
from liualgotrader.common.ledger_orders import Holding
from liualgotrader.common.orders import Approved, OrderType, Side, Submit, TimeInForce
from liualgotrader.common.plan import Plan, StrategyPlan
from liualgotrader.common.portfolio_note import PORTFOLIO_KEY, PortfolioNote, read_note
from liualgotrader.models.analysis_store import AnalysisStore
from liualgotrader.models.ledger import PostgresLedger
from liualgotrader.models.portfolio import PortfolioStore
from liualgotrader.models.session_store import SessionStore
from liualgotrader.session.incarnation import note_portfolios
from tests.e2e.simulations import session_config

BATCH = "0a1b2c3d-0000"
NOW = 1_700_000_000_123_456_789


@pytest.fixture
async def store(database: str) -> AsyncIterator[SessionStore]:
    async with await SessionStore.open(database) as store:
        await store.create_batch(BATCH, environment="PAPER", mode="paper", build="1")
        yield store


async def trade(store: SessionStore, portfolio_id: str) -> int:
    """Buy 10 at 20, sell 4 at 25.5 with a dollar of fees; return the run."""
    account_id = await store.open_account(
        BATCH, broker="alpaca", external_id="one", cash=Decimal(10_000)
    )
    run = await store.begin_run(BATCH, strategy="trend", slot="A", portfolio_id=portfolio_id)
    ledger = PostgresLedger(store.pool, batch_id=BATCH, account_id=account_id)
    trades = ((Side.BUY, 10, "20", "0"), (Side.SELL, 4, "25.5", "1"))
    for number, (side, qty, price, fee) in enumerate(trades, 1):
        order = Submit(
            order_id=order_id(BATCH, "A", number),
            strategy="trend",
            symbol="AAPL",
            side=side,
            type=OrderType.LIMIT,
            tif=TimeInForce.DAY,
            decided_at=NOW + number,
            qty=Decimal(qty),
            limit=Decimal(price),
            stop=Decimal(18),
            reason="test",
            indicators={"rsi": 30.5},
        )
        assert await ledger.admit([Approved(order)]) == ([Approved(order)], [])
        fill = OrderEvent(
            order.order_id,
            Kind.FILL,
            NOW + 10 * number,
            "AAPL",
            Decimal(qty),
            Decimal(price),
            f"x{number}",
            fee=Decimal(fee),
        )
        assert await ledger.book(fill) is not None
    return run


async def test_a_portfolio_gets_what_its_strategy_earns(store: SessionStore) -> None:
    portfolios = PortfolioStore(store.pool)
    name = await portfolios.create(size=Decimal("1000.50"), credit_line=Decimal(100))
    await portfolios.associate(name, BATCH)
    await portfolios.associate(name, BATCH)
    await trade(store, name)
    found = await portfolios.portfolio(name)
    assert (found.size, found.balance) == (Decimal("1000.50"), Decimal("901.50"))
    assert found.last_used_at is not None
    amounts = [each.amount for each in await portfolios.transactions(name)]
    assert sorted(amounts) == [Decimal(-200), Decimal(101), Decimal("1000.50")]
    assert await portfolios.positions(name) == {"AAPL": Holding(Decimal(6), Decimal(20))}
    assert await portfolios.batches(name) == [BATCH]
    assert len(await store.portfolio_executions(name)) == 2


async def test_a_recalculated_portfolio_is_what_its_trades_make_it(store: SessionStore) -> None:
    portfolios = PortfolioStore(store.pool)
    name = await portfolios.create(size=Decimal(1000))
    await trade(store, name)
    await store.pool.execute("UPDATE accounts SET balance = 7 WHERE broker IS NULL")
    assert await portfolios.recalculate(name) == Decimal(901)
    assert await portfolios.recalculate(name) == Decimal(901)
    assert len(await portfolios.transactions(name)) == 3


async def test_expired_portfolios_are_not_listed(store: SessionStore) -> None:
    portfolios = PortfolioStore(store.pool)
    kept = await portfolios.create(size=Decimal(1), assets="CRYPTO", parameters={"a": 1})
    gone = await portfolios.create(size=Decimal(2), portfolio_id="mine")
    await portfolios.expire(gone)
    (found,) = await portfolios.portfolios()
    assert (found.portfolio_id, found.assets, found.parameters) == (kept, "CRYPTO", {"a": 1})
    assert (await portfolios.portfolio("mine")).expired_at is not None


async def test_impossible_and_unknown_portfolios_are_refused(store: SessionStore) -> None:
    portfolios = PortfolioStore(store.pool)
    with pytest.raises(ConfigError, match="cannot be"):
        await portfolios.create(size=Decimal(-5))
    with pytest.raises(ConfigError, match="no portfolio 'x'"):
        await portfolios.portfolio("x")


async def test_reports_get_executions_and_orders_to_the_nanosecond(store: SessionStore) -> None:
    run = await trade(store, await PortfolioStore(store.pool).create(size=Decimal(1000)))
    buy, sell = await store.executions(BATCH)
    assert (buy.strategy, buy.slot, buy.operation, buy.qty) == ("trend", "A", "buy", Decimal(10))
    assert (buy.time, buy.decided_at, buy.algo_run_id) == (NOW + 10, NOW + 1, run)
    assert (buy.stop_price, buy.indicators, buy.reason) == (Decimal(18), {"rsi": 30.5}, "test")
    assert (sell.price, sell.fee) == (Decimal("25.5"), Decimal(1))
    assert [(o.side, o.status, o.filled) for o in await store.orders(BATCH)] == [
        ("buy", "filled", Decimal(10)),
        ("sell", "filled", Decimal(4)),
    ]


async def test_an_analysis_is_written_in_place_of_the_last(store: SessionStore) -> None:
    run = await trade(store, await PortfolioStore(store.pool).create(size=Decimal(1000)))
    analyses = AnalysisStore(store.pool)
    gains = [
        GainLoss(
            symbol="AAPL",
            algo_run_id=run,
            strategy="trend",
            gain_value=Decimal("12345678.9"),
            gain_percentage=Decimal("1234.5"),
            trips=2,
        ),
    ]
    trips = [
        TradeAnalysis(
            symbol="AAPL",
            algo_run_id=run,
            strategy="trend",
            start=NOW,
            end=NOW + 1,
            gain_value=Decimal(gain),
            gain_percentage=percent,
            r_units=percent,
        )
        for gain, percent in ((22, Decimal("27.5")), (-1, None))
    ]
    await analyses.save(BATCH, gains=[], trips=trips[1:])
    await analyses.save(BATCH, gains=gains, trips=trips)
    await analyses.save(BATCH, gains=gains, trips=trips)
    assert await analyses.gains(BATCH) == gains
    assert await analyses.trades(BATCH) == trips


async def test_a_strategy_is_told_at_its_start_what_its_portfolio_holds(
    store: SessionStore,
) -> None:
    portfolios = PortfolioStore(store.pool)
    name = await portfolios.create(size=Decimal(5000), credit_line=Decimal(100))
    await trade(store, name)
    parts = (
        StrategyPlan(name="trend", class_name="T", filename="t.py", portfolio_id=name),
        StrategyPlan(name="other", class_name="O", filename="o.py"),
    )
    config = session_config(Plan(strategies=parts), BATCH)
    kept = {"trend": {"mine": "yes"}}
    await note_portfolios(config, "A", store, kept)
    note = read_note(kept["trend"].pop(PORTFOLIO_KEY))
    # 5000, less ten at 20, and four at 25.50 less a dollar.
    assert note == PortfolioNote(Decimal(5000), Decimal(4901), Decimal(100))
    assert kept == {"trend": {"mine": "yes"}}
