"""Raw bars of a vendor made comparable with those of a day, for a vendor whose rows are not kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from liualgotrader.common.calendar import Session
from liualgotrader.common.corporate_actions import split_bar
from liualgotrader.common.events import Bar, CorporateAction, Quote, Trade
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.ports import DataAPI, Snapshot
from liualgotrader.data.lake.days import day_of, is_crypto
from liualgotrader.mining.night import Night


class SplitData:
    """Implements `DataAPI` over one whose bars are raw: they are divided by the splits up to the night's day.

    All else is as the vendor has it.
    """

    def __init__(self, raw: DataAPI, night: Night) -> None:
        self._raw = raw
        self._night = night
        self._known: dict[str, date] = {}
        self._splits: dict[str, list[CorporateAction]] = {}

    async def assets(self) -> Sequence[Instrument]:
        """Return what can be traded."""
        return await self._raw.assets()

    async def snapshots(self, symbols: Sequence[str]) -> dict[str, Snapshot]:
        """Return what is known of each symbol now; unknown symbols are absent."""
        return await self._raw.snapshots(symbols)

    async def bars(
        self, symbols: Sequence[str], *, start: int, end: int, seconds: int
    ) -> dict[str, list[Bar]]:
        """Return the bars of `seconds` (60 or 86400) that were complete by `end`."""
        found = await self._raw.bars(symbols, start=start, end=end, seconds=seconds)
        shares = [symbol for symbol, bars in found.items() if bars and not is_crypto(symbol)]
        if shares:
            await self._know(shares, day_of(shares[0], start))
        return {symbol: self._adjusted(symbol, bars) for symbol, bars in found.items()}

    async def trades(
        self, symbols: Sequence[str], *, start: int, end: int
    ) -> dict[str, list[Trade]]:
        """Return the prints."""
        return await self._raw.trades(symbols, start=start, end=end)

    async def quotes(
        self, symbols: Sequence[str], *, start: int, end: int
    ) -> dict[str, list[Quote]]:
        """Return the best bids and asks."""
        return await self._raw.quotes(symbols, start=start, end=end)

    async def calendar(self, *, start: date, end: date) -> Sequence[Session]:
        """Return the trading days from `start` to `end`, both included, oldest first."""
        return await self._raw.calendar(start=start, end=end)

    async def corporate_actions(
        self, symbols: Sequence[str], *, start: date, end: date
    ) -> list[CorporateAction]:
        """Return what takes effect on the days from `start` to `end`, both included, by time."""
        return await self._raw.corporate_actions(symbols, start=start, end=end)

    async def _know(self, symbols: Sequence[str], first: date) -> None:
        """Have the splits from a day on; what is known is not asked for again."""
        last = self._night.day
        lacking = [each for each in symbols if self._known.get(each, date.max) > first]
        if not lacking or first > last:
            return
        told = await self._raw.corporate_actions(lacking, start=first, end=last)
        for symbol in lacking:
            self._known[symbol] = first
            self._splits[symbol] = [
                each
                for each in told
                if each.symbol == symbol and each.ratio not in (0, 1) and not each.new_symbol
            ]

    def _adjusted(self, symbol: str, bars: list[Bar]) -> list[Bar]:
        for split in self._splits.get(symbol, ()):
            if split.time < self._night.end:
                bars = [split_bar(bar, split.time, float(split.ratio)) for bar in bars]
        return bars
