"""The delayed feed: the same tape a quarter of an hour late, for whoever subscribes to it."""

from __future__ import annotations

from collections.abc import Iterator

from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.exchange.bars import MinuteBars
from liualgotrader.exchange.faults.board import Faults
from liualgotrader.exchange.feeds import Feeds
from liualgotrader.exchange.history import History
from liualgotrader.exchange.tape import Tape, TapeEvent, moment

DELAYED = "delayed_sip"
DELAY = 15 * 60 * 1_000_000_000


class DelayedFeeds:
    """Plays the tape a second time, for itself, once there is a reader. It costs nothing before.

    Bars of prints are made as on the floor. In lockstep nobody plays it.
    """

    def __init__(self, tape: Tape, *, faults: Faults, day_start: int) -> None:
        self.feeds = Feeds(faults)
        self._tape = tape
        self._day_start = day_start
        self._minutes = MinuteBars()
        self._history = History({}, day_start)
        self._events: Iterator[TapeEvent] | None = None
        self._head: TapeEvent | None = None

    def next_due(self) -> int | None:
        """Return the tape's time at which something is told next; None while nobody listens."""
        if not self.feeds.subscribers:
            return None
        if self._events is None:
            return 0
        due = [moment(self._head)] if self._head is not None else []
        due += [self._minutes.due] if self._minutes.due is not None else []
        return min(due) + DELAY if due else None

    def advance(self, now: int) -> None:
        """Tell what was known a delay before `now`, ns UTC. A first reader hears from then on."""
        if not self.feeds.subscribers:
            return
        if self._events is None:
            self._events = self._tape.events()
            self._head = next(self._events, None)
        upto = now - DELAY
        while self._head is not None and moment(self._head) <= upto:
            self._close(moment(self._head))
            self._tell(self._head)
            self._head = next(self._events, None)
        self._close(upto)
        self.feeds.flush(now)

    def _close(self, upto: int) -> None:
        due = self._minutes.due
        if due is not None and due <= upto:
            for bar in self._minutes.close():
                self._complete(bar, "bars")

    def _tell(self, event: TapeEvent) -> None:
        if isinstance(event, Trade):
            self._minutes.add(event)
            self.feeds.trade(event, self._history.add_trade(event))
        elif isinstance(event, Quote):
            self.feeds.quote(event)
        elif not self._history.prints(event.symbol).time:
            self._complete(event, "updatedBars" if event.correction else "bars")

    def _complete(self, bar: Bar, channel: str) -> None:
        self._history.add_bar(bar)
        self.feeds.bar(channel, bar)
        today = self._history.today(bar.symbol)
        if today is not None:
            self.feeds.bar("dailyBars", today)
