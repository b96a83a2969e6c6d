"""A bare Python loop over bars: what an event loop costs that does nothing for its author.

An object for each bar, symbols merged by time, moving sums in whole ticks, and a broker of a few lines.
No order states, no limits, no journal.
"""

from __future__ import annotations

import platform
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from tools.benchmarks.backtest_peers.measured import Stopwatch, report
from tools.benchmarks.backtest_peers.workload import (
    CASH,
    FAST,
    QUANTITY,
    SLOW,
    TICKS_PER_UNIT,
    Workload,
)

# How many times are unpacked into objects together: few enough to stay in the processor's cache.
_AT_ONCE = 390


class Bar:
    """A bar as a strategy gets it."""

    __slots__ = ("symbol", "end", "open", "high", "low", "close", "volume")

    def __init__(
        self,
        symbol: str,
        end: int,
        open_: float,
        high: float,
        low: float,
        close: float,
        volume: float,
    ) -> None:
        self.symbol = symbol
        self.end = end
        self.open = open_
        self.high = high
        self.low = low
        self.close = close
        self.volume = volume


class MovingSum:
    """The sum of the last `length` values; None before there are as many."""

    __slots__ = ("_length", "_sum", "_window")

    def __init__(self, length: int) -> None:
        self._length = length
        self._sum = 0
        self._window: deque[int] = deque()

    def push(self, value: int) -> int | None:
        """Take one value and return the sum."""
        window = self._window
        window.append(value)
        self._sum += value
        if len(window) > self._length:
            self._sum -= window.popleft()
        return self._sum if len(window) == self._length else None


class Broker:
    """Cash, positions, and orders that fill at the next open."""

    def __init__(self) -> None:
        self.cash = float(CASH)
        self.positions: dict[str, int] = {}
        self.fills: list[tuple[int, str, int, float]] = []
        self._orders: dict[str, int] = {}
        self._last: dict[str, float] = {}

    def submit(self, symbol: str, quantity: int) -> None:
        """Buy `quantity` shares at the next open, or sell them when it is negative."""
        self._orders[symbol] = quantity

    def on_bar(self, bar: Bar) -> None:
        """Fill what was ordered."""
        quantity = self._orders.pop(bar.symbol, 0)
        if quantity:
            self.cash -= quantity * bar.open
            self.positions[bar.symbol] = self.positions.get(bar.symbol, 0) + quantity
            self.fills.append((bar.end, bar.symbol, quantity, bar.open))
        self._last[bar.symbol] = bar.close

    def equity(self) -> float:
        """Return cash and positions at the last closes."""
        return self.cash + sum(held * self._last[name] for name, held in self.positions.items())


class Crossing:
    """The strategy."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._sums: dict[str, tuple[MovingSum, MovingSum]] = {}

    def on_bar(self, bar: Bar) -> None:
        """Hold while the fast average is above the slow one."""
        sums = self._sums.get(bar.symbol)
        if sums is None:
            sums = self._sums[bar.symbol] = MovingSum(FAST), MovingSum(SLOW)
        ticks = round(bar.close * TICKS_PER_UNIT)
        fast, slow = sums[0].push(ticks), sums[1].push(ticks)
        if fast is None or slow is None:
            return
        ahead = fast * SLOW - slow * FAST
        held = self._broker.positions.get(bar.symbol, 0)
        if ahead > 0 and not held:
            self._broker.submit(bar.symbol, QUANTITY)
        elif ahead < 0 and held:
            self._broker.submit(bar.symbol, -held)


def bars_in_order(workload: Workload) -> Iterator[Bar]:
    """Give the bars of all symbols by time."""
    for start in range(0, len(workload.ends), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        rows = workload.ohlcv[:, part].tolist()
        for index, end in enumerate(workload.ends[part].tolist()):
            for name, row in zip(workload.symbols, rows, strict=True):
                yield Bar(name, end, *row[index])


def main() -> None:
    """Run the workload that the first argument names."""
    workload = Workload.load(Path(sys.argv[1]))
    broker = Broker()
    strategy = Crossing(broker)
    watch = Stopwatch()
    with watch:
        for bar in bars_in_order(workload):
            broker.on_bar(bar)
            strategy.on_bar(bar)
    version = f"CPython {platform.python_version()}"
    report(workload.bars, watch, len(broker.fills), broker.equity(), version)


if __name__ == "__main__":
    main()
