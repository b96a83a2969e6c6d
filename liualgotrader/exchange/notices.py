"""What is told of a symbol beside its prices, in Alpaca's words: price bands, halts, pauses.

Source: Alpaca, "Real-time Stock Data": trading statuses and limit up, limit down; the codes are those of tape C.
"""

from __future__ import annotations

from typing import Any

from liualgotrader.exchange.encode import TAPE_CODE
from liualgotrader.venue.band import Notice, NoticeKind

Message = dict[str, Any]


def bands(upper: float, lower: float) -> Message:
    """Return new price bands, in dollars."""
    return {"T": "l", "u": upper, "d": lower, "i": "B", "z": TAPE_CODE}


def status(code: str, text: str, reason: str = "", why: str = "") -> Message:
    """Return a trading status: code and words, reason and its words."""
    return {"T": "s", "sc": code, "sm": text, "rc": reason, "rm": why, "z": TAPE_CODE}


def resumed() -> Message:
    """Return the end of a halt or a pause."""
    return status("T", "Trading Resumption")


def words_of(notice: Notice) -> tuple[str, Message]:
    """Return the channel that a venue's notice goes to, and what is said there."""
    if notice.kind is NoticeKind.BANDS:
        return "lulds", bands(float(notice.upper), float(notice.lower))
    if notice.kind is NoticeKind.PAUSED:
        pause = "Volatility Trading Pause"
        return "statuses", status("P", pause, "LUDP", pause)
    return "statuses", resumed()
