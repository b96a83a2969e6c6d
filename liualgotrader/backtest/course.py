"""The course of a backtest: what is made before its days, and what is worked out after them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from time import process_time
from typing import Any

import msgspec

from liualgotrader import __version__
from liualgotrader.analytics.backtest.rows import BacktestData
from liualgotrader.analytics.backtest.statistics import BacktestStatistics, backtest_statistics
from liualgotrader.analytics.backtest.summary import figures
from liualgotrader.backtest.backtest import Backtest, Forecasts
from liualgotrader.backtest.batch import (
    ENVIRONMENT,
    new_batch_id,
    open_books,
    save_trips,
    write_report,
)
from liualgotrader.backtest.gathering import gather
from liualgotrader.backtest.recorder import Recorder
from liualgotrader.backtest.request import Asset, Progress, Request, Scale, Show
from liualgotrader.bootstrap import (
    Endpoints,
    SessionConfig,
    declared_forecasts,
    make_scanners,
    portfolio_strategies,
    source_files,
)
from liualgotrader.common.account_view import PortfolioView
from liualgotrader.common.calendar import NEW_YORK, Session
from liualgotrader.common.errors import ConfigError
from liualgotrader.common.ids import slot_name
from liualgotrader.common.plan import Plan, plan_to_json
from liualgotrader.common.recommendations import NONE_KNOWN, KnownRecommendations
from liualgotrader.credentials.secret import Secret
from liualgotrader.data.lake import Kind, Lake
from liualgotrader.data.lake.layout import FOLDER
from liualgotrader.engine.loading import source_of
from liualgotrader.models.backtest_store import BacktestStore
from liualgotrader.models.portfolio import PortfolioStore
from liualgotrader.models.recommendation_store import RecommendationStore
from liualgotrader.models.session_store import SessionStore
from liualgotrader.models.slippage_store import SlippageStore

NOWHERE = Endpoints("", "", "", "", Secret(""), Secret(""))
MODE = "backtest"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a backtest came to.

    `seconds`: wall time of its days, rows written, report not counted; `cpu_seconds`: what of the processor's this
    process took for them, the database not counted.
    """

    batch_id: str
    data: BacktestData
    statistics: BacktestStatistics
    decisions: int
    seconds: float
    cpu_seconds: float
    report: Path | None
    warnings: Sequence[str]
    failed: bool

    @property
    def bars_per_s(self) -> float:
        """Bars a second of wall time."""
        return round(self.data.info.bars / self.seconds, 1) if self.seconds else 0.0


class BacktestCourse:
    """One backtest, with its rows in the database."""

    def __init__(
        self,
        request: Request,
        *,
        home: Path,
        dsn: str,
        show: Show,
        is_interrupted: Callable[[], bool] = lambda: False,
        source: str | None = None,
        report: bool = True,
    ) -> None:
        """`source`: the batch whose picks or market it takes up, for the record."""
        self._request = request
        self._home = home
        self._dsn = dsn
        self._show = show
        self._is_interrupted = is_interrupted
        self._source = source
        self._report = report
        self.batch_id = new_batch_id()

    async def run(self) -> Outcome:
        """Live through the days and return what came of them. One that fails leaves an ended batch."""
        lake = open_lake(self._home)
        check_benchmark(lake, self._request)
        async with await SessionStore.open(self._dsn, max_size=2) as store:
            request, costs = self._request, SlippageStore(store.pool)
            plan = await costs.with_costs(request.plan, request.first, request.last)
            self._request = msgspec.structs.replace(request, plan=plan)
            config = backtest_config(plan, self.batch_id, seconds=request.scale.seconds)
            account_id, runs = await self._create(store, config)
            try:
                outcome = await self._live(store, lake, config, account_id, runs)
            except BaseException as exc:
                await store.end_batch(self.batch_id, reason=f"failed: {exc}")
                raise
            await self._finish(store, outcome)
        return outcome

    # -- before ------------------------------------------------------------------------------------

    async def _create(
        self, store: SessionStore, config: SessionConfig
    ) -> tuple[int, dict[tuple[str, str], int]]:
        request = self._request
        await store.create_batch(
            self.batch_id,
            environment=ENVIRONMENT,
            mode=MODE,
            build=__version__,
            plan=plan_to_json(request.plan),
            session_date=request.first,
            source_batch_id=self._source,
        )
        return await open_books(
            store,
            config,
            broker=MODE,
            cash=request.opening_cash,
            multiplier=request.multiplier,
            facts={
                "first": request.first.isoformat(),
                "last": request.last.isoformat(),
                "scale": request.scale.value,
            },
        )

    async def _purses(self, store: SessionStore) -> dict[str, PortfolioView]:
        """Return the portfolios of the plan as they were when they were set aside."""
        portfolios, purses = PortfolioStore(store.pool), {}
        for part in self._request.plan.strategies:
            if part.portfolio_id is not None:
                row = await portfolios.portfolio(part.portfolio_id)
                purses[part.name] = PortfolioView(row.portfolio_id, row.size, row.credit_line)
        return purses

    async def _forecasts(self, store: SessionStore, config: SessionConfig) -> dict[date, Forecasts]:
        """Return the stored forecasts that the strategies declare, each made before its day."""
        plan, names = self._request.plan, declared_forecasts(config)
        symbols = None if plan.scanners else plan.session.symbols
        return await store.forecasts(names, self._request.first, self._request.last, symbols)

    async def _recommendations(self, store: SessionStore) -> KnownRecommendations:
        """Return what scanners may ask for, each day for what was known before it."""
        if not self._request.plan.scanners:
            return NONE_KNOWN
        known = await RecommendationStore(store.pool).known(self._request.last)
        return KnownRecommendations(known)

    # -- during ------------------------------------------------------------------------------------

    async def _live(
        self,
        store: SessionStore,
        lake: Lake,
        config: SessionConfig,
        account_id: int,
        runs: Mapping[tuple[str, str], int],
    ) -> Outcome:
        began, cpu_began = asyncio.get_running_loop().time(), process_time()
        recorder = Recorder(self._dsn, self.batch_id, account_id=account_id, runs=runs)
        try:
            backtest = Backtest(
                self._request,
                config,
                lake,
                recorder,
                portfolios=await self._purses(store),
                forecasts=await self._forecasts(store, config),
                recommendations=await self._recommendations(store),
            )
            await backtest.run(lambda session: self._after(backtest, session, began))
        finally:
            await asyncio.to_thread(recorder.close)
        seconds, cpu_seconds = asyncio.get_running_loop().time() - began, process_time() - cpu_began
        await BacktestStore(store.pool).save_actions(self.batch_id, backtest.adjustments)
        await store.pass_over(self.batch_id, backtest.simulation.passed_over)
        data = await gather(
            store,
            lake,
            self._request,
            backtest,
            batch_id=self.batch_id,
            duration_s=round(seconds, 3),
            notices=backtest.notices,
            source=self._source or "",
        )
        statistics = backtest_statistics(data)
        return Outcome(
            batch_id=self.batch_id,
            data=data,
            statistics=statistics,
            decisions=backtest.simulation.decisions,
            seconds=seconds,
            cpu_seconds=cpu_seconds,
            report=write_report(data, statistics, self._home) if self._report else None,
            warnings=backtest.warnings,
            failed=backtest.failed,
        )

    def _after(self, backtest: Backtest, session: Session, began: float) -> bool:
        self._show(
            Progress(
                day=session.date,
                done=len(backtest.days),
                days=len(backtest.sessions),
                bars=backtest.bars,
                seconds=asyncio.get_running_loop().time() - began,
                equity=backtest.equity,
            )
        )
        return not self._is_interrupted()

    # -- after -------------------------------------------------------------------------------------

    async def _finish(self, store: SessionStore, outcome: Outcome) -> None:
        await save_trips(store, self.batch_id, outcome.statistics)
        info = outcome.data.info
        known = (await store.find_batch(self.batch_id)).summary or {}
        await store.end_batch(
            self.batch_id,
            reason=f"interrupted after {info.last}" if info.interrupted else "backtest over",
            summary=known | summary_of(outcome),
            report=str(outcome.report) if outcome.report is not None else None,
        )


def summary_of(outcome: Outcome) -> dict[str, Any]:
    """Return the figures that are kept with the batch."""
    found: dict[str, Any] = msgspec.to_builtins(figures(outcome.statistics))
    return found | {
        "bars": outcome.data.info.bars,
        "bars_per_s": outcome.bars_per_s,
        "decisions": outcome.decisions,
    }


def open_lake(home: Path) -> Lake:
    """Return the lake of an installation. Raises ConfigError when there is nothing in it."""
    lake = Lake(home / FOLDER)
    if not any(lake.symbols(kind) for kind in Kind):
        raise ConfigError(
            f"{lake.root}: there is no history yet; `liu data import FILE` brings yours in, `liu data"
            " import --bundled` twelve years of five companies"
        )
    return lake


def check_benchmark(lake: Lake, request: Request) -> None:
    """Raise ConfigError for a benchmark of which there are no bars."""
    name = request.benchmark
    if name is None or name in {*lake.symbols(Kind.DAY), *lake.symbols(Kind.MINUTE)}:
        return
    raise ConfigError(
        f"--benchmark {name}: there are no bars of it; `liu data list` shows what there is"
    )


def within_history(lake: Lake, request: Request, *, to_the_end: bool = False) -> Request:
    """Return the request, which ends on the last day of history if `to_the_end`.

    Raises ConfigError for symbols without history and for days before or behind it, on which nothing could happen.
    """
    first, last = _span(lake, request)
    if to_the_end and last >= request.first:
        request = msgspec.structs.replace(request, last=last)
    days = request.sessions()
    if days[0].date < first or days[-1].date > last:
        raise ConfigError(
            f"there is not all of the history from {request.first} to {request.last}: bars by the"
            f" {request.scale} go from {first} to {last}; give --from and --to within that"
        )
    return request


def _span(lake: Lake, request: Request) -> tuple[date, date]:
    """Return the first and the last day of what a plan can trade."""
    by_day = request.scale is Scale.DAY
    kinds = (Kind.DAY, Kind.MINUTE) if by_day else (Kind.MINUTE, Kind.TRADES)
    plan = request.plan
    known = {symbol for kind in kinds for symbol in lake.symbols(kind)}
    if unknown := [symbol for symbol in plan.session.symbols if symbol not in known]:
        raise ConfigError(
            f"there is no history of {', '.join(unknown)} by the {request.scale}; `liu data list` shows"
            f" what there is, `liu data import FILE` adds to it{_hint(lake, by_day=by_day)}"
        )
    spans = [
        span
        for kind in kinds
        for symbol in (known if plan.scanners else plan.session.symbols)
        if (span := lake.span(kind, symbol)) is not None
    ]
    if not spans:
        raise ConfigError(
            f"there is no history by the {request.scale}; `liu data list` shows what there is"
            f"{_hint(lake, by_day=by_day)}"
        )
    first, last = min(first for first, _ in spans), max(last for _, last in spans)
    return _day_of(first, request.asset), _day_of(last, request.asset)


def _hint(lake: Lake, *, by_day: bool) -> str:
    return "; there are day bars: --scale day" if not by_day and lake.symbols(Kind.DAY) else ""


def _day_of(ts: int, asset: Asset) -> date:
    zone = UTC if asset is Asset.CRYPTO else NEW_YORK
    return datetime.fromtimestamp(ts // 10**9, zone).date()


def backtest_config(
    plan: Plan, batch_id: str, *, seconds: int = 60, sources: dict[str, str] | None = None
) -> SessionConfig:
    """Return what strategies and scanners are made of, with their sources as they are now.

    `seconds`: how long the bars are that are lived through. Raises ConfigError for a file that is gone or cannot be
    loaded.
    """
    if sources is None:
        found = {name: source_of(name) for name in source_files(plan)}
        sources = {name: text for name, text in found.items() if text is not None}
    config = SessionConfig(
        batch_id=batch_id,
        plan=plan,
        sources=sources,
        dsn="",
        home="",
        endpoints=NOWHERE,
        slots=tuple(slot_name(index) for index in range(plan.session.consumers or 1)),
        session_open=0,
        session_close=0,
        account_id=0,
        past_seconds=seconds,
    )
    make_scanners(config)  # so that a file that cannot be used is told before anything starts
    return msgspec.structs.replace(config, portfolios=portfolio_strategies(config))
