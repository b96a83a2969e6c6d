"""Faults of messages: sent twice, late, again, or with something in them that nobody has heard of.

Market data is changed in the bytes that were encoded once, per connection; updates before they are encoded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from liualgotrader.common.timestamps import SECOND
from liualgotrader.exchange.encode import Codec
from liualgotrader.exchange.faults.board import Faults, Live
from liualgotrader.exchange.faults.kinds import (
    Duplicate,
    OfMessages,
    Reorder,
    Replay,
    Stream,
    UnknownField,
    UnknownValue,
)

NEW_FIELD = "field_of_tomorrow"
NEW_WORD = "word_of_tomorrow"
REMEMBERED = 1_000
_FIXMAP = 0x80
_FIXMAP_MOST = 14

M = TypeVar("M")


class Shape(Protocol[M]):
    """How the messages of a stream are read and changed."""

    def about(self, message: M) -> tuple[str, str]:
        """Return the word for what it is, and its symbol."""

    def with_field(self, message: M) -> M:
        """Return it with a new field."""

    def with_word(self, message: M, field: str) -> list[M]:
        """Return what is sent instead when a field has a new word."""


class Held(msgspec.Struct):
    """A message that others are to pass: how many still, and until when at most (ns UTC)."""

    message: Any
    behind: int
    until: int


class Twist(Generic[M]):
    """What the faults of a stream make of its messages."""

    def __init__(self, faults: Faults, stream: Stream, shape: Shape[M]) -> None:
        self._faults = faults
        self._stream = stream
        self._shape = shape
        self._held: list[Held] = []
        self._sent: deque[M] = deque(maxlen=REMEMBERED)
        self._replayed: set[int] = set()

    def twisted(self, messages: list[M], now: int) -> list[M]:
        """Return what is sent instead of messages at `now`, ns UTC of the tape."""
        out: list[M] = []
        if not (self._held or self._stream in self._faults.twisted):
            out += messages
            messages = []
        for message in messages:
            if (held := self._hold(message, now)) is not None:
                self._held.append(held)
                continue
            out += self._changed(message)
            out += self._passed()
        out += self.released(now)
        self._sent.extend(out)
        return out

    def released(self, now: int) -> list[M]:
        """Return what has waited long enough, and what is sent again."""
        due = [held.message for held in self._held if held.until <= now]
        self._held = [held for held in self._held if held.until > now]
        for live in self._faults.replays(self._stream):
            if live.number not in self._replayed and isinstance(live.fault, Replay):
                self._replayed.add(live.number)
                again = list(self._sent)[-live.fault.last :]
                if again:
                    live.happened()
                due += again
        return due

    def rest(self) -> list[M]:
        """Return all that is held: behind a mark nothing may come that happened before it."""
        held, self._held = self._held, []
        return [each.message for each in held]

    def _met(self, kind: type[OfMessages], message: M) -> Iterator[Live]:
        """Iterate over the faults of a kind that strike a message."""
        for live, fault in self._faults.on(kind):
            if fault.stream is not self._stream:
                continue
            word, symbol = self._shape.about(message)
            if (not fault.events or word in fault.events) and (
                not fault.symbols or symbol in fault.symbols
            ):
                if live.strikes():
                    live.happened()
                    yield live

    def _hold(self, message: M, now: int) -> Held | None:
        for live in self._met(Reorder, message):
            fault = live.fault
            if isinstance(fault, Reorder):
                return Held(message, fault.behind, now + round(fault.within * SECOND))
        return None

    def _passed(self) -> list[M]:
        """Count one that has passed those that wait; return those that were passed by enough."""
        for held in self._held:
            held.behind -= 1
        free = [held.message for held in self._held if held.behind <= 0]
        self._held = [held for held in self._held if held.behind > 0]
        return free

    def _changed(self, message: M) -> list[M]:
        out = [message]
        for live, field in self._faults.on(UnknownField):
            if field.where == self._stream and live.strikes():
                live.happened()
                out[-1] = self._shape.with_field(out[-1])
        for live, word in self._faults.on(UnknownValue):
            if word.where == self._stream and live.strikes():
                live.happened()
                out[-1:] = self._shape.with_word(out[-1], word.field)
        for _ in self._met(Duplicate, message):
            out.append(out[-1])
        return out


class UpdateShape:
    """Trade updates, as values."""

    def about(self, message: dict[str, Any]) -> tuple[str, str]:
        """Return its event, and its order's symbol."""
        data = message["data"]
        return str(data["event"]), str(data["order"]["symbol"])

    def with_field(self, message: dict[str, Any]) -> dict[str, Any]:
        """Return it with a new field, also in its order."""
        data = message["data"]
        order = data["order"] | {NEW_FIELD: None}
        return message | {"data": data | {NEW_FIELD: {"nested": [1, "two"]}, "order": order}}

    def with_word(self, message: dict[str, Any], field: str) -> list[dict[str, Any]]:
        """Return it with a word in its order, or with a new event before it."""
        data = message["data"]
        if field == "event":
            new = {"event": NEW_WORD, "timestamp": data["timestamp"], "order": data["order"]}
            return [message | {"data": new}, message]
        return [message | {"data": data | {"order": data["order"] | {field: NEW_WORD}}}]


class DataShape:
    """Market data in the bytes of one format."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec

    def about(self, message: bytes) -> tuple[str, str]:
        """Return the vendor's word for what it is, and its symbol."""
        return self._codec.about(message)

    def with_field(self, message: bytes) -> bytes:
        """Return it with a new field in front; its other bytes stay, for times must keep their nanoseconds."""
        if self._codec.text:
            return b'{"%s":[1,"two"],' % NEW_FIELD.encode() + message[1:]
        count = message[0] - _FIXMAP
        if not 0 <= count <= _FIXMAP_MOST:
            return message
        new = self._codec.encode(NEW_FIELD) + self._codec.encode([1, "two"])
        return bytes((message[0] + 1,)) + new + message[1:]

    def with_word(self, message: bytes, field: str) -> list[bytes]:
        """Return it behind a message of a new kind."""
        _, symbol = self.about(message)
        return [self._codec.stranger(NEW_WORD, symbol), message]
