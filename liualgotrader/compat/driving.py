"""Old coroutines run to their end in one step; one that would wait for the outside is refused, with its line.

What compat serves never suspends. So whatever does is foreign: a sleep, a request, a lock, another task. The
loop that is running is hidden meanwhile, so that nothing is started on it that would go on later.
"""

from __future__ import annotations

import asyncio
import inspect
import linecache
import sys
from collections.abc import Collection, Iterator
from types import FrameType
from typing import Any

from liualgotrader.compat.errors import ForeignWait


def drive(work: Any, files: Collection[str], what: str) -> Any:
    """Return what a coroutine returns, or `work` itself if it is none.

    `files`: those of the strategy, whose line is named; `what`: which call it is. Raises ForeignWait at the
    first suspension, also when the coroutine swallows it.
    """
    if not inspect.iscoroutine(work):
        return work
    loop = _NoLoop(files, what)
    before = asyncio._get_running_loop()
    asyncio._set_running_loop(loop)  # type: ignore[arg-type]  # all of it refuses
    try:
        work.send(None)
    except StopIteration as done:
        if loop.refused is not None:
            raise loop.refused from None
        return done.value
    else:
        error = _refusal(_suspended(work, files), what)
        _abandon(work, error)
    finally:
        asyncio._set_running_loop(before)


class _NoLoop:
    """Stands where the running loop is: asking it for anything is the suspension that is refused."""

    def __init__(self, files: Collection[str], what: str) -> None:
        self._files = files
        self._what = what
        self.refused: ForeignWait | None = None

    def get_debug(self) -> bool:
        """Say that nobody debugs: asked for by code that then goes on to ask for more."""
        return False

    def is_running(self) -> bool:
        """Say yes, as the hidden one would."""
        return True

    def __getattr__(self, name: str) -> Any:
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename not in self._files:
            frame = frame.f_back
        place = None if frame is None else (frame.f_code.co_filename, frame.f_lineno)
        self.refused = _refusal(place, self._what)
        raise self.refused


def _suspended(work: Any, files: Collection[str]) -> tuple[str, int] | None:
    """Return the innermost line of the strategy's files that waits."""
    place = None
    for frame in _waiting(work):
        if frame.f_code.co_filename in files:
            place = frame.f_code.co_filename, frame.f_lineno
    return place


def _waiting(work: Any) -> Iterator[FrameType]:
    while work is not None:
        for kind in ("cr", "gi", "ag"):
            frame = getattr(work, f"{kind}_frame", None)
            if frame is not None:
                yield frame
        work = next(
            (
                getattr(work, name)
                for name in ("cr_await", "gi_yieldfrom", "ag_await")
                if hasattr(work, name)
            ),
            None,
        )


def _refusal(place: tuple[str, int] | None, what: str) -> ForeignWait:
    where, text = what, ""
    if place is not None:
        where = f"{place[0]}:{place[1]}"
        text = f" ({linecache.getline(*place).strip()})"
    return ForeignWait(
        f"{where}: this line{text} waits for something outside, and {what} decides for a moment that does not "
        "pass: take the wait out; fetch in a scanner or a miner and read it here, or set a moment with "
        "Strategy.on_timer in a class of today"
    )


def _abandon(work: Any, error: ForeignWait) -> None:
    """End a coroutine that waits, and raise."""
    try:
        work.close()
    except Exception as exc:
        raise error from exc
    raise error
