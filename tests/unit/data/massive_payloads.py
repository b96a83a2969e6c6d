"""One message of every kind that Massive documents for stocks and crypto, with all its fields, made anew.

massive.com/docs/websocket, stocks and crypto: trades, quotes, aggregates per minute and per second,
limit up - limit down; statuses from the quickstart and the official client. Tickers, prices and
times are invented. Price bands are in ns, as the wire has them.
"""

from __future__ import annotations

from typing import Any

import msgspec

Json = dict[str, Any]
MS = 1_763_649_000_123
NS = MS * 1_000_000

TRADE: Json = {
    "ev": "T", "sym": "AAPL", "x": 15, "i": "71", "z": 3, "p": 271.35, "s": 40, "ds": "40.5",
    "c": [14, 41], "t": MS, "q": 3135876, "trfi": 201, "trft": MS,
}  # fmt: skip
QUOTE: Json = {
    "ev": "Q", "sym": "BRK.B", "bx": 11, "bp": 512.1, "bs": 300, "ax": 12, "ap": 512.14, "as": 200,
    "c": 1, "i": [604], "t": MS, "q": 50385480, "z": 1,
}  # fmt: skip
_BAR: Json = {
    "sym": "KO", "v": 5230, "dv": "5230.25", "av": 941002, "dav": "941002.75", "op": 70.4,
    "vw": 71.08, "o": 71.0, "c": 71.1, "h": 71.4, "l": 70.9, "a": 70.99, "z": 64,
}  # fmt: skip
MINUTE: Json = {"ev": "AM", **_BAR, "s": MS, "e": MS + 60_000, "otc": False}
SECOND: Json = {"ev": "A", **_BAR, "s": MS, "e": MS + 1_000}
BAND: Json = {
    "ev": "LULD", "T": "KO", "h": 74.55, "l": 67.45, "i": [16], "z": 1, "t": NS, "q": 5925769,
}  # fmt: skip
HALT: Json = {**BAND, "i": [17]}
COIN_TRADE: Json = {
    "ev": "XT", "pair": "BTC-USD", "p": 91250.5, "t": MS, "s": 0.00042, "c": [2], "i": "7002",
    "x": 1, "r": MS + 7,
}  # fmt: skip
COIN_QUOTE: Json = {
    "ev": "XQ", "pair": "BTC-USD", "bp": 91249.8, "bs": 0.51, "ap": 91251.2, "as": 1.2, "t": MS,
    "x": 1, "r": MS + 7,
}  # fmt: skip
_COIN_BAR: Json = {
    "pair": "BTC-USD", "v": 3.5, "vw": 91251.0, "z": 0.07, "o": 91250.5, "c": 91255.0,
    "h": 91260.0, "l": 91240.0,
}  # fmt: skip
COIN_MINUTE: Json = {"ev": "XA", **_COIN_BAR, "s": MS, "e": MS + 60_000}
COIN_SECOND: Json = {"ev": "XAS", **_COIN_BAR, "s": MS, "e": MS + 1_000}

MARKET = [
    TRADE, QUOTE, MINUTE, SECOND, BAND, HALT, COIN_TRADE, COIN_QUOTE, COIN_MINUTE, COIN_SECOND,
]  # fmt: skip
STATUSES: list[tuple[str, str]] = [
    ("connected", "Connected Successfully"),
    ("auth_success", "authenticated"),
    ("auth_failed", "authentication failed"),
    ("auth_timeout", "No authentication request received."),
    ("success", "subscribed to: T.AAPL"),
    ("error", "not authorized"),
    ("max_connections", "Maximum number of websocket connections exceeded. "),
    ("slow_consumer", "too slow"),
    ("force_disconnect", "going away"),
]
CONTROL: list[Json] = [
    {"ev": "status", "status": status, "message": message} for status, message in STATUSES
]


def frame(*messages: Json) -> bytes:
    """Return messages as they arrive."""
    return msgspec.json.encode(list(messages))
