"""Classes as for 0.4, made from tests/old_classes and put on the bench."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from liualgotrader.common.events import Bar, HistoryLoaded
from liualgotrader.common.orders import Submit
from liualgotrader.common.plan import Mode, Plan, ScannerPlan, SessionPlan, StrategyPlan, Window
from liualgotrader.compat.making import make_scanner, make_strategy
from liualgotrader.compat.scanner import OldScanner
from liualgotrader.compat.strategy import OldStrategy
from liualgotrader.strategies.base import Strategy
from tests.engine_bench import OPEN, Bench, bar, submits

FOLDER = Path(__file__).parent / "old_classes"
PLAN = Plan(portfolio_value=Decimal(50_000), risk=0.002)


def made(
    file: str | Path,
    class_name: str,
    *,
    schedule: tuple[Window, ...] = (),
    portfolio_id: str | None = None,
    source: str | None = None,
    past_seconds: int | None = None,
    plan: Plan = PLAN,
    **parameters: Any,
) -> Strategy:
    """Return a strategy of the plan, whatever it was written for."""
    part = StrategyPlan(
        name=class_name,
        class_name=class_name,
        filename=str(FOLDER / file),
        schedule=schedule,
        portfolio_id=portfolio_id,
        parameters=parameters,
    )
    return make_strategy(
        part, plan, source=source, batch_id="batch123-45", past_seconds=past_seconds
    )


def old(file: str | Path, class_name: str, **more: Any) -> OldStrategy:
    """Return a strategy that was written for 0.4."""
    strategy = made(file, class_name, **more)
    assert isinstance(strategy, OldStrategy)
    return strategy


def scanner(
    file: str,
    class_name: str,
    *,
    recurrence: float | None = None,
    target: str | None = None,
    mode: Mode = Mode.SIMULATED,
    **parameters: Any,
) -> OldScanner:
    """Return a scanner that was written for 0.4."""
    part = ScannerPlan(
        name=class_name,
        class_name=class_name,
        filename=str(FOLDER / file),
        recurrence=recurrence,
        target_strategy_name=target,
        parameters=parameters,
    )
    found = make_scanner(part, Plan(session=SessionPlan(mode=mode)))
    assert isinstance(found, OldScanner)
    return found


def bench(*strategies: Strategy, past: tuple[Bar, ...] = (), **more: Any) -> Bench:
    """Return an engine with them, whose history is loaded; see Bench."""
    at = Bench(*cast("Any", strategies), **more)
    symbols = {symbol: None for run in at.engine.runs.values() for symbol in run.symbols}
    for symbol in symbols:
        bars = tuple(each for each in past if each.symbol == symbol)
        at.feed(HistoryLoaded(symbol, OPEN, bars))
    return at


def show(at: Bench, minute: int, close: float, **more: Any) -> list[Submit]:
    """Let the bar of a minute be complete; return the orders that this leads to."""
    at.at(minute + 1)
    return submits(at.feed(bar(minute, close, **more)))
