"""What waits to leave on one connection.

Batched into frames, bounded, sent by one task per connection.
"""

from __future__ import annotations

import asyncio
from collections import deque

from aiohttp import WSMsgType, web

from liualgotrader.exchange.encode import JsonCodec, MsgpackCodec

# A frame stays under the megabyte at which common clients refuse a message.
FRAME_MESSAGES = 2_000


class Outbox:
    """Messages and frames for one WebSocket.

    `pending` takes encoded messages; `flush` makes frames of them. `limit` bounds the frames that
    wait (in messages): beyond it `overflow` is set, and the connection's owner says goodbye. None
    is no limit: in lockstep the tape itself waits for the reader.
    """

    def __init__(
        self,
        socket: web.WebSocketResponse,
        codec: JsonCodec | MsgpackCodec,
        *,
        binary: bool = False,
        limit: int | None = None,
    ) -> None:
        self.pending: list[bytes] = []
        self.overflow = False
        self._socket = socket
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
        self._frames.append((messages, frame))
        self._waiting += messages
        if self._limit is not None and self._waiting > self._limit:
            self.overflow = True
            self._frames.clear()
        self._wake.set()

    def close(self) -> None:
        """Let `run` end once everything that waits has left."""
        self._closing = True
        self._wake.set()

    async def run(self) -> None:
        """Send until closed, overflown, or the peer is gone."""
        while not self.overflow:
            while self._frames:
                messages, frame = self._frames.popleft()
                self._waiting -= messages
                await self._socket.send_frame(frame, self._opcode)
            if self._closing:
                return
            self._wake.clear()
            await self._wake.wait()
