"""Massive's market data messages, of stocks and of crypto, decoded into inputs. Typed and fast.

One odd message never loses its neighbours. Times are Unix ms and become ns; price bands come in ns,
though their page says ms, so a number of that size is taken for ns anywhere. Whole shares are in
`s` and `v`; with fractions they are in `ds` and `dv`, as text. Sizes of quotes are in shares since
3 November 2025. Massive never sends a bar again: it has nothing like Alpaca's updated or daily
bars, and tells neither corrections nor cancellations of trades. What was different in the end is
learnt from its REST API. Sources: massive.com/docs/websocket, stocks and crypto.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec

from liualgotrader.common.events import Bar, Event, Quote, Trade
from liualgotrader.data.market_status import MarketStatus, PriceBand, TradingStatus
from liualgotrader.data.massive_symbols import symbol_of_pair
from liualgotrader.data.tolerant import TolerantParser

_MS = 1_000_000
# Times from here on (the year 2262) do not fit into what events are kept in.
_LATEST_MS = (1 << 63) // _MS
_LATEST_NS = 1 << 63
_ABSENT = -1.0
_MINUTE, _SECOND = 60, 1
# Indicators of price bands that tell of trading itself, of Nasdaq's listings alone.
_HALT, _RESUMPTION = 17, 18


class _Trade(msgspec.Struct, tag_field="ev", tag="T", gc=False):
    sym: str
    p: float
    t: int
    s: float = _ABSENT
    ds: float = _ABSENT


class _Quote(msgspec.Struct, tag_field="ev", tag="Q", gc=False):
    """The best bid and ask. A side that nobody quotes is left out."""

    sym: str
    t: int
    bp: float = 0.0
    bs: float = 0.0
    ap: float = 0.0
    as_: float = msgspec.field(name="as", default=0.0)


class _BarFields(msgspec.Struct, gc=False):
    o: float
    h: float
    l: float  # noqa: E741 - the vendor's name
    c: float
    v: float
    s: int


class _StockBar(_BarFields, gc=False, kw_only=True):
    sym: str
    vw: float | None = None
    dv: float = _ABSENT


class _Minute(_StockBar, tag_field="ev", tag="AM", gc=False):
    pass


class _Second(_StockBar, tag_field="ev", tag="A", gc=False):
    pass


class _CoinTrade(msgspec.Struct, tag_field="ev", tag="XT", gc=False):
    pair: str
    p: float
    s: float
    t: int


class _CoinQuote(msgspec.Struct, tag_field="ev", tag="XQ", gc=False):
    pair: str
    bp: float
    bs: float
    ap: float
    as_: float = msgspec.field(name="as")
    t: int


class _CoinBar(_BarFields, gc=False, kw_only=True):
    pair: str
    vw: float | None = None


class _CoinMinute(_CoinBar, tag_field="ev", tag="XA", gc=False):
    pass


class _CoinSecond(_CoinBar, tag_field="ev", tag="XAS", gc=False):
    pass


class _Band(msgspec.Struct, tag_field="ev", tag="LULD"):
    T: str
    t: int
    h: float = 0.0
    l: float = 0.0  # noqa: E741 - the vendor's name
    i: list[int] = []


class Status(msgspec.Struct, tag_field="ev", tag="status"):
    """A control message: `status` is one of the vendor's words, `message` its text."""

    status: str
    message: str = ""


class Mark(msgspec.Struct, tag_field="ev", tag="mark"):
    """The exchange in a box, in lockstep: everything up to `t` (ns) has been sent."""

    t: int


_Message = (
    _Trade | _Quote | _Minute | _Second | _Band | _CoinTrade | _CoinQuote | _CoinMinute
    | _CoinSecond | Status | Mark
)  # fmt: skip
Control = Status | Mark


class _Json:
    """The decoders. Numbers may be text, as the vendor's fractions are."""

    def __init__(self) -> None:
        self.frame: Any = msgspec.json.Decoder(list[_Message], strict=False).decode
        self.one: Any = msgspec.json.Decoder(_Message, strict=False).decode
        self.raws: Any = msgspec.json.Decoder(list[msgspec.Raw]).decode


class MassiveParser(TolerantParser):
    """Parses frames, and counts what it skips: unknown kinds, malformed messages, impossible values."""

    def __init__(self) -> None:
        super().__init__()
        self._json = _Json()

    def parse(
        self, payload: bytes | memoryview
    ) -> tuple[list[Event], list[Control | MarketStatus]]:
        """Return a frame's events, and its control messages, halts and bands, each in order."""
        events: list[Event] = []
        rest: list[Control | MarketStatus] = []
        append, most, latest = events.append, math.inf, _LATEST_MS
        # Trades and quotes in line, in one loop: they are nearly all of what comes, and a call for
        # each costs as much as making the event. Comparisons are false for what is no number.
        for m in self.messages(self._json, payload):
            kind = type(m)
            if kind is _Quote:
                if m.bp >= 0.0 and m.ap >= 0.0 and m.bs >= 0.0 <= m.as_ and 0 < m.t < latest:
                    if m.bp + m.ap + m.bs + m.as_ < most:
                        append(Quote(m.sym, m.t * _MS, m.bp, m.ap, m.bs, m.as_))
                        continue
            elif kind is _Trade:
                size = m.ds if m.ds >= 0.0 else m.s
                if 0.0 < m.p < most and 0.0 <= size < most and 0 < m.t < latest:
                    append(Trade(m.sym, m.t * _MS, m.p, size))
                    continue
            if not self._rest(m, events, rest):
                self.skipped.note("impossible value", m)
        return events, rest

    def _rest(self, message: Any, events: list[Event], rest: list[Control | MarketStatus]) -> bool:
        """Take what is rarer; False for what cannot be."""
        match message:
            case Status() | Mark():
                rest.append(message)
            case _Trade() | _Quote() | _CoinTrade() | _CoinQuote():
                tick = _tick(message)
                if tick is None:
                    return False
                events.append(tick)
            case _BarFields():
                bar = _bar(message)
                if bar is None:
                    return False
                events.append(bar)
            case _Band():
                said = _said(message)
                rest += said
                return bool(said)
        return True


def _ns(t: int) -> int | None:
    """Return a time in ns UTC, or None for one that is not of our age."""
    if 0 < t < _LATEST_MS:
        return t * _MS
    return t if 0 < t < _LATEST_NS else None


def _tick(m: Any) -> Trade | Quote | None:
    """Return a print or a quote, or None for what cannot be."""
    time = _ns(m.t)
    if time is None:
        return None
    symbol = m.sym if isinstance(m, _Trade | _Quote) else symbol_of_pair(m.pair)
    if isinstance(m, _Trade | _CoinTrade):
        size = m.ds if isinstance(m, _Trade) and m.ds >= 0.0 else m.s
        possible = 0.0 < m.p < math.inf and 0.0 <= size < math.inf
        return Trade(symbol, time, m.p, size) if possible else None
    possible = all(0.0 <= number < math.inf for number in (m.bp, m.bs, m.ap, m.as_))
    return Quote(symbol, time, m.bp, m.ap, m.bs, m.as_) if possible else None


def _bar(m: Any) -> Bar | None:
    """Return a bar, or None for one that cannot be."""
    start = _ns(m.s)
    if isinstance(m, _StockBar):
        symbol, volume = m.sym, m.dv if m.dv >= 0.0 else m.v
    else:
        symbol, volume = symbol_of_pair(m.pair), m.v
    possible = 0.0 < m.l <= m.o <= m.h < math.inf and m.l <= m.c <= m.h and 0.0 <= volume < math.inf
    if start is None or not possible:
        return None
    seconds = _SECOND if isinstance(m, _Second | _CoinSecond) else _MINUTE
    return Bar(symbol, start, m.o, m.h, m.l, m.c, volume, seconds, m.vw)


def _said(m: _Band) -> list[MarketStatus]:
    """Return what a message of price bands says: a halt or its end, and the bands; nothing of what cannot be."""
    time = _ns(m.t)
    if time is None:
        return []
    said: list[MarketStatus] = [
        TradingStatus(m.T, time, str(code), words)
        for code, words in ((_HALT, "trading halt"), (_RESUMPTION, "trading resumption"))
        if code in m.i
    ]
    if 0.0 < m.l <= m.h < math.inf:
        said.append(PriceBand(m.T, time, m.h, m.l, ",".join(map(str, m.i))))
    return said
