"""The strategy under backtesting.py, which holds one instrument: symbols run one after the other.

Symbols share no cash here; with 10,000,000 for 100 shares of each nobody ever runs out of it.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from backtesting import Backtest, Strategy  # type: ignore[import-not-found]

from tools.benchmarks.backtest_peers.measured import Stopwatch, report
from tools.benchmarks.backtest_peers.workload import (
    CASH,
    FAST,
    QUANTITY,
    SLOW,
    TICKS_PER_UNIT,
    Workload,
    ticks,
)


def average(prices: npt.NDArray[np.float64], length: int) -> npt.NDArray[np.float64]:
    """Return the moving average, NaN before there is one; equal averages are equal floats."""
    sums = np.concatenate([[0], np.cumsum(ticks(prices))])
    means = np.full(len(prices), np.nan)
    means[length - 1 :] = (sums[length:] - sums[:-length]) / (length * TICKS_PER_UNIT)
    return means


class Crossing(Strategy):  # type: ignore[misc]
    """Hold while the fast average is above the slow one."""

    def init(self) -> None:
        """Compute both averages at once: the library's own way."""
        close = np.asarray(self.data.Close)
        self.fast = self.I(average, close, FAST)
        self.slow = self.I(average, close, SLOW)

    def next(self) -> None:
        """Decide on one bar."""
        fast, slow = self.fast[-1], self.slow[-1]
        if not self.position:
            if fast > slow:
                self.buy(size=QUANTITY)
        elif fast < slow:
            self.position.close()


def main() -> None:
    """Run the workload that the first argument names."""
    workload = Workload.load(Path(sys.argv[1]))
    index = pd.DatetimeIndex(workload.ends)
    columns = ["Open", "High", "Low", "Close", "Volume"]
    watch = Stopwatch()
    fills, equity = 0, float(CASH)
    for bars in workload.ohlcv:
        frame = pd.DataFrame(bars, index=index, columns=columns)
        test = Backtest(frame, Crossing, cash=CASH, commission=0)
        with watch:
            found = test.run()
        strategy = found["_strategy"]
        fills += 2 * len(strategy.closed_trades) + len(strategy.trades)
        equity += found["Equity Final [$]"] - CASH
    report(workload.bars, watch, fills, equity, version("backtesting"))


if __name__ == "__main__":
    main()
