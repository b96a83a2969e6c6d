"""The deterministic heart.

A tape, a venue, and requests on their way, lived through in one fixed order.

Within one instant: the tape's bars, the venue's clock, bars made of prints, arriving requests, then
prints and quotes. No
clock, no socket and no chance in here: the same tape and the same arrivals give the same
executions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.exchange.bars import SECOND, MinuteBars
from liualgotrader.exchange.desk import Desk
from liualgotrader.exchange.faults.board import Faults
from liualgotrader.exchange.history import History
from liualgotrader.exchange.past import PlayedPast
from liualgotrader.exchange.tape import Tape, TapeEvent, moment
from liualgotrader.venue.orders import VenueEvent
from liualgotrader.venue.venue import Venue

FAR = 1 << 62


class Audience(Protocol):
    """Who hears of what happens, in the order in which it happens."""

    def trade(self, event: Trade, number: int) -> None:
        """Hear of a print; `number` is its running number on its symbol."""

    def quote(self, event: Quote) -> None:
        """Hear of a quote."""

    def minute(self, bar: Bar, today: Bar | None) -> None:
        """Hear of a complete minute bar, and of the day's bar with it."""

    def second(self, bar: Bar, today: Bar) -> None:
        """Hear of a complete second's bar, and of the day's bar so far."""

    def update(self, event: VenueEvent) -> None:
        """Hear of something that happened to an order."""

    def notice(self, channel: str, symbol: str, ts: int, message: Mapping[str, Any]) -> None:
        """Hear of a status or of price bands of a symbol."""


class Silence:
    """Nobody hears anything: for living again through what was already told."""

    def trade(self, event: Trade, number: int) -> None:
        """Say nothing."""

    def quote(self, event: Quote) -> None:
        """Say nothing."""

    def minute(self, bar: Bar, today: Bar | None) -> None:
        """Say nothing."""

    def second(self, bar: Bar, today: Bar) -> None:
        """Say nothing."""

    def update(self, event: VenueEvent) -> None:
        """Say nothing."""

    def notice(self, channel: str, symbol: str, ts: int, message: Mapping[str, Any]) -> None:
        """Say nothing."""


class Floor:
    """The tape's time moves only through `advance`."""

    def __init__(
        self, tape: Tape, venue: Venue, desk: Desk, *, faults: Faults, day_start: int
    ) -> None:
        self._faults = faults
        self._market_faults = faults.market
        desk.overtake = faults.market.overtake
        self.tape = tape
        self.venue = venue
        self.desk = desk
        self.history = History(tape.daily_bars, day_start)
        venue.remember(PlayedPast(self.history))
        self.audience: Audience = Silence()
        self.now = tape.start - 1
        self._minutes = MinuteBars()
        self._seconds: MinuteBars | None = None
        self._seconds_from = 0
        self._events: Iterator[TapeEvent] = tape.events()
        self._head: TapeEvent | None = next(self._events, None)
        self._printed: set[str] = set()

    def make_seconds(self) -> None:
        """Make bars of a second from the next whole one on; the first call counts."""
        if self._seconds is None:
            self._seconds = MinuteBars(1)
            self._seconds_from = (self.now // SECOND + 1) * SECOND

    def next_event(self) -> int | None:
        """Return when the next event of the tape becomes known, or None."""
        return moment(self._head) if self._head is not None else None

    def next_due(self) -> int | None:
        """Return when something happens next, if no new request comes, or None."""
        due = self._inner_due()
        if self._head is not None:
            due = min(due, moment(self._head))
        return due if due < FAR else None

    def advance(self, upto: int, budget: int = FAR) -> bool:
        """Live through everything at or before `upto`. False.

        `budget` events were played and more are due.
        """
        while True:
            inner = self._inner_due()
            stop = min(inner, upto + 1)
            budget -= self._play(stop, min(inner, upto), budget)
            due = self._is_due(stop, min(inner, upto))
            if budget <= 0 and due:
                return False
            if due or self._inner_due() < stop:
                continue  # something on the way moved what is due
            if inner > upto:
                self.now = max(self.now, upto)
                return True
            self._happen(inner)

    def _is_due(self, stop: int, bars: int) -> bool:
        head = self._head
        if head is None:
            return False
        return moment(head) <= bars if type(head) is Bar else moment(head) < stop

    def _inner_due(self) -> int:
        """Return when the venue's clock, a bar's end or an arrival is due, FAR for none."""
        due = self.venue.next_clock() or FAR
        for bars in (self._minutes, self._seconds):
            if bars is not None and bars.due is not None and bars.due < due:
                due = bars.due
        if self._faults.due < due:
            due = self._faults.due
        arrival = self.desk.next_arrival()
        return arrival if arrival is not None and arrival < due else due

    def _happen(self, ts: int) -> None:
        self.now = max(self.now, ts)
        if self._faults.due <= ts:
            self._faults.happen(ts, self.audience)
        self._heard(self.venue.on_clock(ts))
        if self._seconds is not None and self._seconds.due == ts:
            for bar in self._seconds.close():
                self._second(bar)
        if self._minutes.due == ts:
            for bar in self._minutes.close():
                self._complete(bar)
        self._heard(self.desk.arrive(ts))

    def _complete(self, bar: Bar) -> None:
        self.history.add_bar(bar)
        self.audience.minute(bar, self.history.today(bar.symbol))

    def _second(self, bar: Bar) -> None:
        minute = self._minutes.forming(bar.symbol)
        self.audience.second(bar, self.history.today_with(bar if minute is None else minute))

    def _play(self, stop: int, bars: int, budget: int) -> int:
        """Play the tape's events before `stop`, bars up to `bars`.

        Ends early when one of them moves what is due. Return how many were played.
        """
        played = 0
        head = self._head
        while head is not None and played < budget:
            kind = type(head)
            ts: int = head.ts_event if kind is Bar else head.time  # type: ignore[assignment]
            if ts >= stop and (kind is not Bar or ts > bars):
                break
            played += 1
            self.now = ts
            if self._market_faults.changes_tape:
                head = self._market_faults.seen(head)
            if head is None:
                moved = False
            elif kind is Quote:
                moved = self._on_quote(head, ts)  # type: ignore[arg-type]
            elif kind is Trade:
                moved = self._on_trade(head, ts)  # type: ignore[arg-type]
            else:
                moved = self._on_bar(head, ts)  # type: ignore[arg-type]
            head = next(self._events, None)
            if moved:
                break
        self._head = head
        return played

    def _on_quote(self, quote: Quote, ts: int) -> bool:
        self.history.add_quote(quote)
        self.audience.quote(quote)
        return self._heard(self.venue.on_quote(quote, ts))

    def _on_trade(self, trade: Trade, ts: int) -> bool:
        minutes = self._minutes
        begins = minutes.due is None
        minutes.add(trade)
        seconds = self._seconds
        if seconds is not None and ts >= self._seconds_from:
            begins = begins or seconds.due is None
            seconds.add(trade)
        number = self.history.add_trade(trade)
        self._printed.add(trade.symbol)
        self.audience.trade(trade, number)
        return self._heard(self.venue.on_trade(trade, ts)) or begins

    def _on_bar(self, bar: Bar, ts: int) -> bool:
        # A symbol whose prints are on the tape has its bars made of them.
        if bar.symbol in self._printed:
            return False
        self._complete(bar)
        return self._heard(self.venue.on_bar(bar, ts))

    def _heard(self, events: Iterable[VenueEvent]) -> bool:
        if not events:
            return False
        for event in events:
            self.audience.update(event)
            if self._faults.armed and event.execution_id is not None:
                self._market_faults.executed(event)
                self._faults.amended_later()
        return True
