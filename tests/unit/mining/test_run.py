"""The order of a night's jobs, with workers that are no processes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from liualgotrader.common.errors import StoreError
from liualgotrader.mining.plan import JobPlan
from liualgotrader.mining.run import Run
from liualgotrader.mining.task import Task
from liualgotrader.mining.voice import Ended, Logged, Outcome, Progressed, Word
from tests.unit.mining.mining_jobs import DAY, Jobs, Notebook


class Worker:
    """Ends when it is told to, or killed."""

    def __init__(self, name: str, said: Callable[[Word], None]) -> None:
        self.pid = 1
        self.name = name
        self.said = said
        self.last = asyncio.get_running_loop().create_future()

    async def ended(self) -> Ended:
        found: Ended = await self.last
        return found

    def end(self, outcome: Outcome = Outcome.DONE, detail: str = "") -> None:
        self.last.set_result(Ended(outcome, 1, detail))

    def kill(self) -> None:
        if not self.last.done():
            self.end(Outcome.FAILED, "killed")


class Notes:
    """Notes in memory; a database that is away when it is told so."""

    def __init__(self) -> None:
        self.is_away = False
        self.rows: dict[str, tuple[str, str]] = {}

    async def begin(self, miner: str, day: date) -> None:
        await self._note(miner, day, "running", "")

    async def end(self, miner: str, day: date, *, outcome: str, detail: str) -> None:
        await self._note(miner, day, outcome, detail)

    async def _note(self, miner: str, day: date, outcome: str, detail: str) -> None:
        if self.is_away:
            raise StoreError("the database is away")
        assert day == DAY
        self.rows[miner] = (outcome, detail)


class Night:
    """A run that can be looked at while it goes on."""

    def __init__(self, jobs: Jobs, plans: Sequence[JobPlan], *, workers: int = 9) -> None:
        self.notes, self.watcher = Notes(), Notebook()
        self.at_work: dict[str, Worker] = {}
        self.run = Run(
            plans, jobs.task, self.notes, self.watcher, workers=workers, start=self._start
        )
        self.running = asyncio.create_task(self.run.run())

    def _start(self, task: Task, said: Callable[[Word], None]) -> Worker:
        worker = self.at_work[task.job.name] = Worker(task.job.name, said)
        return worker

    async def names(self) -> list[str]:
        """Return who is at work once all that can begin has begun."""
        for _ in range(20):
            await asyncio.sleep(0)
        return [name for name, worker in self.at_work.items() if not worker.last.done()]


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    return Jobs(tmp_path, "")


async def test_a_job_begins_when_what_it_waits_for_has_ended(jobs: Jobs) -> None:
    night = Night(
        jobs,
        [
            jobs.plan("a", "Notes"),
            jobs.plan("b", "Notes"),
            jobs.plan("c", "Notes", ["a", "b"]),
            jobs.plan("d", "Notes", ["a"]),
        ],
    )
    assert await night.names() == ["a", "b"]
    night.at_work["a"].end()
    assert await night.names() == ["b", "d"]
    night.at_work["b"].end(detail="1 skipped: X no bars")
    assert await night.names() == ["d", "c"]
    night.at_work["c"].end()
    night.at_work["d"].end()
    results = await night.running
    assert [(each.name, each.outcome, each.rows) for each in results] == [
        (name, Outcome.DONE, 1) for name in "abcd"
    ]
    assert night.notes.rows["b"] == ("done", "1 skipped: X no bars")


async def test_no_more_work_at_once_than_there_are_workers(jobs: Jobs) -> None:
    night = Night(jobs, [jobs.plan(name, "Notes") for name in "abcd"], workers=2)
    for expected in (["a", "b"], ["b", "c"], ["c", "d"], ["d"]):
        assert await night.names() == expected
        night.at_work[expected[0]].end()
    assert len(await night.running) == 4


async def test_what_needs_a_failure_is_skipped_and_what_follows_it_is_not(jobs: Jobs) -> None:
    night = Night(
        jobs,
        [
            jobs.plan("a", "Notes"),
            jobs.plan("b", "Notes", ["a"]),
            jobs.plan("c", "Notes", ["b"]),
            replace(jobs.plan("d", "Notes"), follows=("a", "c")),
            jobs.plan("e", "Notes"),
        ],
    )
    assert await night.names() == ["a", "e"]
    night.at_work["a"].end(Outcome.FAILED, "no answer")
    assert await night.names() == ["e", "d"]
    night.at_work["d"].end()
    night.at_work["e"].end()
    assert [(each.outcome.value, each.detail) for each in await night.running] == [
        ("failed", "no answer"),
        ("skipped", "a, whose work it needs, failed"),
        ("skipped", "b, whose work it needs, was skipped"),
        ("done", ""),
        ("done", ""),
    ]
    assert night.notes.rows["c"] == ("skipped", "b, whose work it needs, was skipped")
    assert night.watcher.seen.count("c skipped") == 1


async def test_word_to_stop_ends_what_works_and_begins_nothing(jobs: Jobs) -> None:
    night = Night(
        jobs, [jobs.plan("a", "Notes"), jobs.plan("b", "Notes"), jobs.plan("c", "Notes", ["b"])]
    )
    assert await night.names() == ["a", "b"]
    night.at_work["a"].end()
    await night.names()
    night.run.stop()
    assert [(each.outcome.value, each.detail) for each in await night.running] == [
        ("done", ""),
        ("failed", "interrupted"),
        ("skipped", "interrupted"),
    ]
    assert set(night.at_work) == {"a", "b"}


async def test_word_to_stop_before_anything_began_is_heard(jobs: Jobs) -> None:
    night = Night(jobs, [jobs.plan("a", "Notes")])
    night.run.stop()
    assert [each.outcome for each in await night.running] == [Outcome.SKIPPED]
    assert night.at_work == {}


async def test_what_workers_say_is_passed_on(jobs: Jobs) -> None:
    night = Night(jobs, [jobs.plan("a", "Notes")])
    await night.names()
    night.at_work["a"].said(Progressed(1, 3))
    night.at_work["a"].said(Logged("one of three"))
    night.at_work["a"].end()
    await night.running
    assert night.watcher.seen == ["a began", "a 1/3", "a done"]
    assert night.watcher.logs == ["a: one of three"]


async def test_a_database_that_is_away_is_told_and_ends_nothing(jobs: Jobs) -> None:
    night = Night(jobs, [jobs.plan("a", "Notes")])
    night.notes.is_away = True
    await night.names()
    night.at_work["a"].end()
    assert [each.outcome for each in await night.running] == [Outcome.DONE]
    assert night.watcher.logs == ["a: not in miner_runs: the database is away"] * 2


async def test_a_run_that_is_cancelled_leaves_nobody_behind(jobs: Jobs) -> None:
    night = Night(jobs, [jobs.plan("a", "Notes")])
    await night.names()
    night.running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await night.running
    assert await night.names() == []
