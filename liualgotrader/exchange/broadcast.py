"""Tells the streams what happens on the floor."""

from __future__ import annotations

from liualgotrader.common.events import Bar
from liualgotrader.exchange.feeds import SECOND_BARS, Feeds
from liualgotrader.exchange.notices import words_of
from liualgotrader.exchange.updates import Updates
from liualgotrader.venue.band import Notice


class Broadcast:
    """The floor's audience.

    Market data to the feeds, what happens to orders to the trade updates.
    """

    def __init__(self, feeds: Feeds, updates: Updates) -> None:
        self._feeds = feeds
        self._updates = updates
        self.trade = feeds.trade
        self.quote = feeds.quote
        self.update = updates.update
        self.notice = feeds.notice

    def hear(self, notice: Notice) -> None:
        """Send new price bands, or a pause's beginning or end."""
        channel, message = words_of(notice)
        self._feeds.notice(channel, notice.symbol, notice.ts, message)

    def minute(self, bar: Bar, today: Bar | None) -> None:
        """Send a minute bar, or its correction, and the day's bar as it is now."""
        self._feeds.bar("updatedBars" if bar.correction else "bars", bar, today)
        if today is not None:
            self._feeds.bar("dailyBars", today)

    def second(self, bar: Bar, today: Bar) -> None:
        """Send a second's bar."""
        self._feeds.bar(SECOND_BARS, bar, today)

    def take_told(self) -> bool:
        """Tell whether anybody was told anything since the last call."""
        told = self._feeds.told or self._updates.told
        self._feeds.told = self._updates.told = False
        return told

    def flush(self, now: int) -> None:
        """Let what was told leave; `now` is the tape's time, ns UTC."""
        self._feeds.flush(now)
        self._updates.flush(now)

    def mark(self, ns: int) -> None:
        """Mark both kinds of stream."""
        self._feeds.mark(ns)
        self._updates.mark(ns)
