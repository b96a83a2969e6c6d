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

from liualgotrader.common.plan import Plan
from liualgotrader.course import Course, Summary
from liualgotrader.engine.plan_reading import read_plan
from liualgotrader.scripts.exits import DONE, FAILED
from liualgotrader.scripts.home import database, liu_home
from liualgotrader.scripts.show import Display, show_summary
from liualgotrader.session.logs import formatter

# What Summary has beyond what `--json` promises, it keeps for the tables and the report.
JSON_KEYS = (
    "batch_id", "mode", "symbols", "consumers", "events", "dropped_stale", "gaps", "orders", "fills",
    "refused", "equity_start", "equity_end", "pnl", "fees", "lag_ms_p50", "lag_ms_p99", "duration_s",
    "report",
)  # fmt: skip


def run_session(
    path: Path, options: dict[str, Any], *, resume: str | None, as_json: bool, json_logs: bool
) -> int:
    """Run a session; return 0 only when it was a clean one."""
    plan = read_plan(path, environ=os.environ, options=options)
    home = liu_home()
    _log(home, as_json=json_logs)
    with database() as dsn, Display(plan) as display:
        summary = asyncio.run(_run(plan, home, dsn, display.update, resume))
    if as_json:
        values = {key: getattr(summary, key) for key in JSON_KEYS}
        sys.stdout.write(msgspec.json.encode(values).decode() + "\n")
    show_summary(summary)
    return FAILED if summary.failure or summary.differences else DONE


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
    progress: Callable[[dict[str, Any]], None],
    resume: str | None,
) -> Summary:
    course = Course(
        plan, home=home, dsn=dsn, environ=os.environ, progress=progress, batch_id=resume
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, course.interrupt, f"stopped by {number.name}")
    return await course.run()
