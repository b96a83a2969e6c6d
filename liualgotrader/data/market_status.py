"""What a vendor tells about a market beside its prices: halts and price bands. No inputs of an engine."""

from __future__ import annotations

import msgspec


class TradingStatus(msgspec.Struct, frozen=True):
    """A symbol was halted, resumed, or something else was said about its trading.

    `code` and `reason_code` are the words of the listing exchange's tape, which differ: tapes A and
    B are the CTA's, C is the UTP plan's. `time` is ns UTC. Source: Alpaca, "Real-time Stock Data".
    """

    symbol: str
    time: int
    code: str
    message: str = ""
    reason_code: str = ""
    reason: str = ""

    @property
    def halts(self) -> bool | None:
        """True when trading stops, False when it goes on, None when the code says neither.

        CTA: 2 trading halt, 3 resume. UTP: H halted, P paused for volatility, T trading resumes;
        with Q quoting resumes, and trading does not yet.
        """
        if self.code in _HALTS:
            return True
        return False if self.code in _RESUMES else None


class PriceBand(msgspec.Struct, frozen=True):
    """The prices outside which a symbol may not trade now (limit up, limit down), in dollars.

    `indicator` is the tape's letter for the state of bands and quotes. `time` is ns UTC.
    """

    symbol: str
    time: int
    limit_up: float
    limit_down: float
    indicator: str = ""


MarketStatus = TradingStatus | PriceBand
_HALTS = frozenset("2HP")
_RESUMES = frozenset("3T")
