"""Refusals on their way to the strategies, and how many orders each of them has led to.

A strategy may answer a refusal with another order. One that answers every refusal would never come to
an end, be it refused by its own consumer's risk or by the ledger; so all answers to one refusal,
and the answers to their refusals, are counted together.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import msgspec

from liualgotrader.common.events import OrderEvent

if TYPE_CHECKING:
    from liualgotrader.engine.strategy_run import StrategyRun

MOST_ANSWERS = 100


class Chain(msgspec.Struct):
    """The orders that one refusal led to."""

    answers: int = 0

    @property
    def never_ends(self) -> bool:
        """Whether there were so many that there will be no end to it."""
        return self.answers > MOST_ANSWERS


class Refusals:
    """A row of refusals to tell. `answering` is the chain of the one that is being told.

    `chains`: by order, of those that answered a refusal.
    """

    def __init__(self) -> None:
        self._row: deque[tuple[StrategyRun, OrderEvent, str]] = deque()
        self.chains: dict[str, Chain] = {}
        self.answering: Chain | None = None

    def __len__(self) -> int:
        return len(self._row)

    def add(self, run: StrategyRun, event: OrderEvent, asked_as: str) -> None:
        """Take in a refusal of what was asked under the id `asked_as`."""
        self._row.append((run, event, asked_as))

    def next(self) -> tuple[StrategyRun, OrderEvent, str]:
        """Take out the oldest."""
        return self._row.popleft()

    def asked(self, new_id: str) -> None:
        """Notice that a strategy asked for something."""
        if self.answering is not None:
            self.answering.answers += 1
            self.chains[new_id] = self.answering

    def chain(self, asked_as: str) -> Chain | None:
        """Take out the chain that an order belongs to; None when it answered nothing."""
        return self.chains.pop(asked_as, None)

    def clear(self) -> None:
        """Forget everything."""
        self._row.clear()
        self.chains.clear()
