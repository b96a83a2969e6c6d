"""One job in its process: its class made, its work done, what came of it in one word."""

from __future__ import annotations

import logging
import traceback

from liualgotrader.common.errors import ConfigError, LiuError
from liualgotrader.compat.making import old_source
from liualgotrader.engine.loading import configure, load_class
from liualgotrader.forecasts.base import Forecast
from liualgotrader.miners.base import Miner
from liualgotrader.mining.context import JobContext, OpenContext
from liualgotrader.mining.forecast_job import run_forecast
from liualgotrader.mining.plan import JobKind, JobPlan
from liualgotrader.mining.task import Task
from liualgotrader.mining.voice import Ended, Outcome, Voice

log = logging.getLogger(__name__)

_NAMED = 10


async def do_job(task: Task, voice: Voice) -> Ended:
    """Do the work; return how it ended. Whatever it raises is an outcome."""
    try:
        return await _do(task, voice)
    except LiuError as exc:
        log.exception("%s failed", task.job.name)
        return Ended(Outcome.FAILED, detail=f"{_kind(exc)}{exc}")
    except (Exception, SystemExit) as exc:  # a user's code may raise anything
        log.exception("%s failed", task.job.name)
        return Ended(Outcome.FAILED, detail=f"{type(exc).__name__}: {exc}{_where(task.job, exc)}")


async def _do(task: Task, voice: Voice) -> Ended:
    job = task.job
    work = _forecast(job) if job.kind is JobKind.FORECAST else _miner(job)
    async with OpenContext(task, voice.say) as ctx:
        if isinstance(work, Forecast):
            rows = await run_forecast(work, ctx)
        else:
            rows = await work.run(ctx)
        if isinstance(rows, bool) or not isinstance(rows, int):
            raise ConfigError(f"{job.class_name}.run() returned {rows!r}: return how many rows")
        return Ended(Outcome.DONE, rows, _skipped(ctx))


def _miner(job: JobPlan) -> Miner:
    text = old_source(job.filename)
    if text is not None:
        from liualgotrader.compat.miner import (
            old_miner,  # brings pandas along, for those who need it
        )

        return old_miner(job.filename, job.class_name, job.name, job.parameters, text)
    cls = load_class(job.filename, job.class_name, Miner)
    if tuple(cls.after) != job.class_after:
        raise ConfigError(
            f"{job.filename}: {job.class_name}.after is {cls.after!r} once it runs: write out a tuple of"
            " names of classes, so that it can be read before anything runs"
        )
    return configure(cls, job.name, job.parameters)


def _forecast(job: JobPlan) -> Forecast:
    return configure(load_class(job.filename, job.class_name, Forecast), job.name, job.parameters)


def _skipped(ctx: JobContext) -> str:
    """Return which symbols were left out: `3 skipped: XYZ no bars, ...`."""
    if not ctx.skipped:
        return ""
    named = [f"{symbol} {reason}" for symbol, reason in list(ctx.skipped.items())[:_NAMED]]
    more = len(ctx.skipped) - len(named)
    rest = f", and {more} more" if more else ""
    return f"{len(ctx.skipped)} skipped: {', '.join(named)}{rest}"


def _kind(exc: LiuError) -> str:
    """Return the name of an error's kind, where the message alone may not tell: not of a ConfigError."""
    return "" if isinstance(exc, ConfigError) else f"{type(exc).__name__}: "


def _where(job: JobPlan, exc: BaseException) -> str:
    """Return the last line of the miner's own file before it raised."""
    frames = traceback.extract_tb(exc.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == job.filename]
    return f" ({job.filename}:{lines[-1]})" if lines else ""
