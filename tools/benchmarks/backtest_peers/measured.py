"""What a runner reports about itself: how fast, in how much memory, with what result."""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from pathlib import Path
from types import TracebackType

_KIB, _MIB = 1 << 10, 1 << 20


class Stopwatch:
    """Adds up wall time and CPU time, in seconds, of the blocks that it is around."""

    def __init__(self) -> None:
        self.wall = 0.0
        self.cpu = 0.0

    def __enter__(self) -> Stopwatch:
        self._from = time.perf_counter(), time.process_time()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.wall += time.perf_counter() - self._from[0]
        self.cpu += time.process_time() - self._from[1]


def report(
    bars: int, watch: Stopwatch, fills: int, equity_end: float, version: str | None = None
) -> None:
    """Print the one line that the benchmark reads. `bars` were run in the watch's time."""
    line = {
        "bars_per_s": round(bars / watch.wall),
        "rss_mb": round(most_rss_mb()),
        "fills": fills,
        "equity_end": round(equity_end, 2),
        "seconds": round(watch.wall, 3),
        "cpu_seconds": round(watch.cpu, 3),
    }
    print(json.dumps(line | ({"version": version} if version else {})))


def most_rss_mb() -> float:
    """Return the most memory that this process ever had, in MiB.

    Linux lets a child inherit `ru_maxrss` from who started it, but not VmHWM, see proc(5).
    """
    status = Path("/proc/self/status")
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status.read_text(), re.M) if status.exists() else None
    if found:
        return int(found[1]) * _KIB / _MIB
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most * (1 if sys.platform == "darwin" else _KIB) / _MIB
