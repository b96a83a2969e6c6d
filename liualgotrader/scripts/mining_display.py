"""How a night's work goes and went, on the terminal. Progress on stderr, what came of it on stdout."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import click
from rich.console import Console
from rich.live import Live
from rich.text import Text

from liualgotrader.mining.night import Night
from liualgotrader.mining.plan import JobKind, JobPlan
from liualgotrader.mining.run import JobResult
from liualgotrader.mining.voice import Outcome

_PLAIN_SECONDS = 5.0
_LEVELS = {Outcome.DONE: "green", Outcome.FAILED: "red", Outcome.SKIPPED: "yellow"}
console = Console(stderr=True, highlight=False)


class MiningDisplay:
    """Live on a terminal, lines elsewhere. Implements `mining.run.Watcher`."""

    def __init__(self) -> None:
        self._live = Live(console=console, refresh_per_second=8, transient=True)
        self._working: dict[str, str] = {}
        self._told_at: dict[str, float] = {}

    def __enter__(self) -> Self:
        if console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def opening(self, night: Night, jobs: int) -> None:
        """Say what is worked for."""
        console.print(
            f"[bold]LiuAlgoTrader[/] miners: {jobs} for {night.day}, made for {night.next_day}",
            soft_wrap=True,
        )

    def began(self, name: str) -> None:
        """See a job begin."""
        self._working[name] = "begun"
        self._told_at[name] = time.monotonic()
        self._show()

    def progressed(self, name: str, done: int, total: int) -> None:
        """See how far a job is."""
        self._working[name] = f"{done:,} of {total:,}"
        if console.is_terminal:
            self._show()
        elif time.monotonic() - self._told_at.get(name, 0.0) >= _PLAIN_SECONDS:
            self._told_at[name] = time.monotonic()
            self._line(f"{name}: {self._working[name]}")

    def logged(self, name: str, message: str) -> None:
        """Read a line of a job's log."""
        self._line(f"{name}: {message}")

    def ended(self, result: JobResult) -> None:
        """See how a job ended."""
        self._working.pop(result.name, None)
        self._line(line_of(result), style=_LEVELS[result.outcome])
        self._show()

    def _show(self) -> None:
        if console.is_terminal:
            lines = [f"{name}  {how}" for name, how in self._working.items()]
            self._live.update(Text("\n".join(lines)))

    def _line(self, text: str, style: str = "") -> None:
        console.print(Text(text, style=style), soft_wrap=True)


def line_of(result: JobResult) -> str:
    """Return how a job ended, on one line."""
    rows = f", {result.rows:,} rows" if result.outcome is Outcome.DONE else ""
    took = f" in {result.seconds:.1f} s" if result.outcome is not Outcome.SKIPPED else ""
    detail = f", {result.detail}" if result.outcome is Outcome.DONE else f": {result.detail}"
    return f"{result.name}: {result.outcome}{rows}{took}{detail if result.detail else ''}"


def show_plan(night: Night, jobs: Sequence[JobPlan]) -> None:
    """Say what would run, in which order."""
    click.echo(f"For {night.day}, made for {night.next_day}:")
    for number, job in enumerate(jobs, 1):
        waits = _waits(job, jobs)
        after = f", after {waits}" if waits else ""
        click.echo(
            f"{number:>3}  {job.name}  ({job.kind.removesuffix('s')} {job.class_name}{after})"
        )


def _waits(job: JobPlan, jobs: Sequence[JobPlan]) -> str:
    """Return what a job waits for, among these jobs, in words; "" for nothing."""
    named = {*job.needs, *job.follows}
    waits = [each.name for each in jobs if each.name in named]
    miners = [each.name for each in jobs if each.kind is JobKind.MINER]
    if len(miners) > 1 and set(miners) <= set(waits):
        waits = ["all miners", *(name for name in waits if name not in miners)]
    return ", ".join(waits)
