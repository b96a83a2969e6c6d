"""Daily strategies against what was worked out without the package (tests/facts)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from liualgotrader.backtest.history import bars_of
from liualgotrader.common.calendar import new_york
from liualgotrader.common.data_loader import DataLoader
from liualgotrader.common.events import Bar
from liualgotrader.common.plan import Plan
from liualgotrader.common.plan_file import parse_plan
from liualgotrader.data.lake import Kind, Lake
from liualgotrader.data.lake.adjust import adjusted
from liualgotrader.engine.loading import source_of
from liualgotrader.strategies.base import Context
from liualgotrader.strategies.rebalance import Rebalance
from liualgotrader.strategies.sma_cross_trend import TrendAverages
from tests.history_bench import Lived, bundled_lake, live_through

FACTS = Path(__file__).parents[2] / "facts"
FIRST, LAST = date(2000, 3, 1), date(2013, 2, 27)
SERIES = {"AAPL": "split", "IBM": "raw", "MSFT": "split"}
DAY_SECONDS = 86_400


def facts(name: str) -> dict[str, Any]:
    """Return a file of facts."""
    return tomllib.loads((FACTS / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with the bundled history."""
    return bundled_lake(tmp_path_factory.mktemp("history"))


def lived(lake: Lake, strategy: str) -> Lived:
    """Return twelve years of a strategy that gets all it orders."""
    return live_through(lake, plan(strategy), FIRST, LAST + timedelta(days=1))


def plan(strategy: str) -> Plan:
    """Return a plan over the symbols of the facts."""
    return parse_plan(
        "portfolio_value = 1_000_000\nparticipation = 0\nfees = { model = 'none' }\n"
        f"session = {{ symbols = {list(SERIES)} }}\n[strategies.{strategy}]\n",
        environ={},
        sources=source_of,
    )


def series(symbol: str) -> dict[str, Any]:
    """Return the crossings of a symbol, in prices of the last day."""
    wanted = (symbol, SERIES[symbol])
    found = (each for each in facts("crossings.toml")["series"])
    return next(each for each in found if (each["symbol"], each["prices"]) == wanted)


def alternating(crossings: Iterable[list[str]]) -> tuple[list[date], list[date]]:
    """Return when who buys at a crossing up above the trend, and sells at one down, does so."""
    buys: list[date] = []
    sells: list[date] = []
    for day, way, *trend in crossings:
        is_held = len(buys) > len(sells)
        if way == "up" and trend in ([], ["above"]) and not is_held:
            buys.append(date.fromisoformat(day))
        elif way == "down" and is_held:
            sells.append(date.fromisoformat(day))
    return buys, sells


def test_sma_cross_trend_trades_the_crossings_with_the_close_above_the_trend(lake: Lake) -> None:
    found = lived(lake, "sma_cross_trend")
    for symbol in SERIES:
        buys, sells = alternating(series(symbol)["sma"])
        assert len(buys) > 40
        assert (found.days("buy", symbol), found.days("sell", symbol)) == (buys, sells)


def test_macd_cross_trades_the_crossings_that_do_not_depend_on_the_seed(lake: Lake) -> None:
    found = lived(lake, "macd_cross")
    for symbol in SERIES:
        both = series(symbol)["macd_both"]
        since = date.fromisoformat(both[0][0])
        for side, way in (("buy", "up"), ("sell", "down")):
            days = [date.fromisoformat(day) for day, told in both if told == way]
            expected = [
                day for day in days if day <= LAST
            ]  # nobody hears of the end of the last one
            assert len(expected) > 100
            decided = [day for day in found.days(side, symbol) if day >= since]
            assert decided == expected


@pytest.mark.parametrize("case", facts("ties.toml")["case"], ids=lambda case: case["name"])
def test_ties_are_no_crossings(case: dict[str, Any]) -> None:
    lines, ups, was_above = TrendAverages(2, 3, 0), [], None
    for place, close in enumerate(map(float, case["closes"])):
        lines.learn(Bar("AAA", place, close, close, close, close, 1.0, DAY_SECONDS))
        if lines.is_above and was_above is False:
            ups.append(place)
        was_above = lines.is_above
    assert ups == [place for place, way in case["crossings"] if way == "up"]


@pytest.mark.parametrize(
    "case", facts("ranking.toml")["case"], ids=lambda case: f"{case['symbol']}-{case['day']}"
)
def test_rebalance_measures_momentum_and_sizes(lake: Lake, case: dict[str, Any]) -> None:
    symbol, end = case["symbol"], new_york(date.fromisoformat(case["day"]) + timedelta(days=1))
    rows = adjusted(
        lake.read(Kind.DAY, symbol, 0, end), lake.actions(symbol), as_of=end, dividends=False
    )
    days = DataLoader(DAY_SECONDS)
    for bar in bars_of(rows, DAY_SECONDS):
        days.admit(bar)
    ctx = SimpleNamespace(data=days, portfolio_value=Decimal(100_000))
    found = Rebalance()._measured(cast(Context, ctx), symbol)
    assert found.momentum == pytest.approx(float(case["score"]), rel=1e-9)
    assert found.qty == case["shares_wilder"]
