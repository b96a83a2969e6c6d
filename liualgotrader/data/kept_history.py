"""A vendor's history, fetched once: what is past and complete is kept in the lake, and read from there."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

from liualgotrader.common.calendar import Session
from liualgotrader.common.events import Bar, CorporateAction, Quote, Trade
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.ports import ClosingData, Snapshot
from liualgotrader.data.kept_actions import KeptActions
from liualgotrader.data.lake import Kind, Lake, Rows, adjusted
from liualgotrader.data.lake.as_events import (
    MarketEvent,
    bars_of,
    quotes_of,
    rows_of,
    trades_of,
)
from liualgotrader.data.lake.day_ranges import Range
from liualgotrader.data.lake.days import MINUTE, SECOND, day_of, is_crypto
from liualgotrader.data.lake.kept import Kept, bounds
from liualgotrader.data.lake.rows import joined, no_rows

log = logging.getLogger(__name__)

SETTLES = 15 * MINUTE
"""How long after a day's midnight its rows are final: delayed feeds and late bars are in by then."""

_SYMBOLS_AT_ONCE = 50
# Symbols times days of one request and one write: some hundred thousand rows.
_SYMBOL_DAYS = {Kind.DAY: 50_000, Kind.MINUTE: 400, Kind.TRADES: 1, Kind.QUOTES: 1}
# A day of New York may have 23 hours; the bar that began with it is said to be complete after 24.
_SPARE = 2 * 3_600 * SECOND
_Events = Mapping[str, Sequence[MarketEvent]]


class KeptHistory:
    """Implements `DataAPI` over a vendor's, whose prices must be raw, and a lake.

    Whole days that are over are fetched once for all and kept, empty ones too, marked by `source`,
    such as alpaca/sip: a day of another feed is fetched anew and takes the former's place. Rows
    that were imported stay, and a vendor's fill the gaps. Today is asked for each time. What comes
    from the lake has no vwap and no count. Bars, prints and quotes are divided by the splits since;
    splits and dividends are fetched along, and recorded. Day bars of pairs are the vendor's own,
    asked for each time: its days need not begin at midnight UTC. `now` in ns UTC; `as_of`: up to
    when splits count, where that is not now.
    """

    def __init__(
        self,
        vendor: ClosingData,
        lake: Lake,
        *,
        source: str,
        now: Callable[[], int],
        as_of: Callable[[], int] | None = None,
    ) -> None:
        self.source = source
        self.kept = Kept(lake)
        self.impossible = 0
        self._vendor = vendor
        self.lake = lake
        self._now = now
        self._as_of = as_of or now
        self._actions = KeptActions(vendor, self.kept, lake, source=source, now=now)
        self._fetching = asyncio.Lock()

    def close(self) -> None:
        """Close the vendor's."""
        self._vendor.close()

    # ------------------------------------------------------------------ what is not kept

    async def assets(self) -> Sequence[Instrument]:
        """Return what can be traded."""
        return await self._vendor.assets()

    async def snapshots(self, symbols: Sequence[str]) -> dict[str, Snapshot]:
        """Return what is known of each symbol now."""
        return await self._vendor.snapshots(symbols)

    async def calendar(self, *, start: date, end: date) -> Sequence[Session]:
        """Return the trading days from `start` to `end`, both included."""
        return await self._vendor.calendar(start=start, end=end)

    async def corporate_actions(
        self, symbols: Sequence[str], *, start: date, end: date
    ) -> list[CorporateAction]:
        """Return what takes effect from `start` to `end`, both included, by time."""
        return await self._vendor.corporate_actions(symbols, start=start, end=end)

    # ------------------------------------------------------------------ what is

    async def bars(
        self, symbols: Sequence[str], *, start: int, end: int, seconds: int
    ) -> dict[str, list[Bar]]:
        """Return the bars of 60 or 86400 seconds that began in [start, end) and were complete by `end`."""
        kind = Kind.MINUTE if seconds == Kind.MINUTE.seconds else Kind.DAY
        found: dict[str, list[Bar]] = {symbol: [] for symbol in symbols}
        theirs = [symbol for symbol in symbols if kind is Kind.DAY and is_crypto(symbol)]
        if theirs:
            found |= await self._vendor.bars(theirs, start=start, end=end, seconds=seconds)
        ours = [symbol for symbol in symbols if symbol not in theirs]
        latest = end - seconds * SECOND
        for symbol, rows in (await self._rows(kind, ours, start, end)).items():
            found[symbol] = [bar for bar in bars_of(rows, seconds) if bar.start <= latest]
        return found

    async def trades(
        self, symbols: Sequence[str], *, start: int, end: int
    ) -> dict[str, list[Trade]]:
        """Return the prints of [start, end)."""
        rows = await self._rows(Kind.TRADES, symbols, start, end)
        return {symbol: trades_of(each) for symbol, each in rows.items()}

    async def quotes(
        self, symbols: Sequence[str], *, start: int, end: int
    ) -> dict[str, list[Quote]]:
        """Return the best bids and asks of [start, end)."""
        rows = await self._rows(Kind.QUOTES, symbols, start, end)
        return {symbol: quotes_of(each) for symbol, each in rows.items()}

    def final_day(self, symbol: str) -> int:
        """Return the last day (ordinal) that is over and whose rows are final."""
        return day_of(symbol, self._now() - SETTLES).toordinal() - 1

    async def keep(self, kind: Kind, symbols: Sequence[str], days: Range) -> None:
        """Fetch what is not there of these days (ordinals), as far as they are final, and keep it."""
        async with self._fetching:
            for part, first, last in await asyncio.to_thread(self._lacking, kind, symbols, days):
                start, end = bounds(part[0], (first, last))
                spare = _SPARE if kind is Kind.DAY else 0
                events = await self._ask(kind, part, start, end + spare)
                await asyncio.to_thread(self._fill, kind, part, events, (first, last))

    async def keep_so_far(self, symbols: Sequence[str], day: date, *, mark: str) -> None:
        """Keep the day bars of a day that is over and not final yet, marked as from elsewhere.

        `keep` puts the final ones in their place. What was kept so before stays.
        """
        number = day.toordinal()
        async with self._fetching:
            lacking = [
                symbol
                for symbol in symbols
                if self.final_day(symbol) < number
                and self.kept.missing(Kind.DAY, symbol, mark, (number, number))
            ]
            for part, first, last in _pieces(Kind.DAY, lacking, (number, number)):
                start, end = bounds(part[0], (first, last))
                events = await self._ask(Kind.DAY, part, start, end + _SPARE)
                await asyncio.to_thread(self._fill, Kind.DAY, part, events, (first, last), mark)

    async def know_actions(self, symbols: Sequence[str], first: date) -> None:
        """Have what took effect since a day in the lake: splits, dividends, new names."""
        await self._actions.know(symbols, first.toordinal())

    # ------------------------------------------------------------------ reading

    async def _rows(
        self, kind: Kind, symbols: Sequence[str], start: int, end: int
    ) -> dict[str, Rows]:
        """Return the rows of [start, end) by symbol: the past from the lake, today from the vendor."""
        found = {symbol: no_rows(kind, symbol) for symbol in symbols}
        pairs = [symbol for symbol in symbols if is_crypto(symbol)]
        shares = [symbol for symbol in symbols if not is_crypto(symbol)]
        for part in (shares, pairs):
            if part and start < end:
                found |= await self._rows_alike(kind, part, start, end)
        return found

    async def _rows_alike(
        self, kind: Kind, symbols: Sequence[str], start: int, end: int
    ) -> dict[str, Rows]:
        """Return the rows of symbols that have the same days."""
        first, last = (day_of(symbols[0], ts).toordinal() for ts in (start, end - 1))
        await self.keep(kind, symbols, (first, last))
        await self._actions.know(symbols, first)
        today = self.final_day(symbols[0]) + 1
        begins = bounds(symbols[0], (today, today))[0]
        fresh: _Events = {}
        if end > begins:
            fresh = await self._ask(kind, symbols, max(start, begins), end)
        past = (start, min(end, begins))
        return await asyncio.to_thread(self._together, kind, symbols, past, fresh)

    def _together(
        self, kind: Kind, symbols: Sequence[str], past: Range, fresh: _Events
    ) -> dict[str, Rows]:
        found = {}
        for symbol in symbols:
            parts = [rows_of(kind, symbol, fresh.get(symbol, ()))[0]]
            if past[0] < past[1]:
                parts.insert(0, self.kept.rows(kind, symbol, *past))
            actions = self.lake.recorded(symbol)
            found[symbol] = adjusted(joined(parts), actions, self._as_of(), dividends=False)
        return found

    # ------------------------------------------------------------------ fetching

    async def _ask(self, kind: Kind, symbols: Sequence[str], start: int, end: int) -> _Events:
        if kind is Kind.TRADES:
            return await self._vendor.trades(symbols, start=start, end=end)
        if kind is Kind.QUOTES:
            return await self._vendor.quotes(symbols, start=start, end=end)
        return await self._vendor.bars(symbols, start=start, end=end, seconds=kind.seconds)

    def _lacking(
        self, kind: Kind, symbols: Sequence[str], days: Range
    ) -> list[tuple[tuple[str, ...], int, int]]:
        """Return what to ask for: symbols that lack the same days, and these days, in pieces."""
        alike: dict[tuple[bool, Range], list[str]] = defaultdict(list)
        for symbol in symbols:
            wanted = (days[0], min(days[1], self.final_day(symbol)))
            for each in self.kept.missing(kind, symbol, self.source, wanted):
                alike[is_crypto(symbol), each].append(symbol)
        return [
            piece
            for (_, each), found in sorted(alike.items())
            for piece in _pieces(kind, found, each)
        ]

    def _fill(
        self, kind: Kind, symbols: Sequence[str], events: _Events, days: Range, mark: str = ""
    ) -> None:
        for symbol in symbols:
            rows, impossible = rows_of(kind, symbol, events.get(symbol, ()))
            if impossible:
                self.impossible += impossible
                log.warning(
                    "%s: %d %ss of %s are impossible and not kept",
                    symbol, impossible, kind.row_name, self.source,
                )  # fmt: skip
            self.kept.fill(kind, rows.between(*bounds(symbol, days)), mark or self.source, days)


def _pieces(
    kind: Kind, symbols: Sequence[str], days: Range
) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """Cut symbols and days so that no piece has too many rows."""
    most = _SYMBOL_DAYS[kind]
    at_once = min(_SYMBOLS_AT_ONCE, most)
    for begin in range(0, len(symbols), at_once):
        part = tuple(symbols[begin : begin + at_once])
        length = max(1, most // len(part))
        for first in range(days[0], days[1] + 1, length):
            yield part, first, min(first + length - 1, days[1])
