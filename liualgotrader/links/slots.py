"""The links of one consumer slot, their spares, and the numbers by which both ends agree.

When either end dies the supervisor raises `generation`; both ends then move to the next spare, and
the old link is never read again. A link that a killed process used may hold a dead lock or half a
frame.
"""

from __future__ import annotations

from ctypes import c_int64
from multiprocessing.context import SpawnContext
from typing import Any

from liualgotrader.links.pipe import PipeLink
from liualgotrader.links.port import Link, LinkKind
from liualgotrader.links.queue import QueueLink

SPARES = 6
_MARKET_CAPACITY = 4096
_ORDER_CAPACITY = 4096


def make_link(context: SpawnContext, kind: LinkKind, capacity: int) -> Link:
    """Return a new link of a kind."""
    return QueueLink(context, capacity) if kind is LinkKind.QUEUE else PipeLink(context, capacity)


class SlotLinks:
    """Everything that the producer and one consumer share. Handed to both when they are spawned."""

    def __init__(
        self, context: SpawnContext, slot: str, kind: LinkKind, spares: int = SPARES
    ) -> None:
        self.slot = slot
        self.market = [make_link(context, kind, _MARKET_CAPACITY) for _ in range(spares + 1)]
        self.orders = [make_link(context, kind, _ORDER_CAPACITY) for _ in range(spares + 1)]
        self._generation: Any = context.RawValue(c_int64, 0)
        self._acked: Any = context.RawValue(c_int64, 0)

    @property
    def generation(self) -> int:
        """Which of the spares is in use."""
        return int(self._generation.value)

    @property
    def exhausted(self) -> bool:
        """Whether no spare is left to move to."""
        return self.generation + 1 >= len(self.market)

    def switch(self) -> None:
        """Announce the move to the next spare. The supervisor's alone."""
        self._generation.value += 1

    @property
    def acked(self) -> tuple[int, int]:
        """The producer's epoch and the number of the last order item that was booked."""
        value = int(self._acked.value)
        return value >> 40, value & ((1 << 40) - 1)

    def ack(self, epoch: int, number: int) -> None:
        """Say that all order items up to `number` are booked.

        One aligned store, so never half seen.
        """
        self._acked.value = epoch << 40 | number
