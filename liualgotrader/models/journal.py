"""The journal: every input as it was admitted, and every verdict, to live a run again.

A file is a row of frames: length, CRC-32, kind, payload. A batch keeps the bytes it travelled in,
with one admission stamp; what was admitted between its events (refusals, timers, fills) follows
with the index it came after. A killed process leaves at most a torn last frame; the reader takes
the intact part and says what is missing. Secrets that the process knows are starred out.
"""

from __future__ import annotations

import gzip
import logging
import os
import shutil
import struct
import zlib
from collections.abc import Iterator, Sequence
from io import BufferedReader
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from liualgotrader.common.errors import StoreError
from liualgotrader.common.events import Event, Input
from liualgotrader.common.orders import Verdict
from liualgotrader.common.wire import (
    decode_event,
    decode_events,
    decode_verdicts,
    encode_event,
    encode_verdicts,
)
from liualgotrader.credentials.redaction import KNOWN

log = logging.getLogger(__name__)

MAGIC = b"LIUJ\x01\n"
OWN_STAMPS = -1
_FRAME = struct.Struct("<IIB")
_BATCH = struct.Struct("<qI")
_INPUT = struct.Struct("<qi")
_VERDICTS = struct.Struct("<i")
_HEADER, _BATCH_KIND, _INPUT_KIND, _VERDICT_KIND = range(4)
_BUFFER = 256 * 1024
_CLOSED = -1


class BatchFrame(msgspec.Struct, frozen=True):
    """Market events admitted together.

    `ts` is OWN_STAMPS - now where each event's own time is engine time (lockstep),
    though never before `now`, ns UTC.
    """

    ts: int
    events: list[Input]
    dropped: frozenset[int]


class InputFrame(msgspec.Struct, frozen=True):
    """One input, admitted at `ts` after event number `after` of the batch before it.

    -1 is before its first event.
    """

    ts: int
    after: int
    event: Input


class VerdictFrame(msgspec.Struct, frozen=True):
    """What risk said after the input admitted last; `after` as in InputFrame."""

    after: int
    verdicts: list[Verdict]


class Header(msgspec.Struct, frozen=True):
    """What is needed to live a run again: the plan, the sources, the settings, the versions."""

    batch_id: str
    slot: str
    incarnation: int
    settings: bytes
    plan: str
    sources: dict[str, str]
    versions: dict[str, str]
    continued: int = 0


Frame = Header | BatchFrame | InputFrame | VerdictFrame


class Journal:
    """Writes the journal of one consumer incarnation.

    What is not yet with the OS is in a buffer of 256 KiB.
    """

    def __init__(
        self, path: Path, header: Header, *, rotate_bytes: int = 256 * 1024 * 1024
    ) -> None:
        self._base = path
        self._header = header
        self._rotate_bytes = rotate_bytes
        self._part = 0
        self._buffer: list[bytes] = []
        self._buffered = 0
        self._written = 0
        self._failure = ""
        self.paths: list[Path] = []
        self._fd = _CLOSED
        self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self) -> None:
        """Begin a file; its header is with the operating system before anything else."""
        path = self._base if not self._part else self._base.with_suffix(f".{self._part}.journal")
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        except OSError as exc:
            raise StoreError(f"cannot write the journal {path}: {exc.strerror}") from exc
        self.paths.append(path)
        self._written = 0
        header = msgspec.structs.replace(self._header, continued=self._part)
        self._buffer.append(MAGIC)
        self._frame(_HEADER, msgspec.msgpack.encode(header))
        self.write_through()

    def _frame(self, kind: int, payload: bytes) -> None:
        if kind != _BATCH_KIND:  # a batch is the vendor's market data, as it came
            payload = KNOWN.blanked(payload)
        self._buffer.append(_FRAME.pack(len(payload), zlib.crc32(payload, kind), kind))
        self._buffer.append(payload)
        self._buffered += len(payload) + _FRAME.size
        if self._buffered > _BUFFER:
            self.write_through()

    def batch(self, ts: int, raw: bytes, dropped: Sequence[int] = ()) -> None:
        """Record a batch in the bytes it came in, before anyone sees it."""
        if self._written > self._rotate_bytes:
            self._rotate()
        indexes = struct.pack(f"<{len(dropped)}I", *dropped) if dropped else b""
        self._frame(_BATCH_KIND, _BATCH.pack(ts, len(dropped)) + indexes + raw)

    def input(self, ts: int, after: int, event: Event) -> None:
        """Record one input, before anyone sees it."""
        self._frame(_INPUT_KIND, _INPUT.pack(ts, after) + encode_event(event))

    def verdicts(self, after: int, verdicts: Sequence[Verdict]) -> None:
        """Record what risk said."""
        self._frame(_VERDICT_KIND, _VERDICTS.pack(after) + encode_verdicts(verdicts))

    def write_through(self) -> None:
        """Hand everything to the operating system: it survives a kill of this process.

        Raises StoreError when that fails, and from then on: behind a torn frame nothing is read.
        """
        if self._failure:
            raise StoreError(self._failure)
        if not self._buffer:
            return
        data = b"".join(self._buffer)
        self._buffer.clear()
        self._buffered = 0
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._fd, view) :]
        except OSError as exc:
            self._failure = f"the journal {self.paths[-1]} cannot be written: {exc.strerror}"
            raise StoreError(self._failure) from exc
        self._written += len(data)

    def _rotate(self) -> None:
        self.write_through()
        self._close_file()
        self._part += 1
        self._open()

    def _close_file(self) -> None:
        if self._fd != _CLOSED:
            os.close(self._fd)
            self._fd = _CLOSED

    def close(self) -> None:
        """Write what is left and compress the files; once is enough.

        What failed before is not tried again: whoever saw it was told.
        """
        if self._fd == _CLOSED:
            return
        try:
            if not self._failure:
                self.write_through()
        finally:
            self._close_file()
        self.paths = [compress(path) for path in self.paths]


def compress(path: Path) -> Path:
    """Gzip a closed journal file; return its new path, or the old one when there is no room."""
    target = path.with_name(path.name + ".gz")
    partial = target.with_name(target.name + ".part")
    try:
        with path.open("rb") as source, gzip.open(partial, "wb", compresslevel=1) as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
        partial.rename(target)
    except OSError as exc:
        log.warning("%s stays uncompressed: %s", path, exc.strerror)
        partial.unlink(missing_ok=True)
        return path
    path.unlink()
    return target


class JournalReader:
    """Iterates once over the intact frames of a journal file, gzipped or not.

    `frames` is how many were read so far, the header included; `stopped` says why there are no
    more when the file is torn or damaged, and is "" where it ends as its writer left it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.frames = 0
        self.stopped = ""

    def __iter__(self) -> Iterator[Frame]:
        """Iterate; a torn end is logged, not raised.

        Raises StoreError when the file is no journal of this version at all.
        """
        with _opened(self.path) as stream:
            magic = self._read(stream, len(MAGIC))
            if not MAGIC.startswith(magic):
                raise StoreError(f"{self.path} is not a journal of this version")
            if magic != MAGIC:
                self._stop("ends before its header; there is nothing in it")
                return
            while (framed := self._next(stream)) is not None:
                frame = self._decoded(*framed)
                self.frames += 1
                yield frame

    def _next(self, stream: gzip.GzipFile | BufferedReader) -> tuple[int, bytes] | None:
        """Return the kind and the payload of the next intact frame."""
        head = self._read(stream, _FRAME.size)
        if not head:
            return None
        if len(head) < _FRAME.size:
            self._stop("ends inside a frame; the intact part is used")
            return None
        size, checksum, kind = _FRAME.unpack(head)
        payload = self._read(stream, size)
        if len(payload) < size or zlib.crc32(payload, kind) != checksum:
            self._stop("has a torn or damaged frame; what comes after it is not used")
            return None
        return kind, payload

    def _decoded(self, kind: int, payload: bytes) -> Frame:
        try:
            return _decode(kind, payload)
        except (msgspec.DecodeError, struct.error) as exc:
            raise StoreError(
                f"{self.path} is not a journal of this version: frame {self.frames}: {exc}"
            ) from exc

    def _read(self, stream: gzip.GzipFile | BufferedReader, size: int) -> bytes:
        """Return up to `size` bytes; a gzip file that is torn or damaged ends where it is."""
        try:
            return stream.read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            self._stop("is torn or damaged")
            return b""

    def _stop(self, why: str) -> None:
        log.warning("%s %s", self.path, why)
        self.stopped = self.stopped or why


def read_journal(path: Path) -> Iterator[Frame]:
    """Iterate over the intact frames of a journal file as `JournalReader` does."""
    return iter(JournalReader(path))


def _opened(path: Path) -> gzip.GzipFile | BufferedReader:
    try:
        return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")
    except OSError as exc:
        raise StoreError(f"the journal {path} cannot be read: {exc.strerror}") from exc


def _decode(kind: int, payload: bytes) -> Frame:
    match kind:
        case 0:
            return msgspec.msgpack.decode(payload, type=Header)
        case 1:
            ts, count = _BATCH.unpack_from(payload)
            start = _BATCH.size + 4 * count
            dropped = struct.unpack_from(f"<{count}I", payload, _BATCH.size)
            return BatchFrame(ts, decode_events(memoryview(payload)[start:]), frozenset(dropped))
        case 2:
            ts, after = _INPUT.unpack_from(payload)
            return InputFrame(ts, after, decode_event(memoryview(payload)[_INPUT.size :]))
        case 3:
            (after,) = _VERDICTS.unpack_from(payload)
            return VerdictFrame(after, decode_verdicts(memoryview(payload)[_VERDICTS.size :]))
    raise StoreError(f"a journal frame of unknown kind {kind}")
