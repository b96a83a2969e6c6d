"""The market day by day: a day bar is an opening, a rest of which the order is not known, and a close.

What the venue sees of a day bar is two bars: one of a second at the open, the first that trades, and the rest. So what
is bought at the open is known before the day goes on, a limit is met by the rest, and the closing auction gives the
close. The volume is the day's for both together.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterable, Sequence
from decimal import Decimal

import numpy as np

from liualgotrader.backtest.history import FAR, History, MergedBars, bars_of
from liualgotrader.backtest.scanning import PastScans
from liualgotrader.common.calendar import Session
from liualgotrader.common.events import Bar, MarketEvent, Picked
from liualgotrader.simulation.pit import Pit
from liualgotrader.venue.market import exact

SECOND = 1_000_000_000
DAY_SECONDS = 86_400
DAY = DAY_SECONDS * SECOND
_AT_ONCE = 250 * DAY


class DayMarket:
    """Puts a day's two bars into the pit, of the symbols with orders at work."""

    only_wanted = True

    def __init__(
        self, history: History, pit: Pit, scans: PastScans, *, without_auction: bool
    ) -> None:
        """`without_auction`: coins trade on and on; their day ends without an auction."""
        self._without_auction = without_auction
        self._history = history
        self._pit = pit
        self._scans = scans
        self._symbols: dict[str, None] = {}
        self._bars: list[Bar] = []
        self._ends: list[int] = []
        self._known = (0, 0)
        self._today: dict[str, Bar] = {}
        self._filled: dict[str, Decimal] = {}
        self._rested: set[str] = set()
        self._midnight = 0
        self.events = 0

    def begin_day(self, session: Session, midnight: int) -> None:
        """Turn to a day whose bars begin at `midnight`, ns UTC."""
        self._scans.begin_day(session)
        self._midnight = midnight
        self._rested.clear()
        self._today = {bar.symbol: bar for bar in self._day(midnight)}
        self.events += len(self._today)

    def complete(self) -> list[Bar]:
        """Return the bars of the day at hand, as strategies see them once it is over."""
        return list(self._today.values())

    def _day(self, midnight: int) -> list[Bar]:
        if not self._known[0] <= midnight < self._known[1]:
            self._read(midnight)
        end = midnight + DAY
        return self._bars[bisect_left(self._ends, end) : bisect_right(self._ends, end)]

    def _read(self, first: int) -> None:
        self._known = first, first + _AT_ONCE
        parts = []
        for symbol in sorted(self._symbols):
            rows = self._history.daily(symbol)
            begin, stop = np.searchsorted(rows.start, self._known)
            parts.append(rows.cut(int(begin), int(stop)))
        self._bars, self._ends = MergedBars(parts, DAY_SECONDS).between(0, FAR)

    # -- what the venue sees -----------------------------------------------------------------------

    def at_open(self, session: Session, begin: int) -> None:
        """Let the open trade, in the second that begins then."""
        bars = [
            Bar(b.symbol, begin, b.open, b.open, b.open, b.open, b.volume, 1)
            for b in self._working()
        ]
        self._filled = {bar.symbol: self._bought(bar.symbol) for bar in bars}
        self._load(bars, begin + SECOND)

    def at_rest(self, session: Session, begin: int, moment: int, only: Container[str]) -> None:
        """Let the rest of the day trade at a moment before its close, of these symbols alone.

        `begin`: when the opening second began.
        """
        bars = [self._rest(b, session, begin) for b in self._working() if b.symbol in only]
        self._rested.update(bar.symbol for bar in bars)
        self._load(bars, moment)

    def at_close(self, session: Session, begin: int) -> None:
        """Let the rest of the day trade; symbols without an order show their close."""
        working = [b for b in self._working() if b.symbol not in self._rested]
        bars = [self._rest(b, session, begin) for b in working]
        market, busy = self._pit.venue.account.market, {bar.symbol for bar in bars} | self._rested
        quiet = dict(self._today)
        for symbol in busy:
            quiet.pop(symbol, None)
        market.bars.update(quiet)
        if self._without_auction:
            # What is to be closed with the day has no auction: it trades in the day's last second.
            last = session.close - SECOND
            closing = [self._today[symbol] for symbol in sorted(busy | {b.symbol for b in working})]
            bars += [
                Bar(b.symbol, last, b.close, b.close, b.close, b.close, self._left(b), 1)
                for b in closing
            ]
        self._load(bars, session.close)

    def _rest(self, bar: Bar, session: Session, begin: int) -> Bar:
        start = begin + SECOND
        seconds = (session.close - start) // SECOND
        prices = bar.open, bar.high, bar.low, bar.close
        return Bar(bar.symbol, start, *prices, self._left(bar), seconds)

    def _working(self) -> list[Bar]:
        working = self._pit.venue.books.store.working
        return [self._today[symbol] for symbol in sorted(working) if symbol in self._today]

    def _load(self, bars: list[Bar], moment: int) -> None:
        self._pit.load(bars, [moment] * len(bars), only_bars=True)  # type: ignore[arg-type]  # bars are events

    def _bought(self, symbol: str) -> Decimal:
        """Return what has been executed in a symbol since orders were forgotten last."""
        executions = self._pit.venue.executions
        return sum((e.qty for e in executions if e.symbol == symbol), Decimal(0))

    def _left(self, bar: Bar) -> float:
        """Return the volume that the open left: ours was a part of the day's, not beside it."""
        participation = self._pit.venue.books.rules.participation
        if participation is None or bar.symbol not in self._filled:
            return bar.volume
        taken = self._bought(bar.symbol) - self._filled[bar.symbol]
        return max(bar.volume - float(taken / participation), 0.0)

    # -- what the simulation asks ------------------------------------------------------------------

    def history(self, symbol: str, *, now: int, minutes: int, days: int) -> tuple[Bar, ...]:
        """Return as many day bars before now as were declared, of whichever name."""
        count = max(minutes, days)
        if not count:
            return ()
        rows = self._history.daily(symbol)
        before = int(np.searchsorted(rows.start, now - DAY, "right"))
        cut = rows.cut(max(before - count, 0), before)
        return tuple(bars_of(self._history.as_known(cut, now), DAY_SECONDS))

    def wanted(self, symbols: Iterable[str], now: int) -> None:
        """Add symbols, with the price they had."""
        fresh = [symbol for symbol in symbols if symbol not in self._symbols]
        if not fresh:
            return
        market = self._pit.venue.account.market
        for symbol in fresh:
            self._symbols[symbol] = None
            for bar in self.history(symbol, now=now, minutes=1, days=0):
                market.marks[symbol] = exact(bar.close)
        self._known = (0, 0)
        today = {bar.symbol: bar for symbol in fresh for bar in self._rows_of_today(symbol)}
        self._today |= today
        self.events += len(today)

    def _rows_of_today(self, symbol: str) -> list[Bar]:
        rows = self._history.daily(symbol)
        begin, stop = np.searchsorted(rows.start, (self._midnight, self._midnight + 1))
        return bars_of(rows.cut(int(begin), int(stop)), DAY_SECONDS)

    def days(self, symbol: str, now: int) -> Sequence[Bar]:
        """Return the last two days that were over before `now`."""
        return self.history(symbol, now=now, minutes=0, days=2)

    def low(self, symbol: str, since: int, upto: int) -> float | None:
        """Return the day's open: what comes after it has no moments."""
        bar = self._today.get(symbol)
        return bar.open if bar is not None else None

    def heard(self, events: Sequence[MarketEvent]) -> None:
        """Do nothing: the lake remembers."""

    def next_scan(self) -> int:
        """Return when a scanner is due next."""
        return self._scans.next_scan()

    async def scan(self, upto: int) -> list[Picked]:
        """Run the scanners that are due."""
        return await self._scans.scan(upto)
