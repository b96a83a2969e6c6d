"""Asking again while the other side is away for a moment: a database or a broker that is being started again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from liualgotrader.common.errors import BrokerUnavailable, FeedLost, StoreError

log = logging.getLogger(__name__)

T = TypeVar("T")

_FIRST_SECONDS = 0.1
_LONGEST_SECONDS = 2.0
_PATIENCE_SECONDS = 60.0


async def patiently(work: Callable[[], Awaitable[T]], *, seconds: float = _PATIENCE_SECONDS) -> T:
    """Do something that may be done again until it is answered, for so many seconds; then raise what it raises."""
    loop = asyncio.get_running_loop()
    until, wait = loop.time() + seconds, _FIRST_SECONDS
    while True:
        try:
            return await work()
        except (BrokerUnavailable, FeedLost, StoreError) as exc:
            pause = max(wait, getattr(exc, "retry_after", 0.0))
            if loop.time() + pause > until:
                raise
            log.warning("asked again in %.1f s: %s", pause, exc)
        await asyncio.sleep(pause)
        wait = min(2 * wait, _LONGEST_SECONDS)
