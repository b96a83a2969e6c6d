"""Alpaca's stream of market data as a StreamingAPI: what is wanted is declared, and re-sent after every reconnect."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from random import Random

import msgspec

from liualgotrader.common.errors import FeedLost, FeedRefused
from liualgotrader.common.events import Event
from liualgotrader.data.alpaca_feeds import tells_status
from liualgotrader.data.alpaca_messages import AlpacaParser, Control
from liualgotrader.data.alpaca_wire import Error, Mark, Subscribed, Success
from liualgotrader.data.market_status import MarketStatus, PriceBand, TradingStatus
from liualgotrader.links.socket import KeptSocket, Tap

log = logging.getLogger(__name__)

Sink = Callable[[int, list[Event]], None]

# Refusals that trying again cannot mend: authentication, entitlement, too many connections or symbols.
_FATAL = {401, 402, 404, 405, 409, 410, 411, 412, 413}
_STATUS_CHANNELS = ("statuses", "lulds")
_CROWDED = 406
# After a loss the vendor may take a while to see that the old connection is gone. Seconds before each next attempt;
# when they are used up, somebody else has the stream. At a start there is hardly anything to wait for.
_CROWDED_WAITS = (5.0, 10.0, 20.0, 40.0, 60.0)
_CROWDED_AT_START = 1
# One connection is allowed: a second between two attempts is the least.
_ATTEMPT_SECONDS = 1.0
_ADVICE = {
    402: "the key or the secret is wrong, or of the other environment",
    405: "more symbols than the subscription allows; lower max_symbols",
    406: "another program already holds the one stream that this key allows; stop it, or give it its own key",
    409: "the subscription does not include this feed",
}
_MSGPACK = {"Content-Type": "application/msgpack"}


class AlpacaStream:
    """One connection to the market data stream. `sink` gets (read stamp, events) for every frame with data.

    It asks for msgpack, or for JSON, and understands whichever comes. With `on_status` it subscribes
    to halts and price bands too, of feeds that have them, and hands them over.
    `tap` sees each frame before it is taken apart.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str,
        secret: str,
        channels: Iterable[str],
        sink: Sink,
        on_mark: Callable[[int], None],
        on_live: Callable[[bool], None],
        on_status: Callable[[MarketStatus], None] | None = None,
        msgpack: bool = True,
        headers: Mapping[str, str] | None = None,
        random: Random | None = None,
        tap: Tap | None = None,
    ) -> None:
        self._key, self._secret = key, secret
        further = _STATUS_CHANNELS if on_status is not None and tells_status(url) else ()
        self._channels = (*channels, *further)
        self._on_status = on_status
        self._encode = msgspec.msgpack.encode if msgpack else msgspec.json.encode
        self._sink = sink
        self._on_mark = on_mark
        self._on_live = on_live
        self._wanted: dict[str, None] = {}
        self._send: Callable[[bytes], None] | None = None
        self._up = False
        self._confirm: Callable[[], None] | None = None
        self.parser = AlpacaParser()
        self._was_up = False
        self._crowded = 0
        self._socket = KeptSocket(
            url,
            self,
            headers=dict(headers or {}) | (_MSGPACK if msgpack else {}),
            random=random or Random(0),
            floor=_ATTEMPT_SECONDS,
            tap=tap,
            binary=msgpack,
        )

    @property
    def is_up(self) -> bool:
        """Whether the stream is signed on."""
        return self._up

    @property
    def reconnects(self) -> int:
        """How often the connection was made anew."""
        return self._socket.reconnects

    @property
    def counts(self) -> dict[str, int]:
        """What was skipped, and what was noted and changed nothing, by reason."""
        return dict(self.parser.skipped + self.parser.noted)

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
            self._confirm = confirmed
        self._ask("subscribe", new or list(self._wanted))

    def unsubscribe(self, symbols: Iterable[str]) -> None:
        """Want fewer symbols."""
        gone = [symbol for symbol in symbols if symbol in self._wanted]
        for symbol in gone:
            del self._wanted[symbol]
        self._ask("unsubscribe", gone)

    def _ask(self, action: str, symbols: list[str]) -> None:
        if self._send is not None and self._up and symbols:
            request = {"action": action} | dict.fromkeys(self._channels, symbols)
            self._send(self._encode(request))

    # -- what the socket calls ---------------------------------------------------------------------------------

    def connected(self, send: Callable[[bytes], None]) -> None:
        """Sign on."""
        self._send = send
        send(self._encode({"action": "auth", "key": self._key, "secret": self._secret}))

    def lost(self) -> None:
        """Remember that there is no stream."""
        was_up, self._up, self._send = self._up, False, None
        if was_up:
            self._on_live(False)

    def frame(self, payload: memoryview) -> None:
        """Take a frame apart."""
        read_at = time.monotonic_ns()
        events, rest = self.parser.parse(payload)
        if events:
            self._sink(read_at, events)
        for message in rest:
            self._control(message)

    def _control(self, message: Control) -> None:
        match message:
            case TradingStatus() | PriceBand():
                if self._on_status is not None:
                    self._on_status(message)
            case Mark(t=mark):
                self._on_mark(mark)
            case Success(msg="authenticated"):
                self._up = self._was_up = True
                self._crowded = 0
                self._ask("subscribe", list(self._wanted))
                self._on_live(True)
            case Subscribed():
                if self._confirm is not None:
                    confirm, self._confirm = self._confirm, None
                    confirm()
            case Error(code=code, msg=text):
                self._refused(code, text)
            case _:
                pass

    def _refused(self, code: int, text: str) -> None:
        advice = _ADVICE.get(code)
        message = f"Alpaca's data stream refused: {text} ({code})" + (
            f"; {advice}" if advice else ""
        )
        if code == _CROWDED and self._may_wait():
            raise FeedLost(message, retry_after=_CROWDED_WAITS[self._crowded - 1])
        if code in _FATAL or code == _CROWDED:
            raise FeedRefused(message)
        raise FeedLost(message)

    def _may_wait(self) -> bool:
        """Whether a stream that somebody holds may still be an own one of which the vendor sees the end late."""
        self._crowded += 1
        return self._crowded <= (len(_CROWDED_WAITS) if self._was_up else _CROWDED_AT_START)
