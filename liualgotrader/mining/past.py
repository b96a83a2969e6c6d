"""What past batches traded, and the quotes of its moments: those on disk, else those that a batch heard."""

from __future__ import annotations

import asyncio
import logging
from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np

from liualgotrader.analytics.execution_costs import BidAsk
from liualgotrader.common.bar_table import Floats, Ints
from liualgotrader.common.errors import StoreError
from liualgotrader.common.events import Quote
from liualgotrader.data.lake import Kind, Lake
from liualgotrader.data.lake.days import day_of, day_start
from liualgotrader.models.journal import BatchFrame, read_journal
from liualgotrader.models.journal_files import journal_files
from liualgotrader.models.past_batches import PastBatches
from liualgotrader.models.run_store import RunStore

log = logging.getLogger(__name__)

_Quotes = tuple[Ints, Floats, Floats]
_ONE_DAY = timedelta(days=1)
FOLDER = "journals"


class NightBatches(PastBatches, RunStore):
    """Implements `miners.past.Batches`. Set `lake` and `home` before asking for quotes."""

    lake: Lake
    home: Path
    _heard: tuple[str, dict[str, _Quotes]] = ("", {})

    async def quotes(
        self, batch_id: str, symbol: str, moments: Sequence[int]
    ) -> Sequence[BidAsk | None]:
        """Return the best bid and ask at each of these moments, ns UTC; None where neither disk nor batch knows it.

        What was quoted on an earlier day counts no more.
        """
        stored = await asyncio.to_thread(self._stored, symbol, moments)
        if all(stored):
            return stored
        if self._heard[0] != batch_id:
            self._heard = batch_id, await self._listen(batch_id)
        heard = self._heard[1].get(symbol)
        return [
            quote or (heard and _at(heard, symbol, moment))
            for quote, moment in zip(stored, moments, strict=True)
        ]

    def _stored(self, symbol: str, moments: Sequence[int]) -> list[BidAsk | None]:
        """Return what the history on disk has."""
        if not self.lake.parts(Kind.QUOTES, symbol):
            return [None] * len(moments)
        first, last = (day_of(symbol, moment) for moment in (min(moments), max(moments)))
        rows = self.lake.read(
            Kind.QUOTES, symbol, day_start(symbol, first), day_start(symbol, last + _ONE_DAY)
        )
        quotes = _clean(rows.start, rows.bid, rows.ask)
        return [_at(quotes, symbol, moment) for moment in moments]

    async def _listen(self, batch_id: str) -> dict[str, _Quotes]:
        """Return the quotes that a batch's journals hold of what it traded, by symbol."""
        traded = frozenset(order.symbol for order in await self.executed_orders(batch_id))
        files = journal_files(await self.journals(batch_id), self.home / FOLDER / batch_id)
        paths = [path for parts in files.values() for path in parts if path is not None]
        return await asyncio.to_thread(_heard, paths, traded)


def _heard(paths: Iterable[Path], symbols: frozenset[str]) -> dict[str, _Quotes]:
    # A live day has millions of quotes: 24 bytes each.
    found = {symbol: (array("q"), array("d"), array("d")) for symbol in symbols}
    for quote in _quotes(paths):
        if quote.symbol in found:
            times, bids, asks = found[quote.symbol]
            times.append(quote.ts_event)
            bids.append(quote.bid)
            asks.append(quote.ask)
    return {symbol: _in_order(*map(np.array, columns)) for symbol, columns in found.items()}


def _in_order(times: Ints, bids: Floats, asks: Floats) -> _Quotes:
    order = np.argsort(times, kind="stable")
    return _clean(times[order], bids[order], asks[order])


def _quotes(paths: Iterable[Path]) -> Iterator[Quote]:
    """Yield the quotes of journals, as far as these can be read."""
    for path in paths:
        try:
            for frame in read_journal(path):
                if isinstance(frame, BatchFrame):
                    yield from (event for event in frame.events if isinstance(event, Quote))
        except StoreError as exc:
            log.warning("the quotes of %s are not used: %s", path, exc)


def _clean(times: Ints, bids: Floats, asks: Floats) -> _Quotes:
    """Return the quotes that have both sides and are not crossed."""
    good = (bids > 0) & (asks >= bids) & (asks < np.inf)
    return times[good], bids[good], asks[good]


def _at(quotes: _Quotes, symbol: str, moment: int) -> BidAsk | None:
    times, bids, asks = quotes
    place = int(times.searchsorted(moment, side="right")) - 1
    if place < 0 or times[place] < day_start(symbol, day_of(symbol, moment)):
        return None
    return BidAsk(float(bids[place]), float(asks[place]))
