"""The market of one past day by minutes, or by prints and quotes where the lake has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from liualgotrader.backtest.history import DAY, ROWS_A_DAY, History, MergedBars, bars_of
from liualgotrader.backtest.scanning import PastScans
from liualgotrader.common.calendar import Session
from liualgotrader.common.events import Bar, MarketEvent, Picked
from liualgotrader.common.plan import Channel
from liualgotrader.data.lake import Kind, Rows
from liualgotrader.exchange.columns import BAR, QUOTE, TRADE, Columns, events, joined, of_kind
from liualgotrader.session.past import minutes_reach
from liualgotrader.simulation.pit import Pit
from liualgotrader.venue.market import exact

MINUTE = 60_000_000_000
# So many rows are merged at once while the symbols stay the same from day to day.
_ROWS_AT_ONCE = 100_000
_FINE = ((Kind.TRADES, Channel.TRADES, TRADE), (Kind.QUOTES, Channel.QUOTES, QUOTE))


class MinuteMarket:
    """Puts a day's events into the pit, of the symbols that somebody trades."""

    only_wanted = True

    def __init__(
        self, history: History, pit: Pit, channels: frozenset[Channel], scans: PastScans
    ) -> None:
        self._history = history
        self._pit = pit
        self._scans = scans
        wanted = set(channels) | ({Channel.TRADES} if Channel.SECOND in channels else set())
        has = {kind: set(history.lake.symbols(kind)) for kind, _, _ in _FINE}
        self._fine = [
            (kind, number, has[kind]) for kind, channel, number in _FINE if channel in wanted
        ]
        self._session: Session | None = None
        self._loaded: dict[str, None] = {}
        self._merged = MergedBars([], 60)
        self._merged_of: tuple[list[str], int, int] = ([], 0, 0)
        self.events = 0

    @property
    def session(self) -> Session:
        """The day at hand."""
        assert self._session is not None  # begin_day comes first
        return self._session

    def begin_day(self, session: Session, symbols: Iterable[str]) -> int:
        """Load a day of these symbols; return when its last event is known, ns UTC."""
        self._session = session
        self._loaded = dict.fromkeys(symbols)
        self._scans.begin_day(session)
        # What was is let go in its own order before what comes is made: it comes to lie in the same places.
        self._pit.load([], [], only_bars=True)
        self._load(session.pre_open - 1)
        return self._pit.stamps[-1] if self._pit.stamps else session.close

    def wanted(self, symbols: Iterable[str], now: int) -> None:
        """Add the rest of the day of symbols that are new."""
        fresh = [symbol for symbol in symbols if symbol not in self._loaded]
        if not fresh:
            return
        for symbol in fresh:
            self._loaded[symbol] = None
            self._mark(symbol, now)
        self.events -= len(self._pit.events) - self._pit.next
        self._load(now)

    def _mark(self, symbol: str, now: int) -> None:
        """Let the venue know the last price before `now`."""
        market = self._pit.venue.account.market
        if symbol in market.bars:
            return
        rows = self._history.rows(Kind.MINUTE, symbol, self.session.pre_open - 1, now - MINUTE + 1)
        closes = rows.values[3].tolist()[-1:] or [bar.close for bar in self._days(symbol, 1)]
        for close in closes:
            market.marks[symbol] = exact(close)

    def _load(self, after: int) -> None:
        symbols = sorted(self._loaded)
        hours = max(self.session.pre_open, after - MINUTE + 1), self.session.post_close
        fine = list(self._fine_rows(symbols, after))
        if not fine:
            bars, stamps = self._bars_between(symbols, *hours)
            self._pit.load(bars, stamps, only_bars=True)  # type: ignore[arg-type]  # bars are events
        else:
            parts = [self._history.rows(Kind.MINUTE, symbol, *hours) for symbol in symbols]
            self._load_fine(symbols, parts, fine)
        self.events += len(self._pit.events)

    def _bars_between(
        self, symbols: list[str], start: int, end: int
    ) -> tuple[list[Bar], list[int]]:
        """Return the bars that began in [start, end). For symbols that stay, those of days ahead are merged, too."""
        known, first, last = self._merged_of
        if symbols != known or start < first or end > last:
            days = _ROWS_AT_ONCE // (ROWS_A_DAY * max(len(symbols), 1)) if symbols == known else 0
            last = end + days * DAY
            parts = [self._history.rows(Kind.MINUTE, symbol, start, last) for symbol in symbols]
            self._merged, self._merged_of = MergedBars(parts, 60), (symbols, start, last)
        return self._merged.between(start, end)

    def _fine_rows(self, symbols: Sequence[str], after: int) -> Iterable[tuple[int, Rows]]:
        for kind, number, has in self._fine:
            for symbol in symbols:
                if symbol in has:
                    rows = self._history.rows(kind, symbol, after + 1, self.session.post_close)
                    if len(rows):
                        yield number, rows

    def _load_fine(
        self, symbols: Sequence[str], bars: Sequence[Rows], fine: Sequence[tuple[int, Rows]]
    ) -> None:
        numbers = {symbol: number for number, symbol in enumerate(symbols)}
        columns = [
            of_kind(
                BAR + 60, symbol=numbers[p.symbol], moment=p.start + MINUTE, values=list(p.values)
            )
            for p in bars
        ]
        columns += [
            of_kind(kind, symbol=numbers[r.symbol], moment=r.start, values=list(r.values))
            for kind, r in fine
        ]
        ordered: Columns = joined(columns).in_order()
        made: list[MarketEvent] = list(events(ordered, symbols))
        self._pit.load(made, ordered.moment.tolist(), only_bars=False)

    # -- what the simulation asks ------------------------------------------------------------------

    def history(self, symbol: str, *, now: int, minutes: int, days: int) -> tuple[Bar, ...]:
        """Return the days before today, and today's minutes with as many before as were declared."""
        return (*self._days(symbol, days), *self._minutes(symbol, now, minutes))

    def _days(self, symbol: str, days: int) -> list[Bar]:
        if not days:
            return []
        rows = self._history.daily(symbol)
        before = int(np.searchsorted(rows.start, self.session.open - 24 * 60 * MINUTE, "right"))
        cut = rows.cut(max(before - days, 0), before)
        return bars_of(self._history.as_known(cut, self.session.open), 86_400)

    def _minutes(self, symbol: str, now: int, minutes: int) -> list[Bar]:
        if not minutes:
            return []
        session = self.session
        rows = self._history.rows(
            Kind.MINUTE, symbol, session.open - minutes_reach(minutes), now - MINUTE + 1
        )
        today = int(np.searchsorted(rows.start, session.open))
        cut = rows.cut(max(min(today, len(rows) - minutes), 0), len(rows))
        return bars_of(self._history.as_known(cut, session.open), 60)

    def days(self, symbol: str, now: int) -> Sequence[Bar]:
        """Return the last two days before today."""
        return self._days(symbol, 2)

    def low(self, symbol: str, since: int, upto: int) -> float | None:
        """Return the lowest print in [since, upto), or low of a minute where prints are not played."""
        if any(kind is Kind.TRADES and symbol in has for kind, _, has in self._fine):
            prices = self._history.rows(Kind.TRADES, symbol, since, upto).values[0]
        else:
            prices = self._history.rows(Kind.MINUTE, symbol, since, upto - MINUTE + 1).low
        return float(prices.min()) if len(prices) else None

    def heard(self, events: Sequence[MarketEvent]) -> None:
        """Do nothing: the lake remembers."""

    def next_scan(self) -> int:
        """Return when a scanner is due next."""
        return self._scans.next_scan()

    async def scan(self, upto: int) -> list[Picked]:
        """Run the scanners that are due."""
        return await self._scans.scan(upto)
