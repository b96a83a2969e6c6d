"""A link over `multiprocessing.Queue`, the default.

The reader takes frames from the queue's own pipe instead of calling `get`: `get` waits for the rest
of a frame whose writer may be dead, and holds a lock that a killed reader never gives back. So each
queue has one reader, which gives the queue's slots back itself.
"""

from __future__ import annotations

import pickle
import queue
from multiprocessing.context import SpawnContext
from multiprocessing.queues import Queue

from liualgotrader.links.frames import FrameReader


class QueueLink:
    """A bounded queue of byte strings."""

    def __init__(self, context: SpawnContext, capacity: int) -> None:
        self._queue: Queue[bytes] = context.Queue(capacity)

    def sender(self) -> QueueSender:
        """Return the producer's end."""
        return QueueSender(self._queue)

    def receiver(self) -> QueueReceiver:
        """Return the consumer's end."""
        return QueueReceiver(self._queue)


class QueueSender:
    """Puts; the queue's feeder thread writes."""

    def __init__(self, link: Queue[bytes]) -> None:
        self._queue = link

    def send(self, payload: bytes) -> bool:
        """Take a payload, or return False because the queue is full."""
        try:
            self._queue.put_nowait(payload)
        except queue.Full:
            return False
        return True

    def pump(self) -> None:
        """Do nothing: the feeder thread does it."""

    @property
    def backlog(self) -> bool:
        """Whether the feeder still has something to write; it tells nobody, so never."""
        return False

    def abandon(self) -> None:
        """Leave the queue; its feeder thread must not keep the process from ending."""
        self._queue.cancel_join_thread()
        self._queue.close()


class QueueReceiver:
    """Reads the queue's pipe and gives its slots back."""

    def __init__(self, link: Queue[bytes]) -> None:
        self._reader = link._reader  # type: ignore[attr-defined]  # see the module's docstring
        self._slots = link._sem  # type: ignore[attr-defined]
        self._frames = FrameReader(self._reader.fileno())

    def fileno(self) -> int:
        """Return the descriptor of the queue's pipe."""
        return int(self._reader.fileno())

    def receive(self) -> list[bytes]:
        """Return the payloads that have arrived whole.

        Only our own producer writes here, hence the pickle.
        """
        payloads = []
        for frame in self._frames.read():
            self._slots.release()
            payloads.append(pickle.loads(frame))
        return payloads
