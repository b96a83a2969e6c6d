"""Simulated runs: each symbol's day as if it were alone, as a backtest of it has it."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from liualgotrader.backtest.backtest import Backtest
from liualgotrader.backtest.course import backtest_config
from liualgotrader.backtest.request import Request
from liualgotrader.common.errors import ConfigError, StrategyError
from liualgotrader.common.orders import Side
from liualgotrader.common.plan import Plan, Rules, SessionPlan, StrategyPlan
from liualgotrader.data.lake import Action, ActionKind
from liualgotrader.mining.simulator import LakeSimulator
from liualgotrader.mining.tally import tally
from liualgotrader.trading.memory_ledger import Finished
from liualgotrader.venue.fees import NoFees, UsRegulatoryFees
from liualgotrader.venue.orders import Execution
from tests.unit.mining.lakes import FIRST, LAST, add_minutes, lake_of

SWING = """
from liualgotrader import Bar, Context, Strategy, StrategyType


class Swing(Strategy):
    type = StrategyType.SWING
    lots: int = 100

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        closes = ctx.data[bar.symbol].close
        if len(closes) < 3 or ctx.orders(bar.symbol):
            return
        if closes[-1] < closes[-2] < closes[-3] and not ctx.position(bar.symbol):
            ctx.buy(bar.symbol, self.lots)
        elif closes[-1] > closes[-2] > closes[-3] and ctx.position(bar.symbol):
            ctx.close(bar.symbol)
"""
RAISES = """
from liualgotrader import Bar, Context, Strategy


class Raises(Strategy):
    def on_bar(self, ctx: Context, bar: Bar) -> None:
        raise ValueError("no idea")
"""
SYMBOLS = ("AAA", "BBB", "CCC")


class _Fills:
    """Keeps what a backtest did."""

    def __init__(self) -> None:
        self.flow = Decimal(0)
        self.count: Counter[str] = Counter()

    def keep(self, finished: Finished) -> None:
        for each in finished.executions:
            self.flow += each.flow
            self.count[each.symbol] += 1


@pytest.fixture
def swing(tmp_path: Path) -> str:
    path = tmp_path / "swing.py"
    path.write_text(SWING)
    return str(path)


@pytest.fixture
def warm(tmp_path: Path) -> str:
    """Return a strategy that is shown bars from before its day."""
    path = tmp_path / "warm.py"
    lots = "lots: int = 100"
    path.write_text(SWING.replace(lots, f"{lots}\n    warmup = 60\n    warmup_days = 2"))
    return str(path)


async def test_a_symbol_among_others_does_as_it_does_alone(tmp_path: Path, swing: str) -> None:
    simulator = LakeSimulator(lake_of(tmp_path / "lake", SYMBOLS), LAST)
    together = await simulator.runs("Swing", SYMBOLS, FIRST, LAST, filename=swing)
    assert len(together) == 5 * len(SYMBOLS)
    assert [(run.day, run.symbol) for run in together] == sorted(
        (run.day, run.symbol) for run in together
    )
    assert sum(run.trips for run in together) > 50
    for symbol in SYMBOLS:
        alone = await simulator.runs("Swing", [symbol], FIRST, LAST, filename=swing)
        assert alone == [run for run in together if run.symbol == symbol]
    again = await simulator.runs("Swing", SYMBOLS[::-1], FIRST, LAST, filename=swing)
    assert again == together


async def test_a_day_is_that_of_a_backtest(tmp_path: Path, swing: str) -> None:
    lake = lake_of(tmp_path / "lake", ["AAA"])
    day = date(2024, 3, 6)
    found = await LakeSimulator(lake, LAST).runs(
        "Swing", ["AAA"], day, day, filename=swing, parameters={"lots": 50}
    )
    part = StrategyPlan(name="Swing", class_name="Swing", filename=swing, parameters={"lots": 50})
    plan = Plan(
        session=SessionPlan(consumers=1, symbols=("AAA",)),
        strategies=(part,),
        rules=Rules(day_trading=False),
    )
    sink = _Fills()
    backtest = Backtest(
        Request(plan=plan, first=day, last=day), backtest_config(plan, "a" * 36), lake, sink
    )
    await backtest.run(lambda session: True)
    account = backtest.simulation.venue.account
    gain = account.equity() - plan.portfolio_value
    assert sink.count["AAA"] > 10
    assert found[0].gain == pytest.approx(float(gain), abs=1e-9)


async def test_nothing_after_the_miners_day_is_lived(tmp_path: Path, swing: str) -> None:
    lake = lake_of(tmp_path / "lake", ["AAA"])
    simulator = LakeSimulator(lake, date(2024, 3, 5))
    runs = await simulator.runs("Swing", ["AAA", "GONE"], FIRST, LAST, filename=swing)
    assert [run.day for run in runs] == [FIRST, date(2024, 3, 5)]
    assert await simulator.runs("Swing", ["AAA"], LAST, LAST, filename=swing) == []


async def test_nothing_that_is_stored_of_later_days_matters(tmp_path: Path, warm: str) -> None:
    day = date(2024, 3, 6)
    lake = lake_of(tmp_path / "lake", ["AAA", "BBB"])
    lake.add_actions([Action(day, "AAA", ActionKind.SPLIT, Decimal(2))])
    before = await LakeSimulator(lake, day).runs(
        "Swing", ["AAA", "BBB"], FIRST, LAST, filename=warm
    )
    assert sum(run.trips for run in before) > 30
    for symbol in ("AAA", "BBB"):
        add_minutes(lake, symbol, seed=77, first=date(2024, 3, 7), replace=True)
    lake.add_actions(
        [
            Action(date(2024, 3, 7), "AAA", ActionKind.SPLIT, Decimal(10)),
            Action(date(2024, 3, 7), "BBB", ActionKind.RENAME, new_symbol="AAA"),
            Action(LAST, "BBB", ActionKind.DELISTED),
        ]
    )
    after = await LakeSimulator(lake, day).runs("Swing", ["AAA", "BBB"], FIRST, LAST, filename=warm)
    assert after == before


async def test_a_day_without_minutes_is_none_and_one_without_a_trade_is_nothing(
    tmp_path: Path,
) -> None:
    lake = lake_of(tmp_path / "lake", ["AAA"], minutes=10)
    add_minutes(lake, "BBB", seed=9, first=date(2024, 3, 7), minutes=10)
    runs = await LakeSimulator(lake, LAST).runs(
        "sma_cross", ["AAA", "BBB"], FIRST, LAST, parameters={"slow": 500}
    )
    assert Counter(run.symbol for run in runs) == {"AAA": 5, "BBB": 2}
    assert {(run.trips, run.gain, run.put_in) for run in runs} == {(0, 0.0, 0.0)}


async def test_what_cannot_be_run_is_told(tmp_path: Path) -> None:
    lake = lake_of(tmp_path / "lake", ["AAA"])
    simulator = LakeSimulator(lake, LAST)
    path = tmp_path / "raises.py"
    path.write_text(RAISES)
    with pytest.raises(StrategyError, match=r"Raises raised in the simulated day 2024-03-04"):
        await simulator.runs("Raises", ["AAA"], FIRST, LAST, filename=str(path))
    with pytest.raises(ConfigError, match="built in are momentum_long"):
        await simulator.runs("nobody", ["AAA"], FIRST, LAST)
    with pytest.raises(ConfigError, match="no such parameter; the nearest valid parameter is fast"):
        await simulator.runs("sma_cross", ["AAA"], FIRST, LAST, parameters={"fsat": 2})


def _fill(side: Side, qty: str, price: str, fee: str = "0") -> Execution:
    return Execution(
        execution_id="",
        order_id="",
        client_id="",
        symbol="A",
        side=side,
        qty=Decimal(qty),
        price=Decimal(price),
        fee=Decimal(fee),
        ts=0,
    )


def test_fills_are_added_up() -> None:
    fills = [
        _fill(Side.BUY, "10", "100"),
        _fill(Side.BUY, "10", "110", fee="1"),
        _fill(Side.SELL, "30", "120"),
        _fill(Side.BUY, "10", "115"),
        _fill(Side.BUY, "5", "100"),
    ]
    run = tally("A", LAST, fills, mark=Decimal(90), fees=NoFees())
    # 20 shares for 2,100 sold for 2,400, 10 short for 1,200 bought back for 1,150, 5 for 500 worth 450.
    assert msgspec.structs.astuple(run) == ("A", LAST, 3, 300 + 50 - 50 - 1, 2100.0)


def test_what_the_day_costs_is_taken_off() -> None:
    fills = [_fill(Side.BUY, "100", "50"), _fill(Side.SELL, "100", "50")]
    run = tally("A", LAST, fills, mark=Decimal(0), fees=UsRegulatoryFees())
    daily = UsRegulatoryFees().daily(fills, LAST)
    assert run.gain == -float(sum(daily.values())) < 0
