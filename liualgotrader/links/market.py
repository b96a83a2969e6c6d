"""The market's link: batches with the moment their socket was read.

What nobody can wait for may be lost, loudly.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Sequence

import msgspec

from liualgotrader.common.events import Event, FeedSource, FeedState, FeedStatus, Input, Quote
from liualgotrader.common.wire import decode_events, encode_events
from liualgotrader.links.port import Receiver, Sender
from liualgotrader.links.slots import SlotLinks

_HEAD = struct.Struct("<cq")
_EVENTS, _MARK = b"E", b"M"
_MOST_WAITING = 256


class MarketBatch(msgspec.Struct):
    """Events as they came off the link; `raw` are their bytes. A mark has `mark` and no events."""

    read_at: int
    raw: bytes = b""
    events: list[Input] = []
    mark: int | None = None


def events_payload(read_at: int, events: Sequence[Event]) -> bytes:
    """Return a batch as it travels: encoded once, for every consumer that gets it."""
    return _HEAD.pack(_EVENTS, read_at) + encode_events(events)


def mark_payload(mark: int) -> bytes:
    """Return a mark of the lockstep as it travels."""
    return _HEAD.pack(_MARK, mark)


class MarketSender:
    """The producer's side for one slot. It never waits.

    When the link is full, batches wait in a short row. When that is full too, quotes are conflated
    to the newest of each symbol, and the symbols whose trades or bars had to go are told in a
    FeedStatus(GAPPED).
    """

    def __init__(self, links: SlotLinks) -> None:
        self._links = links
        self._generation = links.generation
        self._sender: Sender = links.market[self._generation].sender()
        self._waiting: deque[bytes] = deque()
        self._quotes: dict[str, Quote] = {}
        self._lost: dict[str, None] = {}
        self._read_at = 0
        self.dropped = 0
        self.conflated = 0

    @property
    def is_behind(self) -> bool:
        """Whether something waits for the link."""
        return bool(self._waiting) or self._conflated or self._sender.backlog

    def send(self, payload: bytes, events: Sequence[Event]) -> None:
        """Send a batch that was encoded already; `events` are needed only if it cannot be sent."""
        if not self._waiting and not self._conflated and self._sender.send(payload):
            return
        self.pump(0)
        if len(self._waiting) < _MOST_WAITING and not self._conflated:
            self._waiting.append(payload)
            self._send_waiting()
            return
        self._read_at = _HEAD.unpack_from(payload)[1]
        self._conflate(events)

    def send_mark(self, mark: int) -> None:
        """Send a mark, behind all that came before it.

        In lockstep the exchange waits for us, so the row never fills up.
        """
        if self._conflated:
            self._waiting.append(self._take_conflated(0))
        self._waiting.append(mark_payload(mark))
        self.pump(0)

    @property
    def _conflated(self) -> bool:
        return bool(self._quotes or self._lost)

    def _conflate(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, Quote):
                self.conflated += event.symbol in self._quotes
                self._quotes[event.symbol] = event
            else:
                self.dropped += 1
                self._lost[event.symbol] = None  # type: ignore[attr-defined]

    def pump(self, now: int) -> None:
        """Move to the next spare if told to, then send what waits, as far as it goes.

        `now` is monotonic ns.
        """
        if self._links.generation != self._generation:
            self._switch()
        self._sender.pump()
        if self._send_waiting() and self._conflated:
            self._waiting.append(self._take_conflated(now))
            self._send_waiting()

    def _send_waiting(self) -> bool:
        """Send the row as far as it goes; True when nothing is left of it."""
        while self._waiting and self._sender.send(self._waiting[0]):
            self._waiting.popleft()
        return not self._waiting

    def _take_conflated(self, now: int) -> bytes:
        """Return what was conflated as a batch.

        It keeps the stamp of the newest batch in it: a quote does not get younger by waiting.
        """
        events: list[Event] = list(self._quotes.values())
        if self._lost:
            reason = "the consumer could not keep up"
            lost = tuple(self._lost)
            events.insert(0, FeedStatus(FeedState.GAPPED, 0, lost, reason, FeedSource.LINK))
        self._quotes.clear()
        self._lost.clear()
        return events_payload(self._read_at or now, events)

    def _switch(self) -> None:
        """Start afresh on the next link.

        What waited belongs to a consumer, or a producer, that is gone.
        """
        self._sender.abandon()
        self._generation = self._links.generation
        self._sender = self._links.market[self._generation].sender()
        self._waiting.clear()


class MarketReceiver:
    """The consumer's side."""

    def __init__(self, links: SlotLinks) -> None:
        self._links = links
        self.generation = links.generation
        self._receiver: Receiver = links.market[self.generation].receiver()
        self._filled: list[bytes] = []

    def fileno(self) -> int:
        """Return the descriptor to watch; it changes with a switch."""
        return self._receiver.fileno()

    def switched(self) -> bool:
        """Move to the next spare if told to; True when that happened."""
        if self._links.generation == self.generation:
            return False
        self.generation = self._links.generation
        self._receiver = self._links.market[self.generation].receiver()
        self._filled.clear()
        return True

    @property
    def is_filled(self) -> bool:
        """Whether something was read and not taken yet."""
        return bool(self._filled)

    def fill(self) -> None:
        """Read what the link has, for `take`: called by the loop when the descriptor is readable."""
        self._filled += self._receiver.receive()

    def take(self) -> list[MarketBatch]:
        """Return the batches that were read, undecoded (`events` is filled by `decode`)."""
        filled, self._filled = self._filled, []
        return [_batch(payload) for payload in filled]

    def receive(self) -> list[MarketBatch]:
        """Read, and return all the batches that have arrived."""
        self.fill()
        return self.take()


def _batch(payload: bytes) -> MarketBatch:
    kind, stamp = _HEAD.unpack_from(payload)
    if kind == _MARK:
        return MarketBatch(0, mark=stamp)
    return MarketBatch(stamp, payload[_HEAD.size :])


def decode(batch: MarketBatch) -> MarketBatch:
    """Fill in the events of a batch."""
    batch.events = decode_events(batch.raw)
    return batch
