"""Sell short what breaks down below the low of its first fifteen minutes."""

from __future__ import annotations

from typing import ClassVar

from liualgotrader.strategies.base import Context
from liualgotrader.strategies.breakout import Breakout
from liualgotrader.strategies.readings import Readings


class MomentumShort(Breakout):
    """Short only, and only what can be borrowed easily; symbols that cannot are given back.

    MACD must be negative and falling, RSI above `min_rsi`; the stop is at resistance.
    """

    direction: ClassVar[int] = -1

    min_rsi: float = 25.0

    def suits(self, ctx: Context, symbol: str) -> bool:
        """Say whether the broker lends it. Hard-to-borrow shares may be called back at any time."""
        instrument = ctx.instrument(symbol)
        return instrument.shortable and instrument.easy_to_borrow

    def level(self, readings: Readings) -> float:
        """Return the opening range's low."""
        return readings.opening_low

    def extreme(self, readings: Readings) -> float:
        """Return the session's low."""
        return readings.low

    def turning_point(self, readings: Readings) -> float:
        """Return the last resistance."""
        return readings.resistance

    def is_strong(self, readings: Readings) -> bool:
        """Say whether the trend is down, grows, and is not sold to exhaustion."""
        macd = readings.macd
        return (
            macd.value < 0
            and macd.value < macd.signal
            and macd.value < readings.macd_before
            and readings.rsi.value > self.min_rsi
        )

    def is_spent(self, readings: Readings) -> bool:
        """Say whether the trend has turned up."""
        return readings.macd.value > 0
