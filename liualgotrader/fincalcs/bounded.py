"""Indicators with a bounded memory: the value at a bar depends on the last bars alone.

An EMA, and with it RSI, ATR and MACD, remembers its first value for ever, so two histories of
different length differ in the last bits. What is stored night by night and made anew now and then must be the
same both times. Here each value is made of the last `memory` bars as if there were no others, seeded as
always. The memory is long enough that what is left out weighs less than 1e-13: 30 periods with Wilder's
weight 1 / period, 15 with the EMA's 2 / (period + 1). As long as there are no more bars than that, the
values are those of `moving` and `wilder`, bit for bit.

All functions take a whole series and return the values from index `since` on.
"""

from collections.abc import Callable
from math import fsum

import numpy as np
import numpy.typing as npt

from liualgotrader.fincalcs.arrays import FloatArray, all_nan, check_period, float_columns, floats
from liualgotrader.fincalcs.moving import MacdSeries, macd, sma
from liualgotrader.fincalcs.ticks import exact_means, ticks
from liualgotrader.fincalcs.wilder import NEUTRAL_RSI, atr, rsi, true_range

WILDER_MEMORY, EMA_MEMORY = 30, 15
# For fewer values than this, going through the windows one by one is faster than all abreast.
_FEW = 8


def rsi_memory(period: int) -> int:
    """Return of how many bars a value of `bounded_rsi` or `bounded_atr` is made."""
    return WILDER_MEMORY * check_period(period) + 1


def macd_memory(slow: int, signal: int) -> int:
    """Return of how many bars a value of `bounded_macd` is made."""
    return EMA_MEMORY * (slow + signal)


def bounded_sma(values: npt.ArrayLike, period: int, *, since: int = 0) -> FloatArray:
    """Average each window of `period` values: the exact mean, rounded once.

    Of decimals with at most nine places it is `sma`; where there are others, the mean of the floats.
    """
    series = floats(values)
    start = max(0, since - check_period(period) + 1)
    series = series[start:]
    exact = exact_means(series, period)
    averages = exact if len(exact) == len(series) else _mixed_means(series, period)
    return averages[since - start :]


def _mixed_means(series: FloatArray, period: int) -> FloatArray:
    """Average windows of which some hold values that are no ticks, such as prices divided by 7."""
    known = np.array([ticks(value) is not None for value in series.tolist()])
    averages = sma(np.where(known, series, 0.0), period)
    others = np.cumsum(~known)
    others[period:] -= others[:-period].copy()
    for place in np.flatnonzero(others[period - 1 :]) + period - 1:
        averages[place] = fsum(series[place - period + 1 : place + 1]) / period
    return averages


def bounded_rsi(values: npt.ArrayLike, period: int = 14, *, since: int = 0) -> FloatArray:
    """Return Wilder's relative strength index."""
    series = floats(values)
    memory = rsi_memory(period)

    def abreast(first: int) -> FloatArray:
        changes = np.diff(series[first - memory + 1 :])
        gain = _wilder(np.maximum(changes, 0.0), period, memory - 1)
        loss = _wilder(np.maximum(-changes, 0.0), period, memory - 1)
        total = gain + loss
        still = total == 0.0
        index: FloatArray = 100.0 * (gain / np.where(still, 1.0, total))
        index[still] = NEUTRAL_RSI
        return index

    return _bounded(
        len(series), memory, since, lambda begin, end: rsi(series[begin:end], period), abreast
    )


def bounded_atr(
    high: npt.ArrayLike,
    low: npt.ArrayLike,
    close: npt.ArrayLike,
    *,
    period: int = 14,
    since: int = 0,
) -> FloatArray:
    """Return Wilder's average true range."""
    highs, lows, closes = float_columns(high, low, close)
    memory = rsi_memory(period)

    def alone(begin: int, end: int) -> FloatArray:
        return atr(highs[begin:end], lows[begin:end], closes[begin:end], period=period)

    def abreast(first: int) -> FloatArray:
        begin = first - memory + 1
        ranges = true_range(highs[begin:], lows[begin:], closes[begin:])[1:]
        return _wilder(ranges, period, memory - 1)

    return _bounded(len(closes), memory, since, alone, abreast)


def bounded_macd(
    values: npt.ArrayLike, *, fast: int = 12, slow: int = 26, signal: int = 9, since: int = 0
) -> MacdSeries:
    """Return line, signal and histogram."""
    series = floats(values)
    memory = macd_memory(slow, signal)

    def alone(begin: int, end: int) -> FloatArray:
        lines = macd(series[begin:end], fast=fast, slow=slow, signal=signal)
        return np.column_stack(lines[:2])

    def abreast(first: int) -> FloatArray:
        return _macd(series[first - memory + 1 :], (fast, slow, signal), memory)

    both = _bounded(len(series), memory, since, alone, abreast)
    line, average = both[:, 0].copy(), both[:, 1].copy()
    return MacdSeries(line, average, line - average)


def _bounded(
    length: int,
    memory: int,
    since: int,
    alone: Callable[[int, int], FloatArray],
    abreast: Callable[[int], FloatArray],
) -> FloatArray:
    """Return the values from `since` on.

    `alone(begin, end)`: the series of the bars in [begin, end); `abreast(first)`: the values from index `first`
    on, each of its whole memory.
    """
    whole = max(since, min(memory, length))  # from here on there are more bars than are remembered
    parts = [alone(0, whole)[since:]] if since < memory else []
    if length - whole > _FEW:
        parts.append(abreast(whole))
    else:
        ends = range(whole + 1, length + 1)
        parts += [alone(end - memory, end)[-1:] for end in ends]
    if not parts:
        return alone(0, 0)
    return np.concatenate(parts)


def _wilder(values: FloatArray, period: int, memory: int) -> FloatArray:
    """Smooth each window of `memory` values, all windows at once; return the last value of each."""
    count = len(values) - memory + 1
    average = values[:count].copy()
    for place in range(1, period):
        average += values[place : place + count]
    average /= period
    keep = period - 1.0
    for place in range(period, memory):
        average *= keep
        average += values[place : place + count]
        average /= period
    return average


class _Ema:
    """An EMA of many series at once."""

    def __init__(self, period: int) -> None:
        self._period = period
        self._weight = 2.0 / (period + 1)
        self._seen = 0
        self.value = all_nan(0)

    def update(self, values: FloatArray) -> None:
        """Take the next value of each series."""
        self._seen += 1
        if self._seen == 1:
            self.value = values.copy()
        elif self._seen <= self._period:
            self.value += values
        else:
            self.value = (values - self.value) * self._weight + self.value
        if self._seen == self._period:
            self.value /= self._period


def _macd(series: FloatArray, periods: tuple[int, int, int], memory: int) -> FloatArray:
    """Return line and signal at the end of each window of `memory` values, shape (windows, 2)."""
    count = len(series) - memory + 1
    fast, slow, signal = map(_Ema, periods)
    skip = periods[1] - periods[0]
    line = series[:0]
    for place in range(memory):
        values = series[place : place + count]
        slow.update(values)
        if place >= skip:
            fast.update(values)
        if place >= periods[1] - 1:
            line = fast.value - slow.value
            signal.update(line)
    return np.column_stack((line, signal.value))
