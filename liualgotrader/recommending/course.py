"""From what is asked to what is found, symbol after symbol."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
from msgspec.structs import replace

from liualgotrader.backtest.course import within_history
from liualgotrader.backtest.request import Request, Scale
from liualgotrader.common.errors import ConfigError
from liualgotrader.common.plan import Plan, StrategyPlan
from liualgotrader.data.lake import Lake
from liualgotrader.data.lake.layout import FOLDER
from liualgotrader.recommending.assembling import Question, assemble
from liualgotrader.recommending.discovery import Sorted
from liualgotrader.recommending.findings import Finding
from liualgotrader.recommending.metric import Metric
from liualgotrader.recommending.past import Past, find_past
from liualgotrader.recommending.running import Job, Ran
from liualgotrader.recommending.workers import run_jobs


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked. `plan` has the terms (fees, slippage, latency, limits), whatever its strategies and symbols are.

    `scale`, `first` and `last` None: what there is of each symbol. `cash`: dollars that each strategy
    has to itself, None for the plan's portfolio_value.
    """

    symbols: Sequence[str]
    plan: Plan
    scale: Scale | None = None
    first: date | None = None
    last: date | None = None
    folds: int = 5
    metric: Metric = Metric.SHARPE
    cash: Decimal | None = None


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A symbol with its history, and the request that each strategy gets, its plan yet without one."""

    past: Past
    request: Request

    def job(self, part: StrategyPlan, sources: dict[str, str]) -> Job:
        """Return what a worker is to do with a strategy."""
        request = replace(self.request, plan=replace(self.request.plan, strategies=(part,)))
        return Job(request=request, root=self.past.root, sources=sources)


def subjects(asked: Asked, home: Path, bundle: Callable[[], Path]) -> list[Subject]:
    """Return the symbols with their histories; `bundle` makes a lake of what comes with the package.

    Raises ConfigError for a symbol that there is nothing of, and for days that are not of its history.
    """
    lake = Lake(home / FOLDER)
    found = []
    for symbol in dict.fromkeys(asked.symbols):
        past = find_past(symbol, lake, asked.scale, bundle)
        request = Request(
            plan=_terms(asked, symbol),
            first=asked.first or past.first,
            last=asked.last or past.last,
            scale=past.scale,
            asset=past.asset,
        )
        request = within_history(past.lake, request)
        if (days := len(request.sessions())) < asked.folds:
            raise ConfigError(
                f"--folds {asked.folds}: there are {days} days of {symbol} by the {past.scale}; give fewer"
                " parts, more history, or another --scale"
            )
        found.append(Subject(past=past, request=request))
    return found


def find(
    subjects: Sequence[Subject],
    asked: Asked,
    strategies: Sorted,
    *,
    is_interrupted: Callable[[], bool] = lambda: False,
    show: Callable[[Ran], None] = lambda _: None,
) -> Iterator[Finding]:
    """Try the strategies on the symbols, and yield what comes of each symbol once all have been tried on it.

    `show` is told of every run. Raises LiuError.
    """
    question = Question(folds=asked.folds, metric=asked.metric)
    by_symbol = {each.past.symbol: each for each in subjects}
    failed = [(name, why) for name, why in strategies.failed.items()]
    runs: dict[str, list[Ran]] = {
        symbol: [Ran(symbol=symbol, strategy=name, failure=why) for name, why in failed]
        for symbol in by_symbol
    }
    jobs = [each.job(part, strategies.sources) for each in subjects for part in strategies.fit]
    order = [part.name for part in strategies.fit]
    total = len(order) + len(failed)

    def finding(symbol: str) -> Finding:
        subject = by_symbol[symbol]
        ran = sorted(runs[symbol], key=lambda each: [*order, each.strategy].index(each.strategy))
        return assemble(subject.past, subject.request.sessions(), ran, question, strategies)

    if not jobs:
        yield from map(finding, by_symbol)
        return
    for ran in run_jobs(jobs, is_interrupted):
        if not ran.done:
            continue
        show(ran)
        runs[ran.symbol].append(ran)
        if len(runs[ran.symbol]) == total:
            yield finding(ran.symbol)


def _terms(asked: Asked, symbol: str) -> Plan:
    """Return the plan with one symbol, one consumer, neither scanners nor strategies."""
    plan = asked.plan
    return replace(
        plan,
        session=replace(plan.session, symbols=(symbol,), consumers=1),
        portfolio_value=plan.portfolio_value if asked.cash is None else asked.cash,
        scanners=(),
        strategies=(),
    )
