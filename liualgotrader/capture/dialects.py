"""How each vendor's stream is signed on to and subscribed to, and what it says of that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from liualgotrader.common.errors import ConfigError
from liualgotrader.credentials.finding import Credentials

# https://docs.alpaca.markets/docs/streaming-market-data and .../docs/real-time-crypto-pricing-data
_ALPACA_FEEDS = {
    "iex": "v2/iex",
    "sip": "v2/sip",
    "delayed_sip": "v2/delayed_sip",
    "boats": "v1beta1/boats",
    "overnight": "v1beta1/overnight",
    "test": "v2/test",
    "crypto": "v1beta3/crypto/us",
}
_ALPACA_CHANNELS = ("trades", "quotes", "bars", "updatedBars", "dailyBars", "statuses", "lulds")
_ALPACA_CRYPTO = ("trades", "quotes", "bars", "updatedBars", "dailyBars", "orderbooks")
# https://massive.com/docs/websocket/quickstart
_MASSIVE_FEEDS = {
    "real-time": "wss://socket.massive.com/stocks",
    "delayed": "wss://delayed.massive.com/stocks",
    "crypto": "wss://socket.massive.com/crypto",
}
_MASSIVE_STOCKS = ("T", "Q", "A", "AM", "LULD")
_MASSIVE_CRYPTO = ("XT", "XQ", "XAS", "XA")
_MASSIVE_REFUSALS = ("auth_failed", "auth_timeout", "max_connections")
_MSGPACK = {"Content-Type": "application/msgpack"}


class Dialect(msgspec.Struct, frozen=True):
    """One stream. `sign_on` makes the message with the keys, which are kept nowhere else."""

    name: str
    url: str
    sign_on: Callable[[], dict[str, Any]]
    subscribe: dict[str, Any]
    msgpack: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """What is asked for when connecting."""
        return dict(_MSGPACK) if self.msgpack else {}

    def encode(self, message: dict[str, Any]) -> bytes:
        """Return a message as this stream wants it."""
        return msgspec.msgpack.encode(message) if self.msgpack else msgspec.json.encode(message)


def alpaca_market(
    keys: Credentials, feed: str, symbols: Sequence[str], *, url: str = "", msgpack: bool = False
) -> Dialect:
    """Return Alpaca's stream of market data. Raises ConfigError for a feed that there is not."""
    channels = _ALPACA_CRYPTO if feed == "crypto" else _ALPACA_CHANNELS
    return Dialect(
        "market data",
        url or f"wss://stream.data.alpaca.markets/{_feed(_ALPACA_FEEDS, feed)}",
        lambda: {"action": "auth"} | _pair(keys),
        {"action": "subscribe"} | {channel: list(symbols) for channel in channels},
        msgpack,
    )


def alpaca_updates(keys: Credentials, *, url: str = "", msgpack: bool = False) -> Dialect:
    """Return Alpaca's stream of trade updates."""
    return Dialect(
        "trade updates",
        url or keys.url.replace("http", "ws", 1) + "/stream",
        lambda: {"action": "auth"} | _pair(keys),
        {"action": "listen", "data": {"streams": ["trade_updates"]}},
        msgpack,
    )


def massive_market(
    keys: Credentials, feed: str, symbols: Sequence[str], *, url: str = ""
) -> Dialect:
    """Return Massive's stream. Raises ConfigError for a feed that there is not."""
    channels = _MASSIVE_CRYPTO if feed == "crypto" else _MASSIVE_STOCKS
    wanted = ",".join(f"{channel}.{symbol}" for channel in channels for symbol in symbols)
    return Dialect(
        "market data",
        url or _feed(_MASSIVE_FEEDS, feed),
        lambda: {"action": "auth", "params": keys.key.reveal()},
        {"action": "subscribe", "params": wanted},
    )


def _feed(feeds: dict[str, str], feed: str) -> str:
    if feed not in feeds:
        raise ConfigError(f"--feed {feed}: there is {', '.join(feeds)}")
    return feeds[feed]


def _pair(keys: Credentials) -> dict[str, str]:
    if keys.secret is None:
        raise ConfigError(f"the keys of {keys.vendor} have no secret")
    return {"key": keys.key.reveal(), "secret": keys.secret.reveal()}


def messages_of(payload: bytes | memoryview) -> list[dict[str, Any]] | None:
    """Return a frame's messages, of JSON or of MessagePack; None when it is neither."""
    decode = msgspec.json.decode if bytes(payload[:1]) in (b"{", b"[") else msgspec.msgpack.decode
    try:
        found = decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        return None
    messages = found if isinstance(found, list) else [found]
    return [message for message in messages if isinstance(message, dict)]


def said(message: dict[str, Any]) -> tuple[bool | None, str]:
    """Return (True, "") when signing on succeeded, (False, why) when something was refused, else (None, "")."""
    data = message.get("data")
    if message.get("T") == "error":
        return False, f"{message.get('msg')} ({message.get('code')})"
    if message.get("T") == "success" and message.get("msg") == "authenticated":
        return True, ""
    if message.get("stream") == "authorization" and isinstance(data, dict):
        status = str(data.get("status"))
        return (True, "") if status == "authorized" else (False, status)
    if message.get("ev") == "status":
        status = str(message.get("status"))
        if status == "auth_success":
            return True, ""
        if status in _MASSIVE_REFUSALS:
            return False, f"{message.get('message')} ({status})"
    return None, ""
