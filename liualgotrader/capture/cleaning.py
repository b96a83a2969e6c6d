"""What identifies an account is starred out of a frame, in its bytes.

Not by taking the frame apart: one that cannot be taken apart is what a bug report is about. Values keep their length,
so JSON and MessagePack stay as whole as they were.
"""

from __future__ import annotations

import re

from liualgotrader.credentials.redaction import KNOWN

_NAME = rb"account_?(?:id|number)"
_JSON = re.compile(rb'(?i)("' + _NAME + rb'"\s*:\s*)("(?:[^"\\]|\\.)*"|-?[\d.eE+-]+)', re.DOTALL)
_MSGPACK = re.compile(rb"(?i)" + _NAME + rb"(?=[\xa0-\xbf\xd9\xda\xcc-\xcf\xd0-\xd3\x00-\x7f])")
# First byte of a MessagePack string or number -> how many bytes say its length, or are its value.
_LENGTHS = {0xD9: 1, 0xDA: 2}
_NUMBERS = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}


def cleaned(payload: bytes) -> bytes:
    """Return a frame without secrets that the process knows and without the account's ids and numbers."""
    payload = KNOWN.blanked(payload)
    if b"ccount" not in payload and b"CCOUNT" not in payload:
        return payload
    if payload.lstrip()[:1] in (b"{", b"["):
        return _JSON.sub(_starred, payload)
    return _cleaned_msgpack(payload)


def _starred(found: re.Match[bytes]) -> bytes:
    value = found[2]
    quoted = value.startswith(b'"')
    stars = b'"' + b"*" * (len(value) - 2) + b'"' if quoted else b"1" + b"0" * (len(value) - 1)
    return found[1] + stars


def _cleaned_msgpack(payload: bytes) -> bytes:
    data = bytearray(payload)
    for found in _MSGPACK.finditer(payload):
        start, stop, fill = _value(payload, found.end())
        data[start:stop] = fill * (stop - start)
    return bytes(data)


def _value(payload: bytes, at: int) -> tuple[int, int, bytes]:
    """Return where the value at `at` stands, and what to write over each of its bytes."""
    first = payload[at]
    if 0xA0 <= first <= 0xBF:
        start, length = at + 1, first & 0x1F
    elif first in _LENGTHS:
        start = at + 1 + _LENGTHS[first]
        length = int.from_bytes(payload[at + 1 : start], "big")
    elif first in _NUMBERS:
        return at + 1, min(at + 1 + _NUMBERS[first], len(payload)), b"\0"
    else:
        return at, at + 1, b"\0"
    return start, min(start + length, len(payload)), b"*"
