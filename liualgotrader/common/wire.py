"""How inputs travel and are kept: msgpack arrays.

They are encoded once: the same bytes are on every queue and in the journal.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from liualgotrader.common.events import Event, Input
from liualgotrader.common.orders import Verdict

_encoder = msgspec.msgpack.Encoder()
_events = msgspec.msgpack.Decoder(list[Input])
_event = msgspec.msgpack.Decoder(Input)
_verdicts = msgspec.msgpack.Decoder(list[Verdict])


def encode_events(events: Sequence[Event]) -> bytes:
    """Return a batch of inputs as bytes."""
    return _encoder.encode(events)


def decode_events(data: bytes | memoryview) -> list[Input]:
    """Return the inputs of a batch."""
    return _events.decode(data)


def encode_event(event: Event) -> bytes:
    """Return one input as bytes."""
    return _encoder.encode(event)


def decode_event(data: bytes | memoryview) -> Input:
    """Return one input."""
    event: Input = _event.decode(data)
    return event


def encode_verdicts(verdicts: Sequence[Verdict]) -> bytes:
    """Return the verdicts on one input as bytes."""
    return _encoder.encode(verdicts)


def decode_verdicts(data: bytes | memoryview) -> list[Verdict]:
    """Return the verdicts on one input."""
    return _verdicts.decode(data)
