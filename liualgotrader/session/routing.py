"""Which consumer a symbol belongs to."""

from __future__ import annotations

import zlib
from collections.abc import Sequence


def slot_index(symbol: str, slots: int) -> int:
    """Return the slot of a symbol: by a hash that is the same in every process and every run."""
    return zlib.crc32(symbol.encode()) % slots


def slot_name(symbol: str, slots: Sequence[str]) -> str:
    """Return the name of a symbol's slot."""
    return slots[slot_index(symbol, len(slots))]
