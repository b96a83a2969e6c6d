"""Whose turn it is at the account, in lockstep.

Consumers decide at the same engine times but not at the same moment. The ledger is one for all of them, so what it
says must not depend on who happens to be faster: before a consumer touches it at `ts`, it waits until no other can
touch it earlier any more. At the same `ts` the earlier slot goes first.
"""

from __future__ import annotations

import asyncio
import os
from ctypes import c_int64
from multiprocessing.context import SpawnContext
from typing import Any

_SPINS = 200
_WAIT_SECONDS = 0.001


class Turns:
    """How far each slot has come: a lower bound of the time at which it will act next, ns UTC."""

    def __init__(self, context: SpawnContext, slots: int) -> None:
        self._upto: Any = context.RawArray(c_int64, slots)

    def publish(self, slot: int, ts: int) -> None:
        """Say that a slot will not act before `ts` any more."""
        self._upto[slot] = ts

    def is_first(self, slot: int, ts: int) -> bool:
        """Whether nobody can act before `slot` at `ts`."""
        return all(
            upto >= ts if other > slot else upto > ts
            for other, upto in enumerate(self._upto)
            if other != slot
        )


class SharedTurn:
    """One consumer's place in the row."""

    def __init__(self, turns: Turns, slot: int) -> None:
        self._turns = turns
        self._slot = slot

    async def wait(self, ts: int) -> None:
        """Wait until it is this consumer's turn at `ts`. The others get there as their own inputs come."""
        self._turns.publish(self._slot, ts)
        spins = 0
        while not self._turns.is_first(self._slot, ts):
            spins += 1
            if spins < _SPINS:
                os.sched_yield()
            else:
                await asyncio.sleep(_WAIT_SECONDS)

    def passed(self, ts: int) -> None:
        """Say that everything up to and including `ts` is done."""
        self._turns.publish(self._slot, ts + 1)
