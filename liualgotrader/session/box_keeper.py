"""Keeps the exchange in a box alive: one that dies is started again where it was, and the session goes on.

The order, and what it is for: the session's clock stands; the exchange comes back on its port, with its log; the
producer's streams are back; only then the tape goes on, so that nothing is told to nobody.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress
from typing import Protocol

from liualgotrader.common.errors import BrokerUnavailable, ConfigError
from liualgotrader.session.box import Box
from liualgotrader.session.messages import Begin

log = logging.getLogger(__name__)

_MOST_RESTARTS = 4
_RESTART_WINDOW = 60.0
_AGAIN_SECONDS = 0.5


class Session(Protocol):
    """What the keeper needs of the supervisor."""

    def warn(self, text: str) -> None:
        """Tell the user."""

    def stand(self) -> int | None:
        """Let the session's clock stand, and expect the streams anew; return its time, None before it ran."""

    async def streams_back(self) -> None:
        """Return once the producer has its streams, or needs none any more."""

    def begin(self, begin: Begin) -> None:
        """Tell everybody that the tape goes."""

    def finish(self, reason: str, *, failure: str = "") -> None:
        """Say that the session is to end."""


class BoxKeeper:
    """Starts the tape of a box, and the box again when it dies."""

    def __init__(self, box: Box, session: Session, *, lockstep: bool) -> None:
        self._box = box
        self._session = session
        self._lockstep = lockstep
        self._begun = False
        self._deaths: deque[float] = deque()
        self.failure = ""

    async def begin(self) -> None:
        """Let the tape run, and tell everybody its time."""
        await self._session.streams_back()
        clock = await self._box.begin()
        speed = clock.speed if isinstance(clock.speed, int | float) else 1.0
        self._begun = True
        self._session.begin(Begin(clock.tape_ns, clock.monotonic_ns, float(speed)))

    async def keep(self) -> None:
        """Watch until cancelled, or until the box has died too often."""
        going_on: asyncio.Task[None] | None = None
        try:
            while not self.failure:
                how = await self._box.died()
                if going_on is not None:
                    going_on.cancel()
                at = self._session.stand()
                await self._bring_back(how, at)
                if self._begun and not self.failure:
                    going_on = asyncio.create_task(self._go_on())
        finally:
            if going_on is not None:
                going_on.cancel()

    async def _go_on(self) -> None:
        # One that dies again meanwhile is brought back by whoever watches.
        with suppress(BrokerUnavailable):
            await self.begin()

    async def _bring_back(self, how: str, at: int | None) -> None:
        while not self._is_too_often(how):
            self._session.warn(f"the exchange in a box {how}; it is started again")
            try:
                await self._box.restart(not_before=None if self._lockstep else at)
            except (ConfigError, OSError) as exc:
                how = f"did not come back ({exc})"
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                log.info("the exchange in a box is back, pid %d", self._box.pid)
                return

    def _is_too_often(self, how: str) -> bool:
        now = asyncio.get_running_loop().time()
        self._deaths.append(now)
        while now - self._deaths[0] > _RESTART_WINDOW:
            self._deaths.popleft()
        if len(self._deaths) > _MOST_RESTARTS:
            self.failure = f"the exchange in a box {how}, and died too often; see its log"
            self._box.give_up()
            self._session.finish("failed", failure=self.failure)
        return bool(self.failure)
