"""Slide a fixed window in O(1) per value without ever subtracting what leaves it.

A running sum that adds the newest and subtracts the oldest value drifts, and one spike of 1e17
spoils it for good. Here the series is cut into blocks of the window's length: every window is the
tail of one block followed by the head of the next, so its sum is a suffix sum plus a prefix sum.
Only values inside the window take part, the rounding error stays that of adding `period` numbers,
and a NaN or a spike is forgotten as soon as it leaves. (van Herk 1992; Gil and Werman 1993.)

The incremental classes keep the head of the current block and the suffixes of the previous one;
the batch functions lay all blocks out as the rows of a table. Both add in the same order, so they
give the same bits. Blocks are counted from the first value, hence two histories of different length
may differ in the last bit.
"""

import numpy as np

from liualgotrader.fincalcs.arrays import FloatArray


def to_blocks(values: FloatArray, period: int) -> FloatArray:
    """Return the series as rows of `period` values, the last row padded with zeros."""
    rows = -(-len(values) // period)
    table = np.zeros(rows * period)
    table[: len(values)] = values
    return table.reshape(rows, period)


def from_blocks(table: FloatArray, length: int) -> FloatArray:
    """Return the table as a series of `length`, NaN until the first window is full."""
    series = table.reshape(-1)[:length]
    series[: table.shape[1] - 1] = np.nan
    return series


def heads(blocks: FloatArray, fold: np.ufunc = np.add) -> FloatArray:
    """Fold each row from its left end: column j holds the first j + 1 values."""
    table: FloatArray = fold.accumulate(blocks, axis=1)
    return table


def tails(blocks: FloatArray, fold: np.ufunc = np.add) -> FloatArray:
    """Fold each row from its right end: column j holds the last j + 1 values."""
    return heads(blocks[:, ::-1], fold)


def tails_before(suffixes: FloatArray) -> FloatArray:
    """Line up each row but the last with the columns of the next row, whose heads it completes."""
    return suffixes[:-1, :-1][:, ::-1]
