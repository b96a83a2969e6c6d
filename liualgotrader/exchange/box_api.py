"""The box's own pages under /box/.

Its clock, its start, what it executed, and lockstep's control socket.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from liualgotrader.exchange.encode import JsonCodec
from liualgotrader.exchange.lockstep import Ack, LockstepDriver, Participant, ProtocolError
from liualgotrader.exchange.outbox import Outbox, opened, transport_of
from liualgotrader.exchange.pacing import PacedDriver
from liualgotrader.exchange.replies import reply
from liualgotrader.exchange.service import Exchange
from liualgotrader.exchange.shapes import Json, text

log = logging.getLogger(__name__)


class Hello(msgspec.Struct):
    """The first thing a participant says.

    Its slot, what its client order ids begin with, how many take part, and whether it wants the
    marks over this socket too: who reads them in band can spare both sides the work. `life` numbers
    its incarnations: one that says the same again has only lost its connection.
    """

    hello: str
    of: int
    prefix: str | None = None
    marks: bool = True
    life: int | None = None


_hello = msgspec.json.Decoder(Hello)
_ack = msgspec.json.Decoder(Ack)


class BoxApi:
    """The handlers."""

    def __init__(self, exchange: Exchange, driver: PacedDriver | LockstepDriver) -> None:
        self._exchange = exchange
        self._driver = driver

    def routes(self) -> list[web.RouteDef]:
        """Return the paths."""
        return [
            web.get("/box/clock", self.clock, allow_head=False),
            web.post("/box/start", self.start),
            web.get("/box/executions", self.executions, allow_head=False),
            web.get("/box/account", self.account, allow_head=False),
            web.get("/box/lockstep", self.lockstep, allow_head=False),
        ]

    def _clock(self) -> Json:
        driver, exchange = self._driver, self._exchange
        body: Json = {
            "tape_ns": driver.now(),
            "monotonic_ns": time.monotonic_ns(),
            "speed": driver.speed,
            "state": driver.state,
            "session_open": exchange.session.open,
            "session_close": exchange.session.close,
            "start": exchange.tape.start,
            "end": exchange.tape.end,
            "latency": exchange.latency,
            "notice": getattr(exchange.tape, "notice", ""),
        }
        if isinstance(driver, LockstepDriver):
            body |= {"mark": driver.mark, "marks": driver.marks, "late": driver.late}
        return body

    async def clock(self, request: web.Request) -> web.Response:
        """Return the tape's time beside the machine's, and what bounds it."""
        return reply(self._clock())

    async def start(self, request: web.Request) -> web.Response:
        """Let a waiting tape run; again is harmless."""
        self._driver.start()
        return reply(self._clock())

    async def executions(self, request: web.Request) -> web.Response:
        """Return every execution, oldest first, exactly."""
        return reply(
            [
                {
                    "execution_id": e.execution_id,
                    "order_id": e.order_id,
                    "client_order_id": e.client_id,
                    "symbol": e.symbol,
                    "side": str(e.side),
                    "qty": text(e.qty),
                    "price": text(e.price),
                    "fee": text(e.fee),
                    "ts": e.ts,
                }
                for e in self._exchange.venue.executions
            ],
        )

    async def account(self, request: web.Request) -> web.Response:
        """Return the account to the last digit, where the vendor's page rounds to cents."""
        account = self._exchange.venue.account
        return reply(
            {
                "cash": text(account.cash),
                "equity": text(account.equity()),
                "realised": text(account.realised),
                "positions": {
                    p.symbol: {"qty": text(p.qty), "cost": text(p.cost)}
                    for p in account.positions.values()
                },
            },
        )

    async def lockstep(self, request: web.Request) -> web.StreamResponse:
        """Serve one participant's control socket."""
        driver = self._driver
        if not isinstance(driver, LockstepDriver):
            return reply(
                {"code": 40010000, "message": "the exchange does not run in lockstep"}, 400
            )
        return await ControlSocket(driver, self._exchange).serve(request)


class ControlSocket:
    """One participant's control connection.

    Hello, welcome, then marks one way and acks the other.
    """

    def __init__(self, driver: LockstepDriver, exchange: Exchange) -> None:
        self._driver = driver
        self._exchange = exchange
        self._codec = JsonCodec()
        self._participant: Participant | None = None

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Talk to one participant until it is gone or breaks the protocol."""
        socket = await opened(request, most=1 << 24)
        self._outbox = Outbox(transport_of(request), self._codec)
        sender = asyncio.create_task(self._send())
        try:
            async for message in socket:
                if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    break
                self._hear(message.data)
        except (ProtocolError, msgspec.MsgspecError) as exc:
            log.warning("a participant is sent away: %s", exc)
            self._say({"error": str(exc)})
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
            log.debug("a participant is gone")

    def _say(self, message: dict[str, Any]) -> None:
        self._outbox.push(self._codec.encode(message))

    def _say_awaited(self, message: dict[str, Any]) -> None:
        """Say a mark to one who wants them here, but not before the moment that it holds."""
        hold = self._participant.hold if self._participant is not None else None
        if hold is None or message.get("mark", hold) >= hold:
            self._say(message)

    def _say_end(self, message: dict[str, Any]) -> None:
        """Say what is not a mark, to one who reads marks in band."""
        if "mark" not in message:
            self._say(message)

    def _hear(self, data: bytes | str) -> None:
        if self._participant is not None:
            self._driver.acknowledge(self._participant, _ack.decode(data))
            return
        hello = _hello.decode(data)
        self._participant = self._driver.hello(hello.hello, hello.prefix, hello.of, life=hello.life)
        tape = self._exchange.tape
        self._say(
            {
                "welcome": hello.hello,
                "mark": self._driver.mark,
                "latency": self._exchange.latency,
                "start": tape.start,
                "end": tape.end,
            },
        )
        self._driver.listeners.append(self._say_awaited if hello.marks else self._say_end)
        if self._driver.ended:
            self._say({"end": True})

    def _leave(self) -> None:
        for listener in (self._say_awaited, self._say_end):
            if listener in self._driver.listeners:
                self._driver.listeners.remove(listener)
        if self._participant is not None:
            self._driver.goodbye(self._participant)
