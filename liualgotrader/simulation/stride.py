"""Long steps over quiet history: one engine, minute bars of the lake alone, and nothing due but its own orders.

It does what the windows of `Simulation` do, in the same order, without asking at every moment who may be concerned.
Wherever anything else is due (the venue's clock, a timer, a pick, a scan) it stops, and a window goes on from there.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from liualgotrader.common.clock import NEVER
from liualgotrader.common.events import OrderEvent
from liualgotrader.simulation.pit import Pit
from liualgotrader.simulation.post import order_events
from liualgotrader.simulation.seat import Seat


class Stride:
    """The pit and the one engine that trades in it."""

    def __init__(self, pit: Pit, seat: Seat) -> None:
        self._pit = pit
        self._seat = seat
        self._venue = pit.venue
        self._post = pit.post
        self._working = pit.venue.books.store.working
        self._bars = pit.venue.account.market.bars

    def until(self, limit: int) -> None:
        """Go on until something else is due before `limit`, ns UTC, or nothing is left before it.

        Ends earlier where a bar's strategy set a timer for now: the rest of the moment's bars wait in the seat.
        """
        pit, post, seat = self._pit, self._post, self._seat
        clock, working, stamps = seat.engine.clock, self._working, pit.stamps
        count, hear = len(stamps), seat.runner.admit_updates
        while seat.is_idle:
            due = min(limit, clock.due, self._venue.next_clock() or NEVER)
            moment = stamps[pit.next] if pit.next < count else NEVER
            arrival = post.next_arrival()
            if arrival < moment and arrival < due:
                pit.now = max(pit.now, arrival)
                if told := post.arrive(arrival):
                    hear(told, arrival)
            elif moment >= due:
                return
            elif working:
                self._moment(moment)
            else:
                self._stretch(min(due, arrival))

    def _stretch(self, limit: int) -> None:
        """Admit bars up to the first decision; the venue learns their prices afterwards."""
        pit = self._pit
        stop = bisect_left(pit.stamps, limit, pit.next)
        if stop == pit.next:  # an arrival at the moment of the next bars: those come first
            stop = bisect_right(pit.stamps, limit, pit.next)
        upto = self._seat.runner.admit_bars(pit.events, pit.stamps, pit.next, stop)  # type: ignore[arg-type]  # bars alone
        pit.pass_over(upto)

    def _moment(self, ts: int) -> None:
        """Let the bars of one moment meet the orders at work, then be seen."""
        pit, working, bars, seat = self._pit, self._working, self._bars, self._seat
        begin, end = pit.next, bisect_right(pit.stamps, ts, pit.next)
        told: list[OrderEvent] = []
        for bar in pit.events[begin:end]:
            symbol = bar.symbol
            if symbol in working:
                told += order_events(self._venue.on_bar(bar, ts))  # type: ignore[arg-type]  # bars alone
            else:
                bars[symbol] = bar  # type: ignore[assignment]  # bars alone
        pit.now, pit.next = ts, end
        if told:
            seat.runner.admit_updates(told, ts)
        upto = seat.runner.admit_bars(pit.events, pit.stamps, begin, end)  # type: ignore[arg-type]  # bars alone
        if upto < end:
            seat.events += pit.events[upto:end]
            seat.stamps += pit.stamps[upto:end]
