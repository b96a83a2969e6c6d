"""Frames out of a byte stream, without ever waiting for the rest of one.

Both links carry the framing of `multiprocessing.Connection`: a signed 32-bit length, or -1 and an
unsigned 64-bit one. A writer that was killed inside a frame leaves its beginning behind; a reader
that waited for the end would never return.
"""

from __future__ import annotations

import os
import struct

_SHORT = struct.Struct("!i")
_LONG = struct.Struct("!Q")
_CHUNK = 1 << 20


class FrameReader:
    """Reads what a file descriptor has, and gives out the frames that are whole."""

    __slots__ = ("_buffer", "_fd")

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._buffer = bytearray()
        os.set_blocking(fd, False)

    def read(self) -> list[bytes]:
        """Return the frames that have arrived.

        Empty when there are none; a closed pipe has none for ever.
        """
        while True:
            try:
                chunk = os.read(self._fd, _CHUNK)
            except BlockingIOError:
                break
            if not chunk:
                break
            self._buffer += chunk
            if len(chunk) < 65_536:
                break
        return self._frames() if self._buffer else []

    def _frames(self) -> list[bytes]:
        frames: list[bytes] = []
        buffer, start, end = self._buffer, 0, len(self._buffer)
        with memoryview(buffer) as view:
            while end - start >= 4:
                (size,) = _SHORT.unpack_from(view, start)
                body = start + 4
                if size < 0:
                    if end - body < 8:
                        break
                    (size,) = _LONG.unpack_from(view, body)
                    body += 8
                if end - body < size:
                    break
                frames.append(bytes(view[body : body + size]))
                start = body + size
        if start:
            del buffer[:start]
        return frames


def frame(payload: bytes) -> bytes:
    """Return a payload with its length in front."""
    if len(payload) > 0x7FFFFFFF:
        return _SHORT.pack(-1) + _LONG.pack(len(payload)) + payload
    return _SHORT.pack(len(payload)) + payload
