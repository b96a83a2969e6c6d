"""Whether a symbol trades, by what the vendor says of its status and its price bands.

Sources of the codes: CTA (tapes A and B), output specification of CTS and CQS, "Security Status"; UTP (tape C), UTDF
and UQDF, "Trading Action" and "LULD Price Band Indicator"; Massive, "Limit Up - Limit Down (LULD)", whose indicators
17 and 18 tell halts and resumptions of Nasdaq's listings.
"""

from __future__ import annotations

from liualgotrader.data.market_status import MarketStatus, TradingStatus

_MASSIVE = {"17": True, "18": False}
# D: suspended during a halt or pause. A, B, E: bands of the opening, of the day, of a reopening are in force.
_BANDS = {"D": True, "A": False, "B": False, "E": False}


def halted_by(status: MarketStatus) -> bool | None:
    """Return True for a halt or pause, False for trading, None when nothing is said of it.

    Bands tell it once more: who missed the word of a resumption hears it from the next band.
    """
    if not isinstance(status, TradingStatus):
        return _BANDS.get(status.indicator)
    halts = status.halts
    return _MASSIVE.get(status.code) if halts is None else halts


def halt_reason(status: MarketStatus) -> str:
    """Return a halt in words, the vendor's where it has any."""
    if not isinstance(status, TradingStatus):
        return "its price band is suspended"
    what = status.message or f"trading status {status.code}"
    why = status.reason or status.reason_code
    return f"{what}: {why}" if why else what
