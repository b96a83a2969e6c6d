"""Several sorted streams of columns made one, piece by piece, by moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from liualgotrader.exchange.columns import Columns, joined


class _Source:
    """A stream with the piece at hand and the one behind it, so that its end is known in time."""

    def __init__(self, stream: Iterator[Columns]) -> None:
        self._stream = stream
        self.head = next(stream, None)
        self.tail = next(stream, None)

    def take_before(self, horizon: int) -> Columns | None:
        """Return what is at hand and earlier than the horizon, and keep the rest."""
        head = self.head
        if head is None or not (count := int(np.searchsorted(head.moment, horizon))):
            return None
        self.head = head.take(slice(count, None)) if count < len(head) else None
        return head.take(slice(count))

    def lengthen(self) -> None:
        """Take the next piece to hand as well."""
        if self.tail is not None:
            self.head = self.tail if self.head is None else joined((self.head, self.tail))
            self.tail = next(self._stream, None)


def merged(streams: Sequence[Iterator[Columns]]) -> Iterator[Columns]:
    """Iterate over pieces of all streams in the order of their moments.

    Each stream must be in order and have no empty pieces. Equal moments: the earlier stream
    first, and within a stream as it stands. So a piece is given out only up to the moment,
    exclusive, at which some stream's piece at hand ends: behind it more of that moment may
    follow.
    """
    sources = [_Source(stream) for stream in streams]
    while unfinished := [s for s in sources if s.tail is not None]:
        horizon = min(int(s.head.moment[-1]) for s in unfinished if s.head is not None)
        taken = [part for s in sources if (part := s.take_before(horizon)) is not None]
        if taken:
            yield joined(taken).in_order()
        for source in unfinished:
            if source.head is not None and source.head.moment[-1] == horizon:
                source.lengthen()
    rest = [s.head for s in sources if s.head is not None]
    if rest:
        yield joined(rest).in_order()
