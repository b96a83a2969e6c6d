"""The trade updates stream `/stream`.

Authenticate, listen, and hear of every order of the account.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from liualgotrader.exchange.encode import JsonCodec, MsgpackCodec, codec_for
from liualgotrader.exchange.faults.board import Faults
from liualgotrader.exchange.faults.kinds import Stream
from liualgotrader.exchange.faults.messages import Twist, UpdateShape
from liualgotrader.exchange.keys import Keys
from liualgotrader.exchange.outbox import Outbox, keeps_step, opened, transport_of
from liualgotrader.exchange.shapes import Json
from liualgotrader.venue.orders import VenueEvent

log = logging.getLogger(__name__)

TRADE_UPDATES = "trade_updates"
# What a listener may leave waiting before it is cut off.
SLOW_LIMIT = 100_000


class Listener:
    """One connection that listens. `lockstep` listeners get marks."""

    def __init__(self, outbox: Outbox, codec: JsonCodec | MsgpackCodec, *, lockstep: bool) -> None:
        self.outbox = outbox
        self.codec = codec
        self.lockstep = lockstep
        self.listens = False


class Updates:
    """All trade update connections. `told` turns true when somebody was told something."""

    def __init__(self, shape: Callable[[VenueEvent], Json], faults: Faults) -> None:
        self._shape = shape
        self._faults = faults
        self.line = faults.lines[Stream.UPDATES]
        self._twist = Twist(faults, Stream.UPDATES, UpdateShape())
        self.listeners: list[Listener] = []
        self.told = False
        self._last_mark: int | None = None

    def join(self, listener: Listener) -> None:
        """Let a connection in."""
        self.listeners.append(listener)

    def leave(self, listener: Listener) -> None:
        """Forget a connection."""
        if listener in self.listeners:
            self.listeners.remove(listener)

    def update(self, event: VenueEvent) -> None:
        """Tell everybody who listens."""
        if not any(listener.listens for listener in self.listeners):
            return
        message = {"stream": TRADE_UPDATES, "data": self._shape(event)}
        messages = [message]
        if self._faults.armed:
            messages = self._twist.twisted(messages, event.ts)
        self._send(messages)

    def flush(self, now: int) -> None:
        """Send what faults held back until now, ns UTC of the tape."""
        if self._faults.armed:
            self._send(self._twist.released(now))

    def _send(self, messages: list[Json]) -> None:
        for message in messages:
            self.told = True
            self._send_one(message)

    def _send_one(self, message: Json) -> None:
        """Send a message to everybody who listens; encoded once per format."""
        listeners = [listener for listener in self.listeners if listener.listens]
        encoded: dict[str, bytes] = {}
        for listener in listeners:
            name = listener.codec.name
            if name not in encoded:
                encoded[name] = listener.codec.encode(message)
            listener.outbox.push(encoded[name])

    def mark(self, ns: int) -> None:
        """Put a mark behind everything sent so far, for those who keep step."""
        self._last_mark = ns
        if self._faults.armed:
            self._send(self._twist.rest())
        for listener in self.listeners:
            if listener.lockstep and listener.listens:
                listener.outbox.push(_mark(listener, ns))

    def greet(self, listener: Listener) -> None:
        """Tell a new connection the last mark: it may have gone to its dead predecessor."""
        if listener.lockstep and listener.listens and self._last_mark is not None:
            listener.outbox.push(_mark(listener, self._last_mark))


def _mark(listener: Listener, ns: int) -> bytes:
    return listener.codec.encode({"stream": "mark", "data": {"t": ns}})


class UpdateStream:
    """One connection to `/stream`. Frames are binary, as those of the paper account are."""

    def __init__(self, updates: Updates, keys: Keys) -> None:
        self._updates = updates
        self._keys = keys

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Talk to one client until it or the server ends it."""
        if self._updates.line.is_refusing:
            return web.Response(status=503)
        socket = await opened(request)
        self._codec = codec_for(request.headers.get("Content-Type"))
        lockstep = keeps_step(request)
        limit = None if lockstep else SLOW_LIMIT
        outbox = Outbox(
            transport_of(request), self._codec, binary=True, limit=limit, line=self._updates.line
        )
        self._listener = Listener(outbox, self._codec, lockstep=lockstep)
        self._known = self._keys.allow(request.headers)
        sender = asyncio.create_task(self._send(outbox, socket))
        if self._known:
            self._updates.join(self._listener)
        try:
            async for message in socket:
                if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    break
                if not self._hear(message.data):
                    break
        finally:
            self._updates.leave(self._listener)
            outbox.close()
            await asyncio.wait({sender}, timeout=1)
            sender.cancel()
        await socket.close()
        return socket

    async def _send(self, outbox: Outbox, socket: web.WebSocketResponse) -> None:
        try:
            await outbox.run()
        except ConnectionResetError:
            log.debug("a trade update listener is gone")
            return
        if outbox.overflow:
            log.warning("a trade update listener was too slow and is cut off")
            await socket.close()

    def _say(self, stream: str, data: dict[str, Any]) -> None:
        self._listener.outbox.push(self._codec.encode({"stream": stream, "data": data}))

    def _hear(self, data: bytes | str) -> bool:
        """Answer one message; False ends the connection."""
        try:
            message = self._codec.decode(data)
        except msgspec.DecodeError:
            message = None
        if not isinstance(message, dict):
            self._say("error", {"code": 400, "error": "invalid syntax"})
            return True
        action = message.get("action")
        if action in ("auth", "authenticate"):
            return self._authenticate(message, str(action))
        if action != "listen":
            self._say("error", {"code": 400, "error": f"unknown action {action}"})
            return True
        return self._listen(message)

    def _authenticate(self, message: dict[str, Any], action: str) -> bool:
        data = message.get("data")
        given = data if isinstance(data, dict) else message
        key = given.get("key_id", given.get("key"))
        secret = given.get("secret_key", given.get("secret"))
        known = self._keys.match(
            key if isinstance(key, str) else None,
            secret if isinstance(secret, str) else None,
        )
        if known and not self._known:
            self._updates.join(self._listener)
        self._known = self._known or known
        status = "authorized" if known else "unauthorized"
        self._say("authorization", {"status": status, "action": "authenticate"})
        return known

    def _listen(self, message: dict[str, Any]) -> bool:
        if not self._known:
            self._say("authorization", {"status": "unauthorized", "action": "listen"})
            return False
        data = message.get("data")
        wanted = data.get("streams") if isinstance(data, dict) else None
        streams = [TRADE_UPDATES] if isinstance(wanted, list) and TRADE_UPDATES in wanted else []
        self._listener.listens = bool(streams)
        self._say("listening", {"streams": streams})
        self._updates.greet(self._listener)
        return True
