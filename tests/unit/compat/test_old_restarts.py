"""A strategy of 0.4 begins again: what it held, what was at work, what it had written."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from liualgotrader.common.clock import MINUTE
from liualgotrader.common.events import CorporateAction, OpenOrder, OpenPosition
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import OrderType, Side
from tests.engine_bench import (
    OPEN,
    bar,
    cancels,
    started,
    submits,
)
from tests.old_bench import bench, old, show


def test_a_restart_takes_up_positions_orders_and_what_was_written() -> None:
    first = old("momentum_long.py", "MomentumLong")
    at = bench(first)
    for minute, close in enumerate([100, 99.5, 99, 99.2, 99.4, 101]):
        orders = show(at, minute, close)
    at.fill(orders[0].order_id, price=101)
    kept = {key: value for _, key, value in at.engine.kept}
    second = old("momentum_long.py", "MomentumLong")
    sent = "batch123-A-0000009", "MomentumLong", "B", "buy", Decimal(1), Decimal(0), "new"
    start = started(
        positions=(OpenPosition("MomentumLong", "A", Decimal(19), Decimal(101)),),
        orders=(OpenOrder(*sent, limit=Decimal(9)),),
        routes=(("A", None), ("B", None)),
        keystore={"MomentumLong": kept},
        next_order=10,
        instruments=(Instrument("A"), Instrument("B")),
    )
    again = bench(second, start=start, symbols=())
    data = second._world.trading_data
    assert data.last_used_strategy["A"] is second.old
    assert data.positions == {"A": 19, "B": 0} and list(data.open_orders) == ["B"]
    assert data.stop_prices == {"A": pytest.approx(95.95)}
    assert data.latest_cost_basis == {"A": 101.0}
    assert data.buy_time["A"] == pd.Timestamp(OPEN + 6 * MINUTE, tz="UTC")
    (sale,) = show(again, 20, 90)
    assert (sale.side, sale.qty) == (Side.SELL, Decimal(19))


def test_a_stop_that_is_moved_moves_the_one_at_the_broker() -> None:
    strategy = old("callbacks.py", "WithFee")
    data = strategy._world.trading_data

    async def run(symbol: str, shortable: bool, position: float, now: Any, **named: Any) -> Any:
        data.stop_prices[symbol] = 9.0 if not position else 9.5
        return not position, {"side": "buy", "qty": 10, "type": "market"}

    strategy.old.run = run  # type: ignore[method-assign]
    at = bench(strategy, protective_stops=True)
    (entry,) = show(at, 0, 10)
    resting = submits(at.fill(entry.order_id))
    assert [(o.type, o.trigger, o.qty) for o in resting] == [
        (OrderType.STOP, Decimal("9.00"), Decimal(10))
    ]
    at.order(resting[0].order_id, Kind.NEW)
    at.at(2)
    assert cancels(at.feed(bar(1, 10))) == [resting[0].order_id]
    (moved,) = submits(at.order(resting[0].order_id, Kind.CANCELED))
    assert (moved.type, moved.trigger) == (OrderType.STOP, Decimal("9.50"))
    assert list(data.open_orders) == []


def test_a_split_restates_what_was_written_of_prices() -> None:
    strategy = old("momentum_long.py", "MomentumLong")
    start = started(
        positions=(OpenPosition("MomentumLong", "A", Decimal(10), Decimal(100)),),
        routes=(("A", None),),
    )
    at = bench(strategy, start=start)
    data = strategy._world.trading_data
    data.stop_prices["A"] = 95.0
    at.feed(CorporateAction("A", OPEN, ratio=Decimal(2)))
    assert data.stop_prices == {"A": 47.5} and data.latest_cost_basis == {"A": 50.0}
    assert data.positions == {"A": 20}
