"""Alpaca's market data messages, decoded into inputs. Typed and fast; one odd message never loses its neighbours."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

from liualgotrader.common.events import Bar, Event, Quote, Trade

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
    _Trade | _Quote | _Bar | _UpdatedBar | _DailyBar | _Status | Success | Error | Subscribed | Mark
)
Control = Success | Error | Subscribed | Mark
Parsed = Event | Control

_frame = msgspec.json.Decoder(list[_Message])
_one = msgspec.json.Decoder(_Message)
_raws = msgspec.json.Decoder(list[msgspec.Raw])


def _trade(m: _Trade) -> Trade | None:
    return Trade(m.S, m.t, m.p, m.s) if m.p > 0 and m.s >= 0 else None


def _quote(m: _Quote) -> Quote | None:
    if m.bp < 0 or m.ap < 0:
        return None
    return Quote(m.S, m.t, m.bp, m.ap, m.bs, m.as_)


def _bar_of(m: _BarFields, *, correction: bool) -> Bar | None:
    if not (0 < m.l <= m.o <= m.h and m.l <= m.c <= m.h and m.v >= 0):
        return None
    return Bar(m.S, m.t, m.o, m.h, m.l, m.c, m.v, 60, m.vw, m.n, correction)


def _bar(m: _Bar) -> Bar | None:
    return _bar_of(m, correction=False)


def _updated(m: _UpdatedBar) -> Bar | None:
    return _bar_of(m, correction=True)


_CONVERT: dict[type, Callable[[Any], Event | None]] = {
    _Trade: _trade,
    _Quote: _quote,
    _Bar: _bar,
    _UpdatedBar: _updated,
}
_CONTROL = (Success, Error, Subscribed, Mark)
_IGNORED = (_DailyBar, _Status)


class AlpacaParser:
    """Parses frames, and counts what it skips: unknown types, malformed messages, impossible values."""

    def __init__(self) -> None:
        self.skipped: Counter[str] = Counter()

    def parse(self, payload: bytes | memoryview) -> tuple[list[Event], list[Control]]:
        """Return a frame's events and its control messages, each in order."""
        try:
            messages: list[Any] = _frame.decode(payload)
        except msgspec.DecodeError:
            messages = self._one_by_one(payload)
        events: list[Event] = []
        control: list[Control] = []
        append, convert = events.append, _CONVERT
        for message in messages:
            make = convert.get(type(message))
            if make is None:
                if isinstance(message, _CONTROL):
                    control.append(message)
                continue
            event = make(message)
            if event is None:
                self._skip("impossible value", message)
            else:
                append(event)
        return events, control

    def _one_by_one(self, payload: bytes | memoryview) -> list[Any]:
        """Take what can be read from a frame of which something cannot."""
        try:
            raws = _raws.decode(payload)
        except msgspec.DecodeError as exc:
            self._skip("malformed frame", exc)
            return []
        messages = []
        for raw in raws:
            try:
                messages.append(_one.decode(raw))
            except msgspec.DecodeError as exc:
                self._skip("unknown or malformed message", exc)
        return messages

    def _skip(self, why: str, what: object) -> None:
        self.skipped[why] += 1
        count = self.skipped[why]
        if (
            count & (count - 1) == 0
        ):  # the 1st, 2nd, 4th, 8th ...: a broken feed must not fill the log
            log.warning("skipped market data (%s, %d so far): %s", why, count, what)
