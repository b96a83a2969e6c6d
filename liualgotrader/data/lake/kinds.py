"""The four kinds of rows, and what columns they have."""

from __future__ import annotations

from enum import StrEnum

TRADE_COLUMNS = ("price", "size")
QUOTE_COLUMNS = ("bid", "ask", "bid_size", "ask_size")
BAR_COLUMNS = ("open", "high", "low", "close", "volume")

DAY_SECONDS = 86_400


class Kind(StrEnum):
    """What a row is. The values name the lake's folders."""

    TRADES = "trades"
    QUOTES = "quotes"
    MINUTE = "minute"
    DAY = "day"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns beside `timestamp`, prices first, as tape files name them."""
        if self is Kind.TRADES:
            return TRADE_COLUMNS
        return QUOTE_COLUMNS if self is Kind.QUOTES else BAR_COLUMNS

    @property
    def prices(self) -> int:
        """How many of the columns, from the first, are prices; the others are sizes."""
        return {Kind.TRADES: 1, Kind.QUOTES: 2}.get(self, 4)

    @property
    def seconds(self) -> int:
        """How long after its time a row is known: the length of a bar, 0 for the others."""
        return {Kind.MINUTE: 60, Kind.DAY: DAY_SECONDS}.get(self, 0)

    @property
    def is_bar(self) -> bool:
        """Whether a symbol has at most one row at a time."""
        return self in (Kind.MINUTE, Kind.DAY)

    @property
    def row_name(self) -> str:
        """What one row is called."""
        return {
            Kind.TRADES: "trade",
            Kind.QUOTES: "quote",
            Kind.MINUTE: "minute bar",
            Kind.DAY: "day bar",
        }[self]
