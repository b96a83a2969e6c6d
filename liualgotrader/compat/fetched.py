"""The bars of a DataLoader in a scanner or a miner: asked for as they are wanted, up to its moment."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol, TypeVar

import pandas as pd

from liualgotrader.common.data_loader import DataLoader, SymbolData
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.ports import DataAPI
from liualgotrader.compat.admitted import DAY_SECONDS
from liualgotrader.compat.errors import NothingLoaded, Unanswerable
from liualgotrader.compat.frames import timestamp

T = TypeVar("T")

_SECOND = 1_000_000_000
_DAY = DAY_SECONDS * _SECOND
_FETCH_SECONDS = 20.0
_DAYS = 30
_MINUTE_DAYS = 4
_SESSION_MINUTES = 390


class Fetches(Protocol):
    """What a scan and a miner have in common: answers as of `now`, ns UTC."""

    @property
    def now(self) -> int:
        """The moment."""

    @property
    def data(self) -> DataAPI:
        """Market data on request."""

    async def assets(self) -> Sequence[Instrument]:
        """Return what can be traded."""


class FetchedBars:
    """A `Source`: bars are asked for in the loop that waits for the old class's thread."""

    def __init__(
        self, ctx: Fetches, loop: asyncio.AbstractEventLoop, *, by_day: bool = False
    ) -> None:
        self.by_day = by_day
        self._ctx = ctx
        self._loop = loop
        self._known: dict[tuple[str, int], tuple[int, SymbolData]] = {}
        self._assets: Sequence[Instrument] | None = None

    def now(self) -> pd.Timestamp:
        """Return the moment."""
        return timestamp(self._ctx.now)

    def instruments(self) -> Sequence[Instrument]:
        """Return what can be traded."""
        if self._assets is None:
            self._assets = self._wait(self._ctx.assets())
        return self._assets

    def symbols(self) -> list[str]:
        """Return their symbols."""
        return [instrument.symbol for instrument in self.instruments()]

    def bars(
        self,
        symbol: str,
        *,
        daily: bool,
        since: int | None = None,
        at: int | None = None,
        count: int = 0,
    ) -> SymbolData:
        """Return a symbol's bars up to the scan's moment, from as far back as a key needs. Raises NothingLoaded."""
        seconds = DAY_SECONDS if daily or self.by_day else 60
        start = self._start(seconds, since=since, at=at, count=count)
        known = self._known.get((symbol, seconds))
        if known is None or start < known[0]:
            known = self._known[symbol, seconds] = start, self._fetch(symbol, start, seconds)
        if not len(known[1]):
            kind = "day" if seconds == DAY_SECONDS else "minute"
            raise NothingLoaded(
                f"{symbol}: there are no {kind} bars from {timestamp(start)} to {self.now()}"
            )
        return known[1]

    def _start(self, seconds: int, *, since: int | None, at: int | None, count: int) -> int:
        """Return from when on bars are fetched: weekends and holidays lie within twice the time and five days."""
        now = self._ctx.now
        back = _DAYS if seconds == DAY_SECONDS else _MINUTE_DAYS
        sessions = count if seconds == DAY_SECONDS else count / _SESSION_MINUTES
        if count:
            back = max(back, int(sessions * 2) + 5)
        starts = [now - back * _DAY]
        if since is not None:
            starts.append(since)
        if at is not None:
            starts.append(at - 5 * _DAY)
        return min(starts)

    def _fetch(self, symbol: str, start: int, seconds: int) -> SymbolData:
        found = self._ask(symbol, start, seconds) or self._ask(symbol.upper(), start, seconds)
        loader = DataLoader(seconds)
        for bar in found:
            loader.admit(bar)
        return loader[found[0].symbol] if found else SymbolData(symbol, seconds)

    def _ask(self, symbol: str, start: int, seconds: int) -> list[Any]:
        asked = self._ctx.data.bars([symbol], start=start, end=self._ctx.now, seconds=seconds)
        return self._wait(asked).get(symbol, [])

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Have the scan's loop do something, and wait for it in this thread."""
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result(_FETCH_SECONDS)
        except TimeoutError as exc:
            raise Unanswerable(
                f"no bars within {_FETCH_SECONDS:g} s; the scan is given up"
            ) from exc
