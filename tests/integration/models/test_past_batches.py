"""Past batches read back for miners: which there are, what they traded, held before, and cost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from liualgotrader.analytics.execution_costs import Part
from liualgotrader.analytics.gain_loss import gain_loss, trade_analysis
from liualgotrader.analytics.round_trips import round_trips
from liualgotrader.common.events import OpenPosition
from liualgotrader.common.orders import Side
from liualgotrader.models.past_batches import PastBatches
from liualgotrader.models.postgres import connect
from liualgotrader.models.session_store import SessionStore

DAY = date(2026, 3, 2)
_OPEN = 1_772_461_800_000_000_000

_ORDER = """
INSERT INTO orders (order_id, algo_run_id, batch_id, account_id, slot, number, strategy, symbol, side, order_type,
    time_in_force, order_class, qty, reference_price, status, filled, decided_ns)
VALUES ($1, $2, $3, $4, 'A', $5, 'cross', $6, $7, 'market', 'day', 'simple', $8, $9, 'filled', $8, $10)"""
_EVENT = "INSERT INTO order_events (order_id, kind, ts_event) VALUES ($1, 'new', $2)"
_TRADE = """
INSERT INTO new_trades (algo_run_id, order_id, execution_id, symbol, operation, qty, price, tstamp, ts_ns, stop_price,
    expire_tstamp)
VALUES ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8::bigint / 1e9), $8, $9, $10)"""


async def _batch(store: SessionStore, batch_id: str, day: date | None, **more: str) -> int:
    """Return the run of a new batch with one strategy."""
    values = {"environment": "SIMULATED", **more}
    await store.create_batch(batch_id, mode="simulated", build="0", session_date=day, **values)  # type: ignore[arg-type]
    await store.open_account(batch_id, broker="box", external_id="one", cash=Decimal(100_000))
    return await store.begin_run(
        batch_id, strategy="cross", slot="A", parameters={}, portfolio_id=None
    )


@pytest.fixture
async def runs(database: str) -> dict[str, int]:
    """Make three batches of two days; the second is of the day, and was killed."""
    async with await SessionStore.open(database) as store:
        runs = {
            "aaaaaaaa-1": await _batch(store, "aaaaaaaa-1", date(2026, 2, 27)),
            "bbbbbbbb-1": await _batch(store, "bbbbbbbb-1", DAY),
            "cccccccc-1": await _batch(store, "cccccccc-1", DAY, source_batch_id="bbbbbbbb-1"),
        }
        await store.end_batch("aaaaaaaa-1", reason="done")
    connection = await connect(database)
    account = await connection.fetchval("SELECT min(account_id) FROM accounts")
    first, second = runs["aaaaaaaa-1"], runs["bbbbbbbb-1"]
    await connection.execute(
        _TRADE, first, None, None, "AAA", "buy", Decimal(10), Decimal("9.50"), _OPEN - 10**15, None, None,
    )  # fmt: skip
    for number, (order, side, qty) in enumerate((("b-1", "buy", 20), ("b-2", "sell", 30)), 1):
        await connection.execute(
            _ORDER, order, second, "bbbbbbbb-1", account, number, "AAA", side, Decimal(qty),
            Decimal("10.00"), _OPEN + number,
        )  # fmt: skip
    await connection.execute(_EVENT, "b-1", _OPEN + 500)
    parts = (
        ("b-1", "1", "buy", 15, "10.02", 1_000, None),
        ("b-1", "2", "buy", 5, "10.04", 2_000, None),
        ("b-1", "3", "buy", 99, "10.04", 2_000, True),
        ("b-2", "4", "sell", 30, "11.00", 3_000, None),
    )
    for order, execution, side, qty, price, after, gone in parts:
        await connection.execute(
            _TRADE, second, order, execution, "AAA", side, Decimal(qty), Decimal(price), _OPEN + after,
            Decimal("9.00") if side == "buy" else None,
            None if gone is None else await connection.fetchval("SELECT now()"),
        )  # fmt: skip
    await connection.close()
    return runs


async def test_batches_of_days_without_replays(database: str, runs: dict[str, int]) -> None:
    async with await PastBatches.open(database) as store:
        found = await store.of_days(date(2026, 2, 27), DAY)
        assert [(each.batch_id, each.day) for each in found] == [
            ("aaaaaaaa-1", date(2026, 2, 27)),
            ("bbbbbbbb-1", DAY),
        ]
        assert [each.batch_id for each in await store.of_days(DAY, DAY)] == ["bbbbbbbb-1"]
        assert await store.of_days(date(2026, 2, 28), date(2026, 3, 1)) == []


async def test_what_was_held_before_belongs_to_the_trip(
    database: str, runs: dict[str, int]
) -> None:
    async with await PastBatches.open(database) as store:
        traded = await store.traded("bbbbbbbb-1")
        assert traded.openings == (OpenPosition("cross", "AAA", Decimal(10), Decimal("9.50")),)
        assert [fill.qty for fill in traded.fills] == [15, 5, 30]
        (trip,) = round_trips(
            traded.fills, {}, start=_OPEN, now=_OPEN + 10**12, openings=traded.openings
        )
        assert trip.gain_value == Decimal("330") - Decimal("95") - Decimal("200.50")
        await store.save_gains("bbbbbbbb-1", gain_loss([trip]))
        await store.save_trades("bbbbbbbb-1", trade_analysis([trip]))
        assert await store.gains("bbbbbbbb-1") == gain_loss([trip])
        assert await store.trades("bbbbbbbb-1") == trade_analysis([trip])
        assert (await store.traded("aaaaaaaa-1")).openings == ()


async def test_orders_with_their_parts(database: str, runs: dict[str, int]) -> None:
    async with await PastBatches.open(database) as store:
        bought, sold = await store.executed_orders("bbbbbbbb-1")
        assert bought.parts == (
            Part(_OPEN + 1_000, Decimal(15), Decimal("10.02")),
            Part(_OPEN + 2_000, Decimal(5), Decimal("10.04")),
        )
        assert bought.moments == (_OPEN + 1, _OPEN + 500, _OPEN + 1_000, _OPEN + 2_000)
        assert (bought.side, bought.order_type, bought.reference_price) == (
            Side.BUY,
            "market",
            Decimal(10),
        )
        assert sold.sent is None
        assert await store.executed_orders("aaaaaaaa-1") == []


async def test_a_new_name_is_a_gap(database: str, runs: dict[str, int]) -> None:
    connection = await connect(database)
    await connection.execute(
        """INSERT INTO corporate_actions (batch_id, symbol, kind, ratio, cash, held, effective) VALUES
        ('bbbbbbbb-1', 'AAA', 'split', 2, 0, 30, '2026-03-02T05:00:00Z')"""
    )
    async with await PastBatches.open(database) as store:
        (split,) = (await store.traded("bbbbbbbb-1")).adjustments
        assert (split.symbol, split.ratio, split.ts) == (
            "AAA",
            Decimal(2),
            1_772_427_600_000_000_000,
        )
        await connection.execute("UPDATE corporate_actions SET kind = 'rename'")
        assert "AAA under two names" in (await store.traded("bbbbbbbb-1")).gap
    await connection.close()
