"""The client's side of lockstep: the control socket to the exchange in a box.

Marks travel in band, behind the data they stand for, because a mark in the same pipe cannot overtake it. Over this
socket go the answers: what was decided by a mark, when the next timer is, and where the tape must stop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from random import Random

import msgspec

from liualgotrader.links.socket import KeptSocket

log = logging.getLogger(__name__)

Decision = tuple[str, str, int]


class _Said(msgspec.Struct):
    welcome: str | None = None
    mark: int | None = None
    end: bool | int = (
        False  # the welcome tells the tape's end, in ns; the end itself is told as true
    )
    error: str = ""


_said = msgspec.json.Decoder(_Said)


class LockstepSocket:
    """A participant's connection. It comes back after a drop and says hello again."""

    def __init__(
        self,
        url: str,
        *,
        slot: str,
        prefix: str | None,
        participants: int,
        marks: bool,
        life: int | None = None,
    ) -> None:
        """`marks`: whether marks come over this socket; who has them in band needs none here.

        `life`: the number of this incarnation, by which the exchange knows it again.
        """
        self._hello = {
            "hello": slot,
            "prefix": prefix,
            "of": participants,
            "marks": marks,
            "life": life,
        }
        self._last_answer: bytes | None = None
        self._send: Callable[[bytes], None] | None = None
        self._connected = asyncio.Event()
        self._socket = KeptSocket(url, self, headers={}, random=Random(slot))
        self.marked = asyncio.Event()
        self.mark = 0
        self.ended = False

    @property
    def is_up(self) -> bool:
        """Whether the connection is open."""
        return self._send is not None

    async def run(self) -> None:
        """Stay connected until closed."""
        await self._socket.run()

    def close(self) -> None:
        """Leave for good."""
        self._socket.close()

    async def welcomed(self) -> int:
        """Return the mark that the exchange welcomes this participant with."""
        await self._connected.wait()
        return self.mark

    def ack(
        self,
        mark: int,
        *,
        decided: Sequence[Decision] = (),
        next_timer: int | None = None,
        hold: int | None = None,
    ) -> None:
        """Say that everything up to `mark` is decided and posted."""
        answer = {"ack": mark, "decided": decided, "next": next_timer, "hold": hold}
        self._last_answer = msgspec.json.encode(answer)
        if self._send is not None:
            self._send(self._last_answer)

    def connected(self, send: Callable[[bytes], None]) -> None:
        """Say hello."""
        self._send = send
        send(msgspec.json.encode(self._hello))

    def lost(self) -> None:
        """Remember that there is no connection."""
        self._send = None
        self._connected.clear()

    def frame(self, payload: memoryview) -> None:
        """Take a message."""
        said = _said.decode(payload)
        if said.error:
            log.error("the exchange refused this participant: %s", said.error)
        if said.mark is not None:
            self.mark = max(self.mark, said.mark)
            self._connected.set()
        if said.welcome is not None and self._last_answer is not None and self._send is not None:
            # The connection was lost and is back: nothing moves until the last answer is repeated.
            self._send(self._last_answer)
        self.ended = self.ended or said.end is True
        self.marked.set()
