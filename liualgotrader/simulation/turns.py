"""Whose turn it is at the account, among engines that are driven by calls.

Each engine's inputs are a coroutine that stops where it would touch the account, and says at what engine time. The
earliest goes on, at one moment the earlier slot: the order that consumers in lockstep keep (session/turns.py).
"""

from __future__ import annotations

from collections.abc import Coroutine, Generator, Sequence
from types import coroutine

from liualgotrader.common.errors import InvariantError


@coroutine
def _touch(ts: int) -> Generator[int, None, None]:
    yield ts


class AwaitedTurn:
    """One of several engines': it waits until the others have come as far."""

    async def wait(self, ts: int) -> None:
        """Stop here until nobody can touch the account before `ts` any more."""
        await _touch(ts)


def live_together(lives: Sequence[Coroutine[int, None, object]]) -> None:
    """Drive coroutines to their ends, by (engine time, place) wherever they touch the account."""
    waiting: dict[int, int] = {}
    for slot, life in enumerate(lives):
        _go_on(life, slot, waiting)
    while waiting:
        slot = min(waiting, key=lambda each: (waiting[each], each))
        del waiting[slot]
        _go_on(lives[slot], slot, waiting)


def _go_on(life: Coroutine[int, None, object], slot: int, waiting: dict[int, int]) -> None:
    try:
        at = life.send(None)
    except StopIteration:
        return
    if not isinstance(at, int):
        raise InvariantError(f"an engine waits for something that is no turn: {at!r}")
    waiting[slot] = at
