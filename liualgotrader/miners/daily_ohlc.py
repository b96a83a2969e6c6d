"""Day bars with their indicators, a night at a time, in the table `stock_ohlc`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from liualgotrader.common.bar_table import BarTable, no_bars
from liualgotrader.miners.bar_days import (
    DAY,
    Fetching,
    last_bars,
    ordinals,
    portions,
    read_or_skip,
    sessions_back,
)
from liualgotrader.miners.base import Miner, MinerContext, Row
from liualgotrader.miners.behind import Behind
from liualgotrader.miners.daily_rows import COLUMNS, KEY, Indicators, rows

_Stored = Mapping[int, tuple[float, ...]]

# The newest rows are all compared with the bars, older ones every so many days: a split changes all
# rows before it, so one of them tells.
_RECENT, _EVERY = 20, 20


class _Work(NamedTuple):
    """What a night has to do: its first day for whoever has no rows yet, and the days to compare.

    From `recent` on all days are compared. `needed`: how many bars are looked at, from the day
    `stretch` on where none is missing.
    """

    first: date
    since: date | None
    recent: date
    probes: list[date]
    indicators: Indicators
    needed: int
    stretch: date


class DailyOHLC(Miner):
    """Keeps day bars of the universe, adjusted for splits, with indicators beside them.

    The vendor is asked for the days that the history on disk lacks. Rows are written for the days that
    have none; their indicators are made of a bounded stretch of bars before them (see
    `fincalcs.bounded`), so that they are the same bits when all is made anew. Where a stored row is
    not the bar any more, after a split or a late correction, all rows of its symbol are made anew.

    `years` of history, or `days` of it (calendar days) if given. Symbols whose last close is below
    `min_price` or above `max_price` are left out; 0 is no bound. `averages`: periods of the simple
    moving averages. `rsi` and `atr`: Wilder's periods, 0 for none. `macd`: fast, slow and signal
    period, empty for none.
    """

    years: float = 5.0
    days: int = 0
    min_price: float = 0.0
    max_price: float = 0.0
    averages: list[int] = [7, 21, 50, 100, 200]  # noqa: RUF012 - a parameter
    rsi: int = 14
    atr: int = 14
    macd: list[int] = [12, 26, 9]  # noqa: RUF012 - a parameter

    async def run(self, ctx: MinerContext) -> int:
        """Bring bars and rows up to the miner's day; return how many rows are new or changed."""
        work = self._work(ctx)
        fetching = Fetching(ctx, DAY)
        replaced = done = 0
        async with Behind() as behind:
            for symbols in portions(ctx.symbols):
                if await fetching.fetch(symbols, work.first, ctx.day):
                    found, wrong = await self._portion(ctx, symbols, work)
                    for symbol, each in wrong.items():
                        replaced += await _replace(ctx, symbol, each)
                    if found:
                        put = ctx.tables.put("stock_ohlc", COLUMNS, found, key=KEY)
                        await behind.hand_over(put)
                done += len(symbols)
                ctx.progress(done, len(ctx.symbols))
        fetching.raise_if_all()
        changed = replaced + behind.count
        ctx.log(f"{changed} rows; {fetching.asked} days asked for")
        return changed

    def _work(self, ctx: MinerContext) -> _Work:
        indicators = Indicators(tuple(self.averages), self.rsi, self.atr, tuple(self.macd))
        length = timedelta(days=self.days or round(self.years * 365.25))
        first = ctx.day - length
        needed = indicators.memory + _RECENT
        stretch = sessions_back(ctx, needed)
        recent, older = stretch[-_RECENT:], stretch[:-_RECENT]
        probes = [*older[::-_EVERY][::-1], *recent]
        return _Work(
            first=first,
            since=ctx.since,
            recent=max(first, recent[0]),
            probes=[day for day in probes if day >= first],
            indicators=indicators,
            needed=needed,
            stretch=stretch[0],
        )

    async def _portion(
        self, ctx: MinerContext, symbols: Sequence[str], work: _Work
    ) -> tuple[list[Row], dict[str, list[Row]]]:
        """Return the rows that are missing of some symbols, and all rows of those whose stored ones are wrong.

        The work is in a thread, so that the rows before these get to the database meanwhile.
        """
        probes = {"symbol": list(symbols), "symbol_date": work.probes}
        stored = await _stored(ctx, probes)
        found, anew = await asyncio.to_thread(self._fresh, ctx, symbols, stored, work)
        if not anew:
            return found, {}
        stored = await _stored(ctx, {"symbol": anew})
        more, wrong = await asyncio.to_thread(_all, ctx, anew, stored, work)
        return found + more, wrong

    def _fresh(
        self, ctx: MinerContext, symbols: Sequence[str], stored: Mapping[str, _Stored], work: _Work
    ) -> tuple[list[Row], list[str]]:
        """Return rows of new days, and the symbols of which all are to be looked at."""
        found: list[Row] = []
        anew = []
        for symbol in symbols:
            read = partial(last_bars, ctx, symbol, work.needed, work.stretch)
            bars = read_or_skip(ctx, symbol, read, no_bars(symbol))
            if not self._is_wanted(ctx, bars):
                continue
            begin = _begin(bars, stored.get(symbol, {}), work)
            if begin is None:
                anew.append(symbol)
            elif begin < len(bars):
                found += rows(bars, work.indicators, begin)
        return found, anew

    def _is_wanted(self, ctx: MinerContext, bars: BarTable) -> bool:
        """Whether a symbol has bars at a price that is asked for; what is amiss is told."""
        if not len(bars):
            ctx.skip(bars.symbol, "no day bars")
            return False
        close = float(bars.close[-1])
        if close < self.min_price or 0 < self.max_price < close:
            ctx.skip(bars.symbol, f"its close of {close:g} is out of min_price and max_price")
            return False
        last = date.fromordinal(int(ordinals(bars.start[-1:])[0]))
        if last < ctx.day:
            ctx.skip(bars.symbol, f"no bar of {ctx.day}; the last is of {last}")
        return True


def _all(
    ctx: MinerContext, symbols: Sequence[str], stored: Mapping[str, _Stored], work: _Work
) -> tuple[list[Row], dict[str, list[Row]]]:
    """Return all rows of symbols, apart by symbol where a stored one is not its bar any more."""
    found: list[Row] = []
    wrong = {}
    for symbol in symbols:
        span = ctx.history.span(symbol, DAY)
        if span is None:
            continue
        read = partial(ctx.history.bars, symbol, DAY, span[0], ctx.day)
        bars = read_or_skip(ctx, symbol, read, no_bars(symbol))
        if not len(bars):
            continue
        numbers = ordinals(bars.start)
        begin = int(numbers.searchsorted(work.first.toordinal()))
        made = rows(bars, work.indicators, begin)
        if _differing(bars, numbers, stored.get(symbol, {})):
            wrong[symbol] = made
        else:
            found += made
    return found, wrong


async def _replace(ctx: MinerContext, symbol: str, found: Sequence[Row]) -> int:
    """Put rows in the place of all stored ones of a symbol; return how many there are."""
    return await ctx.tables.replace("stock_ohlc", COLUMNS, found, where={"symbol": symbol})


async def _stored(ctx: MinerContext, where: Mapping[str, object]) -> dict[str, _Stored]:
    """Return the stored bars by symbol and day (ordinal)."""
    found: dict[str, dict[int, tuple[float, ...]]] = {}
    for symbol, day, *values in await ctx.tables.get("stock_ohlc", COLUMNS[:-1], where=where):
        found.setdefault(symbol, {})[day.toordinal()] = tuple(values)
    return dict(found)


def _begin(bars: BarTable, stored: _Stored, work: _Work) -> int | None:
    """Return the index of the first bar whose row is to be written, None to look at all of them.

    The newest days tell, where what came before them was written already.
    """
    numbers = ordinals(bars.start)
    recent = int(numbers.searchsorted(work.recent.toordinal()))
    differing = _differing(bars, numbers, stored)
    lacking = [place for place in range(recent, len(bars)) if int(numbers[place]) not in stored]
    first = int(numbers[min(recent, len(bars) - 1)])
    if first not in stored or any(place < recent for place in differing):
        return None
    begin = min([len(bars), *lacking, *differing])
    if work.since is not None:
        begin = min(begin, int(numbers.searchsorted(work.since.toordinal())))
    return begin if begin >= recent else None


def _differing(bars: BarTable, numbers: NDArray[np.int64], stored: _Stored) -> list[int]:
    """Return the indexes of the bars that are not what is stored of their days."""
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    found = []
    for number, values in stored.items():
        place = int(numbers.searchsorted(number))
        if place < len(numbers) and numbers[place] == number:
            if tuple(float(column[place]) for column in columns) != values:
                found.append(place)
    return found
