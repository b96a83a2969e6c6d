"""What connections of one kind of stream meet: silence, delay, a closed door."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol
from weakref import WeakSet


class Connection(Protocol):
    """A connection that can be cut."""

    def cut(self) -> None:
        """End it at once, without a goodbye."""


class Line:
    """All connections of a stream. `lost` counts the frames that were not sent because it was mute.

    Faults of one kind may overlap, so each is counted. `limit`: how many newcomers are told that there are too many.
    """

    def __init__(self) -> None:
        self.connections: WeakSet[Connection] = WeakSet()
        self.limit = 0
        self.lost = 0
        self._mute = 0
        self._refusing = 0
        self._delays: list[float] = []

    @property
    def is_mute(self) -> bool:
        """Whether nothing is sent."""
        return self._mute > 0

    @property
    def is_refusing(self) -> bool:
        """Whether no new connection is let in."""
        return self._refusing > 0

    @property
    def delay(self) -> float:
        """How late frames leave, seconds of the machine."""
        return max(self._delays, default=0.0)

    def mute(self) -> Callable[[], None]:
        """Send nothing; return what ends it."""
        self._mute += 1

        def end() -> None:
            self._mute -= 1

        return end

    def slow(self, delay: float) -> Callable[[], None]:
        """Let frames leave late; return what ends it."""
        self._delays.append(delay)
        return lambda: self._delays.remove(delay)

    def cut(self, *, limit: int) -> Callable[[], None]:
        """Cut all connections and let none in; return what ends the latter."""
        self._refusing += 1
        self.limit += limit
        for connection in list(self.connections):
            connection.cut()

        def end() -> None:
            self._refusing -= 1

        return end

    def is_over_limit(self) -> bool:
        """Tell whether a newcomer is one too many, and count it."""
        if not self.limit:
            return False
        self.limit -= 1
        return True
