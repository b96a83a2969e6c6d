"""One WebSocket that is kept open: connect, sign on, deliver frames, come back after a loss.

picows is used because frames are parsed in C and handed over in the callback, without a task or a
queue between. Measured with frames of ten events over loopback: to receive, parse and convert costs
0.53 us of CPU an event, with `websockets` 1.01 us, be it on asyncio's loop or on uvloop; without
what is done to the events that is a fifth.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Mapping
from random import Random
from typing import Protocol

from picows import (
    WSError,
    WSFrame,
    WSHandshakeError,
    WSListener,
    WSMsgType,
    WSTransport,
    ws_connect,
)

from liualgotrader.common.errors import FeedError, FeedLost, FeedRefused
from liualgotrader.links.backoff import GOOD_SECONDS, Waits
from liualgotrader.links.handshake import refusal

log = logging.getLogger(__name__)

_DATA = (WSMsgType.TEXT, WSMsgType.BINARY)

# Sees each data frame before anybody takes it apart. It must not raise, and copies what it keeps.
Tap = Callable[[memoryview], None]


class Protocolled(Protocol):
    """What speaks over the socket."""

    def connected(self, send: Callable[[bytes], None]) -> None:
        """The socket is open: sign on by `send`."""

    def frame(self, payload: memoryview) -> None:
        """A data frame arrived.

        Raises FeedRefused when the vendor said no for good, FeedLost when the connection is of no more use.
        """

    def lost(self) -> None:
        """The socket is gone; it will be connected again."""

    @property
    def is_up(self) -> bool:
        """Whether signing on succeeded, and the connection is of use."""


class _Listener(WSListener):
    def __init__(
        self, speaker: Protocolled, owner: KeptSocket, tap: Tap | None, kind: WSMsgType
    ) -> None:
        super().__init__()
        self._speaker = speaker
        self._owner = owner
        # Without a tap a frame's way is as it would be if there were none.
        self._frame = speaker.frame if tap is None else _tapped(speaker.frame, tap)
        self._kind = kind
        self._is_up = False

    def on_ws_connected(self, transport: WSTransport) -> None:
        def send(data: bytes) -> None:
            transport.send(self._kind, data)

        self._owner.opened(transport)
        self._speaker.connected(send)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type in _DATA:
            try:
                self._frame(frame.get_payload_as_memoryview())
                if not self._is_up and self._speaker.is_up:
                    self._is_up = True
                    self._owner.signed_on()
            except FeedError as exc:
                self._owner.failed(exc)
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
    """Runs one connection after the other until it is closed or refused. Never two at a time.

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
        floor: float = 0.0,
        good: float = GOOD_SECONDS,
    ) -> None:
        """`floor`, `good`: seconds between two attempts, and until a connection counts as good (`Waits`)."""
        self._url = url
        self._speaker = speaker
        self._headers = dict(headers)
        self._tap = tap
        self._kind = WSMsgType.BINARY if binary else WSMsgType.TEXT
        self._waits = Waits(random, floor=floor, good=good)
        self._transport: WSTransport | None = None
        self._failure: FeedError | None = None
        self._up_since = math.inf
        self._closed = False
        self.reconnects = 0

    async def run(self) -> None:
        """Stay connected.

        Returns after `close`; raises FeedRefused when the vendor says no for good.
        """
        clock = asyncio.get_running_loop().time
        while not self._closed:
            self._failure, began = None, clock()
            up = await self._connect()
            failure: FeedError | None = self._failure
            if isinstance(failure, FeedRefused):
                raise failure
            if not self._closed:
                self.reconnects += 1
                asked = failure.retry_after if isinstance(failure, FeedLost) else 0.0
                wait = self._waits.after(up=up, taken=clock() - began, asked=asked)
                log.info("connecting again in %.1f s", wait)
                await asyncio.sleep(wait)

    async def _connect(self) -> float:
        """Live through one connection; return how many seconds it was signed on."""
        self._up_since = math.inf
        try:
            transport, _ = await ws_connect(
                lambda: _Listener(self._speaker, self, self._tap, self._kind),
                self._url,
                extra_headers=self._headers,
                websocket_handshake_timeout=10,
                enable_auto_ping=True,
                auto_ping_idle_timeout=10,
                auto_ping_reply_timeout=10,
                max_frame_size=64 * 1024 * 1024,
                disconnect_on_exception=True,
            )
        except WSHandshakeError as exc:
            self.failed(self._answered(exc))
            return 0.0
        except (OSError, WSError, TimeoutError) as exc:
            log.warning("cannot connect to the stream: %s", exc)
            return 0.0
        await transport.wait_disconnected()
        self._transport = None
        return max(0.0, asyncio.get_running_loop().time() - self._up_since)

    def _answered(self, exc: WSHandshakeError) -> FeedError:
        """Return what the answer to a handshake means; not every failure of one is an answer."""
        if exc.response is None:
            return FeedLost(f"the stream's handshake failed: {exc}")
        status, headers = int(exc.response.status), exc.response.headers
        return refusal(self._url, status, headers)

    def opened(self, transport: WSTransport) -> None:
        """The listener has a connection, of which frames may come before it is known here."""
        self._transport = transport

    def signed_on(self) -> None:
        """The speaker is in."""
        self._up_since = asyncio.get_running_loop().time()

    def failed(self, exc: FeedError) -> None:
        """The connection is of no more use; an error that repeats is told each time."""
        self._failure = exc
        if not isinstance(exc, FeedRefused):
            log.warning("the stream was given up: %s", exc)

    def drop(self, reason: str) -> None:
        """Give up the connection that there is, if any, and make another."""
        if self._transport is not None:
            self.failed(FeedLost(reason))
            self._transport.disconnect(False)

    def close(self) -> None:
        """Disconnect, and do not come back."""
        self._closed = True
        if self._transport is not None:
            self._transport.disconnect(True)
