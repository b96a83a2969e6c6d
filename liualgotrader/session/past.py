"""Bars from before now, on request: for warming up, and for what a gap left out."""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from math import ceil

from liualgotrader.common.errors import FeedError
from liualgotrader.common.events import Bar, HistoryLoaded
from liualgotrader.common.ports import DataAPI
from liualgotrader.engine.viability import history_minutes
from liualgotrader.session.patience import patiently
from liualgotrader.strategies.base import Strategy

log = logging.getLogger(__name__)

_DAY = 86_400_000_000_000
_SECONDS = 20.0
_NAMED = 5
_SESSION_MINUTES = 390
# Warm-up minutes are looked for in so many days at least: over a long weekend, and the session before it.
_MINUTES_IN_DAYS = 4


class Past:
    """Asks the vendor for history; what does not come is told, and the session goes on without it."""

    def __init__(
        self,
        data: DataAPI,
        strategies: Iterable[Strategy],
        *,
        session_open: int,
        tell: Callable[[str], None],
    ) -> None:
        self._data = data
        self._open = session_open
        self._tell = tell
        declared = [(history_minutes(each), each.warmup_days) for each in strategies]
        self._minutes = max((minutes for minutes, _ in declared), default=0)
        self._days = max((days for _, days in declared), default=0)

    async def warm_up(self, symbol: str, now: int) -> HistoryLoaded:
        """Return the bars that the strategies declared, days before minutes, complete by `now`."""
        bars: list[Bar] = []
        if self._days:
            # Twice as many calendar days hold as many sessions, over any run of holidays.
            start = self._open - (self._days * 2 + 5) * _DAY
            daily = await self._bars(symbol, start, self._open, 86_400)
            bars += daily[-self._days :]
        if self._minutes:
            minutes = await self._bars(symbol, self._open - minutes_reach(self._minutes), now, 60)
            bars += declared(minutes, self._minutes, self._open)
        return HistoryLoaded(symbol, now, tuple(bars))

    async def gaps(self, starts: Mapping[str, int], now: int) -> list[HistoryLoaded]:
        """Return, for each symbol, the minute bars that began at or after its start and were complete by `now`."""
        if not starts:
            return []
        bars = await self._ask(tuple(starts), min(starts.values()), now, 60)
        return [
            HistoryLoaded(
                symbol, now, tuple(b for b in bars.get(symbol, ()) if b.start >= start), gap=True
            )
            for symbol, start in starts.items()
        ]

    async def _bars(self, symbol: str, start: int, end: int, seconds: int) -> list[Bar]:
        return (await self._ask((symbol,), start, end, seconds)).get(symbol, [])

    async def _ask(
        self, symbols: tuple[str, ...], start: int, end: int, seconds: int
    ) -> dict[str, list[Bar]]:
        if start >= end:
            return {}
        try:
            return await patiently(
                lambda: self._data.bars(symbols, start=start, end=end, seconds=seconds),
                seconds=_SECONDS,
            )
        except FeedError as exc:
            names = ", ".join(symbols[:_NAMED]) + (" ..." if len(symbols) > _NAMED else "")
            log.warning("no history for %s: %s", names, exc)
            self._tell(f"no history for {names}: {exc}")
            return {}


def minutes_reach(count: int) -> int:
    """Return how far before the open `count` minute bars are looked for, ns: more than a session's takes more days."""
    sessions = ceil(max(count - _SESSION_MINUTES, 0) / _SESSION_MINUTES)
    return (_MINUTES_IN_DAYS + ceil(sessions * 7 / 5)) * _DAY


def declared(minutes: list[Bar], count: int, session_open: int) -> list[Bar]:
    """Return today's minutes since the open, with as many before them as make `count`, if there are."""
    today = bisect_left(minutes, session_open, key=lambda bar: bar.start)
    return minutes[max(min(today, len(minutes) - count), 0) :]
