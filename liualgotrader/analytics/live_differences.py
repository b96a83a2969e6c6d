"""How far what was heard live was off."""

from __future__ import annotations

import msgspec


class LiveDifference(msgspec.Struct, frozen=True, kw_only=True):
    """How a symbol's minutes as they were heard live differ from the vendor's final ones.

    `minutes` were heard; `differing` of them have another number or no final bar (`not_final`), and
    `never_heard` are final ones after the first that was. `worst`: the largest |live / final - 1| of a
    price, in its minute `worst_at` (ns UTC, 0 without any) and column `worst_field`.
    """

    symbol: str
    minutes: int
    differing: int = 0
    not_final: int = 0
    never_heard: int = 0
    worst: float = 0.0
    worst_at: int = 0
    worst_field: str = ""
