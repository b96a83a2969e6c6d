"""What every vendor's stream does: what is wanted is declared, and asked for again after every reconnect."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Protocol

from liualgotrader.common.errors import FeedError, FeedLost, FeedRefused
from liualgotrader.common.events import Event
from liualgotrader.data.market_status import MarketStatus, PriceBand, TradingStatus
from liualgotrader.links.socket import KeptSocket, Tap

Sink = Callable[[int, list[Event]], None]
# After a loss the vendor may take a while to see that the old connection is gone. Seconds before each next attempt;
# when they are used up, somebody else has the stream. At a start there is hardly anything to wait for.
_CROWDED_WAITS = (5.0, 10.0, 20.0, 40.0, 60.0)
_CROWDED_AT_START = 1
# Vendors allow one connection: a second between two attempts is the least.
_ATTEMPT_SECONDS = 1.0


class Parser(Protocol):
    """Takes frames apart."""

    def parse(self, payload: bytes | memoryview) -> tuple[list[Event], Sequence[object]]:
        """Return a frame's events, and everything else in it, each in order."""


class VendorStream(ABC):
    """One connection. `sink` gets (read stamp, events) for every frame with data, `on_status` halts and price bands."""

    def __init__(
        self,
        url: str,
        parser: Parser,
        *,
        sink: Sink,
        on_mark: Callable[[int], None],
        on_live: Callable[[bool], None],
        on_status: Callable[[MarketStatus], None] | None = None,
        headers: Mapping[str, str] | None = None,
        random: Random | None = None,
        tap: Tap | None = None,
        binary: bool = False,
    ) -> None:
        """`tap` sees each frame first. `binary`: whether what is said leaves in binary frames."""
        self._parse = parser.parse
        self._sink = sink
        self._on_mark = on_mark
        self._on_live = on_live
        self._on_status = on_status
        self._wanted: dict[str, None] = {}
        self._send: Callable[[bytes], None] | None = None
        self._up = False
        self._confirms: list[Callable[[], None]] = []
        self._was_up = False
        self._crowded = 0
        self._socket = KeptSocket(
            url,
            self,
            headers=headers or {},
            random=random or Random(0),
            floor=_ATTEMPT_SECONDS,
            tap=tap,
            binary=binary,
        )

    @property
    def is_up(self) -> bool:
        """Whether the stream is signed on."""
        return self._up

    @property
    def reconnects(self) -> int:
        """How often the connection was made anew."""
        return self._socket.reconnects

    async def run(self) -> None:
        """Stay connected until closed; raises FeedRefused when the vendor says no for good."""
        await self._socket.run()

    def close(self) -> None:
        """Disconnect for good."""
        self._socket.close()

    def reconnect(self, reason: str) -> None:
        """Give up a connection that is of no use any more, and make another."""
        self._socket.drop(reason)

    def subscribe(
        self, symbols: Iterable[str], confirmed: Callable[[], None] | None = None
    ) -> None:
        """Want more symbols; `confirmed` is called when the vendor has said so."""
        new = [symbol for symbol in symbols if symbol not in self._wanted]
        self._wanted.update(dict.fromkeys(new))
        if confirmed is not None:
            self._confirms.append(confirmed)
        if self._up:
            self._more(new)

    def unsubscribe(self, symbols: Iterable[str]) -> None:
        """Want fewer symbols."""
        gone = [symbol for symbol in symbols if symbol in self._wanted]
        for symbol in gone:
            del self._wanted[symbol]
        if self._up and gone:
            self._fewer(gone)

    # -- what the socket calls ---------------------------------------------------------------------------------

    def connected(self, send: Callable[[bytes], None]) -> None:
        """Sign on."""
        self._send = send
        self._sign_on()

    def lost(self) -> None:
        """Remember that there is no stream."""
        was_up, self._up, self._send = self._up, False, None
        if was_up:
            self._on_live(False)

    def frame(self, payload: memoryview) -> None:
        """Take a frame apart."""
        read_at = time.monotonic_ns()
        events, rest = self._parse(payload)
        if events:
            self._sink(read_at, events)
        for message in rest:
            if not isinstance(message, TradingStatus | PriceBand):
                self._control(message)
            elif self._on_status is not None:
                self._on_status(message)

    # -- what a vendor's stream says and hears -----------------------------------------------------------------

    def _say(self, data: bytes) -> None:
        if self._send is not None:
            self._send(data)

    def _signed_on(self) -> None:
        """The vendor let us in: ask for everything that is wanted."""
        self._up = self._was_up = True
        self._crowded = 0
        self._more(list(self._wanted))
        self._on_live(True)

    def _confirmed(self) -> None:
        """The vendor has said yes to all that was asked."""
        confirms, self._confirms = self._confirms, []
        for confirm in confirms:
            confirm()

    def _taken(self, message: str) -> FeedError:
        """Return what to raise when the vendor says that there are too many connections.

        It may be an own one of which it sees the end late, or somebody else's. One that was let in and is sent away
        has been displaced: it would only displace the other again.
        """
        if self._up:
            return FeedRefused(message)
        self._crowded += 1
        if self._crowded > (len(_CROWDED_WAITS) if self._was_up else _CROWDED_AT_START):
            return FeedRefused(message)
        return FeedLost(message, retry_after=_CROWDED_WAITS[self._crowded - 1])

    @abstractmethod
    def _sign_on(self) -> None:
        """Say who we are."""

    @abstractmethod
    def _more(self, new: list[str]) -> None:
        """Ask for more symbols; with none, see to it that what waits for a yes gets one."""

    @abstractmethod
    def _fewer(self, gone: list[str]) -> None:
        """Ask for fewer symbols."""

    @abstractmethod
    def _control(self, message: object) -> None:
        """Hear what is no market data. Raises FeedRefused or FeedLost."""
