"""Ctrl-C and SIGTERM as a word to stop, for a command that ends in order."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self


class Stopping:
    """Hears the two signals while it is entered. Implements `mining.serving.Waiting`."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._told: Callable[[], object] | None = None
        self._before: dict[signal.Signals, object] = {}
        self.signal: signal.Signals | None = None

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what was there before

    @property
    def is_over(self) -> bool:
        """Whether to stop."""
        return self._over.is_set()

    def now(self) -> int:
        """Return the time, ns UTC."""
        return time.time_ns()

    def sleep(self, seconds: float) -> None:
        """Wait so long, or until it is over."""
        self._over.wait(seconds)

    def tell(self, told: Callable[[], object] | None) -> None:
        """Call this as well when there is word to stop, from the main thread; at once if there was."""
        self._told = told
        if told is not None and self.is_over:
            told()

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.signal = signal.Signals(number)
        self._over.set()
        if self._told is not None:
            self._told()
