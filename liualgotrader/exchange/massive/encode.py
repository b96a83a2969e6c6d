"""Market data as Massive's streams word it: JSON alone, `ev` names the kind, times are Unix ms.

Sources: massive.com/docs/websocket, stocks and crypto: trades, quotes, aggregates per minute and
per second. Whole shares are in `s`, `v` and `av`; with fractions in `ds`, `dv` and `dav`, as text.
Quotes' sizes are in shares since 3 November 2025, before that in round lots.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.exchange.encode import json_array, number
from liualgotrader.exchange.feeds import SECOND_BARS
from liualgotrader.exchange.massive.words import (
    COINBASE,
    IEX,
    NASDAQ_TAPE,
    REGULAR,
    SELL_SIDE,
    decimal,
    ms,
    pair,
    sequence,
    symbol_of,
)

SECOND = 1_000_000_000
# Alpaca's words for a halt, a volatility pause and a resumption, as Massive's indicators.
_HALTS = {"H": 17, "P": 17, "T": 18}


class _Trade(msgspec.Struct, gc=False):
    ev: str
    sym: str
    x: int
    i: str
    z: int
    p: float
    s: int
    ds: str
    c: list[int]
    t: int
    q: int


class _Quote(msgspec.Struct, gc=False):
    ev: str
    sym: str
    bx: int
    bp: float
    bs: int
    ax: int
    ap: float
    as_: int = msgspec.field(name="as")
    c: int
    i: list[int]
    t: int
    q: int
    z: int


class _Bar(msgspec.Struct, gc=False):
    ev: str
    sym: str
    v: int
    dv: str
    av: int
    dav: str
    op: float
    vw: float
    o: float
    c: float
    h: float
    l: float  # noqa: E741 - the vendor's name
    a: float
    z: int
    s: int
    e: int


class _CoinTrade(msgspec.Struct, gc=False):
    ev: str
    pair: str
    x: int
    i: str
    p: float
    s: float
    c: list[int]
    t: int
    r: int


class _CoinQuote(msgspec.Struct, gc=False):
    ev: str
    pair: str
    bp: float
    bs: float
    ap: float
    as_: float = msgspec.field(name="as")
    t: int
    x: int
    r: int


class _CoinBar(msgspec.Struct, gc=False):
    ev: str
    pair: str
    o: float
    c: float
    h: float
    l: float  # noqa: E741 - the vendor's name
    v: float
    vw: float
    z: float
    s: int
    e: int


class _Json:
    """What both clusters' formats share."""

    text = True

    def __init__(self) -> None:
        self.encode: Callable[[object], bytes] = msgspec.json.Encoder().encode
        self.decode: Callable[[bytes | str], Any] = msgspec.json.Decoder().decode

    def time(self, ns: int) -> int:
        """Return Unix ms."""
        return ms(ns)

    def frame(self, messages: Sequence[bytes]) -> bytes:
        """Return the messages as a JSON array."""
        return json_array(messages)

    def mark(self, ns: int) -> bytes:
        """Return a mark: in lockstep, and in ns."""
        return self.encode({"ev": "mark", "t": ns})

    def about(self, message: bytes) -> tuple[str, str]:
        """Return `ev` and the symbol."""
        told = self.decode(message)
        symbol = told.get("sym") or told.get("pair", told.get("T", ""))
        return str(told["ev"]), symbol_of(symbol) if "pair" in told else str(symbol)

    def stranger(self, word: str, symbol: str) -> bytes:
        """Return a message whose `ev` is new."""
        return self.encode({"ev": word, "sym": symbol, "v": 1})

    def notice(self, symbol: str, ts: int, message: Mapping[str, Any]) -> bytes | None:
        """Return None: pairs are not halted."""
        return None


class StocksWords(_Json):
    """The stocks cluster: T, Q, AM, A."""

    name = "massive stocks"

    def trade(self, event: Trade, number_of: int) -> bytes:
        """Return a print; `number_of` is its running number on its symbol, and its id."""
        ns: int = event.time  # type: ignore[assignment]  # a tape's times are numbers
        return self.encode(
            _Trade(
                "T",
                event.symbol,
                IEX,
                str(number_of),
                NASDAQ_TAPE,
                event.price,
                int(event.size),
                decimal(event.size),
                [REGULAR],
                ms(ns),
                sequence(ns),
            )
        )

    def quote(self, event: Quote) -> bytes:
        """Return a quote."""
        ns: int = event.time  # type: ignore[assignment]  # a tape's times are numbers
        return self.encode(
            _Quote(
                "Q",
                event.symbol,
                IEX,
                event.bid,
                int(event.bid_size),
                IEX,
                event.ask,
                int(event.ask_size),
                REGULAR,
                [],
                ms(ns),
                sequence(ns),
                NASDAQ_TAPE,
            )
        )

    def bar(self, channel: str, bar: Bar, today: Bar | None) -> bytes:
        """Return a bar of a minute or a second, with what the day has brought so far."""
        day = today or bar
        return self.encode(
            _Bar(
                "A" if channel == SECOND_BARS else "AM",
                bar.symbol,
                int(bar.volume),
                decimal(bar.volume),
                int(day.volume),
                decimal(day.volume),
                day.open,
                _vwap(bar),
                bar.open,
                bar.close,
                bar.high,
                bar.low,
                _vwap(day),
                int(bar.volume / bar.count) if bar.count else 0,
                ms(bar.start),
                ms(bar.ts_event),
            )
        )

    def notice(self, symbol: str, ts: int, message: Mapping[str, Any]) -> bytes | None:
        """Return price bands, or a halt as the indicator that Massive has for it; its time is in ns.

        Other statuses it does not tell. Source: massive.com/docs/websocket/stocks/luld, and its indicators.
        """
        word = message.get("sc")
        if word is not None and word not in _HALTS:
            return None
        return self.encode(
            {
                "ev": "LULD",
                "T": symbol,
                "h": message.get("u", 0.0),
                "l": message.get("d", 0.0),
                "i": [] if word is None else [_HALTS[word]],
                "z": NASDAQ_TAPE,
                "t": ts,
                "q": sequence(ts),
            }
        )


class CryptoWords(_Json):
    """The crypto cluster: XT, XQ, XA (a minute), XAS (a second)."""

    name = "massive crypto"

    def trade(self, event: Trade, number_of: int) -> bytes:
        """Return a print; `number_of` is its running number on its symbol, and its id."""
        at = ms(event.time)  # type: ignore[arg-type]  # a tape's times are numbers
        return self.encode(
            _CoinTrade(
                "XT",
                pair(event.symbol),
                COINBASE,
                str(number_of),
                event.price,
                number(event.size),
                [SELL_SIDE],
                at,
                at,
            )
        )

    def quote(self, event: Quote) -> bytes:
        """Return a quote."""
        at = ms(event.time)  # type: ignore[arg-type]  # a tape's times are numbers
        return self.encode(
            _CoinQuote(
                "XQ",
                pair(event.symbol),
                event.bid,
                number(event.bid_size),
                event.ask,
                number(event.ask_size),
                at,
                COINBASE,
                at,
            )
        )

    def bar(self, channel: str, bar: Bar, today: Bar | None) -> bytes:
        """Return a bar of a minute or a second."""
        return self.encode(
            _CoinBar(
                "XAS" if channel == SECOND_BARS else "XA",
                pair(bar.symbol),
                bar.open,
                bar.close,
                bar.high,
                bar.low,
                number(bar.volume),
                _vwap(bar),
                number(bar.volume / bar.count) if bar.count else 0,
                ms(bar.start),
                ms(bar.ts_event),
            )
        )


def _vwap(bar: Bar) -> float:
    return bar.vwap if bar.vwap is not None else bar.close
