"""What the tape has shown so far, as the venue asks for it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from liualgotrader.common.events import Bar
from liualgotrader.exchange.history import History


class PlayedPast:
    """Implements the venue's `Past` over what has been played of a tape."""

    def __init__(self, history: History) -> None:
        self._history = history

    def days(self, symbol: str, now: int) -> Sequence[Bar]:
        """Return the last two day bars before the tape's day."""
        return self._history.previous_days(symbol)[-2:]

    def low(self, symbol: str, since: int, upto: int) -> float | None:
        """Return the lowest print in [since, upto), or low of a minute where there are no prints."""
        prints = self._history.prints(symbol)
        if prints.time:
            begin, end = bisect_left(prints.time, since), bisect_left(prints.time, upto)
            return min(prints.price[begin:end], default=None)
        minutes = self._history.minutes(symbol)
        begin = bisect_left(minutes, since, key=_start)
        end = bisect_right(minutes, upto, key=_end)
        return min((bar.low for bar in minutes[begin:end]), default=None)


def _start(bar: Bar) -> int:
    return bar.start


def _end(bar: Bar) -> int:
    return bar.ts_event
