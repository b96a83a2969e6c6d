"""Waiting for whatever comes first: something has arrived, or a moment.

An `asyncio.timeout` around an `asyncio.Event` makes and cancels a timer for each wait. A consumer
waits thousands of times a second, and nearly always something arrives first, so here one timer
serves all the waits until it is due.
"""

from __future__ import annotations

import asyncio


class Waker:
    """For one waiting task."""

    def __init__(self) -> None:
        self._is_set = False
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def set(self) -> None:
        """Wake the task up, or let it not go to sleep."""
        self._is_set = True
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    async def wait(self, seconds: float) -> None:
        """Return once `set` was called, in `seconds` at the latest; sometimes earlier without a reason."""
        if not self._is_set:
            loop = asyncio.get_running_loop()
            self._set_timer(loop, loop.time() + seconds)
            self._waiter = loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        self._is_set = False

    def _set_timer(self, loop: asyncio.AbstractEventLoop, at: float) -> None:
        if self._timer is not None:
            if self._timer.when() <= at:
                return
            self._timer.cancel()
        self._timer = loop.call_at(at, self._due)

    def _due(self) -> None:
        self._timer = None
        self.set()
