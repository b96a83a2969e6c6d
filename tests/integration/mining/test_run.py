"""Jobs in processes: what each comes to, what a failure holds up, and who ends with whom."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from multiprocessing import Pipe
from pathlib import Path

import msgspec
import psutil
import pytest

from liualgotrader.data import alpaca
from liualgotrader.links.rest import ONCE
from liualgotrader.mining.job import do_job
from liualgotrader.mining.run import Run
from liualgotrader.mining.voice import Outcome, Voice
from liualgotrader.models.miner_runs import MinerRunStore
from liualgotrader.models.miner_tables import MinerTables
from tests.unit.mining.mining_jobs import DAY, Jobs, Notebook

PATIENCE = 40.0


pytestmark = pytest.mark.timeout(180)  # a process that imports what a miner may need takes seconds


@pytest.fixture
def jobs(tmp_path: Path, database: str) -> Jobs:
    return Jobs(tmp_path, database)


async def noted(database: str) -> dict[str, tuple[str, str]]:
    async with await MinerRunStore.open(database, max_size=1) as store:
        return {run.miner: (run.outcome, run.detail) for run in await store.runs(DAY)}


async def values(database: str) -> list[tuple[object, ...]]:
    async with await MinerTables.open(database, max_size=1) as tables:
        return await tables.get("miner_values", ("miner", "symbol", "value"))


async def pid_of(folder: Path, name: str) -> int:
    path = folder / f"{name}.pid"
    async with asyncio.timeout(PATIENCE):
        while not path.exists():  # noqa: ASYNC110 - another process makes it
            await asyncio.sleep(0.05)
    return int(path.read_text())


async def test_a_killed_worker_fails_and_another_goes_on(jobs: Jobs, database: str) -> None:
    async def kill() -> None:
        os.kill(await pid_of(jobs.home, "waits"), signal.SIGKILL)

    watcher = Notebook()
    plans = [
        jobs.plan("waits", "Waits", folder=str(jobs.home)),
        jobs.plan("notes", "Notes"),
        jobs.plan("after", "Notes", ["waits"]),
    ]
    async with await MinerRunStore.open(database, max_size=2) as store:
        run = Run(plans, jobs.task, store, watcher, workers=2)
        results, _ = await asyncio.gather(run.run(), kill())
    assert [(each.name, each.outcome.value, each.rows, each.detail) for each in results] == [
        ("waits", "failed", 0, "its process was killed by SIGKILL"),
        ("notes", "done", 2, "2 skipped: X1 no bars, X2 no bars"),
        ("after", "skipped", 0, "waits, whose work it needs, failed"),
    ]
    assert await noted(database) == {
        each.name: (each.outcome.value, each.detail) for each in results
    }
    # What it had not finished is not there.
    assert await values(database) == [("notes", "A", 1.0), ("notes", "B", 1.0)]
    # OMP_NUM_THREADS, OPENBLAS_NUM_THREADS, PYTHONHASHSEED: the same sums and orders every night.
    assert watcher.logs == ["notes: 2 rows, environment 1 1 0"]
    assert "notes 0/4" in watcher.seen
    assert "2 rows" in (jobs.home / "logs" / "mining" / "notes.log").read_text()


async def test_word_to_stop_ends_what_works(jobs: Jobs, database: str) -> None:
    async with await MinerRunStore.open(database, max_size=2) as store:
        plans = [
            jobs.plan("waits", "Waits", folder=str(jobs.home)),
            jobs.plan("later", "Notes", ["waits"]),
        ]
        run = Run(plans, jobs.task, store, Notebook(), workers=2)
        running = asyncio.create_task(run.run())
        pid = await pid_of(jobs.home, "waits")
        run.stop()
        results = await running
    assert not psutil.pid_exists(pid)
    assert [(each.outcome, each.detail) for each in results] == [
        (Outcome.FAILED, "interrupted"),
        (Outcome.SKIPPED, "interrupted"),
    ]
    assert await values(database) == []


@pytest.mark.parametrize(
    ("class_name", "detail"),
    [
        ("Raises", "KeyError: 'no such key' (FILE:{line})"),
        ("Feedless", "FeedLost: the vendor does not answer"),
        ("DiskFull", "StoreError: could not write: no space left on device"),
        ("Nothing", "Nothing.run() returned None: return how many rows"),
        ("Exits", "SystemExit: 3 (FILE:"),
        ("Gone", "FILE: defines no class Gone; valid: Asks, DiskFull"),
        ("Asks", "FeedLost: market data for "),
    ],
)
async def test_what_a_miner_raises_is_its_outcome(
    jobs: Jobs, class_name: str, detail: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alpaca, "RetryPolicy", lambda: ONCE)
    voice = Voice(Pipe()[1])
    ended = await do_job(jobs.task(jobs.plan("job", class_name)), voice)
    file = jobs.home / "miners.py"
    lines = file.read_text().splitlines()
    line = 1 + next(n for n, text in enumerate(lines) if "no such key" in text)
    assert (ended.outcome, ended.rows) == (Outcome.FAILED, 0)
    told = ended.detail.replace(str(file), "FILE")
    assert told.startswith(detail.format(line=line)), told


async def test_what_a_class_waits_for_is_what_was_read(jobs: Jobs) -> None:
    plan = msgspec.structs.replace(jobs.plan("job", "Notes"), class_after=("Other",))
    ended = await do_job(jobs.task(plan), Voice(Pipe()[1]))
    assert "Notes.after is () once it runs" in ended.detail


_PARENT = """
import asyncio, sys
from pathlib import Path
from liualgotrader.mining.run import Run
from liualgotrader.models.miner_runs import MinerRunStore
from tests.unit.mining.mining_jobs import Jobs, Notebook

async def main(home, dsn):
    jobs = Jobs(Path(home), dsn)
    async with await MinerRunStore.open(dsn, max_size=1) as store:
        plan = jobs.plan("waits", "Waits", folder=home)
        await Run([plan], jobs.task, store, Notebook(), workers=1).run()

if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
"""


async def test_workers_end_when_whoever_started_them_is_killed(jobs: Jobs, database: str) -> None:
    script = jobs.home / "parent.py"
    script.write_text(_PARENT)
    root = Path(__file__).parents[3]
    parent = subprocess.Popen(  # noqa: ASYNC220 - it is what is tested, and started at once
        [sys.executable, str(script), str(jobs.home), database],
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    try:
        worker = psutil.Process(await pid_of(jobs.home, "waits"))
        parent.kill()
        parent.wait()
        gone, alive = await asyncio.to_thread(psutil.wait_procs, [worker], timeout=PATIENCE)
        assert (len(gone), alive) == (1, [])
    finally:
        parent.kill()
        parent.wait()
    assert (await noted(database))["waits"][0] == "running"
    assert await values(database) == []
