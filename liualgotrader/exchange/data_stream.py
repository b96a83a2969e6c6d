"""The market data streams: `/v2/{feed}`, `/v1beta1/{feed}`, `/v1beta3/crypto/us`.

Welcome, authenticate, subscribe, and the vendor's error codes.
"""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from liualgotrader.exchange.encode import Codec, codec_for
from liualgotrader.exchange.feeds import CHANNELS, Feeds, Subscriber
from liualgotrader.exchange.keys import Keys
from liualgotrader.exchange.market_stream import MarketStream

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


class DataStream(MarketStream):
    """One connection of a market data reader."""

    def __init__(self, feeds: Feeds, keys: Keys, taken: set[str], feed: str) -> None:
        super().__init__(feeds)
        self._keys = keys
        self._taken = taken
        self._feed = feed

    @property
    def _welcome(self) -> dict[str, Any]:
        return {"T": "success", "msg": "connected"}

    @property
    def _late(self) -> dict[str, Any]:
        return error(404)

    @property
    def _slow(self) -> dict[str, Any]:
        return error(407)

    def _codec_for(self, request: web.Request) -> Codec:
        return codec_for(request.headers.get("Content-Type"))

    def _knows(self, request: web.Request) -> bool:
        return self._admit() if self._keys.allow(request.headers) else True

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
        if self._feed in self._taken or self._feeds.line.is_over_limit():
            self._say(error(406))
            return False
        self._taken.add(self._feed)
        self._enter(coins=self._feed == COINS)
        self._say({"T": "success", "msg": "authenticated"})
        return True

    def _left(self) -> None:
        self._taken.discard(self._feed)

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
