"""What arises in a consumer's own process: refusals, history that was loaded, what the broker was asked about."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from liualgotrader.common.events import Input


class Inbox:
    """Tasks put inputs in while the consumer admits those it took.

    `put` finds the present deque when it is called. `deque.append(await ...)` would have found it
    before the wait, and put the input where it was taken already: seen too late, or never.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        """`wake` is called whenever something was put in."""
        self._wake = wake
        self._waiting: deque[Input] = deque()

    def put(self, *inputs: Input) -> None:
        """Put inputs behind those that wait."""
        self._waiting.extend(inputs)
        self._wake()

    def take(self) -> deque[Input]:
        """Return what was put in since the last time."""
        taken, self._waiting = self._waiting, deque()
        return taken

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return bool(self._waiting)
