"""A vendor's market data cut at the end of a day, for a night that may be long past."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import TypeVar

import msgspec

from liualgotrader.common.calendar import Session
from liualgotrader.common.events import Bar, CorporateAction, Quote, Trade
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.ports import DataAPI, Snapshot
from liualgotrader.mining.night import Night

E = TypeVar("E", Bar, Trade, Quote)


class BlindData:
    """Implements `DataAPI`: nothing that happened from the midnight after the night's day on is told.

    Trading days are known long before, and told of any year. What can be traded is what the vendor says today.
    """

    def __init__(self, data: DataAPI, night: Night) -> None:
        self._data = data
        self._day = night.day
        self._end = night.end

    async def assets(self) -> Sequence[Instrument]:
        """Return what can be traded."""
        return await self._data.assets()

    async def snapshots(self, symbols: Sequence[str]) -> dict[str, Snapshot]:
        """Return what is known of each symbol; unknown symbols are absent, and those with later news alone."""
        found = await self._data.snapshots(symbols)
        cut = {symbol: self._cut(snapshot) for symbol, snapshot in found.items()}
        return {symbol: each for symbol, each in cut.items() if each is not None}

    async def bars(
        self, symbols: Sequence[str], *, start: int, end: int, seconds: int
    ) -> dict[str, list[Bar]]:
        """Return the bars of `seconds` (60 or 86400) that were complete by `end`."""
        end = min(end, self._end)
        if start >= end:
            return _nothing(symbols)
        found = await self._data.bars(symbols, start=start, end=end, seconds=seconds)
        return self._before(found, lambda bar: bar.start)

    async def trades(
        self, symbols: Sequence[str], *, start: int, end: int
    ) -> dict[str, list[Trade]]:
        """Return the prints of [start, end)."""
        end = min(end, self._end)
        if start >= end:
            return _nothing(symbols)
        found = await self._data.trades(symbols, start=start, end=end)
        return self._before(found, lambda trade: trade.ts_event)

    async def quotes(
        self, symbols: Sequence[str], *, start: int, end: int
    ) -> dict[str, list[Quote]]:
        """Return the best bids and asks of [start, end)."""
        end = min(end, self._end)
        if start >= end:
            return _nothing(symbols)
        found = await self._data.quotes(symbols, start=start, end=end)
        return self._before(found, lambda quote: quote.ts_event)

    async def calendar(self, *, start: date, end: date) -> Sequence[Session]:
        """Return the trading days from `start` to `end`, both included, oldest first."""
        return await self._data.calendar(start=start, end=end)

    async def corporate_actions(
        self, symbols: Sequence[str], *, start: date, end: date
    ) -> list[CorporateAction]:
        """Return what takes effect on the days from `start` to `end`, both included, by time."""
        end = min(end, self._day)
        if start > end:
            return []
        found = await self._data.corporate_actions(symbols, start=start, end=end)
        return [action for action in found if action.time < self._end]

    def _before(
        self, found: Mapping[str, Iterable[E]], time: Callable[[E], int]
    ) -> dict[str, list[E]]:
        return {s: [each for each in rows if time(each) < self._end] for s, rows in found.items()}

    def _cut(self, told: Snapshot) -> Snapshot | None:
        """Return what of a snapshot was known; the day before takes the place of a day that is too late."""
        days = [bar for bar in (told.day, told.previous_day) if bar and bar.start < self._end]
        cut = msgspec.structs.replace(
            told,
            trade=told.trade if told.trade and told.trade.ts_event < self._end else None,
            quote=told.quote if told.quote and told.quote.ts_event < self._end else None,
            minute=told.minute if told.minute and told.minute.start < self._end else None,
            day=days[0] if days else None,
            previous_day=days[1] if len(days) > 1 else None,
        )
        return cut if any((cut.trade, cut.quote, cut.minute, cut.day)) else None


def _nothing(symbols: Sequence[str]) -> dict[str, list[E]]:
    return {symbol: [] for symbol in symbols}
