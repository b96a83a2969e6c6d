"""What a capture file is made of."""

from __future__ import annotations

import struct
from enum import IntEnum

import msgspec

MAGIC = b"LIUC\x01\n"
HEAD = struct.Struct("<IIBq")
# The largest frame that a stream accepts; a length beyond it is no length.
LARGEST = 64 * 1024 * 1024
REMOVED = ("keys", "messages that sign on", "account ids", "account numbers")


class Kind(IntEnum):
    """What a record is."""

    HEADER = 0
    MARKET = 1
    UPDATES = 2
    NOTE = 3


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """Where frames came from. `began`: ns UTC; `removed`: what is not in them any more."""

    vendor: str
    feed: str
    environment: str
    encoding: str
    symbols: tuple[str, ...]
    began: int
    versions: dict[str, str]
    removed: tuple[str, ...] = REMOVED


class Record(msgspec.Struct, frozen=True):
    """One frame, or a note. `received`: ns UTC."""

    kind: Kind
    received: int
    payload: bytes
