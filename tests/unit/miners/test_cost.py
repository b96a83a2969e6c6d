"""What orders cost: the facts, what stands in for a quote, and the rows that a venue is fed with."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from liualgotrader.analytics.execution_costs import (
    BidAsk,
    ExecutedOrder,
    OrderCost,
    Part,
    order_cost,
    symbol_cost,
)
from liualgotrader.analytics.past import PastBatch
from liualgotrader.common.orders import Side
from liualgotrader.miners.cost import Cost
from tests.miner_bench import World

DAY = date(2026, 3, 2)
_FACTS = Path(__file__).parents[2] / "facts" / "slippage.toml"
_FILE: dict[str, list[dict[str, Any]]] = tomllib.loads(_FACTS.read_text(encoding="utf-8"))


def _quote(pair: list[str]) -> BidAsk:
    return BidAsk(float(pair[0]), float(pair[1]))


def _order(case: dict[str, Any], **more: Any) -> ExecutedOrder:
    fills = enumerate(case["fills"], 20)
    values = {
        "order_id": case["name"],
        "symbol": "AAA",
        "side": Side(case["side"]),
        "order_type": "market",
        "decided": 1,
        "sent": 2 if "send" in case else None,
        "reference_price": None,
        "parts": tuple(
            Part(time, Decimal(qty), Decimal(price)) for time, (price, qty, *_) in fills
        ),
    }
    return ExecutedOrder(**values | more)


def _quotes(case: dict[str, Any]) -> list[BidAsk | None]:
    send = _quote(case["send"]) if "send" in case else None
    return [_quote(case["decision"]), send, *(_quote(fill[2:]) for fill in case["fills"])]


@pytest.mark.parametrize("case", _FILE["case"], ids=lambda case: case["name"])
def test_facts_of_one_order(case: dict[str, Any]) -> None:
    cost = order_cost(_order(case), _quotes(case))
    assert cost is not None
    for name in ("delay", "market", "spread", "total"):
        found = getattr(cost, name)
        if name not in case:
            assert found is None
        else:
            assert found == pytest.approx(float(case[name]), rel=1e-9, abs=1e-9)
    if "execution" in case:
        assert cost.market is not None
        assert cost.spread is not None
        execution = cost.market + cost.spread
        assert execution == pytest.approx(float(case["execution"]), rel=1e-9, abs=1e-9)
    assert cost.value * cost.total / 10_000 == pytest.approx(float(case["cost"]), abs=1e-9)


@pytest.mark.parametrize("case", _FILE["together"], ids=lambda case: case["name"])
def test_facts_of_several_orders_go_by_dollars(case: dict[str, Any]) -> None:
    orders = [
        OrderCost(
            Decimal(shares), float(shares) * float(mid), float(bps), None, None, None, True, True
        )
        for bps, shares, mid in case["orders"]
    ]
    cost = symbol_cost(orders)
    assert cost.total == pytest.approx(float(case["by_value"]), rel=1e-9)
    assert (cost.orders, cost.quoted, cost.delay) == (len(orders), len(orders), None)


_CASE = {
    "name": "plain",
    "side": "buy",
    "decision": ["49.99", "50.01"],
    "send": ["49.99", "50.01"],
    "fills": [["50.05", "100", "50.03", "50.05"]],
}


def test_without_a_quote_the_last_known_price_stands_for_it() -> None:
    order = _order(_CASE, reference_price=Decimal("50.00"))
    cost = order_cost(order, [None, None, None])
    assert cost is not None
    assert cost.total == pytest.approx(10)
    assert cost[3:6] == (None, None, None)
    assert not cost.quoted
    assert symbol_cost([cost]).bps == pytest.approx(10)
    assert order_cost(_order(_CASE), [None, None, None]) is None


def test_a_venue_is_fed_half_spreads_of_takers_alone() -> None:
    taker = order_cost(_order(_CASE), _quotes(_CASE))
    resting = order_cost(_order(_CASE, order_type="limit"), _quotes(_CASE))
    assert taker is not None
    assert resting is not None
    assert symbol_cost([taker, resting]).bps == pytest.approx(2.0)
    assert symbol_cost([resting]).bps is None
    gained = taker._replace(spread=-3.0)
    assert symbol_cost([gained]).bps == 0.0


def _world() -> World:
    world = World()
    world.batches.all = [
        PastBatch(batch_id=name, environment=environment, day=day)
        for name, environment, day in (
            ("old", "PAPER", date(2025, 3, 3)),
            ("paper", "PAPER", date(2026, 2, 27)),
            ("test", "BACKTEST", date(2026, 2, 27)),
            ("later", "PAPER", date(2026, 3, 3)),
        )
    ]
    world.batches.executed = {batch.batch_id: [_order(_CASE)] for batch in world.batches.all}
    for time, quote in zip(_order(_CASE).moments, _quotes(_CASE), strict=True):
        assert quote is not None
        world.batches.market["AAA", time] = quote
    return world


async def test_rows_are_of_the_last_days_and_of_no_backtest() -> None:
    world = _world()
    assert await Cost().run(world.at(DAY, [])) == 1
    (row,) = world.tables.all("slippage_costs")
    assert (row["symbol"], row["day"], row["orders"], row["quoted"]) == ("AAA", DAY, 1, 1)
    assert row["shortfall_bps"] == pytest.approx(10.0)
    assert (row["delay_bps"], row["shares"]) == (0.0, 100.0)
    assert row["market_bps"] == pytest.approx(8.0)
    assert row["spread_bps"] == row["bps"] == pytest.approx(2.0)
    assert await Cost().run(world.at(DAY, [])) == 0


async def test_the_future_changes_nothing() -> None:
    world, other = _world(), _world()
    other.batches.executed["later"] = []
    other.batches.all.pop()
    for each in (world, other):
        await Cost().run(each.at(DAY, []))
    assert world.tables.all("slippage_costs") == other.tables.all("slippage_costs")


async def test_too_few_orders_and_unknown_prices_are_told() -> None:
    world = _world()
    miner = Cost()
    miner.least = 2
    ctx = world.at(DAY, [])
    assert await miner.run(ctx) == 0
    assert ctx.skipped == {"AAA": "1 orders are too few to be measured by"}
    world.batches.market.clear()
    ctx = world.at(DAY, [])
    assert await Cost().run(ctx) == 0
    assert ctx.said[0] == "1 orders are not measured: no price at their decision is known"
