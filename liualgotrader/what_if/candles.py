"""A symbol's day as one candle, for the report and for what is still held."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from liualgotrader.common.events import Bar, MarketEvent, Trade
from liualgotrader.what_if.market import finest


class Candle(msgspec.Struct):
    """Open, high, low, close and volume of what was played of a symbol."""

    open: float
    high: float
    low: float
    close: float
    volume: float

    def add(self, other: Candle) -> None:
        """Take in what comes behind it."""
        self.high, self.low = max(self.high, other.high), min(self.low, other.low)
        self.close, self.volume = other.close, self.volume + other.volume


def candles(events: Sequence[MarketEvent], symbols: Collection[str]) -> dict[str, Candle]:
    """Return the day of each of these symbols, by prints where there are any, else by its shortest bars."""
    shown = finest(events)
    found: dict[str, Candle] = {}
    for event in events:
        if event.symbol not in symbols or (part := _part(event, shown[event.symbol])) is None:
            continue
        if event.symbol in found:
            found[event.symbol].add(part)
        else:
            found[event.symbol] = part
    return found


def _part(event: MarketEvent, seconds: int) -> Candle | None:
    if isinstance(event, Trade) and not seconds:
        return Candle(event.price, event.price, event.price, event.price, event.size)
    if isinstance(event, Bar) and event.seconds == seconds and not event.correction:
        return Candle(event.open, event.high, event.low, event.close, event.volume)
    return None
