"""What an old class asks that cannot be done, each with what to write instead."""

from __future__ import annotations

from liualgotrader.common.errors import LiuError, NotLoaded


class ForeignWait(LiuError):
    """A coroutine of an old strategy waits for something outside: it would hold up every other strategy."""


class Unanswerable(LiuError):
    """A call of 0.4 that would need a database, a broker or a vendor at this moment."""


class BadAction(LiuError):
    """What `run` or `run_all` returned cannot be made an order."""


class NothingLoaded(NotLoaded, ValueError, IndexError):
    """Bars that were not loaded. Also what 0.4's own DataLoader raised, for classes that catch that."""


def unanswerable(what: str, instead: str) -> Unanswerable:
    """Return the error that names a call and what to write in its place."""
    return Unanswerable(f"{what} of 0.4 is not answered here: {instead}")
