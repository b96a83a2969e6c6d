"""Wilder's indicators (New Concepts in Technical Trading Systems, 1978): RSI and ATR.

Both smooth with weight 1 / period, seeded by the mean of the first `period` items. The batch
functions repeat the recurrence of the classes, so both give the same bits.
"""

from itertools import accumulate
from math import nan

import numpy as np
import numpy.typing as npt
from mypy_extensions import mypyc_attr

from liualgotrader.fincalcs.arrays import (
    FloatArray,
    all_nan,
    check_period,
    float_columns,
    floats,
)

# TA-Lib answers 0 when a price has not moved at all, which reads as "oversold" and makes a strategy
# buy whatever does not trade. Neither gains nor losses is neither strength nor weakness.
NEUTRAL_RSI = 50.0


@mypyc_attr(allow_interpreted_subclasses=True)
class RSI:
    """Weigh average gains against average losses, 0 to 100; ready after period + 1 values."""

    __slots__ = (
        "_count", "_gain", "_keep", "_last", "_loss", "_period", "period", "ready", "value",
    )  # fmt: skip

    def __init__(self, period: int = 14) -> None:
        self.period = check_period(period)
        self._period = float(period)
        self._keep = period - 1.0
        self._count = -1
        self._last = nan
        self._gain = self._loss = 0.0
        self.ready = False
        self.value = nan

    def update(self, value: float) -> float:
        """Take the next value and return the index, NaN before period + 1 values were seen."""
        change = value - self._last
        self._last = value
        if not self.ready:
            return self._seed(change)
        if change > 0.0:
            self._gain = gain = (self._gain * self._keep + change) / self._period
            self._loss = loss = self._loss * self._keep / self._period
        else:
            self._gain = gain = self._gain * self._keep / self._period
            self._loss = loss = (self._loss * self._keep - change) / self._period
        total = gain + loss
        self.value = index = NEUTRAL_RSI if total == 0.0 else 100.0 * (gain / total)
        return index

    def _seed(self, change: float) -> float:
        self._count += 1
        if not self._count:
            return nan
        if change > 0.0:
            self._gain += change
        else:
            self._loss -= change
        if self._count == self.period:
            self._start()
        return self.value

    def _start(self) -> None:
        self._gain /= self._period
        self._loss /= self._period
        total = self._gain + self._loss
        self.value = NEUTRAL_RSI if total == 0.0 else 100.0 * (self._gain / total)
        self.ready = True


def rsi(values: npt.ArrayLike, period: int = 14) -> FloatArray:
    """Return Wilder's relative strength index (TA-Lib: RSI, but 50 where nothing ever moved)."""
    series = floats(values)
    index = all_nan(len(series))
    changes = np.diff(series)
    gain = _smooth(np.maximum(changes, 0.0), check_period(period))
    loss = _smooth(np.maximum(-changes, 0.0), period)
    total = gain + loss
    still = total == 0.0
    index[1:] = 100.0 * (gain / np.where(still, 1.0, total))
    index[1:][still] = NEUTRAL_RSI
    return index


@mypyc_attr(allow_interpreted_subclasses=True)
class ATR:
    """Smooth the true range of bars, gaps included; ready after period + 1 bars."""

    __slots__ = ("_close", "_count", "_keep", "_period", "_sum", "period", "ready", "value")

    def __init__(self, period: int = 14) -> None:
        self.period = check_period(period)
        self._period = float(period)
        self._keep = period - 1.0
        self._count = -1
        self._close = nan
        self._sum = 0.0
        self.ready = False
        self.value = nan

    def update(self, high: float, low: float, close: float) -> float:
        """Take the next bar and return the average range, NaN before period + 1 bars were seen."""
        last = self._close
        self._close = close
        true = (high if high > last else last) - (low if low < last else last)
        if not self.ready:
            return self._seed(true)
        self.value = average = (self.value * self._keep + true) / self._period
        return average

    def _seed(self, true: float) -> float:
        self._count += 1
        if not self._count:
            return nan
        self._sum += true
        if self._count == self.period:
            self.value = self._sum / self._period
            self.ready = True
        return self.value


def true_range(high: npt.ArrayLike, low: npt.ArrayLike, close: npt.ArrayLike) -> FloatArray:
    """Return each bar's range joined with the last close (TA-Lib: TRANGE); the first is NaN."""
    highs, lows, closes = float_columns(high, low, close)
    ranges = all_nan(len(closes))
    last = closes[:-1]
    ranges[1:] = np.maximum(highs[1:], last) - np.minimum(lows[1:], last)
    return ranges


def atr(
    high: npt.ArrayLike,
    low: npt.ArrayLike,
    close: npt.ArrayLike,
    *,
    period: int = 14,
) -> FloatArray:
    """Return Wilder's average true range (TA-Lib: ATR)."""
    ranges = true_range(high, low, close)
    ranges[1:] = _smooth(ranges[1:], check_period(period))
    return ranges


def _smooth(values: FloatArray, period: int) -> FloatArray:
    averages = all_nan(len(values))
    if len(values) >= period:
        keep = period - 1.0
        averages[period - 1 :] = list(
            accumulate(
                values[period:].tolist(),
                lambda last, value: (last * keep + value) / period,
                initial=float(np.add.accumulate(values[:period])[-1]) / period,
            ),
        )
    return averages
