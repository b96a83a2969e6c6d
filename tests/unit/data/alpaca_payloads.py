"""One message of every kind that Alpaca documents, with all its fields, made anew from its pages.

"Real-time Stock Data", "Real-time Crypto Data" and "Websocket Streaming" on docs.alpaca.markets.
Symbols, prices and times are invented. `t` is in RFC 3339; `packed` puts it as msgpack does.
"""

from __future__ import annotations

from typing import Any

import msgspec

from liualgotrader.common.timestamps import parse_time
from liualgotrader.exchange.encode import MsgpackCodec

Json = dict[str, Any]
TIME = "2026-11-20T14:30:00.123456789Z"
MINUTE = "2026-11-20T14:30:00Z"

TRADE: Json = {
    "T": "t", "i": 52983525029461, "S": "AAPL", "x": "V", "p": 271.35, "s": 40, "t": TIME,
    "c": ["@", "I"], "z": "C",
}  # fmt: skip
QUOTE: Json = {
    "T": "q", "S": "KO", "bx": "N", "bp": 71.02, "bs": 300, "ax": "Q", "ap": 71.03, "as": 200,
    "c": ["R"], "z": "A", "t": TIME,
}  # fmt: skip
_BAR: Json = {
    "S": "KO", "o": 71.0, "h": 71.4, "l": 70.9, "c": 71.1, "v": 5230, "n": 81, "vw": 71.08,
    "t": MINUTE,
}  # fmt: skip
BAR: Json = {"T": "b", **_BAR}
UPDATED_BAR: Json = {"T": "u", **_BAR, "v": 5300}
DAILY_BAR: Json = {"T": "d", **_BAR}
STATUS: Json = {
    "T": "s", "S": "KO", "sc": "2", "sm": "Trading Halt", "rc": "T1", "rm": "News Pending",
    "t": TIME, "z": "A",
}  # fmt: skip
BAND: Json = {"T": "l", "S": "KO", "u": 74.55, "d": 67.45, "i": "B", "t": TIME, "z": "A"}
CORRECTION: Json = {
    "T": "c", "S": "KO", "x": "M", "oi": 101, "op": 71.1, "os": 100, "oc": ["@"], "ci": 102,
    "cp": 71.2, "cs": 100, "cc": ["@"], "z": "A", "t": TIME,
}  # fmt: skip
CANCELLATION: Json = {
    "T": "x", "S": "KO", "i": 101, "x": "M", "p": 71.1, "s": 100, "a": "C", "z": "A", "t": TIME,
}  # fmt: skip
COIN_TRADE: Json = {
    "T": "t", "S": "BTC/USD", "p": 91250.5, "s": 0.00042, "t": TIME, "i": 7002, "tks": "S",
}  # fmt: skip
COIN_QUOTE: Json = {
    "T": "q", "S": "BTC/USD", "bp": 91249.8, "bs": 0.51, "ap": 91251.2, "as": 1.2, "t": TIME,
}  # fmt: skip
# A minute without trades: prices are the middle of the quote.
COIN_BAR: Json = {
    "T": "b", "S": "BTC/USD", "o": 91250.5, "h": 91260.0, "l": 91240.0, "c": 91255.0, "v": 0,
    "n": 0, "vw": 0, "t": MINUTE,
}  # fmt: skip
ORDER_BOOK: Json = {
    "T": "o", "S": "BTC/USD", "t": TIME, "b": [{"p": 91249.8, "s": 0.51}], "a": [], "r": True,
}  # fmt: skip

MARKET = [
    TRADE, QUOTE, BAR, UPDATED_BAR, DAILY_BAR, STATUS, BAND, CORRECTION, CANCELLATION,
    COIN_TRADE, COIN_QUOTE, COIN_BAR, ORDER_BOOK,
]  # fmt: skip
CONTROL: list[Json] = [
    {"T": "success", "msg": "connected"},
    {"T": "success", "msg": "authenticated"},
    {"T": "error", "code": 409, "msg": "insufficient subscription"},
    {
        "T": "subscription", "trades": ["AAPL"], "quotes": [], "bars": ["KO"], "updatedBars": [],
        "dailyBars": [], "statuses": ["*"], "lulds": [], "corrections": ["AAPL"],
        "cancelErrors": ["AAPL"],
    },
]  # fmt: skip
_codec = MsgpackCodec()


def text(messages: list[Any]) -> bytes:
    """Return a frame in JSON."""
    return msgspec.json.encode(messages)


def packed(messages: list[Any]) -> bytes:
    """Return a frame in msgpack, where a time is the Timestamp extension."""
    return msgspec.msgpack.encode([_with_time(message) for message in messages])


def _with_time(message: Any) -> Any:
    if isinstance(message, dict) and message.get("t") in (TIME, MINUTE):
        return message | {"t": _codec.time(parse_time(message["t"]))}
    return message
