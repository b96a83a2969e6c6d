"""Jobs done in processes, as many at once as there are cores; they end with their parent."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.synchronize import Event

from liualgotrader.common.errors import LiuError
from liualgotrader.recommending.running import Job, Ran, run_job
from liualgotrader.replaying.reliving import prepare_process

_LOOK_SECONDS = 0.2
_ORPHANED = 3
_WORTH_A_START = 100_000
"""As many bars as are lived through while a process starts."""


class _Interruption:
    """What a worker was given to look at after each of its days."""

    event: Event | None = None


_interruption = _Interruption()


def run_jobs(
    jobs: Sequence[Job], is_interrupted: Callable[[], bool] = lambda: False
) -> Iterator[Ran]:
    """Do jobs, and yield what comes of them as they end; interrupted ones are not among it.

    Raises LiuError when a process is ended by what it runs, or from outside.
    """
    context = get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(
        _processes(jobs),
        mp_context=context,
        initializer=_begin,
        initargs=(stop,),
    )
    try:
        pending = {pool.submit(_work, job): job for job in jobs}
        while pending and not is_interrupted():
            done, _ = wait(pending, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                yield _answer(future, pending.pop(future))
    finally:
        stop.set()
        _end(pool)


def _processes(jobs: Sequence[Job]) -> int:
    """Return how many processes are worth their start: no more than cores or jobs, or than there are bars for."""
    bars = sum(job.bars for job in jobs)
    return max(1, min(os.cpu_count() or 1, len(jobs), bars // _WORTH_A_START))


def _end(pool: ProcessPoolExecutor) -> None:
    """Wait for the days at hand; who interrupts that too does not get strategies that never return."""
    try:
        pool.shutdown(cancel_futures=True)
    except KeyboardInterrupt:
        for child in active_children():
            child.kill()
        raise


def _answer(future: Future[Ran], job: Job) -> Ran:
    try:
        return future.result()
    except BrokenExecutor as exc:
        raise LiuError(
            f"a process that tried strategies on {job.symbol} was ended from within or without. Look"
            " whether a strategy ends its process (os._exit), or the machine ran out of memory"
        ) from exc


def _begin(stop: Event) -> None:
    """Make a process fit to work in: the terminal's signals are its parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare_process()
    _interruption.event = stop
    threading.Thread(target=_end_with_parent, name="parent watch", daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(_ORPHANED)


def _work(job: Job) -> Ran:
    event = _interruption.event
    return run_job(job, lambda: event is None or not event.is_set())
