"""The tape at a speed: 1 is the market's own, 60 an hour a minute.

What is due together leaves together.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from liualgotrader.exchange.log import Position
from liualgotrader.exchange.service import Exchange

# Shorter waits cost more than they give: a loop's wake-up takes a tenth of this.
TICK_SECONDS = 0.001
# Events that are played before other tasks get their turn.
BUDGET = 5_000
IDLE_SECONDS = 5.0


class PacedDriver:
    """Tape time runs with the machine's monotonic clock, times `speed`, and goes on after the
    tape's end.
    """

    def __init__(
        self, exchange: Exchange, speed: float, *, monotonic: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self.speed = speed
        self._exchange = exchange
        self._monotonic = monotonic
        self._origin = max(exchange.tape.start, exchange.floor.now)
        self._started_at: int | None = None
        self._wake = asyncio.Event()

    @property
    def state(self) -> str:
        """waiting, running, or ended once the tape is over."""
        if self._started_at is None:
            return "waiting"
        return "running" if self.now() < self._exchange.tape.end else "ended"

    def now(self) -> int:
        """Return the tape's time, ns UTC."""
        if self._started_at is None:
            return self._origin
        return self._origin + int((self._monotonic() - self._started_at) * self.speed)

    def owner(self, client_id: str) -> str | None:
        """Return None: only in lockstep do participants own orders."""
        return None

    def wake(self) -> None:
        """Look again at what is due."""
        self._wake.set()

    def start(self) -> None:
        """Let the tape run."""
        if self._started_at is None:
            self._started_at = self._monotonic()
            self._wake.set()

    async def run(self) -> None:
        """Play what is due, for ever."""
        floor = self._exchange.floor
        noted = floor.now
        while True:
            wait = IDLE_SECONDS
            if self._started_at is not None:
                done = floor.advance(max(self.now(), floor.now), BUDGET)
                self._exchange.broadcast.flush(floor.now)
                self._exchange.delayed.advance(floor.now)
                if floor.now - noted > self.speed * 1_000_000_000:
                    noted = floor.now
                    self._exchange.write(Position(noted))
                wait = self._wait() if done else 0.0
            await self._pause(wait)

    def _wait(self) -> float:
        both = (self._exchange.floor.next_due(), self._exchange.delayed.next_due())
        due = min((each for each in both if each is not None), default=None)
        if due is None:
            return IDLE_SECONDS
        seconds = (due - self.now()) / self.speed / 1e9
        return min(max(seconds, TICK_SECONDS), IDLE_SECONDS)

    async def _pause(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()
