"""What the supervisor and its children say to each other over their control pipes."""

from __future__ import annotations

from typing import Any

import msgspec

from liualgotrader.common.events import AccountUpdate, Adjusted, Command, OrderEvent, Picked


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """Child: I can begin. The producer says it again when its streams are back after a loss."""


class Status(msgspec.Struct, frozen=True, tag="status"):
    """Child: I am alive, and this is how I am doing. Sent twice a second."""

    figures: dict[str, Any] = {}


class Picks(msgspec.Struct, frozen=True, tag="picks"):
    """Scanners to producer: these were picked. The producer answers with Subscribed(number)."""

    number: int
    picks: tuple[Picked, ...]


class Subscribed(msgspec.Struct, frozen=True, tag="subscribed"):
    """Producer to scanners: the picks of that number are routed, and their events will come."""

    number: int


class GivenBack(msgspec.Struct, frozen=True, tag="given_back"):
    """Consumer to producer: nobody here wants these symbols any more."""

    slot: str
    symbols: tuple[str, ...]


class Order(msgspec.Struct, frozen=True, tag="order"):
    """Supervisor to producer: give this command to all consumers."""

    command: Command


class Tell(msgspec.Struct, frozen=True, tag="tell"):
    """Supervisor to producer: give this to the consumer of `slot`, to an order's owner, or to all.

    What the broker's books showed and its stream did not tell.
    """

    event: OrderEvent | AccountUpdate | Adjusted
    slot: str = ""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """Child: something failed that the operator must know. `fatal` ends the session.

    `strategy`: who was disabled by it, for the rest of the session.
    """

    message: str
    fatal: bool = False
    strategy: str = ""


class Done(msgspec.Struct, frozen=True, tag="done"):
    """Child: my part of the session is over. `figures` are final."""

    figures: dict[str, Any] = {}


class Begin(msgspec.Struct, frozen=True, tag="begin"):
    """Supervisor: the tape goes; its time is `origin` + (monotonic now - `started`) * `speed`, in ns.

    With speed 0 it stands: the exchange in a box has died and is being started again.
    """

    origin: int
    started: int
    speed: float


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """Supervisor: end now, in order."""

    reason: str = ""


Message = (
    Ready | Status | Picks | Subscribed | GivenBack | Order | Tell | Failed | Done | Begin | Stop
)

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Message)


def encode(message: Message) -> bytes:
    """Return a message as bytes."""
    return _encoder.encode(message)


def decode(data: bytes) -> Message:
    """Return the message."""
    message: Message = _decoder.decode(data)
    return message
