"""Bars made of prints, as the vendors make them.

Per symbol and minute, or second, known just after its end.
"""

from __future__ import annotations

from collections.abc import Iterable

from liualgotrader.common.events import Bar, Trade

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
DAY_SECONDS = 86_400


class Forming:
    """A bar that is being made."""

    __slots__ = ("close", "count", "high", "low", "notional", "open", "start", "symbol", "volume")

    def __init__(self, symbol: str, start: int, price: float) -> None:
        self.symbol = symbol
        self.start = start
        self.open = self.high = self.low = self.close = price
        self.volume = 0.0
        self.notional = 0.0
        self.count = 0

    def add(self, price: float, size: float) -> None:
        """Take a print in."""
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.close = price
        self.volume += size
        self.notional += price * size
        self.count += 1

    def merge(self, bar: Bar) -> None:
        """Take a shorter bar in."""
        self.high = max(self.high, bar.high)
        self.low = min(self.low, bar.low)
        self.close = bar.close
        self.volume += bar.volume
        price = bar.vwap if bar.vwap is not None else bar.close
        self.notional += price * bar.volume
        self.count += bar.count or 0

    def bar(self, seconds: int) -> Bar:
        """Return it as it is now."""
        return Bar(
            self.symbol,
            self.start,
            self.open,
            self.high,
            self.low,
            self.close,
            self.volume,
            seconds,
            round(self.notional / self.volume, 6) if self.volume else self.close,
            self.count,
        )


class MinuteBars:
    """The minute bars that form from prints, or those of another span (seconds).

    All symbols share the span, so one number tells when it is over.
    """

    def __init__(self, seconds: int = 60) -> None:
        self.due: int | None = None
        self._seconds = seconds
        self._span = seconds * SECOND
        self._forming: dict[str, Forming] = {}

    def add(self, trade: Trade) -> None:
        """Take a print in. The caller has closed the span before, when it was over."""
        forming = self._forming.get(trade.symbol)
        if forming is None:
            time: int = trade.time  # type: ignore[assignment]  # a tape's times are numbers
            start = time - time % self._span
            self.due = start + self._span
            forming = self._forming[trade.symbol] = Forming(trade.symbol, start, trade.price)
        forming.add(trade.price, trade.size)

    def forming(self, symbol: str) -> Bar | None:
        """Return a symbol's unfinished bar, or None."""
        forming = self._forming.get(symbol)
        return forming.bar(self._seconds) if forming is not None else None

    def close(self) -> list[Bar]:
        """Return the span's bars, by symbol, and begin anew."""
        bars = [forming.bar(self._seconds) for _, forming in sorted(self._forming.items())]
        self._forming.clear()
        self.due = None
        return bars


def join(bars: Iterable[Bar], seconds: int) -> list[Bar]:
    """Return minute bars of one symbol joined to bars of `seconds`, aligned to the clock (UTC)."""
    span = seconds * 1_000_000_000
    joined: list[Bar] = []
    forming: Forming | None = None
    for bar in bars:
        start = bar.start - bar.start % span
        if forming is None or forming.start != start:
            if forming is not None:
                joined.append(forming.bar(seconds))
            forming = Forming(bar.symbol, start, bar.open)
            forming.high, forming.low = bar.high, bar.low
        forming.merge(bar)
    if forming is not None:
        joined.append(forming.bar(seconds))
    return joined
