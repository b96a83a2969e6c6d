"""The exact answer: the strategy in whole ticks, without a loop and without rounding."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from tools.benchmarks.backtest_peers.workload import (
    CASH,
    CLOSE,
    FAST,
    OPEN,
    QUANTITY,
    SLOW,
    TICKS_PER_UNIT,
    Workload,
    ticks,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """How many orders fill, and cash and positions at the last close."""

    fills: int
    equity_end: Decimal


def answer(workload: Workload) -> Answer:
    """Return what an engine has to find that fills market orders at the next bar's open.

    Who is flat buys when the fast average is above the slow one, who is long sells when it is below;
    equal averages change nothing. What the last bar decides is never filled.
    """
    fills = gain = 0
    for bars in workload.ohlcv:
        made, earned = _one_symbol(ticks(bars[:, OPEN]), ticks(bars[:, CLOSE]))
        fills += made
        gain += earned
    return Answer(fills, CASH + Decimal(gain * QUANTITY) / TICKS_PER_UNIT)


def _one_symbol(open_: npt.NDArray[np.int64], close: npt.NDArray[np.int64]) -> tuple[int, int]:
    """Return the fills and the gain in ticks of one share."""
    if len(close) <= SLOW:
        return 0, 0
    sums = np.concatenate([[0], np.cumsum(close)])
    fast = (sums[FAST:] - sums[:-FAST])[SLOW - FAST :]
    slow = sums[SLOW:] - sums[:-SLOW]
    # The averages' difference, times both lengths. Its first entry belongs to bar SLOW - 1.
    side = np.sign(fast * SLOW - slow * FAST)[:-1]
    told = np.flatnonzero(side)
    wanted = side[told] > 0
    turns = told[np.diff(wanted, prepend=False)]
    prices = open_[turns + SLOW]
    gain = int(prices[1::2].sum() - prices[0::2].sum())
    if len(turns) % 2:
        gain += int(close[-1])
    return len(turns), gain
