"""What the momentum strategies know of one symbol, bar by bar, at the same cost for each bar."""

from __future__ import annotations

from math import isnan, nan

from liualgotrader.common.clock import MINUTE
from liualgotrader.common.events import Bar
from liualgotrader.fincalcs import MACD, RSI, Resampler, ResampleRangeType


class Readings:
    """Indicators over all minute bars; opening range, extremes and turning points of the session.

    What is not known yet is NaN, so that every comparison with it is false. `support` and
    `resistance` are the last lows and highs of five-minute buckets from which prices turned.
    """

    __slots__ = (
        "_buckets", "_falling", "_last_bucket", "_last_start", "_range_end", "_rising",
        "_session_open", "high", "low", "macd", "macd_before", "opening_high", "opening_low",
        "range_is_complete", "resistance", "rsi", "support",
    )  # fmt: skip

    def __init__(self, session_open: int, *, range_minutes: int, rsi_period: int) -> None:
        self._session_open = session_open
        self._range_end = session_open + range_minutes * MINUTE
        self._last_start = -1
        self.opening_high = self.opening_low = nan
        self.range_is_complete = False
        self.high = self.low = nan
        self.macd = MACD()
        self.macd_before = nan
        self.rsi = RSI(rsi_period)
        self._buckets = Resampler(ResampleRangeType.min_5, session_open)
        self._last_bucket: tuple[float, float] | None = None
        self._falling = self._rising = False
        self.support = self.resistance = nan

    @property
    def has_opening_range(self) -> bool:
        """Whether the session began with bars from which a range can be told."""
        return self.range_is_complete and not isnan(self.opening_high)

    def learn(self, bar: Bar) -> bool:
        """Take the next minute bar; say whether it was new. Older ones are left alone."""
        start = bar.start
        if start <= self._last_start:
            return False
        self._last_start = start
        self.macd_before = self.macd.value
        self.macd.update(bar.close)
        self.rsi.update(bar.close)
        if start >= self._session_open:
            self._see_session(bar, start)
        return True

    def _see_session(self, bar: Bar, start: int) -> None:
        self.high = bar.high if isnan(self.high) else max(self.high, bar.high)
        self.low = bar.low if isnan(self.low) else min(self.low, bar.low)
        if start < self._range_end:
            self.opening_high, self.opening_low = self.high, self.low
        self.range_is_complete = start + MINUTE >= self._range_end
        for bucket in self._buckets.update(
            start, bar.open, bar.high, bar.low, bar.close, bar.volume
        ):
            self._turn(bucket.low, bucket.high)

    def _turn(self, low: float, high: float) -> None:
        """Note where prices turned. A plateau counts once it is left; the first bucket never."""
        if self._last_bucket is not None:
            last_low, last_high = self._last_bucket
            if low > last_low and self._falling:
                self.support = last_low
            if high < last_high and self._rising:
                self.resistance = last_high
            self._falling = low < last_low or (self._falling and low == last_low)
            self._rising = high > last_high or (self._rising and high == last_high)
        self._last_bucket = low, high

    def figures(self) -> dict[str, float]:
        """Return the indicators, to be stored with an order."""
        return {
            "macd": self.macd.value,
            "macd_signal": self.macd.signal,
            "rsi": self.rsi.value,
            "opening_high": self.opening_high,
            "opening_low": self.opening_low,
        }
