"""Market data of one vendor, with the assets that the broker trades: who sells data knows not what can be borrowed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from liualgotrader.common.calendar import Session
from liualgotrader.common.events import Bar, CorporateAction, Quote, Trade
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.ports import ClosingData, Snapshot


class BrokerAssets:
    """Implements `DataAPI`: assets and trading days are the broker's, all else is the vendor's."""

    def __init__(self, vendor: ClosingData, broker: ClosingData) -> None:
        self._vendor = vendor
        self._broker = broker

    def close(self) -> None:
        """Close both."""
        self._vendor.close()
        self._broker.close()

    async def assets(self) -> Sequence[Instrument]:
        """Return what can be traded."""
        return await self._broker.assets()

    async def calendar(self, *, start: date, end: date) -> Sequence[Session]:
        """Return the trading days from `start` to `end`, both included."""
        return await self._broker.calendar(start=start, end=end)

    async def snapshots(self, symbols: Sequence[str]) -> dict[str, Snapshot]:
        """Return what is known of each symbol now."""
        return await self._vendor.snapshots(symbols)

    async def bars(
        self, symbols: Sequence[str], *, start: int, end: int, seconds: int
    ) -> dict[str, list[Bar]]:
        """Return the bars of 60 or 86400 seconds that began in [start, end) and were complete by `end`."""
        return await self._vendor.bars(symbols, start=start, end=end, seconds=seconds)

    async def trades(
        self, symbols: Sequence[str], *, start: int, end: int
    ) -> dict[str, list[Trade]]:
        """Return the prints of [start, end)."""
        return await self._vendor.trades(symbols, start=start, end=end)

    async def quotes(
        self, symbols: Sequence[str], *, start: int, end: int
    ) -> dict[str, list[Quote]]:
        """Return the best bids and asks of [start, end)."""
        return await self._vendor.quotes(symbols, start=start, end=end)

    async def corporate_actions(
        self, symbols: Sequence[str], *, start: date, end: date
    ) -> list[CorporateAction]:
        """Return what takes effect from `start` to `end`, both included, by time."""
        return await self._vendor.corporate_actions(symbols, start=start, end=end)
