"""Market data as Alpaca's stream words it, each event encoded once per format.

Sources: Alpaca's pages on real-time stock data. `T` names the kind, `S` the symbol; JSON carries
RFC 3339 text, msgpack the Timestamp extension (type -1), both with nanoseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.common.timestamps import format_time

SECOND = 1_000_000_000

VENUE_CODE = "V"  # IEX; the tape does not say where something printed
TAPE_CODE = "C"
TAKER_SIDE = "B"  # of a pair's print; the tape does not say who took
TRADE_CONDITIONS = ["@"]
QUOTE_CONDITIONS = ["R"]
_BAR_KINDS = {"bars": "b", "updatedBars": "u", "dailyBars": "d"}


class TradeMessage(msgspec.Struct, gc=False):
    """A print."""

    T: str
    S: str
    i: int
    x: str
    p: float
    s: float
    c: list[str]
    t: Any
    z: str


class CoinTradeMessage(msgspec.Struct, gc=False):
    """A print of a pair of currencies; `tks` is the taker's side."""

    T: str
    S: str
    p: float
    s: float
    t: Any
    i: int
    tks: str


class CoinQuoteMessage(msgspec.Struct, gc=False):
    """The best bid and ask of a pair; sizes in coins."""

    T: str
    S: str
    bp: float
    bs: float
    ap: float
    as_: float = msgspec.field(name="as")
    t: Any


class QuoteMessage(msgspec.Struct, gc=False):
    """The best bid and ask; sizes in shares."""

    T: str
    S: str
    bx: str
    bp: float
    bs: float
    ax: str
    ap: float
    as_: float = msgspec.field(name="as")
    c: list[str]
    t: Any
    z: str


class BarMessage(msgspec.Struct, gc=False, omit_defaults=False):
    """Open, high, low, close, volume, vwap and count.

    `T` is b (minute), u (updated minute) or d (day).
    """

    T: str
    S: str
    o: float
    h: float
    l: float  # noqa: E741 - the vendor's name
    c: float
    v: float
    t: Any
    n: int
    vw: float


class Codec(Protocol):
    """One of the formats of a stream: a vendor's words in JSON or MessagePack."""

    name: str
    text: bool

    def encode(self, message: object) -> bytes:
        """Return one message."""

    def decode(self, data: bytes | str) -> Any:
        """Return what a client sent. Raises msgspec.DecodeError."""

    def time(self, ns: int) -> Any:
        """Return ns UTC as this format carries times."""

    def frame(self, messages: Sequence[bytes]) -> bytes:
        """Return encoded messages as one array."""

    def trade(self, event: Trade, number_of: int) -> bytes:
        """Return a print; `number_of` is its running number on its symbol."""

    def quote(self, event: Quote) -> bytes:
        """Return a quote."""

    def bar(self, channel: str, bar: Bar, today: Bar | None) -> bytes:
        """Return a bar of a channel; `today` is the day's bar as it is then."""

    def mark(self, ns: int) -> bytes:
        """Return lockstep's word that everything up to `ns` UTC has been sent."""

    def notice(self, symbol: str, ts: int, message: Mapping[str, Any]) -> bytes | None:
        """Return a status or price bands, given in Alpaca's words; None where the vendor has no word for it."""

    def about(self, message: bytes) -> tuple[str, str]:
        """Return the word for what an encoded message is, and its symbol."""

    def stranger(self, word: str, symbol: str) -> bytes:
        """Return a message of a kind that nobody has heard of."""


class AlpacaWords:
    """What Alpaca's stream says of an event, in either format."""

    def trade(self: Codec, event: Trade, number_of: int) -> bytes:
        """Return a print; `number_of` is its running number on its symbol."""
        return trade_message(self, event, number_of)

    def quote(self: Codec, event: Quote) -> bytes:
        """Return a quote."""
        return quote_message(self, event)

    def bar(self: Codec, channel: str, bar: Bar, today: Bar | None) -> bytes:
        """Return a bar of bars, updatedBars or dailyBars."""
        return bar_message(self, _BAR_KINDS[channel], bar)

    def mark(self: Codec, ns: int) -> bytes:
        """Return a mark."""
        return self.encode({"T": "mark", "t": ns})

    def notice(self: Codec, symbol: str, ts: int, message: Mapping[str, Any]) -> bytes | None:
        """Return a status or price bands."""
        return self.encode({**message, "S": symbol, "t": self.time(ts)})

    def about(self: Codec, message: bytes) -> tuple[str, str]:
        """Return `T` and the symbol."""
        told = self.decode(message)
        return str(told["T"]), str(told["S"])

    def stranger(self: Codec, word: str, symbol: str) -> bytes:
        """Return a message whose `T` is new."""
        return self.encode({"T": word, "S": symbol, "v": 1})


class JsonCodec(AlpacaWords):
    """JSON in text frames."""

    name = "json"
    text = True

    def __init__(self) -> None:
        self.encode: Callable[[object], bytes] = msgspec.json.Encoder().encode
        self.decode: Callable[[bytes | str], Any] = msgspec.json.Decoder().decode
        self._second = -1
        self._prefix = ""

    def time(self, ns: int) -> str:
        """Return RFC 3339 text with nanoseconds."""
        second, nanos = divmod(ns, SECOND)
        if second != self._second:
            self._second = second
            self._prefix = format_time(second * SECOND)[:-1]
        return f"{self._prefix}.{nanos:09d}Z" if nanos else f"{self._prefix}Z"

    def frame(self, messages: Sequence[bytes]) -> bytes:
        """Return the messages as a JSON array."""
        return json_array(messages)


class MsgpackCodec(AlpacaWords):
    """MessagePack in binary frames, for clients that ask by `Content-Type: application/msgpack`."""

    name = "msgpack"
    text = False

    def __init__(self) -> None:
        self.encode: Callable[[object], bytes] = msgspec.msgpack.Encoder().encode
        self._decoder = msgspec.msgpack.Decoder()

    def decode(self, data: bytes | str) -> Any:
        """Return what a client sent. Raises msgspec.DecodeError."""
        return self._decoder.decode(data.encode() if isinstance(data, str) else data)

    def time(self, ns: int) -> msgspec.msgpack.Ext:
        """Return the Timestamp extension, 64-bit layout: 30 bits of nanoseconds, 34 of seconds."""
        second, nanos = divmod(ns, SECOND)
        return msgspec.msgpack.Ext(-1, (nanos << 34 | second).to_bytes(8, "big"))

    def frame(self, messages: Sequence[bytes]) -> bytes:
        """Return the messages as a msgpack array."""
        count = len(messages)
        if count < 16:
            head = bytes((0x90 | count,))
        elif count < 65_536:
            head = b"\xdc" + count.to_bytes(2, "big")
        else:
            head = b"\xdd" + count.to_bytes(4, "big")
        return head + b"".join(messages)


def json_array(messages: Sequence[bytes]) -> bytes:
    """Return encoded messages as one JSON array."""
    return b"[" + b",".join(messages) + b"]"


def codec_for(content_type: str | None) -> JsonCodec | MsgpackCodec:
    """Return the format that a client's Content-Type header asks for."""
    wants_msgpack = content_type is not None and "msgpack" in content_type.lower()
    return MsgpackCodec() if wants_msgpack else JsonCodec()


def number(value: float) -> float:
    """Return whole numbers as int, as the vendor writes sizes and volumes."""
    whole = int(value)
    return whole if whole == value else value


def trade_message(codec: Codec, event: Trade, number_of: int) -> bytes:
    """Return a print; `number_of` is its running number on this symbol."""
    if "/" in event.symbol:
        time = codec.time(event.time)  # type: ignore[arg-type]  # a tape's times are numbers
        return codec.encode(
            CoinTradeMessage(
                "t", event.symbol, event.price, event.size, time, number_of, TAKER_SIDE
            )
        )
    return codec.encode(
        TradeMessage(
            "t",
            event.symbol,
            number_of,
            VENUE_CODE,
            event.price,
            number(event.size),
            TRADE_CONDITIONS,
            codec.time(event.time),  # type: ignore[arg-type]  # a tape's times are numbers
            TAPE_CODE,
        ),
    )


def quote_message(codec: Codec, event: Quote) -> bytes:
    """Return a quote."""
    if "/" in event.symbol:
        time = codec.time(event.time)  # type: ignore[arg-type]  # a tape's times are numbers
        return codec.encode(
            CoinQuoteMessage(
                "q", event.symbol, event.bid, event.bid_size, event.ask, event.ask_size, time
            )
        )
    return codec.encode(
        QuoteMessage(
            "q",
            event.symbol,
            VENUE_CODE,
            event.bid,
            number(event.bid_size),
            VENUE_CODE,
            event.ask,
            number(event.ask_size),
            QUOTE_CONDITIONS,
            codec.time(event.time),  # type: ignore[arg-type]  # a tape's times are numbers
            TAPE_CODE,
        ),
    )


def bar_message(codec: Codec, kind: str, event: Bar) -> bytes:
    """Return a bar; `kind` is b, u or d."""
    return codec.encode(
        BarMessage(
            kind,
            event.symbol,
            event.open,
            event.high,
            event.low,
            event.close,
            number(event.volume),
            codec.time(event.start),
            event.count or 0,
            event.vwap if event.vwap is not None else event.close,
        ),
    )
