"""`liualgotrader.fincalcs.candle_patterns`: two of them took (open, close, high, low), the others as today."""

from __future__ import annotations

from liualgotrader.fincalcs import candle_patterns as today
from liualgotrader.fincalcs.candle_patterns import (
    bearish_candle,
    bullish_candle,
    bullish_candle_followed_by_dragonfly,
    dragonfly_candle,
    gravestone_doji,
    spinning_top,
    spinning_top_bearish_followup,
)

__all__ = [
    "bearish_candle",
    "bullish_candle",
    "bullish_candle_followed_by_dragonfly",
    "doji",
    "dragonfly_candle",
    "four_price_doji",
    "gravestone_doji",
    "spinning_top",
    "spinning_top_bearish_followup",
]


def doji(open: float, close: float, high: float, low: float) -> bool:
    """Tell a bar that closed where it opened, having been both above and below."""
    return today.doji(open, high, low, close)


def four_price_doji(open: float, close: float, high: float, low: float) -> bool:
    """Tell a bar that traded at one price only."""
    return today.four_price_doji(open, high, low, close)
