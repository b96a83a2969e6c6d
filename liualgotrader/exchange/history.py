"""What has been on the tape so far, for questions over REST.

Never anything after the tape's current time.

Prints and quotes are kept as columns of machine numbers: two million quotes of a session take 80 MB
so, and half a gigabyte as objects.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping

from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.exchange.bars import DAY_SECONDS, Forming, MinuteBars, join

MINUTE_SECONDS = 60


class Prints:
    """The prints of one symbol. Their number on the symbol, from 1, is their id."""

    __slots__ = ("price", "size", "symbol", "time")

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.time = array("q")
        self.price = array("d")
        self.size = array("d")

    def add(self, event: Trade) -> None:
        """Take one in."""
        self.time.append(event.time)  # type: ignore[arg-type]  # a tape's times are numbers
        self.price.append(event.price)
        self.size.append(event.size)

    def at(self, index: int) -> Trade:
        """Return the print with this index."""
        return Trade(self.symbol, self.time[index], self.price[index], self.size[index])


class Quotes:
    """The quotes of one symbol."""

    __slots__ = ("ask", "ask_size", "bid", "bid_size", "symbol", "time")

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.time = array("q")
        self.bid = array("d")
        self.ask = array("d")
        self.bid_size = array("d")
        self.ask_size = array("d")

    def add(self, event: Quote) -> None:
        """Take one in."""
        self.time.append(event.time)  # type: ignore[arg-type]  # a tape's times are numbers
        self.bid.append(event.bid)
        self.ask.append(event.ask)
        self.bid_size.append(event.bid_size)
        self.ask_size.append(event.ask_size)

    def at(self, index: int) -> Quote:
        """Return the quote with this index."""
        return Quote(
            self.symbol,
            self.time[index],
            self.bid[index],
            self.ask[index],
            self.bid_size[index],
            self.ask_size[index],
        )


class History:
    """Everything the vendor's data API can be asked about, up to now."""

    def __init__(self, daily_bars: Mapping[str, list[Bar]], day_start: int) -> None:
        self._daily = daily_bars
        self._day_start = day_start
        self._prints: dict[str, Prints] = {}
        self._quotes: dict[str, Quotes] = {}
        self._minutes: dict[str, list[Bar]] = {}
        self._today: dict[str, Forming] = {}

    def add_trade(self, event: Trade) -> int:
        """Take a print in and return its number on its symbol."""
        prints = self._prints.get(event.symbol)
        if prints is None:
            prints = self._prints[event.symbol] = Prints(event.symbol)
        prints.add(event)
        return len(prints.time)

    def add_quote(self, event: Quote) -> None:
        """Take a quote in."""
        quotes = self._quotes.get(event.symbol)
        if quotes is None:
            quotes = self._quotes[event.symbol] = Quotes(event.symbol)
        quotes.add(event)

    def add_bar(self, bar: Bar) -> None:
        """Take a complete minute bar in.

        A correction takes the place of the bar that it corrects.
        """
        minutes = self._minutes.setdefault(bar.symbol, [])
        if bar.correction:
            index = bisect_left(minutes, bar.start, key=_start)
            if index < len(minutes) and minutes[index].start == bar.start:
                minutes[index] = bar
                return
        minutes.append(bar)
        today = self._today.get(bar.symbol)
        if today is None:
            today = self._today[bar.symbol] = self._day_of(bar)
        today.merge(bar)

    def _day_of(self, bar: Bar) -> Forming:
        """Return the day that a first bar opens: New York's, of pairs UTC's."""
        begins = utc_midnight(bar.start) if "/" in bar.symbol else self._day_start
        return Forming(bar.symbol, begins, bar.open)

    def prints(self, symbol: str) -> Prints:
        """Return the prints of a symbol."""
        return self._prints.get(symbol) or Prints(symbol)

    def quotes(self, symbol: str) -> Quotes:
        """Return the quotes of a symbol."""
        return self._quotes.get(symbol) or Quotes(symbol)

    def minutes(self, symbol: str) -> list[Bar]:
        """Return the complete minute bars of a symbol, oldest first."""
        return self._minutes.get(symbol, [])

    def today(self, symbol: str) -> Bar | None:
        """Return the day's bar as its complete minutes make it so far."""
        today = self._today.get(symbol)
        return today.bar(DAY_SECONDS) if today is not None else None

    def today_with(self, bar: Bar) -> Bar:
        """Return the day's bar as its complete minutes and an unfinished one make it."""
        before = self.today(bar.symbol)
        today = self._day_of(bar)
        for part in (bar,) if before is None else (before, bar):
            today.merge(part)
        if before is not None:
            today.open = before.open
        return today.bar(DAY_SECONDS)

    def previous_days(self, symbol: str) -> list[Bar]:
        """Return the daily bars before the session, oldest first."""
        return self._daily.get(symbol, [])

    def seconds(self, symbol: str, now: int) -> list[Bar]:
        """Return the seconds of a symbol complete by `now` (ns UTC), made of its prints when asked for."""
        prints = self.prints(symbol)
        bars = MinuteBars(1)
        made: list[Bar] = []
        for index in range(len(prints.time)):
            trade = prints.at(index)
            if bars.due is not None and trade.ts_event >= bars.due:
                made += bars.close()
            bars.add(trade)
        return made + bars.close() if bars.due is not None and bars.due <= now else made

    def bars(self, symbol: str, seconds: int) -> list[Bar]:
        """Return bars of `seconds`, of less than a day."""
        minutes = self.minutes(symbol)
        return minutes if seconds == MINUTE_SECONDS else join(minutes, seconds)

    def last_trade(self, symbol: str) -> tuple[int, Trade] | None:
        """Return the newest print and its number."""
        prints = self.prints(symbol)
        count = len(prints.time)
        return (count, prints.at(count - 1)) if count else None

    def last_quote(self, symbol: str) -> Quote | None:
        """Return the newest quote."""
        quotes = self.quotes(symbol)
        return quotes.at(len(quotes.time) - 1) if quotes.time else None


def window(times: array[int], start: int, end: int) -> range:
    """Return the indexes whose times lie in [start, end]."""
    return range(bisect_left(times, start), bisect_right(times, end))


def bar_window(bars: list[Bar], start: int, end: int) -> range:
    """Return the indexes of the bars that begin in [start, end]."""
    return range(bisect_left(bars, start, key=_start), bisect_right(bars, end, key=_start))


def utc_midnight(ts: int) -> int:
    """Return when the day of a pair began that `ts` is of, ns UTC."""
    return ts - ts % (DAY_SECONDS * 1_000_000_000)


def _start(bar: Bar) -> int:
    return bar.start
