"""The examples: plans that are right, code that does what it says."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from liualgotrader.common.events import Bar
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import Side
from liualgotrader.common.plan import Mode
from liualgotrader.common.plan_classes import named_class
from liualgotrader.common.ports import DataAPI, Snapshot
from liualgotrader.common.recommendations import Recommendation
from liualgotrader.engine.loading import configure, load_class, source_of
from liualgotrader.engine.plan_reading import read_plan
from liualgotrader.scanners.base import Scanner
from liualgotrader.strategies.base import Strategy
from tests.strategy_bench import Bench, ramp

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"
BUILT_IN = ROOT / "liualgotrader" / "strategies"
PLANS = sorted(EXAMPLES.glob("*/tradeplan.toml"))


class Market:
    """A scan context over fixed snapshots."""

    now = session_open = session_close = 0

    def __init__(self, rows: Sequence[Snapshot]) -> None:
        self._rows = rows

    @property
    def data(self) -> DataAPI:
        """Not asked for here."""
        raise NotImplementedError("the example asks for snapshots only")

    async def assets(self) -> Sequence[Instrument]:
        """Return what can be traded."""
        return [Instrument(row.symbol) for row in self._rows]

    async def snapshots(self, symbols: Sequence[str] | None = None) -> dict[str, Snapshot]:
        """Return all rows."""
        return {row.symbol: row for row in self._rows}

    async def recommendations(self, strategy: str) -> Sequence[Recommendation]:
        """Not asked for here."""
        raise NotImplementedError("the example asks for snapshots only")


def sma_cross() -> Strategy:
    """Return the example as the plan configures it."""
    (part,) = read_plan(EXAMPLES / "sma_cross" / "tradeplan.toml", environ={}).strategies
    return configure(
        load_class(part.filename, part.class_name, Strategy), part.name, part.parameters
    )


@pytest.mark.parametrize("path", PLANS, ids=[path.parent.name for path in PLANS])
def test_a_plan_is_a_lockstep_session_whose_classes_load(path: Path) -> None:
    plan = read_plan(path, environ={})
    assert plan.session.mode is Mode.SIMULATED
    assert plan.session.lockstep
    assert plan.session.symbols or plan.scanners
    for strategy in plan.strategies:
        found = load_class(strategy.filename, strategy.class_name, Strategy)
        assert configure(found, strategy.name, strategy.parameters).name == strategy.name
    for scanner in plan.scanners:
        scans = load_class(scanner.filename, scanner.class_name, Scanner)
        assert configure(scans, scanner.name, scanner.parameters).name == scanner.name


def test_every_example_is_in_the_readme() -> None:
    text = (EXAMPLES / "README.md").read_text()
    assert len(PLANS) == 10
    assert all(f"`{path.parent.name}`" in text for path in PLANS)


@pytest.mark.parametrize("name", ["momentum_long", "momentum_short"])
def test_the_momentum_examples_are_the_built_in_strategies(name: str) -> None:
    built_in = (BUILT_IN / f"{name}.py").read_text()
    assert (EXAMPLES / name / f"{name}.py").read_text() == built_in


def test_sma_cross_has_thirteen_lines_of_code() -> None:
    text = (EXAMPLES / "sma_cross" / "sma_cross.py").read_text()
    tree = ast.parse(text)
    docstring = tree.body[0].end_lineno
    assert docstring is not None
    code = [line for line in text.splitlines()[docstring:] if line.strip()]
    assert len(code) == 13


def test_sma_cross_buys_above_and_sells_below() -> None:
    bench = Bench(sma_cross)
    bench.play([*ramp(100.0, 99.0, 25), *ramp(99.0, 102.0, 20)])
    (order,) = bench.sent
    bar = next(bar for bar in bench.bars["AAA"] if bar.ts_event == order.decided_at)
    assert order.side is Side.BUY
    assert bench.held() == 15_000 // bar.close
    bench.play(ramp(102.0, 98.0, 30))
    assert [order.side for order in bench.sent] == [Side.BUY, Side.SELL]
    assert bench.held() == 0


def test_sma_cross_sells_no_more_than_a_partly_filled_order_brought() -> None:
    bench = Bench(sma_cross, participation=Decimal("0.1"))
    bench.play([*ramp(100.0, 99.0, 25), *ramp(99.0, 99.5, 5), *ramp(99.5, 95.0, 30)], volume=400)
    assert bench.held() == 0
    assert sum(order.side.sign * (order.qty or 0) for order in bench.sent) == 0
    assert bench.refusals == []


async def test_big_movers_proposes_the_greatest_move_either_way() -> None:
    (part,) = read_plan(EXAMPLES / "scanner" / "tradeplan.toml", environ={}).scanners
    scanner = configure(
        load_class(part.filename, part.class_name, Scanner), part.name, part.parameters
    )
    rows = [
        Snapshot(symbol, day=Bar(symbol, 0, 100.0, 110.0, 90.0, close, 1_000, 86_400))
        for symbol, close in (("UP2", 102.0), ("STILL", 100.5), ("DOWN3", 97.0))
    ]
    assert list(await scanner.scan(Market([*rows, Snapshot("NEW")]))) == ["DOWN3", "UP2"]


@pytest.mark.parametrize("name", ["re_cycle", "ReCycle", "ReCycleStrategy", "re_cycle_strategy"])
def test_a_built_in_strategy_is_found_by_all_its_names(name: str) -> None:
    found = named_class(name, "strategy", source_of)
    assert found == ("liualgotrader.strategies.re_cycle", "ReCycleStrategy")
