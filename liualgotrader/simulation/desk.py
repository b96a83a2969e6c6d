"""The desk of a simulation: what is admitted sets out at once, and nobody has to be asked twice."""

from __future__ import annotations

from collections.abc import Sequence

from liualgotrader.common.events import AccountUpdate, OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import Approved
from liualgotrader.engine.core import Engine
from liualgotrader.engine.desk import Turn
from liualgotrader.simulation.post import Post
from liualgotrader.trading.memory_ledger import MemoryLedger

_REFUSED = Kind.REFUSED


class DirectDesk:
    """Admits, books and sends for one engine."""

    def __init__(
        self, engine: Engine, ledger: MemoryLedger, post: Post, turn: Turn | None = None
    ) -> None:
        """`turn`: None for an engine that is alone at the account.

        `book_now` does what `book` does with what the venue told, and `submit_now` what `submit` does, without
        waiting for a turn.
        """
        self._clock = engine.clock
        self._ledger = ledger
        self.book_now = ledger.book_now
        self._post = post
        self._turn = turn

    async def submit(self, approved: Sequence[Approved]) -> Sequence[OrderEvent]:
        """Admit the intents of one input together and send what may leave; return the refusals."""
        if self._turn is not None:
            await self._turn.wait(self._clock.now())
        return self.submit_now(approved)

    def submit_now(self, approved: Sequence[Approved]) -> Sequence[OrderEvent]:
        """Admit and send at once; return the refusals."""
        if len(approved) == 1:
            refusal = self._ledger.admit_one(approved[0])
            if refusal is not None:
                return (refusal,)
            self._post.send(approved[0].intent)
            return ()
        admitted, refusals = self._ledger.admit_now(approved)
        for item in admitted:
            self._post.send(item.intent)
        return refusals

    async def book(self, event: OrderEvent) -> Sequence[AccountUpdate] | None:
        """Record an order event; None when it was recorded before or is not ours."""
        if event.kind is _REFUSED:
            return ()
        if self._turn is not None:
            await self._turn.wait(self._clock.now())
        account = self.book_now(event)
        return None if account is None else (account,)
