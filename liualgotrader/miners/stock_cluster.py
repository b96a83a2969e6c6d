"""Which symbols move together: the nearest by correlation of daily returns, in `ticker_data`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial

import numpy as np
from numpy.typing import NDArray

from liualgotrader.common.bar_table import no_bars
from liualgotrader.fincalcs.arrays import FloatArray
from liualgotrader.miners.bar_days import DAY, ordinals, read_or_skip, sessions_back
from liualgotrader.miners.base import Miner, MinerContext, Row
from liualgotrader.miners.ticker_data import TOLD_BY_VENDOR

COLUMNS = ("symbol", "name", "similar_tickers")

# Correlations that are equal in exact arithmetic differ in the last bits with the order of summing.
_PLACES = 9


class StockCluster(Miner):
    """Keeps for each symbol the `nearest` others whose daily log returns correlate most with its own.

    Of the last `days` trading days, over those on which both have a return, at least `overlap` of them.
    Only correlations of `least` and more count; of equal ones the first by symbol is nearer. Where
    the vendor itself told who is alike (see `TickerData`), that stays.
    """

    after = ("DailyOHLC", "TickerData")
    days: int = 252
    nearest: int = 10
    overlap: int = 60
    least: float = 0.3

    async def run(self, ctx: MinerContext) -> int:
        """Write who is similar to whom; return how many rows are new or changed."""
        sessions = sessions_back(ctx, self.days + 1)
        if not ctx.symbols or not sessions:
            return 0
        returns = np.column_stack([_returns(ctx, symbol, sessions) for symbol in ctx.symbols])
        for symbol, each in zip(ctx.symbols, returns.T, strict=True):
            if np.isfinite(each).sum() < self.overlap:
                ctx.skip(symbol, f"fewer than {self.overlap} daily returns")
        likes = nearest(correlations(returns, self.overlap), count=self.nearest, least=self.least)
        where = {"symbol": list(ctx.symbols)}
        columns = (*COLUMNS[:2], "tags")
        stored = await ctx.tables.get("ticker_data", columns, where=where)
        names = {symbol: name for symbol, name, _ in stored}
        told = {symbol for symbol, _, tags in stored if TOLD_BY_VENDOR in (tags or ())}
        rows: list[Row] = [
            (symbol, names.get(symbol, symbol), [ctx.symbols[place] for place in each])
            for symbol, each in zip(ctx.symbols, likes, strict=True)
            if symbol not in told
        ]
        return await ctx.tables.put("ticker_data", COLUMNS, rows, key=COLUMNS[:1])


def correlations(returns: FloatArray, overlap: int) -> FloatArray:
    """Return the correlation of each pair of columns, NaN where it is not known; shape (columns, columns).

    `returns` has the shape (days, columns), NaN for none. A pair has one when both have `overlap`
    returns on the same days, and neither is always the same on these.
    """
    there = np.isfinite(returns)
    known = there.astype(np.float64)
    # Centred by each column's own mean, so that the sums below lose nothing to cancellation.
    counts = np.maximum(known.sum(axis=0), 1.0)
    values = np.where(there, returns, 0.0)
    values = np.where(there, values - values.sum(axis=0) / counts, 0.0)
    both = known.T @ known
    sums = values.T @ known
    squares = (values * values).T @ known
    with np.errstate(invalid="ignore", divide="ignore"):
        covariance = values.T @ values - sums * sums.T / both
        variance = squares - sums * sums / both
        found: FloatArray = covariance / np.sqrt(variance * variance.T)
    # What is left of the variance of a price that never moved is the noise of the sums.
    still = variance <= 1e-12 * np.maximum(squares, 1e-300)
    found[(both < overlap) | still | still.T] = np.nan
    return np.round(found, _PLACES)


def nearest(matrix: FloatArray, *, count: int, least: float) -> list[list[int]]:
    """Return for each row the columns of its greatest values of `least` and more, greatest first.

    Not its own; of equal values the first column is nearer.
    """
    matrix = matrix.copy()
    np.fill_diagonal(matrix, np.nan)
    order = np.argsort(-np.nan_to_num(matrix, nan=-np.inf), axis=1, kind="stable")[:, :count]
    return [
        [int(place) for place in places if row[place] >= least]
        for row, places in zip(matrix, order, strict=True)
    ]


def _returns(ctx: MinerContext, symbol: str, sessions: Sequence[date]) -> NDArray[np.float64]:
    """Return the log returns from session to session, NaN where one of the two has no bar."""
    closes = np.full(len(sessions), np.nan)
    read = partial(ctx.history.bars, symbol, DAY, sessions[0], sessions[-1])
    bars = read_or_skip(ctx, symbol, read, no_bars(symbol))
    numbers = np.array([day.toordinal() for day in sessions])
    days = ordinals(bars.start)
    traded = np.isin(days, numbers)
    closes[numbers.searchsorted(days[traded])] = bars.close[traded]
    return np.diff(np.log(closes))
