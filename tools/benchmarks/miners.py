"""A night of the built-in miners over a generated history: the first one, and the next, in seconds and MiB.

500 symbols with five years of day bars and 30 days of minutes, a split in every fiftieth, and batches with
trades. The first night makes all rows, the next night those of a day. Each is a `market_miner` of its own,
from its start to its end, the embedded PostgreSQL's start included. `rss_mb`: what its processes held
at most together, PostgreSQL's (`postgres_mb`) left out. `cpu_s`: the processor time of all of them: what a
machine with other work does not stretch.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import psutil

from liualgotrader.common.calendar import us_equities
from liualgotrader.data.lake import Lake
from liualgotrader.data.lake.layout import FOLDER
from liualgotrader.models.embedded import EmbeddedServer
from liualgotrader.models.migrations import migrate
from tools.benchmarks.mined_history import Spec, bring_batches, bring_history

MINERS = (
    "DailyOHLC",
    "CatchUp",
    "TickerData",
    "StockCluster",
    "Portfolio",
    "Gainloss",
    "TradeAnalysis",
)
LAST_DAY = date(2013, 1, 23)
"""The last trading day before the exchange in a box begins its own."""


def measure(spec: Spec, home: Path) -> dict[str, Any]:
    """Return the figures of both nights in a new home."""
    days = [each.date for each in us_equities().sessions(date(2012, 12, 1), LAST_DAY)]
    began = time.monotonic()
    bring_history(Lake(home / FOLDER), spec, LAST_DAY)
    asyncio.run(_prepared(home, spec))
    plan = home / "miner.toml"
    plan.write_text(_plan(spec), encoding="utf-8")
    made = round(time.monotonic() - began, 1)
    nights = {
        "first": night(home, plan, days[-2]),
        "next": night(home, plan, days[-1]),
        "again": night(home, plan, days[-1]),
    }
    return {"symbols": spec.symbols, "made_s": made} | nights


def _plan(spec: Spec) -> str:
    lines = ["[data]", 'source = "box"', "workers = 2", ""]
    for name in MINERS:
        lines.append(f"[miners.{name}]")
        lines += [f"years = {spec.years}"] if name == "DailyOHLC" else []
    return "\n".join(lines) + "\n"


async def _prepared(home: Path, spec: Spec) -> None:
    """Make the database as a session would have left it."""
    with EmbeddedServer(home / "pg") as server:
        await migrate(server.dsn)
        await bring_batches(server.dsn, spec, LAST_DAY)


def night(home: Path, plan: Path, day: date) -> dict[str, Any]:
    """Run a night; return its seconds, its miners' seconds and rows, and its memory in MiB."""
    command = [sys.executable, "-c", _RUN, str(plan), "--day", day.isoformat(), "--json"]
    environ = {**os.environ, "LIU_HOME": str(home)}
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environ)
    with _watched(process.pid) as most:
        told, _ = process.communicate()
    seconds = time.monotonic() - began
    if process.returncode:
        raise RuntimeError(f"market_miner ended with {process.returncode}: {told.decode()}")
    result = json.loads(told)
    return {
        "seconds": round(seconds, 2),
        "cpu_s": round(sum(most["cpu"].values()), 2),
        "rss_mb": round(most["miners"] / 2**20),
        "postgres_mb": round(most["postgres"] / 2**20),
        "miners": {
            each["name"]: {"seconds": round(each["seconds"], 2), "rows": each["rows"]}
            for each in result["miners"]
        },
    }


_RUN = "from liualgotrader.scripts.market_miner import main; raise SystemExit(main())"


@contextmanager
def _watched(pid: int) -> Iterator[dict[str, Any]]:
    """Give the most memory that a process and its children held so far, and the processor time of each."""
    most: dict[str, Any] = {"miners": 0, "postgres": 0, "cpu": {}}
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            held = {"miners": 0, "postgres": 0}
            for process in _family(pid):
                _add(process, held, most["cpu"])
            for name, size in held.items():
                most[name] = max(most[name], size)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()


def _family(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _add(process: psutil.Process, held: dict[str, int], cpu: dict[int, float]) -> None:
    try:
        times = process.cpu_times()
        cpu[process.pid] = times.user + times.system
        name = "postgres" if "postgres" in process.name() else "miners"
        held[name] += process.memory_info().rss
    except psutil.NoSuchProcess:
        return


def table(result: dict[str, Any]) -> str:
    """Return the figures for people."""
    lines = [f"{result['symbols']} symbols; the history was made in {result['made_s']} s"]
    for name in ("first", "next", "again"):
        each = result[name]
        lines.append(
            f"{name:6} {each['seconds']:7.2f} s {each['cpu_s']:7.2f} s of CPU {each['rss_mb']:6,} MiB,"
            f" PostgreSQL {each['postgres_mb']:,} MiB"
        )
        lines += [
            f"       {miner:14} {figures['seconds']:7.2f} s {figures['rows']:9,} rows"
            for miner, figures in each["miners"].items()
        ]
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add: Callable[..., Any] = parser.add_argument
    add("--json", action="store_true", help="print one object on one line")
    add("--symbols", type=int, default=500, metavar="N", help="500 unless given")
    add("--years", type=int, default=5, metavar="N", help="of day bars; 5 unless given")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="liu-miners-") as home:
        result = measure(Spec(symbols=options.symbols, years=options.years), Path(home))
    result |= {"cpus": os.cpu_count(), "load_after": round(os.getloadavg()[0], 2)}
    print(json.dumps(result) if options.json else table(result))


if __name__ == "__main__":
    main()
