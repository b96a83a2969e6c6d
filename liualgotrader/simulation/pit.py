"""Where the market's events and our orders meet: a row of events, a venue, and requests on their way.

The order within one instant is the exchange in a box's (exchange/floor.py): the tape's bars, the venue's clock, bars
made of prints, arriving requests, then prints and quotes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from liualgotrader.common.clock import NEVER
from liualgotrader.common.events import Bar, MarketEvent, OrderEvent, Quote, Trade
from liualgotrader.exchange.bars import MinuteBars
from liualgotrader.simulation.post import Post, order_events
from liualgotrader.venue.orders import VenueEvent
from liualgotrader.venue.venue import Venue


class Heard:
    """What happened while time moved on, in order: market events with their moments, and order events."""

    __slots__ = ("events", "stamps", "updates")

    def __init__(self) -> None:
        self.events: list[MarketEvent] = []
        self.stamps: list[int] = []
        self.updates: list[OrderEvent] = []

    def market(self, event: MarketEvent, ts: int) -> None:
        """Hear of a market event."""
        self.events.append(event)
        self.stamps.append(ts)


class Pit:
    """Time moves only through `advance` and `pass_over`.

    `makes_bars`: whether minute bars are made of prints, in place of those among the events; not so
    where the events are what a feed told, which has bars of its own.
    """

    def __init__(self, venue: Venue, post: Post, *, now: int) -> None:
        self.venue = venue
        self.post = post
        self.now = now
        self.heard = Heard()
        self.events: list[MarketEvent] = []
        self.stamps: list[int] = []
        self.next = 0
        self.only_bars = True
        self.makes_bars = True
        self._minutes = MinuteBars()
        self._printed: set[str] = set()

    def load(self, events: list[MarketEvent], stamps: list[int], *, only_bars: bool) -> None:
        """Take the events of a day, or what is left of it with more symbols: by moment, bars first.

        `stamps` are the moments at which they become known, ns UTC: of a bar its end.
        """
        self.events, self.stamps, self.next = events, stamps, 0
        self.only_bars = only_bars

    def rest(self) -> tuple[list[MarketEvent], list[int]]:
        """Return the events that have not been played."""
        return self.events[self.next :], self.stamps[self.next :]

    def begin_day(self) -> None:
        """Forget which symbols printed: another day's tape may show them by bars alone."""
        self._printed.clear()

    def take(self) -> Heard:
        """Return what was heard since the last time."""
        heard, self.heard = self.heard, Heard()
        return heard

    # ------------------------------------------------------------------ what is due

    def inner_due(self) -> int:
        """Return when the venue's clock, a minute's end or an arrival is due; NEVER for none."""
        due = self.venue.next_clock() or NEVER
        minute = self._minutes.due
        if minute is not None and minute < due:
            due = minute
        return min(due, self.post.next_arrival())

    def due(self) -> int:
        """Return when something happens next, if no new request comes; NEVER for none."""
        if self.next < len(self.stamps):
            return min(self.inner_due(), self.stamps[self.next])
        return self.inner_due()

    # ------------------------------------------------------------------ time

    def pass_over(self, upto: int) -> None:
        """Let bars pass that the engines have been shown already, up to index `upto`, exclusive.

        Only while it is quiet: the venue learns their prices and nothing else can come of them.
        """
        if upto <= self.next:
            return
        bars = self.venue.account.market.bars
        for bar in self.events[self.next : upto]:
            bars[bar.symbol] = bar  # type: ignore[assignment]  # quiet: bars alone
        self.now = self.stamps[upto - 1]
        self.next = upto

    def advance(self, upto: int) -> None:
        """Live through everything at or before `upto`; what happens is in `heard`."""
        while True:
            inner = self.inner_due()
            if self._play(inner, upto):
                continue
            if inner > upto:
                self.now = max(self.now, upto)
                return
            self._happen(inner)

    def end_day(self) -> None:
        """Let the venue know that the day is over by now, though nothing waited for it."""
        self._tell(self.venue.on_clock(self.now))

    def _play(self, inner: int, upto: int) -> bool:
        """Play bars up to what is due inside, other events before it; True if that moved what is due."""
        if self.only_bars:
            return self._play_bars(min(inner, upto))
        return self._play_all(min(inner, upto + 1), min(inner, upto))

    def _play_bars(self, limit: int) -> bool:
        begin = self.next
        end = bisect_right(self.stamps, limit, begin)
        events, stamps = self.events, self.stamps
        working, bars = self.venue.books.store.working, self.venue.account.market.bars
        for index in range(begin, end):
            bar = events[index]
            if bar.symbol not in working:
                bars[bar.symbol] = bar  # type: ignore[assignment]  # bars alone
                continue
            told = self.venue.on_bar(bar, stamps[index])  # type: ignore[arg-type]  # bars alone
            if told:
                self._played(begin, index + 1)
                self._tell(told)
                return True
        self._played(begin, end)
        return False

    def _played(self, begin: int, end: int) -> None:
        if end > begin:
            self.heard.events += self.events[begin:end]
            self.heard.stamps += self.stamps[begin:end]
            self.now = self.stamps[end - 1]
            self.next = end

    def _play_all(self, stop: int, bars: int) -> bool:
        events, stamps = self.events, self.stamps
        while self.next < len(events):
            event, ts = events[self.next], stamps[self.next]
            if ts >= stop and (type(event) is not Bar or ts > bars):
                return False
            self.next += 1
            self.now = ts
            if type(event) is Quote:
                moved = self._on_quote(event, ts)
            elif type(event) is Trade:
                moved = self._on_trade(event, ts)
            else:
                moved = self._on_bar(event, ts)  # type: ignore[arg-type]  # what is left
            if moved:
                return True
        return False

    def _on_quote(self, quote: Quote, ts: int) -> bool:
        self.heard.market(quote, ts)
        return self._tell(self.venue.on_quote(quote, ts))

    def _on_trade(self, trade: Trade, ts: int) -> bool:
        begins = self._minutes.due is None and self.makes_bars
        if self.makes_bars:
            self._minutes.add(trade)
            self._printed.add(trade.symbol)
        self.heard.market(trade, ts)
        return self._tell(self.venue.on_trade(trade, ts)) or begins

    def _on_bar(self, bar: Bar, ts: int) -> bool:
        # A symbol whose prints are among the events has its bars made of them.
        if bar.symbol in self._printed:
            return False
        self.heard.market(bar, ts)
        return self._tell(self.venue.on_bar(bar, ts))

    def _happen(self, ts: int) -> None:
        self.now = max(self.now, ts)
        self._tell(self.venue.on_clock(ts))
        if self._minutes.due == ts:
            for bar in self._minutes.close():
                self.heard.market(bar, ts)
        self.heard.updates += self.post.arrive(ts)

    def _tell(self, events: Sequence[VenueEvent]) -> bool:
        if not events:
            return False
        self.heard.updates += order_events(list(events))
        return True
