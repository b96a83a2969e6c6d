"""How old market data is when it gets here: what waited in the network is as stale as what waited in a queue."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from liualgotrader.common.events import Bar, Event
from liualgotrader.common.timestamps import BadTimestamp
from liualgotrader.data.vendor_stream import Sink

_WINDOW = 1_000_000_000


class Transit:
    """A sink before a sink: it sets a frame's read stamp back by the time that its events were under way.

    Under way is now less the event's end less the feed's declared delay. A print that its exchange
    reported late is old while the feed is not, so the least of the last one to two seconds counts.
    Bars tell nothing: vendors send them some time after their end.
    """

    def __init__(self, sink: Sink, *, now: Callable[[], int], delay: int) -> None:
        """`now`: the market's time, ns UTC. `delay`: how late the feed is by its own words, ns."""
        self._sink = sink
        self._now = now
        self._delay = delay
        self._began = 0
        self._least: int | None = None
        self._least_before: int | None = None

    def __call__(self, read_at: int, events: list[Event]) -> None:
        """Pass a frame on. `read_at`: monotonic ns."""
        self._sink(read_at - self._under_way(read_at, events), events)

    def _under_way(self, read_at: int, events: Sequence[Event]) -> int:
        if read_at - self._began >= _WINDOW:
            is_next = read_at - self._began < 2 * _WINDOW
            self._least_before = self._least if is_next else None
            self._least, self._began = None, read_at
        late = self._late(events[-1])
        if late is not None:
            self._least = late if self._least is None else min(self._least, late)
        known = [each for each in (self._least, self._least_before) if each is not None]
        return max(0, min(known, default=0))

    def _late(self, event: Event) -> int | None:
        """Return how late an event is, or None when it does not tell."""
        if isinstance(event, Bar):
            return None
        try:
            return self._now() - event.ts_event - self._delay  # type: ignore[attr-defined,no-any-return]
        except BadTimestamp:
            return None
