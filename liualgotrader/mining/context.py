"""What a miner is handed: the vendor, the history and the tables, all as of the end of its day."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import date
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from liualgotrader.common.calendar import us_equities
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.ports import CompanyAPI, DataAPI
from liualgotrader.data.data_factory import companies_factory, data_loader_factory
from liualgotrader.data.kept_history import KeptHistory
from liualgotrader.data.lake import Lake
from liualgotrader.mining.blind_data import BlindData
from liualgotrader.mining.history import BlindHistory
from liualgotrader.mining.night_history import NightHistory
from liualgotrader.mining.past import NightBatches
from liualgotrader.mining.plan import DataPlan, Universe
from liualgotrader.mining.split_data import SplitData
from liualgotrader.mining.task import Task
from liualgotrader.mining.voice import Logged, Progressed, Word
from liualgotrader.models.miner_tables import MinerTables

if TYPE_CHECKING:
    from liualgotrader.mining.simulator import LakeSimulator

log = logging.getLogger(__name__)

_CONNECTIONS = 4
_PROGRESS_SECONDS = 0.2


class JobContext:
    """Implements `miners.base.MinerContext`. `skipped`: symbols that were left out, and why."""

    def __init__(
        self,
        task: Task,
        *,
        data: DataAPI,
        history: NightHistory,
        tables: MinerTables,
        batches: NightBatches,
        companies: CompanyAPI | None,
        symbols: Sequence[str],
        say: Callable[[Word], None],
    ) -> None:
        self._night = task.night
        self._say = say
        self._assets: Sequence[Instrument] | None = None
        self.symbols = tuple(symbols)
        self.data = data
        self.history = history
        self.tables = tables
        self.batches = batches
        self.companies = companies
        self.skipped: dict[str, str] = {}
        self._monotonic = asyncio.get_running_loop().time
        self._progressed_at = -_PROGRESS_SECONDS

    @property
    def now(self) -> int:
        """The moment it works for, ns UTC: not before the end of `day`'s session."""
        return self._night.now

    @property
    def day(self) -> date:
        """The last trading day that is over."""
        return self._night.day

    @property
    def next_day(self) -> date:
        """The trading day after it, for which values are made."""
        return self._night.next_day

    @property
    def since(self) -> date | None:
        """From which day on to work anew (`--since`); None for what is missing."""
        return self._night.since

    @cached_property
    def simulator(self) -> LakeSimulator:
        """Strategies run over history."""
        # Lazily: few miners simulate, and a backtest's libraries take their time.
        from liualgotrader.mining.simulator import LakeSimulator

        return LakeSimulator(self.history.lake, self.day)

    def trading_days(self, first: date, last: date) -> list[date]:
        """Return the days of trading from `first` to `last`, both included."""
        if first > last:
            return []
        return [session.date for session in us_equities().sessions(first, last)]

    async def assets(self) -> Sequence[Instrument]:
        """Return what can be traded. Asked for once."""
        if self._assets is None:
            self._assets = await self.data.assets()
        return self._assets

    def skip(self, symbol: str, reason: str) -> None:
        """Tell that a symbol is left out tonight and why. The rest goes on; the outcome names it."""
        if symbol not in self.skipped:
            self.skipped[symbol] = reason
            log.info("skipped %s: %s", symbol, reason)

    def progress(self, done: int, total: int) -> None:
        """Tell how far it is. Told often, it is passed on now and then."""
        now = self._monotonic()
        if done >= total or now - self._progressed_at >= _PROGRESS_SECONDS:
            self._progressed_at = now
            self._say(Progressed(done, total))

    def log(self, message: str) -> None:
        """Write a line to the log."""
        log.info("%s", message)
        self._say(Logged(message))


class OpenContext:
    """A job's context for as long as it works. Entering raises FeedError, StoreError, ConfigError."""

    def __init__(self, task: Task, say: Callable[[Word], None]) -> None:
        self._task = task
        self._say = say
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> JobContext:
        try:
            return await self._open()
        except BaseException:
            await self._stack.aclose()
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def _open(self) -> JobContext:
        task, night = self._task, self._task.night
        vendor = data_loader_factory(
            task.access,
            now=(lambda: night.now) if task.keeps else None,
            keep_in=task.lake if task.keeps else None,
            as_of=lambda: night.end - 1,
            raw=True,
        )
        self._stack.callback(vendor.close)
        tables = await MinerTables.open(task.dsn, max_size=_CONNECTIONS)
        self._stack.push_async_callback(tables.close)
        companies = companies_factory(task.access)
        if companies is not None:
            self._stack.callback(companies.close)
        batches = NightBatches(tables.pool, dsn=task.dsn)
        batches.lake, batches.home = Lake(task.lake), Path(task.home)
        data = BlindData(vendor if task.keeps else SplitData(vendor, night), night)
        kept = vendor if isinstance(vendor, KeptHistory) else None
        history = NightHistory(Lake(task.lake), night.day, kept)
        symbols = await _universe(task.data, data, history)
        return JobContext(
            task,
            data=data,
            history=history,
            tables=tables,
            batches=batches,
            companies=companies,
            symbols=symbols,
            say=self._say,
        )


async def _universe(plan: DataPlan, data: DataAPI, history: BlindHistory) -> list[str]:
    """Return the symbols to work on, sorted."""
    if plan.symbols is not None:
        return sorted(plan.symbols)
    if plan.universe is Universe.ASSETS:
        return sorted(instrument.symbol for instrument in await data.assets())
    return history.living()
