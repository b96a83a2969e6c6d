"""The orders' link: order events, picks, commands and feed status.

Nothing on it is dropped, conflated or aged.

Items are numbered within the producer's epoch. The sender keeps what is not acknowledged and sends
it again after a switch; the receiver ignores what it has seen. A new producer begins a new epoch:
what the dead one held is gone, and the consumer asks the broker for it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import msgspec

from liualgotrader.common.events import Event, Input
from liualgotrader.links.port import Receiver, Sender
from liualgotrader.links.slots import SlotLinks


class OrderItem(msgspec.Struct, frozen=True, array_like=True):
    """What travels: numbered inputs, or a mark of the lockstep."""

    epoch: int
    number: int
    events: list[Input]
    mark: int | None = None


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(OrderItem)


class OrderSender:
    """The producer's side for one slot."""

    def __init__(self, links: SlotLinks, epoch: int) -> None:
        self._links = links
        self._epoch = epoch
        self._generation = links.generation
        self._sender: Sender = links.orders[self._generation].sender()
        self._number = 0
        self._unacked: deque[tuple[int, bytes]] = deque()
        self._unsent: deque[bytes] = deque()

    @property
    def is_behind(self) -> bool:
        """Whether something has not left yet."""
        return bool(self._unsent) or self._sender.backlog

    @property
    def unacknowledged(self) -> int:
        """How many items the consumer has not booked yet."""
        self._forget_acked()
        return len(self._unacked)

    def send(self, events: Sequence[Event], *, mark: int | None = None) -> None:
        """Take items for delivery; they are kept until they are acknowledged."""
        self._number += 1
        item = _encoder.encode((self._epoch, self._number, events, mark))
        self._unacked.append((self._number, item))
        self._unsent.append(item)
        self.pump()

    def pump(self) -> None:
        """Move to the next spare if told to, forget what is acknowledged, send what waits."""
        if self._links.generation != self._generation:
            self._switch()
        self._forget_acked()
        self._sender.pump()
        while self._unsent and self._sender.send(self._unsent[0]):
            self._unsent.popleft()

    def _forget_acked(self) -> None:
        epoch, number = self._links.acked
        if epoch != self._epoch:
            return
        while self._unacked and self._unacked[0][0] <= number:
            self._unacked.popleft()

    def _switch(self) -> None:
        self._sender.abandon()
        self._generation = self._links.generation
        self._sender = self._links.orders[self._generation].sender()
        self._forget_acked()
        self._unsent = deque(item for _, item in self._unacked)


class OrderReceiver:
    """The consumer's side."""

    def __init__(self, links: SlotLinks) -> None:
        self._links = links
        self.generation = links.generation
        self._receiver: Receiver = links.orders[self.generation].receiver()
        self._filled: list[bytes] = []
        self._epoch, self._seen = links.acked

    @property
    def epoch(self) -> int:
        """The producer's epoch seen last."""
        return self._epoch

    def fileno(self) -> int:
        """Return the descriptor to watch; it changes with a switch."""
        return self._receiver.fileno()

    def switched(self) -> bool:
        """Move to the next spare if told to; True when that happened."""
        if self._links.generation == self.generation:
            return False
        self.generation = self._links.generation
        self._receiver = self._links.orders[self.generation].receiver()
        self._filled.clear()
        return True

    @property
    def is_filled(self) -> bool:
        """Whether something was read and not taken yet."""
        return bool(self._filled)

    def fill(self) -> None:
        """Read what the link has, for `take`: called by the loop when the descriptor is readable."""
        self._filled += self._receiver.receive()

    def receive(self) -> list[OrderItem]:
        """Read, and return all that has arrived and was not seen before."""
        self.fill()
        return self.take()

    def take(self) -> list[OrderItem]:
        """Return the items that were read and not seen before, in order."""
        filled, self._filled = self._filled, []
        fresh = []
        for payload in filled:
            item = _decoder.decode(payload)
            if item.epoch > self._epoch:
                self._epoch, self._seen = item.epoch, 0
            if item.epoch == self._epoch and item.number > self._seen:
                self._seen = item.number
                fresh.append(item)
        return fresh

    def ack(self, item: OrderItem) -> None:
        """Say that an item and all before it are booked."""
        self._links.ack(item.epoch, item.number)
