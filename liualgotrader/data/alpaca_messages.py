"""Alpaca's market data messages, decoded into inputs. Typed and fast; one odd message never loses its neighbours."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from liualgotrader.common.events import Bar, Event, Quote, Trade
from liualgotrader.common.timestamps import BadTimestamp
from liualgotrader.data.alpaca_wire import (
    BandOf,
    BarOf,
    Cancellation,
    Correction,
    Error,
    Mark,
    MinuteOf,
    PackedFormat,
    QuoteOf,
    StatusOf,
    Subscribed,
    Success,
    TextFormat,
    TradeOf,
    UpdatedOf,
)
from liualgotrader.data.market_status import MarketStatus, PriceBand, TradingStatus
from liualgotrader.data.tolerant import TolerantParser

Control = Success | Error | Subscribed | Mark
_CONTROL = (Success, Error, Subscribed, Mark)
# How a msgpack array begins; no JSON does. So a frame says itself what it is in.
_PACKED = frozenset([*range(0x90, 0xA0), 0xDC, 0xDD])


class AlpacaParser(TolerantParser):
    """Parses frames, in JSON or msgpack, and counts.

    `skipped`: what could not be used, by reason: unknown types, malformed messages, impossible
    values. `noted`: corrections and cancellations of prints, which are not taken back.
    """

    def __init__(self) -> None:
        super().__init__()
        self.noted: Counter[str] = Counter()
        self._text = TextFormat()
        self._packed = PackedFormat()

    def parse(
        self, payload: bytes | memoryview
    ) -> tuple[list[Event], list[Control | MarketStatus]]:
        """Return a frame's events, and its control messages, halts and bands, each in order."""
        packed = bool(payload) and payload[0] in _PACKED
        form: PackedFormat | TextFormat = self._packed if packed else self._text
        events: list[Event] = []
        rest: list[Control | MarketStatus] = []
        append, time, most = events.append, form.time, math.inf
        # Trades and quotes in line, in one loop: they are nearly all of what comes, and a call for
        # each costs as much as making the event. Comparisons are false for what is no number.
        for m in self.messages(form, payload):
            kind = type(m)
            try:
                if kind is QuoteOf and m.bp >= 0.0 and m.ap >= 0.0 and m.bs >= 0.0 <= m.as_:
                    if m.bp + m.ap + m.bs + m.as_ < most:
                        append(Quote(m.S, time(m.t), m.bp, m.ap, m.bs, m.as_))
                        continue
                elif kind is TradeOf and 0.0 < m.p < most and 0.0 <= m.s < most:
                    append(Trade(m.S, time(m.t), m.p, m.s))
                    continue
                self._rest(m, form, events, rest)
            except BadTimestamp as exc:
                self.skipped.note("impossible value", exc)
        return events, rest

    def _rest(
        self,
        message: Any,
        form: PackedFormat | TextFormat,
        events: list[Event],
        rest: list[Control | MarketStatus],
    ) -> None:
        """Take what is rarer, pass over what is of no use here, and count what cannot be."""
        match message:
            case MinuteOf() | UpdatedOf() if _is_possible(message):
                events.append(_bar(message, form.ns(message.t)))
            case StatusOf() as m:
                rest.append(TradingStatus(m.S, form.ns(m.t), m.sc, m.sm, m.rc, m.rm))
            case BandOf() as m if 0 < m.d <= m.u < math.inf:
                rest.append(PriceBand(m.S, form.ns(m.t), m.u, m.d, m.i))
            case Correction():
                self.noted["trades corrected"] += 1
            case Cancellation():
                self.noted["trades cancelled"] += 1
            case TradeOf() | QuoteOf() | BarOf() | BandOf():
                self.skipped.note("impossible value", message)
            case _ if isinstance(message, _CONTROL):
                rest.append(message)


def _is_possible(m: BarOf[Any]) -> bool:
    return 0 < m.l <= m.o <= m.h < math.inf and m.l <= m.c <= m.h and 0 <= m.v < math.inf


def _bar(m: BarOf[Any], start: int) -> Bar:
    time = m.t if isinstance(m.t, str) else start
    corrects = isinstance(m, UpdatedOf)
    return Bar(m.S, time, m.o, m.h, m.l, m.c, m.v, 60, m.vw, m.n, corrects)
