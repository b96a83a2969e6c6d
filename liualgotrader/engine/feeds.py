"""What is known of the feed of each symbol, from all who say something about it."""

from __future__ import annotations

from liualgotrader.common.events import FeedSource, FeedState, FeedStatus

_LIVE = FeedState.LIVE
_GRAVEST_FIRST = (FeedState.HALTED, FeedState.RECONNECTING, FeedState.STALE, FeedState.GAPPED)


class Feeds:
    """The last word of each source. One that says LIVE takes back its own words, and nobody else's.

    A halt is not over because the stream is back, and a gap is not filled because a symbol trades again.
    """

    def __init__(self) -> None:
        self._whole: dict[FeedSource, FeedState] = {}
        self._symbols: dict[FeedSource, dict[str, FeedState]] = {}

    def learn(self, status: FeedStatus) -> None:
        """Take a word. One about all symbols also settles what its source said of single ones."""
        source, state = status.source, status.state
        if status.symbols:
            told = self._symbols.setdefault(source, {})
            for symbol in status.symbols:
                told[symbol] = state
            return
        self._whole[source] = state
        self._symbols.pop(source, None)

    def of(self, symbol: str) -> FeedState:
        """Return the gravest of what holds for a symbol; LIVE when nothing speaks against it."""
        if not (self._whole or self._symbols):
            return _LIVE
        held = {*self._whole.values(), *(told.get(symbol) for told in self._symbols.values())}
        return next((state for state in _GRAVEST_FIRST if state in held), FeedState.LIVE)
