"""Alpaca's market data messages as they are on the wire, in JSON and in msgpack.

Every message is a map with its kind in `T`. Times are RFC 3339 text in JSON and the Timestamp
extension (type -1) in msgpack, both with nanoseconds; all else is the same, so the types are
generic in what a time is. Fields that nothing needs are not read. Sources: Alpaca, "Real-time Stock
Data", "Real-time Crypto Data", "Websocket Streaming".
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec
from msgspec.msgpack import Ext

from liualgotrader.common.timestamps import SECOND, BadTimestamp, parse_time

T = TypeVar("T")
LATEST = 1 << 63
"""Times from here on (the year 2262) do not fit into what events are kept in."""


class TradeOf(msgspec.Struct, Generic[T], tag_field="T", tag="t", gc=False):
    """A print."""

    S: str
    p: float
    s: float
    t: T


class QuoteOf(msgspec.Struct, Generic[T], tag_field="T", tag="q", gc=False):
    """The best bid and ask."""

    S: str
    bp: float
    bs: float
    ap: float
    as_: float = msgspec.field(name="as")
    t: T


class BarOf(msgspec.Struct, Generic[T], gc=False):
    """Open, high, low, close and volume of a minute."""

    S: str
    o: float
    h: float
    l: float  # noqa: E741 - the vendor's name
    c: float
    v: float
    t: T
    n: int | None = None
    vw: float | None = None


class MinuteOf(BarOf[T], Generic[T], tag_field="T", tag="b", gc=False):
    """A minute that is complete."""


class UpdatedOf(BarOf[T], Generic[T], tag_field="T", tag="u", gc=False):
    """A minute again, because trades came in late."""


class DayOf(msgspec.Struct, tag_field="T", tag="d", gc=False):
    """The day so far. Nothing needs it."""


class OrderBook(msgspec.Struct, tag_field="T", tag="o", gc=False):
    """The order book of a pair of currencies. Nothing needs it."""


class StatusOf(msgspec.Struct, Generic[T], tag_field="T", tag="s"):
    """A trading status: code, message, reason's code and message."""

    S: str
    t: T
    sc: str = ""
    sm: str = ""
    rc: str = ""
    rm: str = ""


class BandOf(msgspec.Struct, Generic[T], tag_field="T", tag="l"):
    """Limit up, limit down."""

    S: str
    t: T
    u: float
    d: float
    i: str = ""


class Correction(msgspec.Struct, tag_field="T", tag="c"):
    """A print was other than had been told."""


class Cancellation(msgspec.Struct, tag_field="T", tag="x"):
    """A print was none."""


class Success(msgspec.Struct, tag_field="T", tag="success"):
    """A control message: connected, authenticated."""

    msg: str


class Error(msgspec.Struct, tag_field="T", tag="error"):
    """A control message: something was refused."""

    code: int
    msg: str


class Subscribed(msgspec.Struct, tag_field="T", tag="subscription"):
    """A control message: what is subscribed to now."""

    trades: list[str] = []
    quotes: list[str] = []
    bars: list[str] = []


class Mark(msgspec.Struct, tag_field="T", tag="mark"):
    """The exchange in a box, in lockstep: everything up to `t` (ns) has been sent."""

    t: int


_Timeless = DayOf | OrderBook | Correction | Cancellation | Success | Error | Subscribed | Mark
_Text = (
    TradeOf[str] | QuoteOf[str] | MinuteOf[str] | UpdatedOf[str] | StatusOf[str] | BandOf[str]
    | _Timeless
)  # fmt: skip
_Packed = (
    TradeOf[Ext] | QuoteOf[Ext] | MinuteOf[Ext] | UpdatedOf[Ext] | StatusOf[Ext] | BandOf[Ext]
    | _Timeless
)  # fmt: skip


class TextFormat:
    """JSON. A time stays text, of which it is only made sure that it can be read later."""

    def __init__(self) -> None:
        self.frame: Any = msgspec.json.Decoder(list[_Text]).decode
        self.one: Any = msgspec.json.Decoder(_Text).decode
        self.raws: Any = msgspec.json.Decoder(list[msgspec.Raw]).decode
        self._second = ""

    def time(self, text: str) -> str:
        """Return the time as it is. Raises BadTimestamp.

        Neighbours share their second, which is read once: reading each whole costs three times as
        much as decoding the message.
        """
        if (
            text[:19] == self._second
            and text[-1] == "Z"
            and (len(text) == 20 or (text[19] == "." and text[20:-1].isdigit() and text.isascii()))
        ):
            return text
        _within(parse_time(text))
        self._second = text[:19]
        return text

    def ns(self, text: str) -> int:
        """Return the time in ns UTC. Raises BadTimestamp."""
        return _within(parse_time(text))


class PackedFormat:
    """MessagePack. A time is a number at once, which costs no more than text would."""

    def __init__(self) -> None:
        self.frame: Any = msgspec.msgpack.Decoder(list[_Packed]).decode
        self.one: Any = msgspec.msgpack.Decoder(_Packed).decode
        self.raws: Any = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode

    def time(self, ext: Ext) -> int:
        """Return the time in ns UTC. Raises BadTimestamp."""
        data: bytes = ext.data  # type: ignore[assignment]  # decoders give bytes
        if len(data) == 8 and ext.code == -1:
            value = int.from_bytes(data, "big")
            nanos = value >> 34
            ns = (value & 0x3_FFFF_FFFF) * SECOND + nanos
            if nanos < SECOND and ns < LATEST:
                return ns
        return _rare(ext)

    def ns(self, ext: Ext) -> int:
        """Return the time in ns UTC. Raises BadTimestamp."""
        return self.time(ext)


def _rare(ext: Ext) -> int:
    """Read the Timestamp's other two layouts: 32 bits of seconds; 32 of ns and 64 of seconds."""
    data = bytes(ext.data)
    if ext.code == -1 and len(data) == 4:
        return int.from_bytes(data, "big") * SECOND
    if ext.code == -1 and len(data) == 12:
        nanos = int.from_bytes(data[:4], "big")
        if nanos < SECOND:
            return _within(int.from_bytes(data[4:], "big", signed=True) * SECOND + nanos)
    raise BadTimestamp(f"not a time: extension {ext.code} with {data.hex()}")


def _within(ns: int) -> int:
    if 0 <= ns < LATEST:
        return ns
    raise BadTimestamp(f"not a time of our age: {ns} ns since 1970")
