"""Second bars out of trades, for feeds that have none: complete once a trade of a later second is seen."""

from __future__ import annotations

from collections.abc import Sequence

from liualgotrader.common.events import SECOND, Bar, Event, Trade


class _Second:
    __slots__ = ("close", "count", "high", "low", "open", "value", "volume")

    def __init__(self, price: float) -> None:
        self.open = self.high = self.low = self.close = price
        self.volume = self.value = 0.0
        self.count = 0

    def add(self, trade: Trade) -> None:
        price = trade.price
        self.high = max(self.high, price)
        self.low = min(self.low, price)
        self.close = price
        self.volume += trade.size
        self.value += price * trade.size
        self.count += 1


class SecondBars:
    """The unfinished seconds of all symbols. A second without a trade has no bar."""

    def __init__(self, *, trades: bool = True) -> None:
        """`trades`: whether the trades themselves are wanted too."""
        self._trades = trades
        self._second = 0
        self._open: dict[str, _Second] = {}

    def weave(self, events: Sequence[Event]) -> list[Event]:
        """Return events with the bars that they complete, each before the trade that completes it."""
        woven: list[Event] = []
        for event in events:
            if type(event) is not Trade:
                woven.append(event)
                continue
            woven += self.add(event)
            if self._trades:
                woven.append(event)
        return woven

    def upto(self, ts: int) -> list[Event]:
        """Return the bars that are complete by `ts`, ns UTC, whether a trade has said so or not."""
        second = ts // SECOND
        return list(self.complete(second)) if second > self._second else []

    def add(self, trade: Trade) -> list[Bar]:
        """Take a trade; return the bars that it completes, of all symbols, in the order of their first trades.

        A trade that comes late, when its second is complete, counts in the second that is open.
        """
        second = trade.ts_event // SECOND
        done = self.complete(second) if second > self._second else []
        bar = self._open.get(trade.symbol)
        if bar is None:
            bar = self._open[trade.symbol] = _Second(trade.price)
        bar.add(trade)
        return done

    def complete(self, second: int) -> list[Bar]:
        """Begin a later second (since the epoch); return the bars of the one before."""
        start = self._second * SECOND
        done = [
            Bar(
                symbol,
                start,
                bar.open,
                bar.high,
                bar.low,
                bar.close,
                bar.volume,
                1,
                bar.value / bar.volume if bar.volume else None,
                bar.count,
            )
            for symbol, bar in self._open.items()
        ]
        self._open.clear()
        self._second = second
        return done
