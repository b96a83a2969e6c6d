"""Spread and extremes of a sliding window: incremental classes and their batch twins.

The interface and the promise (the same bits from both) are those of `moving`.
"""

from itertools import accumulate
from math import nan, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from mypy_extensions import mypyc_attr

from liualgotrader.fincalcs.arrays import FloatArray, check_period, floats
from liualgotrader.fincalcs.moving import SMA, sma
from liualgotrader.fincalcs.windows import from_blocks, heads, tails, tails_before, to_blocks


@mypyc_attr(allow_interpreted_subclasses=True)
class RollingMax:
    """Keep the greatest of the last `period` values."""

    __slots__ = ("_block", "_head", "_tails", "period", "ready", "value")

    def __init__(self, period: int) -> None:
        self.period = check_period(period)
        self._block: list[float] = []
        self._tails: list[float] = []
        self._head = -np.inf
        self.ready = False
        self.value = nan

    def update(self, value: float) -> float:
        """Take the next value and return the maximum, NaN before the window is full."""
        self._block.append(value)
        head = self._head
        if value > head:
            self._head = head = value
        if self._tails:
            tail = self._tails.pop()
            self.value = greatest = tail if tail > head else head
            return greatest
        return self._fill()

    def _fill(self) -> float:
        if len(self._block) == self.period:
            self.value = self._head
            self._tails = list(accumulate(reversed(self._block), max))[:-1]
            self._head = -np.inf
            self.ready = True
            self._block.clear()
        return self.value


@mypyc_attr(allow_interpreted_subclasses=True)
class RollingMin:
    """Keep the least of the last `period` values."""

    __slots__ = ("_block", "_head", "_tails", "period", "ready", "value")

    def __init__(self, period: int) -> None:
        self.period = check_period(period)
        self._block: list[float] = []
        self._tails: list[float] = []
        self._head = np.inf
        self.ready = False
        self.value = nan

    def update(self, value: float) -> float:
        """Take the next value and return the minimum, NaN before the window is full."""
        self._block.append(value)
        head = self._head
        if value < head:
            self._head = head = value
        if self._tails:
            tail = self._tails.pop()
            self.value = least = tail if tail < head else head
            return least
        return self._fill()

    def _fill(self) -> float:
        if len(self._block) == self.period:
            self.value = self._head
            self._tails = list(accumulate(reversed(self._block), min))[:-1]
            self._head = np.inf
            self.ready = True
            self._block.clear()
        return self.value


def rolling_max(values: npt.ArrayLike, period: int) -> FloatArray:
    """Return the greatest value of each window (TA-Lib: MAX)."""
    return _extreme(floats(values), check_period(period), np.maximum)


def rolling_min(values: npt.ArrayLike, period: int) -> FloatArray:
    """Return the least value of each window (TA-Lib: MIN)."""
    return _extreme(floats(values), check_period(period), np.minimum)


def _extreme(series: FloatArray, period: int, fold: np.ufunc) -> FloatArray:
    blocks = to_blocks(series, period)
    table = heads(blocks, fold)
    table[1:, :-1] = fold(table[1:, :-1], tails_before(tails(blocks, fold)))
    return from_blocks(table, len(series))


@mypyc_attr(allow_interpreted_subclasses=True)
class StdDev:
    """Measure the population standard deviation (divisor `period`) of the last `period` values.

    Means and squared deviations of head and tail are grown by Welford's rule and joined by that of
    Chan, Golub and LeVeque (1979). The textbook mean of squares less square of mean, which TA-Lib
    uses, cancels: on prices near 1e8 it has no right digit left.
    """

    __slots__ = ("_block", "_mean", "_squares", "_tails", "period", "ready", "value")

    def __init__(self, period: int) -> None:
        self.period = check_period(period)
        self._block: list[float] = []
        self._tails: list[tuple[float, float]] = []
        self._mean = self._squares = 0.0
        self.ready = False
        self.value = nan

    def update(self, value: float) -> float:
        """Take the next value and return the deviation, NaN before the window is full."""
        self._block.append(value)
        count = len(self._block)
        off = value - self._mean
        self._mean = mean = self._mean + off / count
        self._squares = squares = self._squares + off * (value - mean)
        if not self._tails:
            return self._fill()
        share = count * len(self._tails) / self.period
        tail_mean, tail_squares = self._tails.pop()
        gap = tail_mean - mean
        self.value = deviation = sqrt((squares + tail_squares + gap * gap * share) / self.period)
        return deviation

    def _fill(self) -> float:
        if len(self._block) == self.period:
            self.value = sqrt(self._squares / self.period)
            self._tails = _suffix_moments(self._block)[:-1]
            self._mean = self._squares = 0.0
            self.ready = True
            self._block.clear()
        return self.value


def _suffix_moments(block: list[float]) -> list[tuple[float, float]]:
    moments = []
    mean = squares = 0.0
    for count, value in enumerate(reversed(block), start=1):
        off = value - mean
        mean += off / count
        squares += off * (value - mean)
        moments.append((mean, squares))
    return moments


def stddev(values: npt.ArrayLike, period: int) -> FloatArray:
    """Return the population standard deviation of each window (TA-Lib: STDDEV, more exact)."""
    series = floats(values)
    blocks = to_blocks(series, check_period(period))
    means, squares = _moments(blocks)
    tail_means, tail_squares = (tails_before(table) for table in _moments(blocks[:, ::-1]))
    gaps = tail_means - means[1:, :-1]
    counts = np.arange(1.0, period)
    squares[1:, :-1] += tail_squares
    squares[1:, :-1] += gaps * gaps * (counts * (period - counts) / period)
    return from_blocks(np.sqrt(squares / period), len(series))


def _moments(blocks: FloatArray) -> tuple[FloatArray, FloatArray]:
    means, squares = np.empty_like(blocks), np.empty_like(blocks)
    mean = square = np.zeros(len(blocks))
    for column in range(blocks.shape[1]):
        off = blocks[:, column] - mean
        mean = mean + off / (column + 1)
        square = square + off * (blocks[:, column] - mean)
        means[:, column] = mean
        squares[:, column] = square
    return means, squares


@mypyc_attr(allow_interpreted_subclasses=True)
class Bollinger:
    """Put a band of `width` standard deviations around a moving average.

    `value` is the middle line; `upper` and `lower` are the edges; NaN until ready.
    """

    __slots__ = ("_deviation", "_middle", "lower", "ready", "upper", "value", "width")

    def __init__(self, period: int = 20, width: float = 2.0) -> None:
        self._middle = SMA(period)
        self._deviation = StdDev(period)
        self.width = width
        self.value = self.upper = self.lower = nan
        self.ready = False

    def update(self, value: float) -> float:
        """Take the next value and return the middle line, NaN before the window is full."""
        self.value = middle = self._middle.update(value)
        reach = self.width * self._deviation.update(value)
        self.upper = middle + reach
        self.lower = middle - reach
        self.ready = self._middle.ready
        return middle


class BollingerSeries(NamedTuple):
    """The three lines of a Bollinger band, aligned with the series they were made from."""

    upper: FloatArray
    middle: FloatArray
    lower: FloatArray


def bollinger(values: npt.ArrayLike, period: int = 20, *, width: float = 2.0) -> BollingerSeries:
    """Return upper, middle and lower line (TA-Lib: BBANDS with equal widths)."""
    series = floats(values)
    middle = sma(series, period)
    reach = width * stddev(series, period)
    return BollingerSeries(middle + reach, middle, middle - reach)
