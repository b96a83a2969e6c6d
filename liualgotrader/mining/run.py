"""A night's work: jobs in the order of what they wait for, as many at once as there are workers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from datetime import date
from typing import Protocol

import msgspec

from liualgotrader.common.errors import StoreError
from liualgotrader.mining.child import Child
from liualgotrader.mining.graph import waits_for
from liualgotrader.mining.plan import JobPlan
from liualgotrader.mining.task import Task
from liualgotrader.mining.voice import Ended, Logged, Outcome, Progressed, Word

log = logging.getLogger(__name__)

INTERRUPTED = "interrupted"


class JobResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a job ended. `rows`: new or changed; `seconds`: from its process's start to its end."""

    name: str
    outcome: Outcome
    rows: int
    seconds: float
    detail: str = ""


class Watcher(Protocol):
    """Whoever wants to see how it goes."""

    def began(self, name: str) -> None:
        """See a job begin."""

    def progressed(self, name: str, done: int, total: int) -> None:
        """See how far a job is."""

    def logged(self, name: str, message: str) -> None:
        """Read a line of a job's log."""

    def ended(self, result: JobResult) -> None:
        """See how a job ended."""


class Notes(Protocol):
    """Where it is noted how jobs went. Raises StoreError."""

    async def begin(self, miner: str, day: date) -> None:
        """Note that a job begins."""

    async def end(self, miner: str, day: date, *, outcome: str, detail: str) -> None:
        """Note how it ended."""


class Worker(Protocol):
    """A process at a job."""

    @property
    def pid(self) -> int:
        """The process's id."""

    async def ended(self) -> Ended:
        """Return, once it is gone, how it ended."""

    def kill(self) -> None:
        """End it at once."""


Start = Callable[[Task, Callable[[Word], None]], Worker]


class Run:
    """The jobs of a night. Each is a task, which gets a process of its own by `start`."""

    def __init__(
        self,
        jobs: Sequence[JobPlan],
        task_of: Callable[[JobPlan], Task],
        store: Notes,
        watcher: Watcher,
        *,
        workers: int,
        start: Start = Child,
    ) -> None:
        self._waiting = {job.name: job for job in jobs}
        self._task_of = task_of
        self._store = store
        self._watcher = watcher
        self._workers = workers
        self._start = start
        self._children: dict[str, Worker] = {}
        self._working: dict[asyncio.Task[JobResult], str] = {}
        self._results: dict[str, JobResult] = {}
        self._order = list(self._waiting)
        self._stopped = False

    def stop(self) -> None:
        """End all that is at work; begin nothing more. What is done stays done."""
        self._stopped = True
        for child in self._children.values():
            child.kill()

    async def run(self) -> list[JobResult]:
        """Do all jobs; return how each ended, in their order. What fails holds up only what needs it."""
        try:
            while self._waiting or self._working:
                await self._skip()
                self._begin()
                if self._working:
                    await self._next()
        finally:
            self.stop()
            await asyncio.gather(*self._working, return_exceptions=True)
        return [self._results[name] for name in self._order]

    def _begin(self) -> None:
        for job in list(self._waiting.values()):
            if len(self._working) >= self._workers:
                return
            if self._is_ready(job):
                del self._waiting[job.name]
                self._working[asyncio.create_task(self._work(job))] = job.name

    def _is_ready(self, job: JobPlan) -> bool:
        at_work = {*self._waiting, *self._working.values()} - {job.name}
        return not waits_for(job) & at_work

    async def _skip(self) -> None:
        """Take out what will not be done, and whatever needs that."""
        while out := [(job, why) for job in self._waiting.values() if (why := self._lacks(job))]:
            for job, why in out:
                del self._waiting[job.name]
                result = JobResult(
                    name=job.name, outcome=Outcome.SKIPPED, rows=0, seconds=0.0, detail=why
                )
                await self._finish(self._task_of(job), result)

    def _lacks(self, job: JobPlan) -> str:
        """Return why a job is skipped, "" when it is not."""
        if self._stopped:
            return INTERRUPTED
        for name in job.needs:
            result = self._results.get(name)
            if result is not None and result.outcome is not Outcome.DONE:
                return f"{name}, whose work it needs, {_became(result.outcome)}"
        return ""

    async def _next(self) -> None:
        done, _ = await asyncio.wait(self._working, return_when=asyncio.FIRST_COMPLETED)
        for each in done:
            del self._working[each]
            result = each.result()
            self._results[result.name] = result

    async def _work(self, job: JobPlan) -> JobResult:
        task, loop = self._task_of(job), asyncio.get_running_loop()
        began = loop.time()
        self._watcher.began(job.name)
        await self._note(self._store.begin(job.name, task.night.day), job.name)
        ended = await self._live(task)
        if self._stopped and ended.outcome is Outcome.FAILED:
            ended = Ended(Outcome.FAILED, detail=INTERRUPTED)
        result = JobResult(
            name=job.name,
            outcome=ended.outcome,
            rows=ended.rows,
            seconds=round(loop.time() - began, 3),
            detail=ended.detail,
        )
        return await self._finish(task, result)

    async def _live(self, task: Task) -> Ended:
        """Let a process do it."""
        if self._stopped:
            return Ended(Outcome.FAILED, detail=INTERRUPTED)
        name = task.job.name
        child = self._children[name] = self._start(task, lambda word: self._heard(name, word))
        log.info("%s: pid %d", name, child.pid)
        try:
            return await child.ended()
        finally:
            child.kill()
            del self._children[name]

    def _heard(self, name: str, word: Word) -> None:
        if isinstance(word, Progressed):
            self._watcher.progressed(name, word.done, word.total)
        elif isinstance(word, Logged):
            self._watcher.logged(name, word.message)

    async def _finish(self, task: Task, result: JobResult) -> JobResult:
        self._results[result.name] = result
        await self._note(
            self._store.end(
                result.name, task.night.day, outcome=result.outcome.value, detail=result.detail
            ),
            result.name,
        )
        self._watcher.ended(result)
        return result

    async def _note(self, noting: Coroutine[None, None, None], name: str) -> None:
        """Keep a note of a job; a database that is away fails the jobs by itself."""
        try:
            await noting
        except StoreError as exc:
            log.warning("%s: %s", name, exc)
            self._watcher.logged(name, f"not in miner_runs: {exc}")


def _became(outcome: Outcome) -> str:
    return "failed" if outcome is Outcome.FAILED else "was skipped"
