"""A link over a pipe.

No feeder thread, so single events arrive sooner (see the design's figures).
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections import deque
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext

from liualgotrader.links.frames import FrameReader, frame

_PIPE_BYTES = 1 << 20
_F_SETPIPE_SZ = getattr(fcntl, "F_SETPIPE_SZ", None)


class PipeLink:
    """A pipe and a bound on what may wait in front of it."""

    def __init__(self, context: SpawnContext, capacity: int) -> None:
        self._reader, self._writer = context.Pipe(duplex=False)
        self._capacity = capacity
        if _F_SETPIPE_SZ is not None:
            # Linux: a larger pipe absorbs bursts. An unprivileged user may be over the system's
            # limit; then it stays small.
            try:
                fcntl.fcntl(self._writer.fileno(), _F_SETPIPE_SZ, _PIPE_BYTES)
            except OSError as exc:
                if exc.errno not in (errno.EPERM, errno.EBUSY):
                    raise

    def sender(self) -> PipeSender:
        """Return the producer's end."""
        return PipeSender(self._writer, self._capacity)

    def receiver(self) -> PipeReceiver:
        """Return the consumer's end."""
        return PipeReceiver(self._reader)


class PipeSender:
    """Writes without waiting; what the pipe does not take stays in a bounded backlog."""

    def __init__(self, writer: Connection, capacity: int) -> None:
        self._writer = writer
        self._fd = writer.fileno()
        self._capacity = capacity
        self._backlog: deque[memoryview] = deque()
        os.set_blocking(self._fd, False)

    def send(self, payload: bytes) -> bool:
        """Write a payload, or keep it for `pump`; False when too much waits already."""
        if len(self._backlog) >= self._capacity:
            return False
        self._backlog.append(memoryview(frame(payload)))
        self.pump()
        return True

    def pump(self) -> None:
        """Write as much of the backlog as the pipe takes."""
        backlog = self._backlog
        while backlog:
            try:
                written = os.write(self._fd, backlog[0])
            except BlockingIOError:
                return
            if written < len(backlog[0]):
                backlog[0] = backlog[0][written:]
                return
            backlog.popleft()

    @property
    def backlog(self) -> bool:
        """Whether something waits for the pipe."""
        return bool(self._backlog)

    def abandon(self) -> None:
        """Leave the pipe."""
        self._backlog.clear()
        self._writer.close()


class PipeReceiver:
    """Reads whole frames."""

    def __init__(self, reader: Connection) -> None:
        self._reader = reader
        self._frames = FrameReader(reader.fileno())

    def fileno(self) -> int:
        """Return the pipe's descriptor."""
        return self._reader.fileno()

    def receive(self) -> list[bytes]:
        """Return the payloads that have arrived whole."""
        return self._frames.read()
