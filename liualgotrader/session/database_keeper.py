"""Keeps the embedded database alive: when its server or its guard dies, another is started under the same DSN.

Whoever uses it meanwhile waits and asks again; nothing leaves unrecorded.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

from liualgotrader.common.errors import StoreError
from liualgotrader.models.embedded import EmbeddedServer

_MOST_RESTARTS = 4
_RESTART_WINDOW = 60.0
_AGAIN_SECONDS = 0.5


class Session(Protocol):
    """What the keeper needs of the supervisor."""

    def warn(self, text: str) -> None:
        """Tell the user."""

    def finish(self, reason: str, *, failure: str = "") -> None:
        """Say that the session is to end."""


async def keep_database(server: EmbeddedServer, session: Session) -> None:
    """Watch until cancelled, or until the server has died too often."""
    deaths: deque[float] = deque()
    loop = asyncio.get_running_loop()
    how = "died"
    while True:
        if how == "died":
            await _gone(server)
        now = loop.time()
        deaths.append(now)
        while now - deaths[0] > _RESTART_WINDOW:
            deaths.popleft()
        if len(deaths) > _MOST_RESTARTS:
            session.finish("failed", failure=f"the database {how}, and died too often; see its log")
            return
        session.warn(f"the database {how}; it is started again")
        try:
            await asyncio.to_thread(server.restart)
        except (StoreError, OSError) as exc:
            how = f"did not come back ({exc})"
            await asyncio.sleep(_AGAIN_SECONDS)
        else:
            how = "died"


async def _gone(server: EmbeddedServer) -> None:
    """Return once there is something to read: a living guard has nothing to say to one who is attached."""
    loop, gone, descriptor = asyncio.get_running_loop(), asyncio.Event(), server.fileno()
    loop.add_reader(descriptor, gone.set)
    try:
        await gone.wait()
    finally:
        loop.remove_reader(descriptor)
