"""The work of one night, from `miner.toml` to how each job ended."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

import msgspec

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.plan_errors import suggestion
from liualgotrader.data.lake import Kind, Lake
from liualgotrader.data.lake.bundled import bundled_actions, bundled_rows
from liualgotrader.data.lake.layout import FOLDER
from liualgotrader.mining.market import open_market
from liualgotrader.mining.night import Night, night_at
from liualgotrader.mining.plan import DataSource, JobPlan, MinerPlan
from liualgotrader.mining.run import JobResult, Run, Watcher
from liualgotrader.mining.task import Task
from liualgotrader.models.miner_runs import MinerRunStore

log = logging.getLogger(__name__)

_CONNECTIONS = 2


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line asks for. `only`: these jobs and no others, all for none; `day`: a night of the past."""

    only: tuple[str, ...] = ()
    since: date | None = None
    day: date | None = None


class NightWork(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a night."""

    night: Night
    results: Sequence[JobResult]


def chosen_jobs(plan: MinerPlan, only: Sequence[str]) -> list[JobPlan]:
    """Return the jobs to do, in order. Raises ConfigError for a name that is not in the plan.

    What an `only` job needs is not done again; it works on what is there.
    """
    names = [job.name for job in plan.jobs]
    for name in only:
        if name not in names:
            hint = suggestion(name, names, what="name")
            raise ConfigError(f"--only {name}: is not in {plan.filename}; {hint}")
    return [job for job in plan.jobs if not only or job.name in only]


async def night_of(
    plan: MinerPlan, asked: Asked, *, home: Path, environ: Mapping[str, str]
) -> Night:
    """Return which night would be worked, and do nothing. Raises as `work_night` does."""
    async with open_market(plan, home=home, environ=environ, processes=1) as market:
        return night_at(market.now, day=asked.day, since=asked.since)


async def work_night(
    plan: MinerPlan,
    asked: Asked,
    *,
    home: Path,
    dsn: str,
    environ: Mapping[str, str],
    watcher: Watcher,
    begins: Callable[[Night, Run], None],
    json_logs: bool = False,
) -> NightWork:
    """Do the jobs and return how each ended. `begins` is told of the run, to stop it.

    Raises ConfigError for keys that are wrong or a day that cannot be, BrokerUnavailable, StoreError.
    """
    jobs = chosen_jobs(plan, asked.only)
    workers = plan.data.workers or (os.cpu_count() or 1)
    at_once = min(workers, len(jobs))
    async with (
        open_market(plan, home=home, environ=environ, processes=at_once) as market,
        await MinerRunStore.open(dsn, max_size=_CONNECTIONS) as store,
    ):
        night = night_at(market.now, day=asked.day, since=asked.since)
        if plan.data.source is DataSource.BOX:
            bring_bundled(Lake(home / FOLDER))

        def task_of(job: JobPlan) -> Task:
            return Task(
                job=job,
                night=night,
                data=plan.data,
                access=market.access,
                keeps=market.keeps,
                dsn=dsn,
                home=str(home),
                json_logs=json_logs,
            )

        run = Run(jobs, task_of, store, watcher, workers=workers)
        begins(night, run)
        return NightWork(night=night, results=await run.run())


def bring_bundled(lake: Lake) -> None:
    """Give a history that has nothing the companies of the public domain. Raises StoreError."""
    if any(lake.symbols(kind) for kind in Kind):
        return
    lake.write_all(Kind.DAY, bundled_rows())
    lake.add_actions(bundled_actions())
    log.info("%s was empty: brought in what comes with the package", lake.root)
