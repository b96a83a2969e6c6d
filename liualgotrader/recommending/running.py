"""One strategy on one symbol, with an account of its own: a backtest that leaves no rows behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np

from liualgotrader.analytics.round_trips import Adjustment, round_trips
from liualgotrader.analytics.rows import Fill, Floats
from liualgotrader.backtest.backtest import Backtest
from liualgotrader.backtest.course import backtest_config
from liualgotrader.backtest.request import Request, Scale
from liualgotrader.common.calendar import Session
from liualgotrader.common.errors import LiuError
from liualgotrader.common.ledger_orders import Execution
from liualgotrader.credentials.redaction import redact
from liualgotrader.data.lake import Lake
from liualgotrader.trading.memory_ledger import Finished

BATCH = "00000000-0000-4000-8000-000000000000"
"""No batch: nothing of such a run is kept under an id."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A request whose plan has one strategy and one symbol, and the lake at `root`, its history.

    `sources`: the texts of the plan's files, the same for all jobs.
    """

    request: Request
    root: str
    sources: dict[str, str]

    @property
    def strategy(self) -> str:
        """The strategy's name."""
        return self.request.plan.strategies[0].name

    @property
    def symbol(self) -> str:
        """The symbol."""
        return self.request.plan.session.symbols[0]

    @property
    def bars(self) -> int:
        """About how many bars it has: a regular session has 390 minutes."""
        return len(self.request.sessions()) * (390 if self.request.scale is Scale.MINUTE else 1)


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a job. `returns` and `closed` have an element a session: the account's return from close to close,
    and how many round trips ended. `failure`: why it is not to be trusted, empty when it is. `done`: it was not
    interrupted.
    """

    symbol: str
    strategy: str
    returns: list[float] = []
    closed: list[int] = []
    failure: str = ""
    done: bool = True


class _Executions:
    """Keeps the executions of a run and lets go of the rest."""

    def __init__(self) -> None:
        self.all: list[Execution] = []

    def keep(self, finished: Finished) -> None:
        """Keep what was executed."""
        self.all += finished.executions


def run_job(job: Job, goes_on: Callable[[], bool] = lambda: True) -> Ran:
    """Live through a job's days, as long as `goes_on`; what goes wrong is in the answer."""
    try:
        return asyncio.run(_run(job, goes_on))
    except LiuError as exc:
        return Ran(symbol=job.symbol, strategy=job.strategy, failure=redact(str(exc)))


async def _run(job: Job, goes_on: Callable[[], bool]) -> Ran:
    request, executions = job.request, _Executions()
    config = backtest_config(
        request.plan, BATCH, seconds=request.scale.seconds, sources=job.sources
    )
    backtest = Backtest(request, config, Lake(Path(job.root)), executions)
    await backtest.run(lambda session: goes_on())
    done = len(backtest.days) == len(backtest.sessions)
    equity = _equity(backtest)
    failure = "; ".join(backtest.warnings) if backtest.failed else ""
    if not failure and not (equity > 0.0).all():
        failure = "it lost all of its money, and more"
    if failure or not done:
        return Ran(symbol=job.symbol, strategy=job.strategy, failure=failure, done=done)
    return Ran(
        symbol=job.symbol,
        strategy=job.strategy,
        returns=(equity[1:] / equity[:-1] - 1.0).tolist(),
        closed=_closed(backtest, executions.all),
    )


def _equity(backtest: Backtest) -> Floats:
    """Return what the account was worth before the first session and at each close.

    What happened after the last close (a charge, an order of the evening) counts for the last session.
    """
    equity = backtest.curve.columns()["equity"]
    sessions = len(backtest.days)
    return np.concatenate((equity[:sessions], equity[-1:]))


def _closed(backtest: Backtest, executions: Sequence[Execution]) -> list[int]:
    fills = [_fill(each) for each in executions if each.live]
    adjustments = [
        Adjustment(symbol=a.symbol, ts=a.ts, ratio=a.ratio, cash=a.cash, new_symbol=a.new_symbol)
        for a in backtest.adjustments
    ]
    counts = [0] * len(backtest.days)
    if not fills:
        return counts
    # Trips that are still open need a price; they are not counted.
    names = {*(fill.symbol for fill in fills), *(each.new_symbol for each in adjustments)}
    trips = round_trips(
        fills,
        dict.fromkeys(names, fills[-1].price),
        start=backtest.sessions[0].open,
        now=fills[-1].ts,
        adjustments=adjustments,
    )
    for trip in trips:
        if trip.end is not None:
            counts[_session(backtest.days, trip.end)] += 1
    return counts


def _session(days: Sequence[Session], ts: int) -> int:
    """Return which session a moment counts for: the first that closes at it or later, else the last."""
    closes = [day.close for day in days]
    return min(int(np.searchsorted(closes, ts, side="left")), len(days) - 1)


def _fill(execution: Execution) -> Fill:
    return Fill(
        strategy=execution.strategy,
        symbol=execution.symbol,
        side=execution.side,
        qty=execution.qty,
        price=execution.price,
        ts=execution.time,
        fee=execution.fee,
        order_id=execution.order_id,
        execution_id=execution.execution_id or "",
    )
