"""What waits to leave on one connection.

Batched into frames, bounded, sent by one task per connection.
"""

from __future__ import annotations

import asyncio
from collections import deque
from weakref import WeakSet

from aiohttp import WSCloseCode, WSMsgType, web

from liualgotrader.exchange.encode import Codec
from liualgotrader.exchange.faults.lines import Line

# A frame stays under the megabyte at which common clients refuse a message.
FRAME_MESSAGES = 2_000
# Bytes that the socket may keep before it is left to drain.
HIGH_WATER = 1 << 18
DRAIN_SECONDS = 0.001


class Outbox:
    """Messages and frames for one WebSocket.

    `pending` takes encoded messages; `flush` makes frames of them. `limit` bounds the frames that
    wait (in messages): beyond it `overflow` is set, and the connection's owner says goodbye. None
    is no limit: in lockstep the tape itself waits for the reader. `line`: what faults make of it.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        codec: Codec,
        *,
        binary: bool = False,
        limit: int | None = None,
        line: Line | None = None,
    ) -> None:
        self._line = line
        self._late: deque[tuple[int, bytes]] = deque()
        self._late_until = 0.0
        if line is not None:
            line.connections.add(self)
        self.pending: list[bytes] = []
        self.overflow = False
        self._transport = transport
        self._codec = codec
        self._opcode = WSMsgType.TEXT if codec.text and not binary else WSMsgType.BINARY
        self._frames: deque[tuple[int, bytes]] = deque()
        self._waiting = 0
        self._limit = limit
        self._wake = asyncio.Event()
        self._closing = False

    def flush(self) -> None:
        """Make frames of what is pending and let them leave."""
        pending = self.pending
        if not pending:
            return
        if len(pending) <= FRAME_MESSAGES:
            self.push(self._codec.frame(pending), len(pending))
        else:
            for first in range(0, len(pending), FRAME_MESSAGES):
                part = pending[first : first + FRAME_MESSAGES]
                self.push(self._codec.frame(part), len(part))
        pending.clear()

    def push(self, frame: bytes, messages: int = 1) -> None:
        """Let one frame leave, after those that wait."""
        if self.overflow:
            return
        line = self._line
        if line is not None and (line.is_mute or line.delay or self._late):
            if line.is_mute:
                line.lost += 1
            else:
                self._push_late(line.delay, messages, frame)
            return
        self._queue(messages, frame)

    def _push_late(self, delay: float, messages: int, frame: bytes) -> None:
        """Let a frame wait, and those behind it until it has left: what is late keeps its order."""
        loop = asyncio.get_running_loop()
        self._late.append((messages, frame))
        self._late_until = max(loop.time() + delay, self._late_until)
        # Timers of one moment fire in any order, so each lets the oldest go.
        loop.call_at(self._late_until, lambda: self._queue(*self._late.popleft()))

    def _queue(self, messages: int, frame: bytes) -> None:
        self._frames.append((messages, frame))
        self._waiting += messages
        if self._limit is not None and self._waiting > self._limit:
            self.overflow = True
            self._frames.clear()
        self._wake.set()

    def cut(self) -> None:
        """End the connection at once, without a goodbye."""
        self._transport.abort()

    def close(self) -> None:
        """Let `run` end once everything that waits has left."""
        self._closing = True
        self._wake.set()

    async def run(self) -> None:
        """Send until closed, overflown, or the peer is gone (ConnectionResetError)."""
        loop = asyncio.get_running_loop()
        while not self.overflow:
            self._wake.clear()
            if self._transport.get_write_buffer_size() > HIGH_WATER:
                loop.call_later(DRAIN_SECONDS, self._wake.set)
            elif self._frames:
                self._write()
                continue
            elif self._closing:
                return
            await self._wake.wait()

    def _write(self) -> None:
        """Hand what waits to the socket at once: a system call costs more than a frame."""
        if self._transport.is_closing():
            raise ConnectionResetError("the peer is gone")
        parts: list[bytes] = []
        for _, frame in self._frames:
            parts += (self._head(len(frame)), frame)
        self._frames.clear()
        self._waiting = 0
        self._transport.write(b"".join(parts))

    def _head(self, length: int) -> bytes:
        """Return the head of a server's frame: whole, unmasked, uncompressed (RFC 6455, 5.2)."""
        first = 0x80 | self._opcode
        if length < 126:
            return bytes((first, length))
        if length < 65_536:
            return bytes((first, 126)) + length.to_bytes(2, "big")
        return bytes((first, 127)) + length.to_bytes(8, "big")


IN_LOCKSTEP = web.AppKey("in_lockstep", bool)
SOCKETS: web.AppKey[WeakSet[web.WebSocketResponse]] = web.AppKey("sockets", WeakSet)


async def opened(request: web.Request, *, most: int = 1 << 20) -> web.WebSocketResponse:
    """Answer a WebSocket's handshake; `most` bytes a message. The server closes it when it ends."""
    socket = web.WebSocketResponse(compress=False, max_msg_size=most)
    await socket.prepare(request)
    request.app[SOCKETS].add(socket)
    return socket


def keeps_step(request: web.Request) -> bool:
    """Tell whether a connection is a participant's: it asks for marks, and there are any."""
    return request.app[IN_LOCKSTEP] and request.headers.get("X-Liu-Lockstep") == "1"


async def close_all(app: web.Application) -> None:
    """Say goodbye on every open WebSocket."""
    sockets: WeakSet[web.WebSocketResponse] = app[SOCKETS]
    for socket in list(sockets):
        await socket.close(code=WSCloseCode.GOING_AWAY)


def transport_of(request: web.Request) -> asyncio.Transport:
    """Return the transport of a connection. Raises ConnectionResetError when it is gone already."""
    transport = request.transport
    if transport is None:
        raise ConnectionResetError("the peer is gone")
    return transport
