"""Which days bars are of, and symbols in portions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from liualgotrader.common.bar_table import BarTable
from liualgotrader.common.calendar import new_york
from liualgotrader.common.errors import ConfigError, FeedError, LiuError, StoreError
from liualgotrader.miners.base import MinerContext

T = TypeVar("T")

DAY, MINUTE = 86_400, 60
AT_ONCE = 50
"""Symbols that are asked for, read and written together."""

_DAY_NS = DAY * 1_000_000_000
_EPOCH = date(1970, 1, 1).toordinal()


def ordinals(start: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the days (`date.toordinal`) of day bars that begin at these midnights, ns UTC.

    A midnight of New York and one of UTC are both twelve hours before the noon of their day.
    """
    found: NDArray[np.int64] = (start + _DAY_NS // 2) // _DAY_NS + _EPOCH
    return found


def dates(start: NDArray[np.int64]) -> list[date]:
    """Return the dates of day bars that begin at these midnights."""
    return [date.fromordinal(number) for number in ordinals(start).tolist()]


def midnight(symbol: str, day: date, *, after: int = 0) -> int:
    """Return the midnight that begins a day, or one some days `after` it, ns UTC: of New York, of UTC for pairs."""
    begins = day + timedelta(days=after)
    if "/" in symbol:
        return (begins.toordinal() - _EPOCH) * _DAY_NS
    return new_york(begins)


def portions(symbols: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Iterate over the symbols in portions."""
    for begin in range(0, len(symbols), AT_ONCE):
        yield tuple(symbols[begin : begin + AT_ONCE])


def sessions_back(ctx: MinerContext, count: int) -> list[date]:
    """Return the last `count` trading days up to the miner's day, oldest first."""
    # Of ten weekdays at most two are holidays, but for 2001-09-11; a week to spare.
    first = ctx.day - timedelta(days=count * 7 // 4 + 10)
    return ctx.trading_days(first, ctx.day)[-count:]


def last_bars(ctx: MinerContext, symbol: str, count: int, since: date) -> BarTable:
    """Return at least the last `count` day bars up to the miner's day, or all that there are.

    `since`: the first of the last `count` trading days. A symbol that did not trade on all of them
    has bars further back.
    """
    table = ctx.history.bars(symbol, DAY, since, ctx.day)
    if len(table) >= count:
        return table
    span = ctx.history.span(symbol, DAY)
    if span is None or span[0] >= since:
        return table
    return ctx.history.bars(symbol, DAY, span[0], ctx.day)


def read_or_skip(ctx: MinerContext, symbol: str, read: Callable[[], T], otherwise: T) -> T:
    """Return what `read` does; `otherwise`, and the symbol left out, where a file of the history is spoilt."""
    try:
        return read()
    except ConfigError as exc:
        ctx.skip(symbol, f"its history cannot be read: {exc}")
        return otherwise


class Fetching:
    """Has the vendor's bars brought into the history, and lets go on where that fails.

    A portion that fails is left out tonight; when all fail, `raise_if_all` raises the last error.
    """

    def __init__(self, ctx: MinerContext, seconds: int) -> None:
        self._ctx = ctx
        self._seconds = seconds
        self._failure: LiuError | None = None
        self._succeeded = False
        self.asked = 0

    async def fetch(self, symbols: Sequence[str], first: date, last: date) -> bool:
        """Fetch what is missing of these days; return whether that went well."""
        try:
            self.asked += await self._ctx.history.fetch(self._seconds, symbols, first, last)
        except (FeedError, StoreError, ConfigError) as exc:
            self._failure = exc
            for symbol in symbols:
                self._ctx.skip(symbol, f"not fetched: {exc}")
            return False
        self._succeeded = True
        return True

    def raise_if_all(self) -> None:
        """Raise the last failure when nothing succeeded."""
        if self._failure is not None and not self._succeeded:
            raise self._failure
