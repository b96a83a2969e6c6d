"""Listens to streams for a while and keeps what they say, taking nothing apart but what concerns signing on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from random import Random

from liualgotrader.capture.dialects import Dialect, messages_of, said
from liualgotrader.capture.records import Kind
from liualgotrader.capture.writer import CaptureWriter
from liualgotrader.common.errors import FeedRefused
from liualgotrader.links.socket import KeptSocket

# What the vendor says of the connection itself is short.
_SHORT = 1_000
_OFTEN = 20


class Listener:
    """One connection, kept open: signs on, subscribes, and leaves the rest to the tap."""

    def __init__(self, kind: Kind, dialect: Dialect, writer: CaptureWriter) -> None:
        self._dialect = dialect
        self._writer = writer
        self._send: Callable[[bytes], None] | None = None
        self._up = False
        self._socket = KeptSocket(
            dialect.url,
            self,
            headers=dialect.headers,
            random=Random(),
            tap=writer.tap(kind),
            binary=dialect.msgpack,
        )

    @property
    def is_up(self) -> bool:
        """Whether it is signed on."""
        return self._up

    async def run(self) -> None:
        """Listen until closed. Raises FeedRefused with the vendor's words."""
        await self._socket.run()

    def close(self) -> None:
        """Disconnect."""
        self._socket.close()

    def connected(self, send: Callable[[bytes], None]) -> None:
        """Sign on."""
        self._send = send
        self._writer.note(f"{self._dialect.name}: connected")
        send(self._dialect.encode(self._dialect.sign_on()))

    def lost(self) -> None:
        """Remember that the connection is gone."""
        self._up, self._send = False, None
        self._writer.note(f"{self._dialect.name}: disconnected")

    def frame(self, payload: memoryview) -> None:
        """Look for an answer to what was asked."""
        if self._up and len(payload) > _SHORT:
            return
        for message in messages_of(payload) or ():
            accepted, why = said(message)
            if accepted is False:
                raise FeedRefused(f"the stream of {self._dialect.name} refused: {why}")
            if accepted and not self._up and self._send is not None:
                self._up = True
                self._send(self._dialect.encode(self._dialect.subscribe))


async def listen(
    dialects: Mapping[Kind, Dialect], writer: CaptureWriter, *, seconds: float, stop: asyncio.Event
) -> None:
    """Listen to all of them, so long or until told to stop, or until the file cannot be written.

    Raises FeedRefused when a vendor refuses; what was captured is in the file.
    """
    listeners = [Listener(kind, dialect, writer) for kind, dialect in dialects.items()]
    running = [asyncio.create_task(each.run()) for each in listeners]
    waiting = asyncio.create_task(stop.wait())
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    try:
        while not writer.stopped and (left := until - loop.time()) > 0:
            done, _ = await asyncio.wait(
                [waiting, *running],
                timeout=min(left, 1 / _OFTEN),
                return_when=asyncio.FIRST_COMPLETED,
            )
            if done:
                break
    finally:
        for each in listeners:
            each.close()
        waiting.cancel()
        ended = await asyncio.gather(*running, return_exceptions=True)
    for result in ended:
        if isinstance(result, BaseException):
            raise result
