"""What a consumer has missed of the market, until it is filled in from history."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from liualgotrader.common.clock import MINUTE
from liualgotrader.common.data_loader import DataLoader
from liualgotrader.common.events import FeedSource, FeedState, FeedStatus
from liualgotrader.session.inbox import Inbox
from liualgotrader.session.past import Past


class Gaps:
    """Symbols of which something is missing.

    A gap is told (GAPPED), filled with the bars of history that are missing, marked as such, and only then taken back
    (LIVE): entries wait for the bars. What is missed once more while a gap is being filled keeps it open.
    """

    def __init__(self, past: Past, data: DataLoader, inbox: Inbox, now: Callable[[], int]) -> None:
        self._past = past
        self._data = data
        self._inbox = inbox
        self._now = now
        self._lost: dict[str, None] = {}
        self._filling: dict[str, object] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def are_open(self) -> bool:
        """Whether something was lost that nobody fills in yet."""
        return bool(self._lost)

    def lost(self, symbols: Iterable[str], now: int, reason: str) -> FeedStatus:
        """Open gaps; return the word that says so."""
        names = tuple(dict.fromkeys(symbols))
        self.note(names)
        return FeedStatus(FeedState.GAPPED, now, names, reason, FeedSource.LINK)

    def note(self, symbols: Iterable[str]) -> None:
        """Open gaps that somebody else has told of."""
        for symbol in symbols:
            self._lost[symbol] = None
            self._filling.pop(symbol, None)

    def missed(self, symbols: Iterable[str], now: int, reason: str) -> list[FeedStatus]:
        """The stream was away: open gaps in those that have bars, and begin to fill them. Return what to tell."""
        known = [symbol for symbol in symbols if symbol in self._data]
        if not known:
            return []
        word = self.lost(known, now, reason)
        self.fill()
        return [word]

    def fill(self) -> None:
        """Begin to fill in what was lost; data flows again."""
        mark = object()
        symbols = tuple(self._lost)
        self._lost.clear()
        self._filling.update(dict.fromkeys(symbols, mark))
        task = asyncio.create_task(self._fill(symbols, mark))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _fill(self, symbols: tuple[str, ...], mark: object) -> None:
        now = self._now()
        # Without a bar there is nothing that would be missing in between.
        starts = {s: self._data[s].starts[-1] + MINUTE for s in symbols if s in self._data}
        self._inbox.put(*await self._past.gaps(starts, now))
        done = tuple(symbol for symbol in symbols if self._filling.get(symbol) is mark)
        for symbol in done:
            del self._filling[symbol]
        if done:
            reason = "what was missing is filled in"
            self._inbox.put(FeedStatus(FeedState.LIVE, self._now(), done, reason, FeedSource.LINK))

    def close(self) -> None:
        """Fill in no more."""
        for task in self._tasks:
            task.cancel()
