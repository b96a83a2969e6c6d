"""Workers: processes that end in bounded time and with their parent, two at most at once."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from liualgotrader.common.errors import LiuError
from liualgotrader.honesty.tasks import Answer, Task, read_answer, write_task

T = TypeVar("T")
R = TypeVar("R")

AT_ONCE = 2
LONGEST = 86_400.0
"""Seconds for a life on the whole history; a truncated one gets what that took, several times."""
_TOLD = 600


class Workers:
    """Runs tasks. `folder` is where they leave their messages; leaving the context ends those at work."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="worker")
        self._at_work: set[subprocess.Popen[bytes]] = set()
        self._is_over = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_over = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in list(self._at_work):
            process.kill()
        self._threads.shutdown(wait=True)

    def each(self, work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Do work on items, two at once; iterate over what comes of it in their order."""
        return self._threads.map(work, items)

    def run(self, task: Task, home: Path, *, longest: float) -> Answer:
        """Have a task done in a new process with LIU_HOME at `home`.

        A process that dies, or takes longer than `longest` seconds, answers with an error.
        """
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            place = Path(folder)
            write_task(place / "task", task)
            with (place / "said").open("w+b") as said:
                how = self._wait(place, home, said.fileno(), longest)
            if (place / "answer").exists():
                return read_answer(place / "answer")
            text = (place / "said").read_text(errors="replace").strip()
            return Answer(error=f"{how}; it said: {text[-_TOLD:] or 'nothing'}")

    def _wait(self, place: Path, home: Path, said: int, longest: float) -> str:
        command = [sys.executable, "-P", "-m", "liualgotrader.honesty.worker"]
        process = subprocess.Popen(
            [*command, str(place / "task"), str(place / "answer")],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            env=_environment(home),
        )
        self._at_work.add(process)
        try:
            if self._is_over:
                return "the check was over"
            return f"the process ended with {process.wait(longest)}"
        except subprocess.TimeoutExpired:
            return f"the process did not end within {longest:.0f} s"
        finally:
            process.kill()
            process.wait()
            self._at_work.discard(process)
            if process.stdin is not None:
                process.stdin.close()


def _environment(home: Path) -> dict[str, str]:
    """Return ours with the other history; sets are in one order everywhere, imports found as here."""
    return os.environ | {
        "LIU_HOME": str(home),
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": os.pathsep.join(each for each in sys.path if each),
    }


def whole(answer: Answer) -> Answer:
    """Return the answer of a life on the whole history. Raises LiuError when there is none."""
    if answer.error:
        raise LiuError(f"the run on the whole history failed: {answer.error}")
    return answer
