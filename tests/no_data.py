"""A vendor that has nothing: what a test needs of a DataAPI, it puts in its place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from liualgotrader.common.calendar import Session
from liualgotrader.common.events import Bar, CorporateAction, Quote, Trade
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.ports import Snapshot


class NoData:
    """Implements DataAPI."""

    async def assets(self) -> Sequence[Instrument]:
        """Return nothing."""
        return []

    async def snapshots(self, symbols: Sequence[str]) -> dict[str, Snapshot]:
        """Return nothing."""
        return {}

    async def bars(
        self, symbols: Sequence[str], *, start: int, end: int, seconds: int
    ) -> dict[str, list[Bar]]:
        """Return no bars."""
        return {symbol: [] for symbol in symbols}

    async def trades(
        self, symbols: Sequence[str], *, start: int, end: int
    ) -> dict[str, list[Trade]]:
        """Return no prints."""
        return {symbol: [] for symbol in symbols}

    async def quotes(
        self, symbols: Sequence[str], *, start: int, end: int
    ) -> dict[str, list[Quote]]:
        """Return no quotes."""
        return {symbol: [] for symbol in symbols}

    async def calendar(self, *, start: date, end: date) -> Sequence[Session]:
        """Return no days."""
        return []

    async def corporate_actions(
        self, symbols: Sequence[str], *, start: date, end: date
    ) -> list[CorporateAction]:
        """Return nothing."""
        return []
