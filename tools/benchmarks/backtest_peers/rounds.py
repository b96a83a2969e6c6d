"""Rounds in which engines take turns, so that what else the machine does falls on all of them."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.benchmarks.backtest_peers.environments import Engine, Unavailable

KEYS = ("bars_per_s", "rss_mb", "fills", "equity_end")
Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One engine on one workload; `name` is unique among the entries of a benchmark."""

    name: str
    engine: Engine
    workload: Path
    python: Path


@dataclass(frozen=True, slots=True)
class Rounds:
    """The figures of each round, by entry, and why an entry has none."""

    figures: list[dict[str, Figures]]
    failed: dict[str, str]

    def median(self, name: str) -> dict[str, Any]:
        """Return an entry's medians; what it found is the same in all rounds."""
        found = [figures[name] for figures in self.figures]
        result = {key: statistics.median_low(each[key] for each in found) for key in KEYS}
        if "version" in found[0]:
            result["version"] = found[0]["version"]
        return result


def run(entry: Entry, seconds: float = 3_600) -> Figures:
    """Run an entry in a process of its own and return the line that it printed.

    Raises Unavailable when it fails, says nothing that can be read, or takes longer than `seconds`.
    """
    command = [str(entry.python), "-m", entry.engine.module, str(entry.workload), "--json"]
    try:
        done = subprocess.run(
            command,
            cwd=entry.engine.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{entry.engine.module}: {error}") from error
    if done.returncode:
        words = " ".join(done.stderr.split())
        raise Unavailable(f"{entry.engine.module}: exit code {done.returncode}: {words[-400:]}")
    return _figures(entry, done.stdout)


def play(
    own: Sequence[Entry], peers: Sequence[Entry], count: int, say: Callable[[str], None]
) -> Rounds:
    """Run `count` rounds: our own entries, then the peers, which begin with another one each time.

    A peer that fails is left out from there on. Raises Unavailable when an entry of our own fails, and
    ValueError when an engine finds other fills or another equity than it did before.
    """
    result = Rounds([], {})
    for number in range(count):
        figures: dict[str, Figures] = {}
        turn = number % len(peers) if peers else 0
        for entry in (*own, *peers[turn:], *peers[:turn]):
            if entry.name in result.failed:
                continue
            try:
                figures[entry.name] = run(entry)
            except Unavailable as error:
                if entry in own:
                    raise
                result.failed[entry.name] = str(error)
                say(f"round {number + 1}, {entry.name}: {error}")
                continue
            say(f"round {number + 1}, {entry.name}: {json.dumps(figures[entry.name])}")
            _same_as_before(entry.name, figures, result.figures)
        result.figures.append(figures)
    return result


def _figures(entry: Entry, output: str) -> Figures:
    """Read a runner's last line."""
    lines = output.splitlines()
    try:
        found = json.loads(lines[-1]) if lines else None
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, dict) or not found.keys() >= set(KEYS):
        raise Unavailable(
            f"{entry.engine.module}: its last line is not an object with {', '.join(KEYS)}: "
            f"{lines[-1:]}"
        )
    return found


def _same_as_before(
    name: str, figures: Mapping[str, Figures], before: Sequence[Mapping[str, Figures]]
) -> None:
    if not before:
        return
    now, then = ({key: each[name][key] for key in KEYS[2:]} for each in (figures, before[0]))
    if now != then:
        raise ValueError(f"{name}: {now} in round {len(before) + 1}, {then} in the first")


def progress(line: str) -> None:
    """Tell people on stderr how it goes."""
    print(line, file=sys.stderr, flush=True)
