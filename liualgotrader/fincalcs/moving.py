"""Moving averages: incremental classes and their batch twins.

Every class has `update(value) -> float`, `value` (NaN until ready) and `ready`. A batch function
takes a series and returns one of the same length with leading NaN, equal bit for bit to what the
class gives value by value. Values must be numbers: a NaN stays in an EMA for ever.
"""

from __future__ import annotations

from collections import deque
from itertools import accumulate
from math import nan
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from mypy_extensions import mypyc_attr

from liualgotrader.fincalcs.arrays import FloatArray, all_nan, check_period, floats
from liualgotrader.fincalcs.ticks import EASY, EXACT, TICKS, BigMean, exact_means, ticks
from liualgotrader.fincalcs.windows import from_blocks, heads, tails, tails_before, to_blocks

_TICKS = float(TICKS)
# Added to a float below 2**51 and taken off again, it leaves the nearest whole number, as round() does.
_ROUNDER = 1.5 * 2.0**52


@mypyc_attr(allow_interpreted_subclasses=True)
class SMA:
    """Average the last `period` values: the exact mean of the decimals, correctly rounded.

    Two averages of any periods compare as the exact ones do, equal where those are equal: see
    `ticks`. From the first value on that has more than nine decimal places (most quotients, prices
    adjusted by a ratio) or is not finite, sums are of floats, drift-free but rounded: see `windows`.
    """

    __slots__ = (
        "_big", "_blocks", "_count", "_divisor", "_easy", "_most", "_sum", "_window", "period", "ready",
        "value",
    )  # fmt: skip

    def __init__(self, period: int) -> None:
        self.period = check_period(period)
        self._divisor = period * float(TICKS)
        # Below this the sum of a window and one more stays below 2**53: floats count it exactly.
        self._most = min(EASY, EXACT / TICKS / (period + 1))
        self._easy = 0.0
        self._window: deque[float] = deque([0.0] * period, period)
        self._sum = 0.0
        self._count = 0
        self._big: BigMean | None = None
        self._blocks: _BlockMean | None = None
        self.ready = False
        self.value = nan

    def update(self, value: float) -> float:
        """Take the next value and return the average, NaN before the window is full."""
        easy = self._easy
        if -easy < value < easy:
            count = value * _TICKS + _ROUNDER - _ROUNDER
            if count / _TICKS == value:
                window = self._window
                self._sum = total = self._sum + count - window[0]
                window.append(count)
                self.value = average = total / self._divisor
                return average
        return self._take(value)

    def _take(self, value: float) -> float:
        """Take a value that is among the first ones, large, or no number of ticks."""
        self._count += 1
        average = self._average(value)
        if self._count >= self.period:
            self.value, self.ready = average, True
        is_easy = self.ready and self._blocks is None and self._big is None
        self._easy = self._most if is_easy else 0.0
        return self.value

    def _average(self, value: float) -> float:
        """Take a value; return the average, which says nothing before the window is full."""
        count = None if self._blocks is not None else ticks(value)
        if count is None:
            return self._as_floats().update(value)
        if self._big is None and not -self._most < value < self._most:
            self._big = BigMean(self.period, self._window)
        if self._big is not None:
            return self._big.update(count)
        self._sum += count - self._window[0]
        self._window.append(float(count))
        return self._sum / self._divisor

    def _as_floats(self) -> _BlockMean:
        """Return the sums of floats, begun with what of the window the next value leaves there."""
        if self._blocks is None:
            self._blocks = _BlockMean(self.period)
            prices = self._prices() if self._big is None else self._big.prices()
            kept = min(self._count, self.period) - 1
            for price in prices[self.period - kept :]:
                self._blocks.update(price)
        return self._blocks

    def _prices(self) -> list[float]:
        return [count / _TICKS for count in self._window]


class _BlockMean:
    """Average floats of any kind; blocks are counted from the first one (see `windows`)."""

    __slots__ = ("_block", "_head", "_tails", "period", "value")

    def __init__(self, period: int) -> None:
        self.period = period
        self._block: list[float] = []
        self._tails: list[float] = []
        self._head = 0.0
        self.value = nan

    def update(self, value: float) -> float:
        self._block.append(value)
        self._head = head = self._head + value
        if self._tails:
            self.value = average = (head + self._tails.pop()) / self.period
            return average
        return self._fill()

    def _fill(self) -> float:
        block = self._block
        if len(block) == self.period:
            self.value = self._head / self.period
            self._tails = list(accumulate(reversed(block)))[:-1]
            self._head = 0.0
            block.clear()
        return self.value


def sma(values: npt.ArrayLike, period: int) -> FloatArray:
    """Average each window of `period` values (TA-Lib: SMA, here rounded once): see `SMA`."""
    series = floats(values)
    exact = exact_means(series, check_period(period))
    if len(exact) == len(series):
        return exact
    start = max(0, len(exact) - period + 1)
    rest = _block_means(series[start:], period)
    return np.concatenate([exact, rest[len(exact) - start :]])


def _block_means(series: FloatArray, period: int) -> FloatArray:
    blocks = to_blocks(series, period)
    sums = heads(blocks)
    sums[1:, :-1] += tails_before(tails(blocks))
    return from_blocks(sums / float(period), len(series))


@mypyc_attr(allow_interpreted_subclasses=True)
class EMA:
    """Smooth with weight 2 / (period + 1), seeded by the mean of the first `period` values."""

    __slots__ = ("_count", "_sum", "_weight", "period", "ready", "value")

    def __init__(self, period: int) -> None:
        self.period = check_period(period)
        self._weight = 2.0 / (period + 1)
        self._count = 0
        self._sum = 0.0
        self.ready = False
        self.value = nan

    def update(self, value: float) -> float:
        """Take the next value and return the average, NaN before `period` values were seen."""
        if self.ready:
            last = self.value
            self.value = average = (value - last) * self._weight + last
            return average
        return self._seed(value)

    def _seed(self, value: float) -> float:
        self._sum += value
        self._count += 1
        if self._count == self.period:
            self.value = self._sum / self.period
            self.ready = True
        return self.value


def ema(values: npt.ArrayLike, period: int) -> FloatArray:
    """Smooth exponentially, seeded by the mean of the first `period` values (TA-Lib: EMA)."""
    series = floats(values)
    averages = all_nan(len(series))
    if len(series) >= check_period(period):
        weight = 2.0 / (period + 1)
        averages[period - 1 :] = list(
            accumulate(
                series[period:].tolist(),
                lambda last, value: (value - last) * weight + last,
                initial=float(np.add.accumulate(series[:period])[-1]) / period,
            ),
        )
    return averages


@mypyc_attr(allow_interpreted_subclasses=True)
class WMA:
    """Average the last `period` values with weights 1, 2, ..., period, the newest heaviest.

    `_head` is the sum of the current block and `_ramp` the same with weights 1, 2, ...; both are
    needed because the weights of the block's values shift as the window moves on.
    """

    __slots__ = ("_block", "_divisor", "_head", "_ramp", "_tails", "period", "ready", "value")

    def __init__(self, period: int) -> None:
        self.period = check_period(period)
        self._divisor = period * (period + 1) / 2.0
        self._block: list[float] = []
        self._tails: list[float] = []
        self._head = 0.0
        self._ramp = 0.0
        self.ready = False
        self.value = nan

    def update(self, value: float) -> float:
        """Take the next value and return the average, NaN before the window is full."""
        block = self._block
        block.append(value)
        self._head = head = self._head + value
        self._ramp = ramp = self._ramp + value * len(block)
        tails_left = self._tails
        if tails_left:
            older = len(tails_left)
            self.value = average = (ramp + head * older + tails_left.pop()) / self._divisor
            return average
        return self._fill()

    def _fill(self) -> float:
        if len(self._block) == self.period:
            self.value = self._ramp / self._divisor
            self._tails = list(accumulate(accumulate(reversed(self._block))))[:-1]
            self._head = self._ramp = 0.0
            self.ready = True
            self._block.clear()
        return self.value


def wma(values: npt.ArrayLike, period: int) -> FloatArray:
    """Average each window with linearly growing weights (TA-Lib: WMA)."""
    series = floats(values)
    blocks = to_blocks(series, check_period(period))
    position = np.arange(1.0, period + 1.0)
    sums = heads(blocks * position)
    older = (period - position)[:-1]
    sums[1:, :-1] += heads(blocks)[1:, :-1] * older
    sums[1:, :-1] += tails_before(heads(tails(blocks)))
    return from_blocks(sums / (period * (period + 1) / 2.0), len(series))


@mypyc_attr(allow_interpreted_subclasses=True)
class MACD:
    """Follow the gap between a fast and a slow EMA, and the EMA of that gap.

    `value` is the line, `signal` its average, `histogram` their difference; all three are NaN until
    the signal is ready, after slow + signal - 1 values. As in TA-Lib both averages start together:
    the fast one is seeded by the last `fast` of the first `slow` values.
    """

    __slots__ = (
        "_fast", "_fast_weight", "_line", "_seeds", "_signal_weight", "_skip", "_slow",
        "_slow_weight", "histogram", "ready", "signal", "value",
    )  # fmt: skip

    def __init__(self, *, fast: int = 12, slow: int = 26, signal: int = 9) -> None:
        _check_macd(fast, slow, signal)
        self._seeds = (EMA(fast), EMA(slow), EMA(signal))
        self._skip = slow - fast
        self._fast_weight, self._slow_weight, self._signal_weight = (
            2.0 / (period + 1) for period in (fast, slow, signal)
        )
        self._fast = self._slow = nan
        self.value = self.signal = self.histogram = nan
        self.ready = False

    def update(self, value: float) -> float:
        """Take the next value and return the line, NaN before the signal is ready."""
        if not self.ready:
            return self._seed(value)
        fast, slow, signal = self._fast, self._slow, self.signal
        self._fast = fast = (value - fast) * self._fast_weight + fast
        self._slow = slow = (value - slow) * self._slow_weight + slow
        self.value = line = fast - slow
        self.signal = signal = (line - signal) * self._signal_weight + signal
        self.histogram = line - signal
        return line

    def _seed(self, value: float) -> float:
        fast, slow, signal = self._seeds
        slow.update(value)
        if self._skip:
            self._skip -= 1
        else:
            fast.update(value)
        if slow.ready:
            signal.update(fast.value - slow.value)
        if signal.ready:
            self._start()
        return self.value

    def _start(self) -> None:
        self._fast, self._slow, self.signal = (average.value for average in self._seeds)
        self.value = self._fast - self._slow
        self.histogram = self.value - self.signal
        self.ready = True


class MacdSeries(NamedTuple):
    """The three lines of a MACD, aligned with the series they were made from."""

    macd: FloatArray
    signal: FloatArray
    histogram: FloatArray


def macd(
    values: npt.ArrayLike,
    *,
    fast: int = 12,
    slow: int = 26,
    signal: int = 9,
) -> MacdSeries:
    """Return line, signal and histogram (TA-Lib: MACD)."""
    _check_macd(fast, slow, signal)
    series = floats(values)
    line, average = all_nan(len(series)), all_nan(len(series))
    if len(series) >= slow:
        line[slow - fast :] = ema(series[slow - fast :], fast)
        line -= ema(series, slow)
        average[slow - 1 :] = ema(line[slow - 1 :], signal)
        line[: slow + signal - 2] = np.nan
    return MacdSeries(line, average, line - average)


def _check_macd(fast: int, slow: int, signal: int) -> None:
    check_period(signal)
    if check_period(fast) >= slow:
        raise ValueError(f"fast period {fast} must be shorter than slow period {slow}")
