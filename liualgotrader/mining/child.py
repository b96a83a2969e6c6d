"""A job's process as its parent sees it: started, listened to, missed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext

from liualgotrader.mining.task import Task
from liualgotrader.mining.voice import Ended, Outcome, Word, hear
from liualgotrader.mining.worker import run_job

ALONE: Mapping[str, str] = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
}
"""What children are told besides: sums in one order and sets in one order, every night."""


class Child:
    """One job at work. It begins when it is made; `said` is called with each word but the last."""

    def __init__(self, task: Task, said: Callable[[Word], None]) -> None:
        context = _context()
        ours, theirs = context.Pipe(duplex=False)
        self._pipe: Connection = ours
        self._said = said
        self._last: Ended | None = None
        self._process = context.Process(target=run_job, args=(task, theirs), name=task.job.name)
        with _environment(ALONE):
            self._process.start()
        theirs.close()
        self._loop = asyncio.get_running_loop()
        self._gone = asyncio.Event()
        self._loop.add_reader(self._pipe.fileno(), self._readable)
        self._loop.add_reader(self._process.sentinel, self._missed)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid or 0

    async def ended(self) -> Ended:
        """Return its last word once it is gone; what became of it when it left without one."""
        await self._gone.wait()
        if self._last is not None:
            return self._last
        return Ended(Outcome.FAILED, detail=_how(self._process.exitcode or 0))

    def kill(self) -> None:
        """End it at once."""
        if self._process.is_alive():
            self._process.kill()

    def _readable(self) -> None:
        try:
            while self._pipe.poll():
                word = hear(self._pipe.recv_bytes())
                if isinstance(word, Ended):
                    self._last = word
                else:
                    self._said(word)
        except (EOFError, OSError):  # it is gone, perhaps in the middle of a word
            self._loop.remove_reader(self._pipe.fileno())

    def _missed(self) -> None:
        self._loop.remove_reader(self._process.sentinel)
        self._readable()
        self._loop.remove_reader(self._pipe.fileno())
        self._pipe.close()
        self._process.join()
        self._gone.set()


@cache
def _context() -> ForkServerContext:
    """Return where jobs' processes come from: a server that has imported once what each of them needs.

    Importing takes longer than most jobs. The server is a process of its own, without threads, and
    ends with this one.
    """
    context = get_context("forkserver")
    context.set_forkserver_preload(["liualgotrader.mining.preloaded"])
    return context


@contextmanager
def _environment(more: Mapping[str, str]) -> Iterator[None]:
    """Let what is started meanwhile have these variables."""
    before = {name: os.environ.get(name) for name in more}
    os.environ.update(more)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _how(code: int) -> str:
    if code < 0:
        return f"its process was killed by {signal.Signals(-code).name}"
    return f"its process ended with {code} and said nothing; its log may say more"
