"""What a link is to its two ends."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol


class LinkKind(StrEnum):
    """Which implementation a plan asks for."""

    QUEUE = "queue"
    PIPE = "pipe"


class Sender(Protocol):
    """The producer's end. It waits for nobody."""

    def send(self, payload: bytes) -> bool:
        """Take a payload for delivery, or return False because the link is full."""

    def pump(self) -> None:
        """Move what was taken as far as it goes without waiting."""

    @property
    def backlog(self) -> bool:
        """Whether something taken has not left this process yet."""

    def abandon(self) -> None:
        """Leave the link for good, without waiting for what is in it."""


class Receiver(Protocol):
    """The consumer's end. It reads without blocking."""

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when something arrives."""

    def receive(self) -> list[bytes]:
        """Return the payloads that have arrived whole."""


class Link(Protocol):
    """One link, as the supervisor makes it and hands it to both ends when they are spawned."""

    def sender(self) -> Sender:
        """Return the producer's end, for use in the producer's process."""

    def receiver(self) -> Receiver:
        """Return the consumer's end, for use in the consumer's process."""
