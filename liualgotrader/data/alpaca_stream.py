"""Alpaca's stream of market data as a StreamingAPI, in JSON or msgpack."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from random import Random

import msgspec

from liualgotrader.common.errors import FeedLost, FeedRefused
from liualgotrader.data.alpaca_feeds import tells_status
from liualgotrader.data.alpaca_messages import AlpacaParser
from liualgotrader.data.alpaca_wire import Error, Mark, Subscribed, Success
from liualgotrader.data.market_status import MarketStatus
from liualgotrader.data.vendor_stream import Sink, VendorStream
from liualgotrader.links.socket import Tap

# Refusals that trying again cannot mend: authentication, entitlement, too many connections or symbols.
_FATAL = {401, 402, 404, 405, 409, 410, 411, 412, 413}
_ADVICE = {
    402: "the key or the secret is wrong, or of the other environment",
    405: "more symbols than the subscription allows; lower max_symbols",
    406: "another program already holds the one stream that this key allows; stop it first",
    409: "the subscription does not include this feed",
}
_STATUS_CHANNELS = ("statuses", "lulds")
_MSGPACK = {"Content-Type": "application/msgpack"}


class AlpacaStream(VendorStream):
    """One connection to the market data stream.

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
        self.parser = AlpacaParser()
        super().__init__(
            url,
            self.parser,
            sink=sink,
            on_mark=on_mark,
            on_live=on_live,
            on_status=on_status,
            headers=dict(headers or {}) | (_MSGPACK if msgpack else {}),
            random=random,
            tap=tap,
            binary=msgpack,
        )
        self._key, self._secret = key, secret
        further = _STATUS_CHANNELS if on_status is not None and tells_status(url) else ()
        self._channels = (*channels, *further)
        self._encode = msgspec.msgpack.encode if msgpack else msgspec.json.encode

    @property
    def counts(self) -> dict[str, int]:
        """What was skipped, and what was noted and changed nothing, by reason."""
        return dict(self.parser.skipped + self.parser.noted)

    def _sign_on(self) -> None:
        self._say(self._encode({"action": "auth", "key": self._key, "secret": self._secret}))

    def _more(self, new: list[str]) -> None:
        # What is subscribed to already is answered too, so asking for it brings the yes.
        if symbols := new or list(self._wanted):
            self._ask("subscribe", symbols)
        else:
            self._confirmed()

    def _fewer(self, gone: list[str]) -> None:
        self._ask("unsubscribe", gone)

    def _ask(self, action: str, symbols: list[str]) -> None:
        if symbols:
            self._say(self._encode({"action": action} | dict.fromkeys(self._channels, symbols)))

    def _control(self, message: object) -> None:
        match message:
            case Mark(t=mark):
                self._on_mark(mark)
            case Success(msg="authenticated"):
                self._signed_on()
            case Subscribed():
                self._confirmed()
            case Error(code=code, msg=text):
                self._refused(code, text)
            case _:
                pass

    def _refused(self, code: int, text: str) -> None:
        advice = _ADVICE.get(code)
        message = f"Alpaca's data stream refused: {text} ({code})" + (
            f"; {advice}" if advice else ""
        )
        if code == 406:
            raise self._taken(message)
        if code in _FATAL:
            raise FeedRefused(message)
        raise FeedLost(message)
