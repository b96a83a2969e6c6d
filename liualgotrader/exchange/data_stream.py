"""The market data streams: `/v2/{feed}`, `/v1beta1/{feed}`, `/v1beta3/crypto/us`.

Welcome, authenticate, subscribe, and the vendor's error codes.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from liualgotrader.exchange.encode import codec_for
from liualgotrader.exchange.feeds import CHANNELS, Feeds, Subscriber
from liualgotrader.exchange.keys import Keys
from liualgotrader.exchange.outbox import Outbox, keeps_step, opened, transport_of

log = logging.getLogger(__name__)

FEEDS = {
    "/v2/iex": "iex",
    "/v2/sip": "sip",
    "/v2/delayed_sip": "delayed_sip",
    "/v2/test": "test",
    "/v1beta1/overnight": "overnight",
    "/v1beta1/boats": "boats",
    "/v1beta3/crypto/us": "crypto",
}
"""The paths of the streams. All but crypto play the same tape; `delayed_sip` a quarter of an hour late."""
COINS = "crypto"
COIN_CHANNELS = ("trades", "quotes", "bars", "updatedBars", "dailyBars")
AUTH_SECONDS = 10.0
# What a slow reader may leave waiting before it is cut off; some minutes of a busy feed.
SLOW_LIMIT = 500_000

ERRORS = {
    400: "invalid syntax",
    401: "not authenticated",
    402: "auth failed",
    403: "already authenticated",
    404: "auth timeout",
    405: "symbol limit exceeded",
    406: "connection limit exceeded",
    407: "slow client",
    409: "insufficient subscription",
    410: "invalid subscribe action for this feed",
}


class DataStream:
    """One connection of a market data reader."""

    def __init__(self, feeds: Feeds, keys: Keys, taken: set[str], feed: str) -> None:
        self._feeds = feeds
        self._keys = keys
        self._taken = taken
        self._feed = feed
        self._subscriber: Subscriber | None = None

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Talk to one client until it or the server ends it."""
        socket = await opened(request)
        self._socket = socket
        self._codec = codec_for(request.headers.get("Content-Type"))
        self._lockstep = keeps_step(request)
        limit = None if self._lockstep else SLOW_LIMIT
        self._outbox = Outbox(transport_of(request), self._codec, limit=limit)
        sender = asyncio.create_task(self._send())
        try:
            await self._talk(request)
        finally:
            self._leave()
            self._outbox.close()
            await asyncio.wait({sender}, timeout=1)
            sender.cancel()
        await socket.close()
        return socket

    async def _send(self) -> None:
        try:
            await self._outbox.run()
        except ConnectionResetError:
            log.debug("a market data reader is gone")
            return
        if self._outbox.overflow:
            self._leave()
            frame = self._codec.frame([self._codec.encode(error(407))])
            opcode = WSMsgType.TEXT if self._codec.text else WSMsgType.BINARY
            await self._socket.send_frame(frame, opcode)
            await self._socket.close()

    async def _talk(self, request: web.Request) -> None:
        self._say({"T": "success", "msg": "connected"})
        if self._keys.allow(request.headers) and not self._admit():
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
            self._say(error(404))

    def _say(self, message: dict[str, Any]) -> None:
        self._outbox.flush()
        self._outbox.push(self._codec.frame([self._codec.encode(message)]))

    def _hear(self, data: bytes | str) -> bool:
        """Answer one message; False ends the connection."""
        try:
            message = self._codec.decode(data)
        except msgspec.DecodeError:
            message = None
        if not isinstance(message, dict):
            self._say(error(400))
            return True
        action = message.get("action")
        if action == "auth":
            return self._authenticate(message)
        if action not in ("subscribe", "unsubscribe"):
            self._say(error(400))
        elif self._subscriber is None:
            self._say(error(401))
        else:
            self._subscribe(self._subscriber, message, add=action == "subscribe")
        return True

    def _authenticate(self, message: dict[str, Any]) -> bool:
        if self._subscriber is not None:
            self._say(error(403))
            return True
        if not self._keys.match(_text(message.get("key")), _text(message.get("secret"))):
            self._say(error(402))
            return False
        return self._admit()

    def _admit(self) -> bool:
        if self._feed in self._taken:
            self._say(error(406))
            return False
        self._taken.add(self._feed)
        self._subscriber = Subscriber(
            self._outbox, self._codec, lockstep=self._lockstep, coins=self._feed == COINS
        )
        self._feeds.join(self._subscriber)
        self._say({"T": "success", "msg": "authenticated"})
        return True

    def _leave(self) -> None:
        if self._subscriber is not None:
            self._feeds.leave(self._subscriber)
            self._taken.discard(self._feed)
            self._subscriber = None

    def _subscribe(self, subscriber: Subscriber, message: dict[str, Any], *, add: bool) -> None:
        channels = {key: value for key, value in message.items() if key != "action"}
        known = COIN_CHANNELS if self._feed == COINS else CHANNELS
        for channel, symbols in channels.items():
            if channel not in known or not _is_symbols(symbols):
                self._say(error(400))
                return
        self._feeds.change(subscriber, channels, add=add)
        listing = subscriber.listing()
        self._say({"T": "subscription"} | {channel: listing[channel] for channel in known})
        self._feeds.greet(subscriber)


def error(code: int) -> dict[str, Any]:
    """Return the vendor's error message of this code."""
    return {"T": "error", "code": code, "msg": ERRORS[code]}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _is_symbols(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
