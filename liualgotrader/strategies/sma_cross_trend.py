"""Hold a symbol while its fast average of days is above its slow one, entered in an upward trend only."""

from __future__ import annotations

from liualgotrader.common.events import Bar
from liualgotrader.fincalcs import SMA
from liualgotrader.strategies.daily_cross import DailyCross


class TrendAverages:
    """The two averages of one symbol, and the long one that tells the trend."""

    __slots__ = ("_close", "_fast", "_slow", "_trend")

    def __init__(self, fast: int, slow: int, trend: int) -> None:
        self._fast, self._slow = SMA(fast), SMA(slow)
        self._trend = SMA(trend) if trend else None
        self._close = 0.0

    def learn(self, bar: Bar) -> None:
        """Take the next day."""
        self._close = bar.close
        self._fast.update(bar.close)
        self._slow.update(bar.close)
        if self._trend is not None:
            self._trend.update(bar.close)

    @property
    def is_above(self) -> bool | None:
        """Whether the fast average is above the slow one; None while one is unknown."""
        if not (self._fast.ready and self._slow.ready):
            return None
        return self._fast.value > self._slow.value

    @property
    def confirms(self) -> bool:
        """Whether the close is above the trend; while that is unknown it is not."""
        return self._trend is None or self._close > self._trend.value

    def figures(self) -> dict[str, float]:
        """Return the averages, to be stored with an order."""
        found = {"fast": self._fast.value, "slow": self._slow.value}
        return found if self._trend is None else {**found, "trend": self._trend.value}


class SmaCrossTrend(DailyCross):
    """Buy when SMA `fast` crosses above SMA `slow` with the close above SMA `trend`; sell when below.

    Periods in days. `trend = 0` asks for no trend. What crosses below the trend is not bought when
    it rises above it later, but at its next crossing.
    """

    fast: int = 7
    slow: int = 21
    trend: int = 50

    def crossing(self) -> TrendAverages:
        """Return the averages of a symbol."""
        return TrendAverages(self.fast, self.slow, self.trend)

    def days_needed(self) -> int:
        """Return the longest period and the day before it."""
        return max(self.fast, self.slow, self.trend) + 1
