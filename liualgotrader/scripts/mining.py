"""What `market_miner` does: read the plan, have a database, do a night's work, show what came of it."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import click
import msgspec

from liualgotrader.common.errors import LiuError, StoreError
from liualgotrader.mining.night import Night
from liualgotrader.mining.plan import JobPlan, MinerPlan
from liualgotrader.mining.plan_reading import read_miner_plan
from liualgotrader.mining.run import JobResult, Run
from liualgotrader.mining.schedule import parse_schedule
from liualgotrader.mining.serving import serve
from liualgotrader.mining.task import logs_of
from liualgotrader.mining.voice import Outcome
from liualgotrader.mining.work import Asked, NightWork, chosen_jobs, night_of, work_night
from liualgotrader.scripts.exits import DONE, FAILED, INTERRUPTED
from liualgotrader.scripts.home import database, liu_home
from liualgotrader.scripts.mining_display import MiningDisplay, console, show_plan
from liualgotrader.scripts.stopping import Stopping
from liualgotrader.session.logs import log_to_file

log = logging.getLogger(__name__)


def mine(path: Path, options: dict[str, Any]) -> int:
    """Do what the command line asks for; return the exit code."""
    schedule = parse_schedule(options["schedule"]) if options["schedule"] else None
    if schedule is not None and options["day"] is not None:
        raise click.UsageError("--day is for one night, and --schedule for those to come")
    asked = Asked(only=options["only"], since=_day(options["since"]), day=_day(options["day"]))
    plan = read_miner_plan(path)
    jobs = chosen_jobs(plan, asked.only)
    if options["dry_run"]:
        return _dry_run(plan, asked, jobs, as_json=options["as_json"])
    home = liu_home()
    log_to_file("market_miner", logs_of(home), as_json=options["json_logs"])
    with Stopping() as stopping:
        if schedule is None:
            return _once(path, asked, options, stopping)
        serve(schedule, stopping, lambda: _once(path, asked, options, stopping), _tell)
        return DONE


def _day(value: Any) -> date | None:
    return value.date() if value is not None else None


def _tell(message: str) -> None:
    log.info("%s", message)
    console.print(message, soft_wrap=True, markup=False)


def _dry_run(plan: MinerPlan, asked: Asked, jobs: Sequence[JobPlan], *, as_json: bool) -> int:
    night = asyncio.run(night_of(plan, asked, home=liu_home(), environ=os.environ))
    if as_json:
        planned = [
            {"name": job.name, "outcome": "planned", "rows": 0, "seconds": 0.0} for job in jobs
        ]
        _print_json(night, planned)
    else:
        show_plan(night, jobs)
    return DONE


def _once(path: Path, asked: Asked, options: dict[str, Any], stopping: Stopping) -> int:
    """Do a night's work. The plan is read anew, for a schedule outlives its changes."""
    plan, home = read_miner_plan(path), liu_home()
    with alone(home), database() as dsn, MiningDisplay() as display:

        async def work() -> NightWork:
            loop = asyncio.get_running_loop()

            def begins(night: Night, run: Run) -> None:
                display.opening(night, len(chosen_jobs(plan, asked.only)))
                stopping.tell(lambda: loop.call_soon_threadsafe(run.stop))

            return await work_night(
                plan,
                asked,
                home=home,
                dsn=dsn,
                environ=os.environ,
                watcher=display,
                begins=begins,
                json_logs=options["json_logs"],
            )

        try:
            done = asyncio.run(work())
        finally:
            stopping.tell(None)
    _show(done, as_json=options["as_json"])
    if stopping.is_over:
        return INTERRUPTED
    return DONE if all(each.outcome is Outcome.DONE for each in done.results) else FAILED


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Let one run at a time work for an installation. Raises LiuError when another does."""
    path = home / ".mining.lock"
    try:
        file = path.open("w")
    except OSError as exc:
        raise StoreError(f"{path}: cannot be written ({exc.strerror}); mend the rights") from exc
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LiuError(
                f"another market_miner is at work for {home}: wait until it has ended, or stop it"
            ) from None
        yield


def _show(done: NightWork, *, as_json: bool) -> None:
    if as_json:
        _print_json(done.night, done.results)
        return
    counts = [
        f"{count} {outcome}"
        for outcome in Outcome
        if (count := sum(each.outcome is outcome for each in done.results))
    ]
    rows = sum(each.rows for each in done.results)
    click.echo(f"{done.night.day}: {', '.join(counts)}; {rows:,} rows are new or changed.")


def _print_json(night: Night, miners: Sequence[JobResult | dict[str, object]]) -> None:
    told = {"day": night.day, "next_day": night.next_day, "miners": miners}
    sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
    sys.stdout.flush()  # of a schedule's runs one line each, for whoever reads along
