"""Alpaca's market data messages, decoded into inputs. Typed and fast; one odd message never loses its neighbours."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

import msgspec

from liualgotrader.common.events import Bar, Event, Quote, Trade
from liualgotrader.common.timestamps import BadTimestamp, parse_time
from liualgotrader.data.market_status import MarketStatus, PriceBand, TradingStatus

log = logging.getLogger(__name__)


class _Trade(msgspec.Struct, tag_field="T", tag="t", gc=False):
    S: str
    t: str
    p: float
    s: float


class _Quote(msgspec.Struct, tag_field="T", tag="q", gc=False):
    S: str
    t: str
    bp: float
    ap: float
    bs: float
    as_: float = msgspec.field(name="as")


class _BarFields(msgspec.Struct, gc=False):
    S: str
    t: str
    o: float
    h: float
    l: float  # noqa: E741 - the vendor's name
    c: float
    v: float
    n: int | None = None
    vw: float | None = None


class _Bar(_BarFields, tag_field="T", tag="b", gc=False):
    pass


class _UpdatedBar(_BarFields, tag_field="T", tag="u", gc=False):
    pass


class _DailyBar(_BarFields, tag_field="T", tag="d", gc=False):
    pass


class _Status(msgspec.Struct, tag_field="T", tag="s"):
    S: str
    t: str
    sc: str = ""
    sm: str = ""
    rc: str = ""
    rm: str = ""


class _Band(msgspec.Struct, tag_field="T", tag="l"):
    S: str
    t: str
    u: float
    d: float
    i: str = ""


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


_Message = (
    _Trade
    | _Quote
    | _Bar
    | _UpdatedBar
    | _DailyBar
    | _Status
    | _Band
    | Success
    | Error
    | Subscribed
    | Mark
)
Control = Success | Error | Subscribed | Mark | TradingStatus | PriceBand
Parsed = Event | Control

_frame = msgspec.json.Decoder(list[_Message])
_one = msgspec.json.Decoder(_Message)
_raws = msgspec.json.Decoder(list[msgspec.Raw])
# Text that is no UTF-8 and brackets without end are told in Python's own words.
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def _is_time(text: str) -> bool:
    """Whether a bar can be put in its place. Bars are few; a print's time is read by whoever asks for it."""
    try:
        parse_time(text)
    except BadTimestamp:
        return False
    return True


def _bar_of(m: _BarFields, *, correction: bool) -> Bar | None:
    if not (0 < m.l <= m.o <= m.h and m.l <= m.c <= m.h and m.v >= 0 and _is_time(m.t)):
        return None
    return Bar(m.S, m.t, m.o, m.h, m.l, m.c, m.v, 60, m.vw, m.n, correction)


def _status_of(m: _Status | _Band) -> MarketStatus:
    if isinstance(m, _Band):
        return PriceBand(m.S, parse_time(m.t), m.u, m.d, m.i)
    return TradingStatus(m.S, parse_time(m.t), m.sc, m.sm, m.rc, m.rm)


_CONTROL = (Success, Error, Subscribed, Mark)


class AlpacaParser:
    """Parses frames, and counts what it skips: unknown types, malformed messages, impossible values."""

    def __init__(self) -> None:
        self.skipped: Counter[str] = Counter()

    def parse(self, payload: bytes | memoryview) -> tuple[list[Event], list[Control]]:
        """Return a frame's events and its control messages, each in order."""
        try:
            messages: list[Any] = _frame.decode(payload)
        except _UNREADABLE:
            messages = self._one_by_one(payload)
        events: list[Event] = []
        control: list[Control] = []
        append = events.append
        # Trades and quotes in line, in one loop: they are nearly all of what comes, and a call for
        # each costs as much as making the event.
        for m in messages:
            kind = type(m)
            if kind is _Quote and m.bp >= 0.0 and m.ap >= 0.0:
                append(Quote(m.S, m.t, m.bp, m.ap, m.bs, m.as_))
            elif kind is _Trade and m.p > 0.0 and m.s >= 0.0:
                append(Trade(m.S, m.t, m.p, m.s))
            elif isinstance(m, _CONTROL):
                control.append(m)
            elif isinstance(m, _Status | _Band) and _is_time(m.t):
                control.append(_status_of(m))
            else:
                self._rest(m, events)
        return events, control

    def _rest(self, message: Any, events: list[Event]) -> None:
        """Take bars, pass over what is of no use here, and count what cannot be."""
        if not isinstance(message, _Trade | _Quote | _Bar | _UpdatedBar):
            return
        bar = None
        if isinstance(message, _BarFields):
            bar = _bar_of(message, correction=isinstance(message, _UpdatedBar))
        if bar is None:
            self._skip("impossible value", message)
        else:
            events.append(bar)

    def _one_by_one(self, payload: bytes | memoryview) -> list[Any]:
        """Take what can be read from a frame of which something cannot."""
        try:
            raws = _raws.decode(payload)
        except _UNREADABLE as exc:
            self._skip("malformed frame", exc)
            return []
        messages = []
        for raw in raws:
            try:
                messages.append(_one.decode(raw))
            except _UNREADABLE as exc:
                self._skip("unknown or malformed message", exc)
        return messages

    def _skip(self, why: str, what: object) -> None:
        self.skipped[why] += 1
        count = self.skipped[why]
        if (
            count & (count - 1) == 0
        ):  # the 1st, 2nd, 4th, 8th ...: a broken feed must not fill the log
            log.warning("skipped market data (%s, %d so far): %s", why, count, what)
