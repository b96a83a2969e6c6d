"""All forecasts of 500 symbols: the first night, and the next one, in seconds and megabytes.

`market_miner` is run as people run it, on an invented history with five years of day bars and 30
days of minutes, into a database of its own. `first_s` and `next_s` are the wall time of the whole
command; `first_mb` and `next_mb` the most that it and its jobs ever held together, the database not
counted; `first_cpu_s` and `next_cpu_s` what they had of the processors. `nights` has how each
forecast ended: of the first night, of the next, and of the next done again. The history is made
once, in LIU_HOME/bench/forecasts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psutil

from liualgotrader.common.plan_classes import BUILT_IN
from liualgotrader.data.lake.layout import FOLDER
from liualgotrader.models.embedded import EmbeddedServer
from liualgotrader.scripts.home import liu_home
from tools.benchmarks.forecasts_lake import LAST, make_lake

_BEFORE_LAST = LAST - timedelta(days=3)
_LOOK_S = 0.5


def write_plan(path: Path, names: Sequence[str]) -> Path:
    """Write a miner.toml with these forecasts, for the day after the history's last."""
    today = f"[data]\ndate = {LAST + timedelta(days=1)}\n"
    path.write_text(today + "".join(f"[forecasts.{name}]\n" for name in names))
    return path


def work(plan: Path, day: date, home: Path, dsn: str) -> dict[str, Any]:
    """Work the night after a day; return its seconds, its most megabytes, and what it printed."""
    command = [
        sys.executable,
        "-c",
        "from liualgotrader.scripts.market_miner import main; raise SystemExit(main())",
    ]
    command += [str(plan), "--day", day.isoformat(), "--json"]
    environ = {**os.environ, "LIU_HOME": str(home), "DSN": dsn}
    begun = time.monotonic()
    used: dict[int, float] = {}
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, env=environ, stdout=out)
        most = 0
        while process.poll() is None:
            most = max(most, _held(process.pid, used))
            time.sleep(_LOOK_S)
        took = time.monotonic() - begun
        out.seek(0)
        text = out.read().decode()
    if process.returncode:
        raise SystemExit(f"market_miner ended with {process.returncode}: {text}")
    cpu = round(sum(used.values()), 1)
    return {"s": round(took, 1), "cpu": cpu, "mb": round(most / 2**20), "told": json.loads(text)}


def _held(pid: int, used: dict[int, float]) -> int:
    """Return the bytes in memory of a process and all that it started; what they share counts once, on Linux.

    `used` is brought up to date: the seconds of processor that each has had.
    """
    held = 0
    for each in _family(pid):
        try:
            full, times = each.memory_full_info(), each.cpu_times()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        held += int(getattr(full, "pss", full.rss))
        used[each.pid] = times.user + times.system
    return held


def _family(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def measure(symbols: int, days: int, names: Sequence[str]) -> dict[str, Any]:
    """Return the figures of both nights."""
    root = liu_home() / "bench" / "forecasts"
    history = root / f"{symbols}x{days}" / FOLDER
    make_lake(history, symbols, days + 1)
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root) as folder:
        home = Path(folder)
        (home / FOLDER).symlink_to(history)
        plan = write_plan(home / "miner.toml", names)
        with EmbeddedServer(home / "pg") as server:
            first = work(plan, _BEFORE_LAST, home, server.dsn)
            second = work(plan, LAST, home, server.dsn)
            again = work(plan, LAST, home, server.dsn)
    return {
        "first_s": first["s"],
        "next_s": second["s"],
        "first_cpu_s": first["cpu"],
        "next_cpu_s": second["cpu"],
        "first_mb": first["mb"],
        "next_mb": second["mb"],
        "again_s": again["s"],
        "nights": [each["told"] for each in (first, second, again)],
    }


def main() -> None:
    """Measure and print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one object on one line")
    parser.add_argument("--symbols", type=int, default=500)
    parser.add_argument(
        "--days", type=int, default=30, help="days with minutes, at the first night"
    )
    parser.add_argument("--only", help="these forecasts, with commas between them")
    options = parser.parse_args()
    names = options.only.split(",") if options.only else list(BUILT_IN["forecast"])
    result = measure(options.symbols, options.days, names)
    result |= {"symbols": options.symbols, "days": options.days, "cpus": os.cpu_count()}
    print(json.dumps(result, indent=None if options.json else 2))


if __name__ == "__main__":
    main()
