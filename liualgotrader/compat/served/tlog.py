"""`liualgotrader.common.tlog`: lines in the session's log."""

from __future__ import annotations

import logging
import sys
from typing import Any

from liualgotrader.compat.errors import Unanswerable
from liualgotrader.compat.world import World, current

log = logging.getLogger(__name__)


def tlog(msg: Any = "", origin: Any = None) -> None:
    """Write a line."""
    world = _world()
    if world is not None and world.ctx is not None:
        world.ctx.log(str(msg))
    else:
        log.info("%s%s", f"{world.facts.name}: " if world is not None else "", msg)


def tlog_exception(origin: Any = None) -> None:
    """Write the exception at hand into the log."""
    kind, exc, _ = sys.exc_info()
    tlog(f"{origin or ''} {kind.__name__ if kind is not None else 'no exception'}: {exc}".strip())


def tlog_once(msg: str) -> None:
    """Write a line that is written once in a life."""
    world = current()
    if msg not in world.said:
        world.said.add(msg)
        tlog(msg)


def _world() -> World | None:
    try:
        return current()
    except Unanswerable:
        return None
