"""What `trader` does: read the plan, have a database, run the session, and show how it goes and went."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.plan import Plan, plan_from_json
from liualgotrader.course import Course
from liualgotrader.engine.plan_reading import read_plan
from liualgotrader.models.embedded import EmbeddedServer
from liualgotrader.models.session_store import SessionStore
from liualgotrader.scripts.arming import arm
from liualgotrader.scripts.exits import DONE, FAILED
from liualgotrader.scripts.home import database_and_server, liu_home
from liualgotrader.scripts.show import Display, show_summary
from liualgotrader.session.logs import formatter
from liualgotrader.session.summing_up import Summary

# What Summary has beyond what `--json` promises, it keeps for the tables and the report.
JSON_KEYS = (
    "batch_id", "mode", "symbols", "consumers", "events", "dropped_stale", "gaps", "orders", "fills",
    "refused", "equity_start", "equity_end", "pnl", "fees", "lag_ms_p50", "lag_ms_p99", "duration_s",
    "report",
)  # fmt: skip

_json = msgspec.json.Encoder(decimal_format="number")


def run_session(
    path: Path,
    options: dict[str, Any],
    *,
    resume: str | None,
    yes_live: bool,
    as_json: bool,
    json_logs: bool,
) -> int:
    """Run a session; return 0 only when it was a clean one."""
    home = liu_home()
    _log(home, as_json=json_logs)
    plan = None if resume else read_plan(path, environ=os.environ, options=options)
    with database_and_server() as (dsn, server):
        batch_id = None
        if plan is None:
            batch_id, plan = asyncio.run(_unfinished(dsn, resume or ""))
        arm(plan, os.environ, yes=yes_live)
        with Display(plan) as display:
            summary = asyncio.run(
                _run(plan, home, dsn, server, display.update, batch_id, json_logs)
            )
    if as_json:
        values = {key: getattr(summary, key) for key in JSON_KEYS}
        sys.stdout.write(_json.encode(values).decode() + "\n")
    show_summary(summary)
    return FAILED if summary.failure or summary.differences else DONE


async def _unfinished(dsn: str, prefix: str) -> tuple[str, Plan]:
    """Return a batch that was not ended, and its plan. Raises ConfigError for one that was."""
    async with await SessionStore.open(dsn, max_size=1) as store:
        batch = await store.find_batch(prefix)
    if batch.ended_at is not None:
        raise ConfigError(f"batch {batch.batch_id} is over ({batch.end_reason}); nothing to resume")
    return batch.batch_id, plan_from_json(msgspec.json.encode(batch.plan))


def _log(home: Path, *, as_json: bool) -> None:
    """The supervisor's log goes to the terminal (warnings) and into its file."""
    folder = home / "logs"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    to_file = logging.FileHandler(folder / "trader.log")
    to_file.setFormatter(formatter(as_json=as_json))
    root = logging.getLogger()
    root.handlers = [to_file]
    root.setLevel(logging.INFO)


async def _run(
    plan: Plan,
    home: Path,
    dsn: str,
    server: EmbeddedServer | None,
    progress: Callable[[dict[str, Any]], None],
    batch_id: str | None,
    json_logs: bool,
) -> Summary:
    course = Course(
        plan,
        home=home,
        dsn=dsn,
        environ=os.environ,
        progress=progress,
        batch_id=batch_id,
        server=server,
        json_logs=json_logs,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, course.interrupt, f"stopped by {number.name}")
    return await course.run()
