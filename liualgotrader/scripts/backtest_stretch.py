"""What `backtest --from` does: read the plan, run it over the days, show how it goes and what came of it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import msgspec
from rich.markup import escape

from liualgotrader.analytics.backtest.csv import write_csv
from liualgotrader.analytics.backtest.summary import lines
from liualgotrader.backtest.course import BacktestCourse, Outcome, open_lake, within_history
from liualgotrader.backtest.overrides import Overrides, apply
from liualgotrader.backtest.request import Asset, Request, Scale
from liualgotrader.common.errors import ConfigError
from liualgotrader.engine.plan_reading import read_plan
from liualgotrader.scripts.exits import DONE, FAILED, INTERRUPTED
from liualgotrader.scripts.home import database, liu_home
from liualgotrader.scripts.progress import DaysDisplay, console

_json = msgspec.json.Encoder(decimal_format="number")
DEFAULT_PLAN = Path("tradeplan.toml")


def run_stretch(options: dict[str, Any]) -> int:
    """Run a plan over a stretch of history; 1 when a strategy or scanner failed, 130 when interrupted."""
    asked, home = read_request(options), liu_home()
    request = within_history(open_lake(home), asked, to_the_end=options["last"] is None)
    if options["check_lookahead"] or options["check_scanner"]:
        from liualgotrader.scripts.backtest_checks import run_checks

        return run_checks(request, home, options)
    with database() as dsn, interruptible() as is_interrupted, DaysDisplay(request) as display:
        course = BacktestCourse(
            request, home=home, dsn=dsn, show=display.update, is_interrupted=is_interrupted
        )
        outcome = asyncio.run(course.run())
    if options["csv"] is not None:
        write_csv(options["csv"], outcome.data, outcome.statistics)
    return show(outcome, as_json=options["as_json"])


def read_request(options: dict[str, Any]) -> Request:
    """Return what is asked for, one day without --to. Raises ConfigError, PlanErrors for a plan with mistakes."""
    plan = read_plan(options["plan"] or DEFAULT_PLAN, environ=os.environ)
    plan = apply(
        plan,
        Overrides(
            symbols=options["symbols"],
            scanners=options["scanners"],
            strategies=options["strategies"],
            parameters=options["parameters"],
            fees=options["fees"],
            slippage=options["slippage"],
            latency=options["latency"],
        ),
    )
    if not plan.strategies:
        raise ConfigError(f"{plan.filename}: there is no strategy in it; add [strategies.NAME]")
    if not (plan.session.symbols or plan.scanners):
        raise ConfigError(
            f"{plan.filename}: nothing to trade: give --symbols, session.symbols or a scanner"
        )
    first, last = _days(options["first"], options["last"])
    return Request(
        plan=plan,
        first=first,
        last=last,
        scale=Scale(options["scale"]),
        asset=Asset(options["asset"]),
        cash=dollars(options["cash"]),
        benchmark=options["benchmark"],
    )


def _days(first: datetime, last: datetime | None) -> tuple[date, date]:
    begin, end = first.date(), (last or first).date()
    if end < begin:
        raise ConfigError(f"--to {end} lies before --from {begin}")
    return begin, end


def dollars(text: str | None) -> Decimal | None:
    """Read the amount of --cash. Raises ConfigError."""
    if text is None:
        return None
    try:
        cash = Decimal(text.replace(",", "").replace("_", ""))
    except InvalidOperation:
        raise ConfigError(f"--cash {text}: no number of dollars") from None
    if not cash.is_finite() or cash <= 0:
        raise ConfigError(f"--cash {text}: must be more than 0")
    return cash


@contextmanager
def interruptible() -> Iterator[Any]:
    """Give a function that tells whether Ctrl-C was pressed; pressed twice it ends at once."""
    pressed = False

    def press(number: int, frame: object) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True
        console.print("[yellow]Ending after this day; once more Ctrl-C ends at once.[/]")

    before = signal.signal(signal.SIGINT, press)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)


def show(outcome: Outcome, *, as_json: bool) -> int:
    """Print what came of a backtest; return the exit code."""
    told = outcome.statistics
    if as_json:
        fall = told.max_drawdown
        values = {
            "batch_id": outcome.batch_id,
            "source_batch_id": outcome.data.info.source or None,
            "identical": None,
            "decisions": outcome.decisions,
            "first_divergence": None,
            "bars": outcome.data.info.bars,
            "bars_per_s": outcome.bars_per_s,
            "orders": told.orders,
            "fills": told.fills,
            "equity_start": round(told.equity_start, 6),
            "equity_end": round(told.equity_end, 6),
            "fees": told.fees,
            "sharpe": told.sharpe,
            "max_drawdown": fall.depth if fall is not None else None,
            "report": str(outcome.report) if outcome.report else None,
        }
        sys.stdout.write(_json.encode(values).decode() + "\n")
    for line in lines(outcome.data, told):
        console.print(line, markup=False, soft_wrap=True)
    console.print(f"Report    {outcome.report}", markup=False, soft_wrap=True)
    for warning in outcome.warnings[:20]:
        console.print(f"[yellow]! {escape(warning)}[/]")
    if len(outcome.warnings) > 20:
        console.print(f"[yellow]! ... and {len(outcome.warnings) - 20} more[/]")
    if outcome.data.info.interrupted:
        console.print(
            f"[yellow]Interrupted: the figures are of {outcome.data.info.days} days, up to"
            f" {outcome.data.info.last}; they and their rows are kept.[/]"
        )
        return INTERRUPTED
    return FAILED if outcome.failed else DONE
