"""This project's own run of the SMA workload, database and order events on; `tools/bench backtest` starts it.

The bars are put into a lake first and the database is started first; what is timed is the backtest as `backtest --from`
runs it, from reading the lake to the last row written. Only the figures and the report come after.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np

from liualgotrader import __version__
from liualgotrader.backtest.course import BacktestCourse
from liualgotrader.backtest.request import Request, Scale
from liualgotrader.common.calendar import new_york, us_equities
from liualgotrader.common.plan import (
    Channel,
    Fees,
    Plan,
    SessionPlan,
    StrategyPlan,
)
from liualgotrader.data.lake import Kind, Lake, Rows
from liualgotrader.scripts.home import database
from tools.benchmarks.backtest_peers.measured import most_rss_mb
from tools.benchmarks.backtest_peers.workload import CASH, FAST, QUANTITY, SLOW, Workload

STRATEGY = Path(__file__).with_name("backtest_strategy.py")
MINUTE = 60_000_000_000


def fill_lake(home: Path, work: Workload) -> None:
    """Write the workload's bars into a lake."""
    lake = Lake(home / "history")
    by_minute = work.period == "minute"
    starts = (
        work.ends - MINUTE if by_minute else np.array([new_york(_day(int(t))) for t in work.ends])
    )
    for symbol, bars in zip(work.symbols, work.ohlcv, strict=True):
        columns = tuple(np.ascontiguousarray(bars[:, column]) for column in range(5))
        kind = Kind.MINUTE if by_minute else Kind.DAY
        lake.write(kind, symbol, Rows(symbol, starts.astype(np.int64), columns))


def request_for(work: Workload) -> Request:
    """Return the same strategy and terms that every engine has."""
    scale = Scale.MINUTE if work.period == "minute" else Scale.DAY
    plan = Plan(
        portfolio_value=Decimal(CASH),
        participation=0.0,
        fees=Fees(model="none"),
        session=SessionPlan(
            symbols=tuple(work.symbols),
            max_symbols=len(work.symbols),
            events=(Channel.MINUTE,),
            latency=0,
            bypass_market_schedule=True,
        ),
        strategies=(
            StrategyPlan(
                name="sma",
                class_name="Sma",
                filename=str(STRATEGY),
                parameters={"fast": FAST, "slow": SLOW, "quantity": QUANTITY},
            ),
        ),
    )
    first, last = _day(int(work.ends[0])), _day(int(work.ends[-1]))
    return Request(plan=plan, first=first, last=last, scale=scale)


def _day(ns: int) -> date:
    return datetime.fromtimestamp(ns // 10**9, UTC).date()


def main() -> int:
    """Run once and print the figures as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workload", type=Path)
    parser.add_argument("--json", action="store_true")
    work = Workload.load(parser.parse_args().workload)
    us_equities()  # the calendar is imported and built outside the time, as the peers' imports are
    with tempfile.TemporaryDirectory() as folder, database() as dsn:
        home = Path(folder)
        fill_lake(home, work)
        request, bars = request_for(work), work.ohlcv.shape[0] * work.ohlcv.shape[1]
        del work
        course = BacktestCourse(
            request, home=home, dsn=dsn, show=lambda progress: None, report=False
        )
        outcome = asyncio.run(course.run())
        figures = {
            "bars_per_s": bars / outcome.seconds,
            "rss_mb": round(most_rss_mb()),
            "fills": outcome.statistics.fills,
            "equity_end": round(outcome.statistics.equity_end, 2),
            "seconds": round(outcome.seconds, 3),
            "cpu_seconds": round(outcome.cpu_seconds, 3),
            "version": __version__,
        }
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
