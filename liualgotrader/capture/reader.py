"""Reads a capture as far as it goes. It may come from anybody: nothing in it is run, no length in it is believed."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import msgspec

from liualgotrader.capture.records import HEAD, LARGEST, MAGIC, Header, Kind, Record
from liualgotrader.common.errors import ConfigError

_CHUNK = 256 * 1024
_GZIP = 31
_KINDS = {int(kind): kind for kind in Kind}


class Capture:
    """A capture file. `loss` says, once all records were read, what is missing or damaged; "" for nothing."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigError for a file that cannot be read or is no capture."""
        self.path = path
        self.loss = ""
        self.damaged = 0
        self.header = self._read_header()

    def _read_header(self) -> Header:
        for record in self._records():
            if record.kind is Kind.HEADER:
                try:
                    return msgspec.json.decode(record.payload, type=Header)
                except msgspec.MsgspecError as exc:
                    raise ConfigError(
                        f"{self.path} is a capture of another version: {exc}"
                    ) from exc
            break
        raise ConfigError(f"{self.path} is no capture, or nothing of it is left: {self.loss}")

    def records(self) -> Iterator[Record]:
        """Yield frames and notes in the order in which they came."""
        self.loss, self.damaged = "", 0
        for record in self._records():
            if record.kind is not Kind.HEADER:
                yield record

    def _records(self) -> Iterator[Record]:
        try:
            with self.path.open("rb") as file:
                yield from self._framed(_Unpacked(file))
        except OSError as exc:
            raise ConfigError(f"{self.path} cannot be read: {exc.strerror}") from exc

    def _framed(self, source: _Unpacked) -> Iterator[Record]:
        if source.take(len(MAGIC)) != MAGIC:
            self.loss = source.trouble or "it does not begin as one"
            return
        count = 0
        while (head := source.take(HEAD.size)) is not None:
            length, checksum, number, received = HEAD.unpack(head)
            kind = _KINDS.get(number)
            if length > LARGEST or kind is None:
                self.loss = f"damaged after {count:,} records; what follows cannot be read"
                return
            payload = source.take(length)
            if payload is None:
                break
            count += 1
            if zlib.crc32(payload, number) != checksum:
                self.damaged += 1
                self.loss = f"{self.damaged:,} records are damaged and were left out"
                continue
            yield Record(kind, received, payload)
        if source.trouble or source.rest:
            torn = source.trouble or "it ends within a record"
            self.loss = f"{torn}, after {count:,} records" + (f"; {self.loss}" if self.loss else "")


class _Unpacked:
    """The bytes in a gzip file, a little at a time: what is taken is bounded by what is asked for."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._unpacker = zlib.decompressobj(_GZIP)
        self._buffer = bytearray()
        self._ended = False
        self.trouble = ""

    @property
    def rest(self) -> int:
        """How many bytes are there that nobody took."""
        return len(self._buffer)

    def take(self, count: int) -> bytes | None:
        """Return so many bytes; None when there are not so many any more."""
        while len(self._buffer) < count and not self._ended:
            self._fill()
        if len(self._buffer) < count:
            return None
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _fill(self) -> None:
        packed = self._unpacker.unconsumed_tail or self._file.read(_CHUNK)
        if not packed:
            self._ended, self.trouble = True, "it was not ended"
            return
        try:
            self._buffer += self._unpacker.decompress(packed, _CHUNK)
        except zlib.error as exc:
            self._ended, self.trouble = True, f"it cannot be unpacked ({exc})"
            return
        self._ended = self._unpacker.eof


def replay_capture(path: Path, players: Mapping[Kind, Callable[[memoryview], None]]) -> Capture:
    """Give each frame to the player of its kind, in the order in which they came; return what was read.

    A player is what a socket calls: `AlpacaStream.frame`, `AlpacaOrderStream.frame`. Streams that answer must be
    connected first (`stream.connected(answers.append)`). Raises what a player raises, and ConfigError.
    """
    capture = Capture(path)
    for record in capture.records():
        player = players.get(record.kind)
        if player is not None:
            player(memoryview(record.payload))
    return capture
