"""How far what was heard live was off."""

from __future__ import annotations

from datetime import date

import msgspec

Row = tuple[str, date, int, int, int, int, float, int, str]

COLUMNS = (
    "symbol",
    "day",
    "minutes",
    "differing",
    "not_final",
    "never_heard",
    "worst",
    "worst_ns",
    "worst_field",
)
"""Of the table live_differences, in the order of `LiveDifference.row`."""


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

    def row(self, day: date) -> Row:
        """Return the row of a day."""
        return (
            self.symbol,
            day,
            self.minutes,
            self.differing,
            self.not_final,
            self.never_heard,
            self.worst,
            self.worst_at,
            self.worst_field,
        )
