"""The plans of the examples, as backtests on what comes with the package: they trade, and nothing is refused."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from liualgotrader.backtest.request import Scale
from liualgotrader.common.orders import OrderStatus
from liualgotrader.data.lake import Lake
from tests.history_bench import add_minutes, bundled_lake, example, live_through

BY_DAYS = {"sma_cross_trend": 40, "macd_cross": 90, "pair": 20, "rebalance": 30}
"""Examples that decide on days, and how many orders three years give at least."""

BY_MINUTES = {"re_cycle": 200, "cycle": 80, "pair": 20}
"""Examples that decide on minutes, and how many orders four simulated days give at least."""
DAYS = [date(2013, 1, day) for day in (22, 23, 24, 25)]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with the bundled history, and minutes of some days as the exchange in a box has them."""
    found = bundled_lake(tmp_path_factory.mktemp("history"))
    add_minutes(found, DAYS, symbols=5)
    return found


@pytest.mark.parametrize("name", BY_DAYS)
def test_an_example_trades_three_years_of_days(lake: Lake, name: str) -> None:
    lived = live_through(lake, example(name), date(2010, 1, 4), date(2012, 12, 31))
    assert len(lived.orders) >= BY_DAYS[name]
    assert {order.side.value for order in lived.orders} == {"buy", "sell"}
    assert {order.status for order in lived.orders[:-4]} == {OrderStatus.FILLED}
    assert not lived.backtest.warnings


@pytest.mark.parametrize("name", BY_MINUTES)
def test_an_example_trades_four_simulated_days(lake: Lake, name: str) -> None:
    lived = live_through(lake, example(name), DAYS[0], DAYS[-1], scale=Scale.MINUTE)
    assert len(lived.orders) >= BY_MINUTES[name]
    assert {order.side.value for order in lived.orders} == {"buy", "sell"}
    assert not {order.status for order in lived.orders} & {
        OrderStatus.REFUSED,
        OrderStatus.REJECTED,
    }
    assert not lived.backtest.warnings


def test_the_cycle_trades_what_its_forecasts_let_pass(lake: Lake) -> None:
    plan = example("cycle")
    (part,) = plan.strategies
    asking = {key: value for key, value in part.parameters.items() if key != "filters"}
    plan = replace(plan, strategies=(replace(part, parameters=asking),))
    good = {"dip_10": -0.002, "dip_45": -0.004, "volatility": 0.02, "momentum": 0.003}
    good |= {"profitability": 0.001, "rally": 0.7}
    forecasts = {name: dict.fromkeys(plan.session.symbols, value) for name, value in good.items()}
    forecasts["rally"]["IBM"] = 0.05
    del forecasts["volatility"]["FB"]
    lived = live_through(lake, plan, DAYS[0], DAYS[-1], scale=Scale.MINUTE, forecasts=forecasts)
    assert {order.symbol for order in lived.orders} <= {"AAPL", "GOOG", "MSFT"}
    assert len(lived.orders) >= 40
    passed = {(each.symbol, each.figure) for each in lived.backtest.simulation.passed_over}
    assert passed >= {("IBM", "rally"), ("FB", "volatility")}
    assert {figure for _, figure in passed} >= {"rally", "volatility"}
