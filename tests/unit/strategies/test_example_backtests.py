"""The plans of the examples, as backtests on what comes with the package: they trade, and nothing is refused."""

from __future__ import annotations

from datetime import date

import pytest

from liualgotrader.common.orders import OrderStatus
from liualgotrader.data.lake import Lake
from tests.history_bench import bundled_lake, example, live_through

BY_DAYS = {"sma_cross_trend": 40, "macd_cross": 90}
"""Examples that decide on days, and how many orders three years give at least."""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with the bundled history."""
    return bundled_lake(tmp_path_factory.mktemp("history"))


@pytest.mark.parametrize("name", BY_DAYS)
def test_an_example_trades_three_years_of_days(lake: Lake, name: str) -> None:
    lived = live_through(lake, example(name), date(2010, 1, 4), date(2012, 12, 31))
    assert len(lived.orders) >= BY_DAYS[name]
    assert {order.side.value for order in lived.orders} == {"buy", "sell"}
    assert {order.status for order in lived.orders[:-4]} == {OrderStatus.FILLED}
    assert not lived.backtest.warnings
