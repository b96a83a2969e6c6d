"""One WebSocket that is kept open: connect, sign on, deliver frames, come back after a loss.

picows is used because frames are parsed in C and handed over in the callback, without a task or a
queue between. Measured with frames of ten events over loopback: to receive, parse and convert costs
0.53 us of CPU an event, with `websockets` 1.01 us, be it on asyncio's loop or on uvloop; without
what is done to the events that is a fifth.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Protocol

from picows import WSError, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from liualgotrader.common.errors import FeedLost, FeedRefused

log = logging.getLogger(__name__)

_FIRST_DELAY = 0.1
_LONGEST_DELAY = 20.0
_DATA = (WSMsgType.TEXT, WSMsgType.BINARY)

# Sees each data frame before anybody takes it apart. It must not raise, and copies what it keeps.
Tap = Callable[[memoryview], None]


def backoff(
    random: Random, *, first: float = _FIRST_DELAY, most: float = _LONGEST_DELAY
) -> Iterator[float]:
    """Yield waits in seconds.

    Doubling, each with full jitter, so that many clients do not return together.
    """
    ceiling = first
    while True:
        yield random.uniform(ceiling / 2, ceiling)
        ceiling = min(ceiling * 2, most)


class Protocolled(Protocol):
    """What speaks over the socket."""

    def connected(self, send: Callable[[bytes], None]) -> None:
        """The socket is open: sign on by `send`."""

    def frame(self, payload: memoryview) -> None:
        """A data frame arrived. Raises FeedRefused when the vendor said no for good."""

    def lost(self) -> None:
        """The socket is gone; it will be connected again."""

    @property
    def is_up(self) -> bool:
        """Whether signing on succeeded; resets the back-off."""


class _Listener(WSListener):
    def __init__(
        self,
        speaker: Protocolled,
        failed: Callable[[Exception], None],
        tap: Tap | None,
        kind: WSMsgType,
    ) -> None:
        super().__init__()
        self._speaker = speaker
        self._failed = failed
        # Without a tap a frame's way is as it would be if there were none.
        self._frame = speaker.frame if tap is None else _tapped(speaker.frame, tap)
        self._kind = kind

    def on_ws_connected(self, transport: WSTransport) -> None:
        def send(data: bytes) -> None:
            transport.send(self._kind, data)

        self._speaker.connected(send)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type in _DATA:
            try:
                self._frame(frame.get_payload_as_memoryview())
            except (FeedRefused, FeedLost) as exc:
                self._failed(exc)
                transport.disconnect(False)
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect(True)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._speaker.lost()


def _tapped(frame: Callable[[memoryview], None], tap: Tap) -> Callable[[memoryview], None]:
    def both(payload: memoryview) -> None:
        tap(payload)
        frame(payload)

    return both


class KeptSocket:
    """Runs one connection after the other until it is closed or refused.

    `tap` sees all data frames first. With `binary` what is sent goes out in binary frames, as MessagePack does.
    """

    def __init__(
        self,
        url: str,
        speaker: Protocolled,
        *,
        headers: Mapping[str, str],
        random: Random,
        tap: Tap | None = None,
        binary: bool = False,
    ) -> None:
        self._url = url
        self._speaker = speaker
        self._headers = dict(headers)
        self._random = random
        self._tap = tap
        self._kind = WSMsgType.BINARY if binary else WSMsgType.TEXT
        self._transport: WSTransport | None = None
        self._refusal: FeedRefused | None = None
        self._closed = False
        self.reconnects = 0

    async def run(self) -> None:
        """Stay connected.

        Returns after `close`; raises FeedRefused when the vendor says no for good.
        """
        waits = backoff(self._random)
        while not self._closed:
            if await self._connect():
                waits = backoff(self._random)
            if self._refusal is not None:
                raise self._refusal
            if not self._closed:
                self.reconnects += 1
                await asyncio.sleep(next(waits))

    async def _connect(self) -> bool:
        """Live through one connection; True when signing on had succeeded."""
        try:
            self._transport, _ = await ws_connect(
                lambda: _Listener(self._speaker, self._note, self._tap, self._kind),
                self._url,
                extra_headers=self._headers,
                websocket_handshake_timeout=10,
                enable_auto_ping=True,
                auto_ping_idle_timeout=10,
                auto_ping_reply_timeout=10,
                max_frame_size=64 * 1024 * 1024,
                disconnect_on_exception=True,
            )
        except (OSError, WSError, TimeoutError) as exc:
            log.warning("cannot connect to the stream: %s", exc)
            return False
        await self._transport.wait_disconnected()
        up, self._transport = self._speaker.is_up, None
        return up

    def _note(self, exc: Exception) -> None:
        if isinstance(exc, FeedRefused):
            self._refusal = exc
        else:
            log.warning("the stream was given up: %s", exc)

    def close(self) -> None:
        """Disconnect, and do not come back."""
        self._closed = True
        if self._transport is not None:
            self._transport.disconnect(True)
