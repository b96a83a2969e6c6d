"""Buy what breaks out above the high of its first fifteen minutes."""

from __future__ import annotations

from typing import ClassVar

from liualgotrader.strategies.breakout import Breakout
from liualgotrader.strategies.readings import Readings


class MomentumLong(Breakout):
    """Long only. MACD must be positive and rising, RSI below `max_rsi`; the stop is at support."""

    direction: ClassVar[int] = 1

    max_rsi: float = 75.0

    def level(self, readings: Readings) -> float:
        """Return the opening range's high."""
        return readings.opening_high

    def extreme(self, readings: Readings) -> float:
        """Return the session's high."""
        return readings.high

    def turning_point(self, readings: Readings) -> float:
        """Return the last support."""
        return readings.support

    def is_strong(self, readings: Readings) -> bool:
        """Say whether the trend is up, grows, and is not bought to exhaustion."""
        macd = readings.macd
        return (
            macd.value > 0
            and macd.value > macd.signal
            and macd.value > readings.macd_before
            and readings.rsi.value < self.max_rsi
        )

    def is_spent(self, readings: Readings) -> bool:
        """Say whether the trend has turned down."""
        return readings.macd.value < 0
