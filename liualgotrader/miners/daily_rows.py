"""Rows of `stock_ohlc`: day bars with their indicators, made of a bounded stretch before each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

from liualgotrader.common.bar_table import BarTable
from liualgotrader.fincalcs.bounded import (
    bounded_atr,
    bounded_macd,
    bounded_rsi,
    bounded_sma,
    macd_memory,
    rsi_memory,
)
from liualgotrader.miners.bar_days import dates
from liualgotrader.miners.base import Row

COLUMNS = ("symbol", "symbol_date", "open", "high", "low", "close", "volume", "indicators")
KEY = COLUMNS[:2]


class Indicators(msgspec.Struct, frozen=True):
    """Which indicators stand beside a day bar. 0 leaves one out; `macd` is (fast, slow, signal) or empty."""

    averages: tuple[int, ...] = (7, 21, 50, 100, 200)
    rsi: int = 14
    atr: int = 14
    macd: tuple[int, ...] = (12, 26, 9)

    @property
    def memory(self) -> int:
        """Of how many bars the values of a day are made."""
        needs = [1, *self.averages]
        needs += [rsi_memory(period) for period in (self.rsi, self.atr) if period]
        needs += [macd_memory(*self.macd[1:])] if self.macd else []
        return max(needs)

    def of(self, bars: BarTable, since: int) -> dict[str, NDArray[np.float64]]:
        """Return the values from bar `since` on, by name; NaN where there are too few bars."""
        close = bars.close
        found = {f"sma{n}": bounded_sma(close, n, since=since) for n in self.averages}
        if self.rsi:
            found[f"rsi{self.rsi}"] = bounded_rsi(close, self.rsi, since=since)
        if self.atr:
            found[f"atr{self.atr}"] = bounded_atr(
                bars.high, bars.low, close, period=self.atr, since=since
            )
        if self.macd:
            fast, slow, signal = self.macd
            lines = bounded_macd(close, fast=fast, slow=slow, signal=signal, since=since)
            names = ("macd", "macd_signal", "macd_histogram")
            found |= dict(zip(names, lines, strict=True))
        return found


def rows(bars: BarTable, indicators: Indicators, since: int = 0) -> list[Row]:
    """Return the rows of the bars from `since` on; give at least `indicators.memory` bars up to each."""
    part = bars.cut(since, len(bars))
    columns = (part.open, part.high, part.low, part.close, part.volume)
    return list(
        zip(
            [bars.symbol] * len(part),
            dates(part.start),
            *(column.tolist() for column in columns),
            _as_json(indicators.of(bars, since), len(part)),
            strict=True,
        )
    )


def _as_json(values: dict[str, NDArray[np.float64]], count: int) -> Iterator[msgspec.Raw]:
    """Yield an object a row; what is not known yet is not in it."""
    if not count:
        return
    known = np.array([np.isfinite(column) for column in values.values()]).reshape(-1, count)
    changes = np.flatnonzero((known[:, 1:] != known[:, :-1]).any(axis=0)) + 1
    for begin, end in pairwise([0, *changes.tolist(), count]):
        there = [
            name
            for name, is_known in zip(values, known[:, begin:end], strict=True)
            if is_known.all()
        ]
        # A format is three times as fast as an encoder of ten numbers, and there are as many as bars.
        shape = "{" + ",".join(f'"{name}":%r' for name in there) + "}"
        for row in zip(*(values[name][begin:end].tolist() for name in there), strict=True):
            yield msgspec.Raw((shape % row).encode())
        if not there:
            yield from [msgspec.Raw(b"{}")] * (end - begin)
