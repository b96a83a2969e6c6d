"""Hold a symbol while its MACD line is above the signal line, by days."""

from __future__ import annotations

from liualgotrader.common.events import Bar
from liualgotrader.fincalcs import MACD
from liualgotrader.strategies.daily_cross import DailyCross


class MacdLines:
    """Line and signal of one symbol."""

    __slots__ = ("_macd",)

    confirms = True

    def __init__(self, fast: int, slow: int, signal: int) -> None:
        self._macd = MACD(fast=fast, slow=slow, signal=signal)

    def learn(self, bar: Bar) -> None:
        """Take the next day."""
        self._macd.update(bar.close)

    @property
    def is_above(self) -> bool | None:
        """Whether the line is above its signal; None while they are unknown."""
        return self._macd.value > self._macd.signal if self._macd.ready else None

    def figures(self) -> dict[str, float]:
        """Return both, to be stored with an order."""
        return {"macd": self._macd.value, "macd_signal": self._macd.signal}


class MacdCross(DailyCross):
    """Buy when the MACD line crosses above its signal, sell when it is not above it any more.

    Periods in days (Appel's 12, 26, 9). An exponential average never forgets its beginning quite:
    with the 260 days that a session loads, no line is off by more than a millionth of the price
    that it was begun with.
    """

    fast: int = 12
    slow: int = 26
    signal: int = 9

    def crossing(self) -> MacdLines:
        """Return the lines of a symbol."""
        return MacdLines(self.fast, self.slow, self.signal)

    def days_needed(self) -> int:
        """Return how many days until the signal is known, and one more."""
        return self.slow + self.signal
