"""The pit of a what-if: what is in it was heard by a session."""

from __future__ import annotations

from collections.abc import Mapping

from liualgotrader.common.events import Bar
from liualgotrader.simulation.pit import Pit
from liualgotrader.simulation.post import Post
from liualgotrader.venue.venue import Venue


class RecordedPit(Pit):
    """Shows the venue the finest that was recorded of a symbol: prints, or else its shortest bars.

    The others tell of the same shares again. Engines hear them all.
    """

    def __init__(self, venue: Venue, post: Post, *, now: int, finest: Mapping[str, int]) -> None:
        """`finest`: by symbol what the venue fills by, 0 for prints, else the seconds of its bars."""
        super().__init__(venue, post, now=now)
        self.makes_bars = False
        self._finest = finest

    def _on_bar(self, bar: Bar, ts: int) -> bool:
        if self._finest[bar.symbol] == bar.seconds and not bar.correction:
            return super()._on_bar(bar, ts)
        self.heard.market(bar, ts)
        return False
