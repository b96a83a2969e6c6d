"""A tape: what one session's market did, event by event. The exchange plays it.

Everything else follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Protocol

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.common.instruments import Instrument

if TYPE_CHECKING:
    from liualgotrader.data.lake.actions import Action

TapeEvent = Trade | Quote | Bar


def moment(event: TapeEvent) -> int:
    """Return when the world knows of it, ns UTC: a bar at its end, a print or a quote at once."""
    if type(event) is Bar:
        return event.ts_event
    return event.time  # type: ignore[return-value]  # a tape's times are numbers


def _place(event: TapeEvent) -> tuple[int, bool]:
    return moment(event), type(event) is not Bar


class Tape(Protocol):
    """One session. `events` may be asked for more than once and is the same every time.

    Times are int ns UTC. `start` and `end` bound the events (a pre-market print lies before the
    open).
    """

    @property
    def date(self) -> date:
        """The session's date."""

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """What can be traded, by symbol."""

    @property
    def daily_bars(self) -> Mapping[str, list[Bar]]:
        """Daily bars before `date`, oldest first, by symbol; they begin at New York's midnight."""

    @property
    def start(self) -> int:
        """When the tape begins, ns UTC."""

    @property
    def end(self) -> int:
        """When the tape is over, ns UTC; the venue's end-of-session work is done by then."""

    def events(self) -> Iterator[TapeEvent]:
        """Iterate over the events in the order in which they become known (see `moment`).

        At one moment bars come first: they tell of what has been.
        """


class ListTape:
    """A tape held in lists. Events are sorted by when they become known.

    Equal moments keep their order.
    """

    def __init__(
        self,
        *,
        date: date,
        instruments: Iterable[Instrument],
        events: Iterable[TapeEvent],
        start: int | None = None,
        end: int | None = None,
        daily_bars: Mapping[str, list[Bar]] | None = None,
        actions: Sequence[Action] | None = None,
    ) -> None:
        self.date = date
        self.actions = actions
        self.instruments: Mapping[str, Instrument] = {i.symbol: i for i in instruments}
        self._events = sorted(events, key=_place)
        self.daily_bars: Mapping[str, list[Bar]] = daily_bars or {}
        if not self._events and (start is None or end is None):
            raise ConfigError("a tape without events needs its start and end")
        self.start = moment(self._events[0]) if start is None else start
        self.end = moment(self._events[-1]) if end is None else end

    def events(self) -> Iterator[TapeEvent]:
        """Iterate over the events."""
        return iter(self._events)
