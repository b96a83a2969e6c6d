"""One connection of a market data reader, whatever the vendor's words: in, out, and cut off when slow."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from typing import Any

from aiohttp import WSMsgType, web

from liualgotrader.exchange.encode import Codec
from liualgotrader.exchange.feeds import Feeds, Subscriber
from liualgotrader.exchange.outbox import Outbox, keeps_step, opened, transport_of

log = logging.getLogger(__name__)

AUTH_SECONDS = 10.0
# What a slow reader may leave waiting before it is cut off; some minutes of a busy feed.
SLOW_LIMIT = 500_000


class MarketStream(ABC):
    """Talks to one client. `_subscriber` is there once it is let in."""

    def __init__(self, feeds: Feeds) -> None:
        self._feeds = feeds
        self._subscriber: Subscriber | None = None

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Talk to one client until it or the server ends it."""
        if self._feeds.line.is_refusing:
            return web.Response(status=503)
        socket = await opened(request)
        self._socket = socket
        self._codec = self._codec_for(request)
        self._lockstep = keeps_step(request)
        limit = None if self._lockstep else SLOW_LIMIT
        self._outbox = Outbox(
            transport_of(request), self._codec, limit=limit, line=self._feeds.line
        )
        sender = asyncio.create_task(self._send())
        try:
            await self._talk(request)
        finally:
            self._leave()
            self._outbox.close()
            await asyncio.wait({sender}, timeout=1)
            sender.cancel()
        await socket.close(code=self._close_code)
        return socket

    _close_code = 1000

    async def _send(self) -> None:
        try:
            await self._outbox.run()
        except ConnectionResetError:
            log.debug("a market data reader is gone")
            return
        if self._outbox.overflow:
            self._leave()
            await self._dismiss(self._slow)

    async def _dismiss(self, last: dict[str, Any]) -> None:
        """Say one last thing past everything that waits, and close."""
        frame = self._codec.frame([self._codec.encode(last)])
        await self._socket.send_frame(
            frame, WSMsgType.TEXT if self._codec.text else WSMsgType.BINARY
        )
        await self._socket.close(code=self._close_code)

    async def _talk(self, request: web.Request) -> None:
        self._say(self._welcome)
        if not self._knows(request):
            return
        deadline = None if self._subscriber is not None else AUTH_SECONDS
        try:
            async with asyncio.timeout(deadline) as timeout:
                async for message in self._socket:
                    if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                        return
                    if not self._hear(message.data):
                        return
                    if self._subscriber is not None:
                        timeout.reschedule(None)
        except TimeoutError:
            self._say(self._late)

    def _say(self, *messages: dict[str, Any]) -> None:
        self._outbox.flush()
        self._outbox.push(self._codec.frame([self._codec.encode(message) for message in messages]))

    def _enter(self, *, coins: bool) -> Subscriber:
        """Let the client in. `coins`: it hears of pairs of currencies only."""
        self._subscriber = Subscriber(
            self._outbox, self._codec, lockstep=self._lockstep, coins=coins
        )
        self._feeds.join(self._subscriber)
        return self._subscriber

    def _leave(self) -> None:
        if self._subscriber is not None:
            self._feeds.leave(self._subscriber)
            self._subscriber = None
            self._left()

    def _knows(self, request: web.Request) -> bool:
        """Let in who is known by the handshake; False ends the connection."""
        return True

    @property
    @abstractmethod
    def _welcome(self) -> dict[str, Any]:
        """The first thing that is said."""

    @property
    @abstractmethod
    def _late(self) -> dict[str, Any]:
        """What is said to one who did not authenticate in time."""

    @property
    @abstractmethod
    def _slow(self) -> dict[str, Any]:
        """What is said to one who reads too slowly."""

    @abstractmethod
    def _codec_for(self, request: web.Request) -> Codec:
        """Return the format that this client reads."""

    @abstractmethod
    def _hear(self, data: bytes | str) -> bool:
        """Answer one message; False ends the connection."""

    @abstractmethod
    def _left(self) -> None:
        """Give free what the client had taken."""
