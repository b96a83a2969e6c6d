"""Writes a capture while a session lives: the stream copies a frame and goes on, a thread does the rest."""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec

from liualgotrader.capture.cleaning import cleaned
from liualgotrader.capture.records import HEAD, MAGIC, Header, Kind
from liualgotrader.common.errors import ConfigError
from liualgotrader.links.socket import Tap

log = logging.getLogger(__name__)

MOST_WAITING = 64 * 1024 * 1024
# The disk is the journal's before it is ours.
LEAST_FREE = 1_000_000_000
_TURN_SECONDS = 0.1
_FLUSH_SECONDS = 1.0
_GZIP = 31


class CaptureWriter:
    """One capture file.

    A tap never raises and never waits. When the disk is full or nearly so the capture ends, `on_stopped` is told why,
    on the writer's thread, and the streams go on. When the thread falls behind by more than `most_waiting` bytes,
    frames are left out, and a note in the file says how many.
    """

    def __init__(
        self,
        path: Path,
        header: Header,
        *,
        on_stopped: Callable[[str], None] = log.warning,
        most_waiting: int = MOST_WAITING,
        least_free: int = LEAST_FREE,
    ) -> None:
        """Raises ConfigError when the file cannot be made; one that is there is not written over."""
        self.path = path
        self.frames = 0
        self.left_out = 0
        self.stopped = ""
        self._on_stopped = on_stopped
        self._most_waiting = most_waiting
        self._least_free = least_free
        self._queue: deque[tuple[Kind, int, bytes]] = deque()
        # Each is added to by one thread only, so none needs a lock.
        self._put, self._taken = 0, 0
        self._told_left_out = 0
        self._closing = threading.Event()
        self._squeezed = zlib.compressobj(1, zlib.DEFLATED, _GZIP)
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as exc:
            raise ConfigError(f"the capture {path} cannot be made: {exc.strerror}") from exc
        self._begin(header)
        self._thread = threading.Thread(target=self._run, name="capture")
        self._thread.start()

    def _begin(self, header: Header) -> None:
        try:
            self._write(self._squeezed.compress(MAGIC))
            self._record(Kind.HEADER, header.began, msgspec.json.encode(header))
        except OSError as exc:
            os.close(self._file)
            raise ConfigError(f"the capture {self.path} cannot be written: {exc.strerror}") from exc

    def tap(self, kind: Kind) -> Tap:
        """Return what a stream calls with each of its frames."""

        def take(payload: memoryview) -> None:
            if self.stopped:
                return
            if self._put - self._taken > self._most_waiting:
                self.left_out += 1
                return
            data = bytes(payload)
            self._put += len(data)
            self.frames += 1
            self._queue.append((kind, time.time_ns(), data))

        return take

    def note(self, what: str) -> None:
        """Write down what happened to a stream, or to the capture."""
        self._queue.append((Kind.NOTE, time.time_ns(), what.encode()))

    def close(self) -> None:
        """Write what waits, end the file. Once is enough."""
        self._closing.set()
        self._thread.join()

    # -- the thread ------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            flushed = time.monotonic()
            while not self._closing.wait(_TURN_SECONDS):
                self._drain()
                if time.monotonic() - flushed > _FLUSH_SECONDS:
                    flushed = time.monotonic()
                    self._write(self._squeezed.flush(zlib.Z_SYNC_FLUSH))
                    self._check_room()
                if self.stopped:
                    break
            self._drain()
            self._write(self._squeezed.flush())
        except OSError as exc:
            self._stop(exc.strerror or str(exc))
        finally:
            self._queue.clear()
            os.close(self._file)

    def _drain(self) -> None:
        while self._queue:
            kind, received, payload = self._queue.popleft()
            self._taken += 0 if kind is Kind.NOTE else len(payload)
            self._record(kind, received, payload)
        if self.left_out > self._told_left_out:
            count, self._told_left_out = self.left_out - self._told_left_out, self.left_out
            self._record(
                Kind.NOTE, time.time_ns(), b"left out %d frames: the disk is too slow" % count
            )

    def _record(self, kind: Kind, received: int, payload: bytes) -> None:
        payload = cleaned(payload)
        head = HEAD.pack(len(payload), zlib.crc32(payload, kind), kind, received)
        self._write(self._squeezed.compress(head + payload))

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._file, view) :]

    def _check_room(self) -> None:
        free = shutil.disk_usage(self.path.parent).free
        if free < self._least_free:
            self.note("stopped: the disk is nearly full")
            self._stop(f"{free / 1e9:.1f} GB are left on the disk")

    def _stop(self, why: str) -> None:
        self.stopped = why
        self._on_stopped(
            f"the capture {self.path} has stopped: {why}; {self.frames:,} frames until then"
        )
