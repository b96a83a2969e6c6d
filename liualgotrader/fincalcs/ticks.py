"""Prices as whole numbers of ticks, so that sums of them are exact and ties are ties.

A price is a decimal number, 10.05 say; the float that stands for it is not. Summed as floats, the
same prices give averages that differ in the last bit with the order and the number of the summands,
and "fast above slow" is then decided by that bit. Here a float counts for the decimal that `repr`
shows, the shortest that reads back as that float, if that has at most nine places: a whole number
of ticks of 1e-9. (One without places is the whole number that it is, however large.)

An average is the quotient of two whole numbers, rounded once and correctly (IEEE 754). Hence equal
averages are equal floats, and a greater one is never the lesser float. It is the greater float as
long as prices, counted in their own tick, times the least common multiple of the two periods, stay
below 2**52: for periods 10 and 30 and a tick of 0.0001, prices below 15 thousand million.
"""

from collections import deque
from collections.abc import Iterable
from decimal import Decimal
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from liualgotrader.fincalcs.arrays import FloatArray, all_nan

TICKS = 10**9
"""Ticks in one unit of the price."""

EASY = 2.0**21
"""Below this (2,097,152) rounding `price * TICKS` gives the right number of ticks.

The product is off by less than half a tick as long as it is below 2**51.
"""

_PLACES = 9
_MOST = 2.0**51
EXACT = 2.0**53
"""Below this every whole number is a float, so sums of whole floats are exact."""
# Any scale on which all values are whole gives the same quotients; a coarse one fits machine words.
_SCALES = (1, 10**4, TICKS)


def ticks(value: float) -> int | None:
    """Return how many ticks of 1e-9 a value is, None where it is no such number (or not finite)."""
    value = float(value)
    if -EASY < value < EASY:
        count = round(value * TICKS)
        return count if count / TICKS == value else None
    if value.is_integer():
        return int(value) * TICKS
    scaled = Decimal(repr(value)).scaleb(_PLACES)
    return int(scaled) if scaled.is_finite() and scaled == scaled.to_integral_value() else None


class BigMean:
    """Average the last `period` counts of ticks, whole numbers of any size.

    Here, and not with the averages: Python rounds a quotient of whole numbers correctly, and compiled code
    (tools/compile) would round both to floats before.
    """

    __slots__ = ("_divisor", "_sum", "_window")

    def __init__(self, period: int, counts: Iterable[float]) -> None:
        """`counts`: the window so far, `period` whole numbers."""
        self._window = deque(map(int, counts), period)
        self._sum = sum(self._window)
        self._divisor = period * TICKS

    def update(self, count: int) -> float:
        """Take the next count and return the average price."""
        self._sum += count - self._window[0]
        self._window.append(count)
        return self._sum / self._divisor

    def prices(self) -> list[float]:
        """Return the window's prices, oldest first."""
        return [count / TICKS for count in self._window]


def exact_means(series: FloatArray, period: int) -> FloatArray:
    """Average each window of `period` values, as far as the series consists of ticks.

    The answer is as long as that part of the series, NaN until the first window is full.
    """
    for scale in _SCALES:
        counts = _counts(series, scale)
        if counts is not None:
            return _means(counts, period, scale)
    exact = []
    for value in series.tolist():
        count = ticks(value)
        if count is None:
            break
        exact.append(count)
    return _big_means(exact, period, TICKS)


def _counts(series: FloatArray, scale: int) -> npt.NDArray[np.int64] | None:
    """Return the values in whole units of 1 / scale; None if one is no such number or too large."""
    with np.errstate(over="ignore", invalid="ignore"):
        counts = np.rint(series * scale)
        fits = np.all((np.abs(counts) < _MOST) & (counts / scale == series))
    return counts.astype(np.int64) if fits else None


def _means(counts: npt.NDArray[np.int64], period: int, scale: int) -> FloatArray:
    largest = int(np.max(np.abs(counts), initial=0))
    if max(largest, scale) * period >= EXACT:
        return _big_means(counts.tolist(), period, scale)
    means = all_nan(len(counts))
    # The running sum may wrap around; the difference of two comes out right all the same.
    sums = np.cumsum(counts)
    sums[period:] -= sums[:-period].copy()
    means[period - 1 :] = sums[period - 1 :] / (period * scale)
    return means


def _big_means(counts: list[int], period: int, scale: int) -> FloatArray:
    means = all_nan(len(counts))
    sums = [0, *accumulate(counts)]
    divisor = period * scale
    means[period - 1 :] = [
        (newer - older) / divisor for older, newer in zip(sums, sums[period:], strict=False)
    ]
    return means
