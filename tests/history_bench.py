"""Plans lived through on history that every machine has, without a database: what they ordered and were filled."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from liualgotrader.backtest.backtest import Backtest
from liualgotrader.backtest.course import backtest_config
from liualgotrader.backtest.request import Request, Scale
from liualgotrader.common.calendar import NEW_YORK
from liualgotrader.common.ledger_orders import Execution, LedgerOrder
from liualgotrader.common.plan import Plan
from liualgotrader.data.lake import Kind, Lake, Rows
from liualgotrader.data.lake.bundled import bundled_actions, bundled_rows
from liualgotrader.engine.plan_reading import read_plan
from liualgotrader.exchange.columns import TRADE, Columns
from liualgotrader.exchange.simulated_day import simulated_day
from tests.golden.running import BATCH, Collected

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
SECOND = 1_000_000_000
MINUTE = 60 * SECOND


class Lived(msgspec.Struct, frozen=True):
    """What came of a backtest. Orders by when they were decided, executions by time."""

    backtest: Backtest
    orders: list[LedgerOrder]
    executions: list[Execution]

    def days(self, side: str, symbol: str) -> list[date]:
        """Return on which days a side of a symbol was ordered, by the day that had just ended then."""
        return [
            day_before(order.decided_at)
            for order in self.orders
            if (order.side, order.symbol) == (side, symbol)
        ]


def day_before(moment: int) -> date:
    """Return New York's date a second before a moment (ns UTC)."""
    return datetime.fromtimestamp(moment // SECOND - 1, NEW_YORK).date()


def bundled_lake(folder: Path) -> Lake:
    """Return a lake with the public-domain day bars, as `liu data import --bundled` fills it."""
    lake = Lake(folder)
    lake.write_all(Kind.DAY, bundled_rows())
    lake.add_actions(bundled_actions())
    return lake


def add_minutes(lake: Lake, days: Sequence[date], *, symbols: int) -> None:
    """Add minute bars of simulated days, as the exchange in a box shows them, of so many symbols."""
    for day in days:
        made = simulated_day(1, date=day, symbols=symbols)
        for number, symbol in enumerate(made.bars):
            columns = made.columns
            ours = columns.take((columns.symbol == number) & (columns.kind == TRADE))
            lake.write(Kind.MINUTE, symbol, _minutes(symbol, ours))


def _minutes(symbol: str, prints: Columns) -> Rows:
    price, size = prints.values[:2]
    starts, first = np.unique(prints.moment // MINUTE * MINUTE, return_index=True)
    last = np.append(first[1:], len(prints)) - 1
    columns = (
        price[first],
        np.maximum.reduceat(price, first),
        np.minimum.reduceat(price, first),
        price[last],
        np.add.reduceat(size, first),
    )
    return Rows(symbol, starts, columns)


def live_through(
    lake: Lake,
    plan: Plan,
    first: date,
    last: date,
    *,
    scale: Scale = Scale.DAY,
    forecasts: dict[str, dict[str, float]] | None = None,
) -> Lived:
    """Run a plan over days of a lake, with the same forecasts every day. Fails when a strategy raised."""
    request = Request(plan=plan, first=first, last=last, scale=scale)
    expected = {session.date: forecasts or {} for session in request.sessions()}
    collected = Collected()
    config = backtest_config(plan, BATCH)
    backtest = Backtest(request, config, lake, collected, forecasts=expected)
    asyncio.run(backtest.run(lambda session: True))
    assert not backtest.failed, backtest.warnings
    return Lived(
        backtest,
        sorted(collected.orders, key=lambda order: (order.decided_at, order.order_id)),
        sorted(collected.executions, key=lambda each: (each.time, each.order_id)),
    )


def example(name: str, options: Mapping[str, Any] | None = None) -> Plan:
    """Return the plan of an example."""
    return read_plan(EXAMPLES / name / "tradeplan.toml", environ={}, options=options)
