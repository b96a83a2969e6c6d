"""Which consumers a symbol belongs to."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

import msgspec

from liualgotrader.common.events import Picked


def slot_index(symbol: str, slots: int) -> int:
    """Return the slot of a symbol: by a hash that is the same in every process and every run."""
    return zlib.crc32(symbol.encode()) % slots


def slot_of(strategy: str, symbol: str, slots: Sequence[str], portfolios: Sequence[str]) -> str:
    """Return the consumer that a strategy has a symbol in."""
    return slots[0] if strategy in portfolios else slots[slot_index(symbol, len(slots))]


def directed(
    picked: Picked, slots: Sequence[str], portfolios: Sequence[str]
) -> Iterator[tuple[str, Picked]]:
    """Yield (slot, pick) for every consumer that gets a symbol.

    A portfolio strategy lives in the first slot and gets all its symbols there; the others get a symbol where its
    hash puts it. In the first slot a pick for all strategies reaches the portfolio strategies too, so they need one
    of their own only for the symbols of other slots.
    """
    home = slots[slot_index(picked.symbol, len(slots))]
    if picked.strategy in portfolios:
        yield slots[0], picked
        return
    yield home, picked
    if picked.strategy is None and home != slots[0]:
        for later, name in enumerate(portfolios, 1):
            # A pick is told apart by its moment.
            yield slots[0], msgspec.structs.replace(picked, strategy=name, time=picked.time + later)
