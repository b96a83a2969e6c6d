"""Market data to whoever has subscribed.

Each event is encoded once per format and shared by its readers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.exchange.encode import Codec
from liualgotrader.exchange.faults.board import Faults
from liualgotrader.exchange.faults.kinds import Stream
from liualgotrader.exchange.faults.messages import DataShape, Twist
from liualgotrader.exchange.outbox import Outbox

CHANNELS = (
    "trades",
    "quotes",
    "bars",
    "updatedBars",
    "dailyBars",
    "statuses",
    "lulds",
    "corrections",
    "cancelErrors",
)
# Of these only Massive has a channel.
SECOND_BARS = "secondBars"
_ALL = (*CHANNELS, SECOND_BARS)
STAR = "*"
# Whoever reads prints also gets their corrections, unasked.
FOLLOWS_TRADES = ("corrections", "cancelErrors")

Readers = list[tuple[Codec, list[list[bytes]]]]


class Subscriber:
    """One connection's subscriptions and its outbox. `lockstep` readers get marks.

    A `coins` connection hears of pairs of currencies only; by a star, others of all else only.
    """

    def __init__(
        self, outbox: Outbox, codec: Codec, *, lockstep: bool, coins: bool = False
    ) -> None:
        self.outbox = outbox
        self.codec = codec
        self.lockstep = lockstep
        self.coins = coins
        self.marked = False
        self.wanted: dict[str, set[str]] = {channel: set() for channel in _ALL}
        self.twist: Twist[bytes] | None = None

    def change(self, channels: dict[str, list[str]], *, add: bool) -> None:
        """Add or take away symbols, per channel."""
        for channel, symbols in channels.items():
            targets = (channel, *FOLLOWS_TRADES) if channel == "trades" else (channel,)
            for target in targets:
                if add:
                    self.wanted[target].update(symbols)
                else:
                    self.wanted[target].difference_update(symbols)

    def takes(self, channel: str, symbol: str) -> bool:
        """Whether the connection is told of a symbol on a channel."""
        wanted, pair = self.wanted[channel], "/" in symbol
        if symbol in wanted:
            return pair or not self.coins
        return STAR in wanted and pair == self.coins

    def listing(self) -> dict[str, list[str]]:
        """Return all that is subscribed to, as Alpaca confirms it."""
        return {channel: sorted(self.wanted[channel]) for channel in CHANNELS}


class Routes:
    """Who reads a channel, by symbol. Rebuilt whenever a subscription changes, which is rare."""

    def __init__(self, channel: str, subscribers: Iterable[Subscriber]) -> None:
        self._channel = channel
        self._subscribers = [s for s in subscribers if s.wanted[channel]]
        self._by_symbol: dict[str, Readers] = {}

    def readers(self, symbol: str) -> Readers:
        """Return the readers of a symbol, grouped by format."""
        readers = self._by_symbol.get(symbol)
        if readers is None:
            readers = self._by_symbol[symbol] = self._find(symbol)
        return readers

    def _find(self, symbol: str) -> Readers:
        groups: dict[str, tuple[Codec, list[list[bytes]]]] = {}
        for subscriber in self._subscribers:
            if subscriber.takes(self._channel, symbol):
                codec = subscriber.codec
                group = groups.setdefault(codec.name, (codec, []))
                group[1].append(subscriber.outbox.pending)
        return list(groups.values())


class Feeds:
    """All market data connections. `told` turns true when somebody was told something.

    `want_seconds` is called when somebody asks for bars of a second: nobody makes them until then.
    """

    def __init__(self, faults: Faults, want_seconds: Callable[[], None] = lambda: None) -> None:
        self._want_seconds = want_seconds
        self._faults = faults
        self.line = faults.lines[Stream.DATA]
        self.subscribers: list[Subscriber] = []
        self._routes: dict[str, Routes] = {}
        self.told = False
        self._last_mark: int | None = None
        self._rebuild()

    def _rebuild(self) -> None:
        self._routes = {channel: Routes(channel, self.subscribers) for channel in _ALL}
        self._trades = self._routes["trades"]
        self._quotes = self._routes["quotes"]

    def join(self, subscriber: Subscriber) -> None:
        """Let a connection in."""
        self.subscribers.append(subscriber)
        shape = DataShape(subscriber.codec)
        subscriber.twist = Twist(self._faults, Stream.DATA, shape)

    def leave(self, subscriber: Subscriber) -> None:
        """Forget a connection."""
        if subscriber in self.subscribers:
            self.subscribers.remove(subscriber)
            self._rebuild()

    def change(self, subscriber: Subscriber, channels: dict[str, list[str]], *, add: bool) -> None:
        """Change what a connection reads."""
        subscriber.change(channels, add=add)
        self._rebuild()
        if subscriber.wanted[SECOND_BARS]:
            self._want_seconds()

    def trade(self, event: Trade, number: int) -> None:
        """Send a print; `number` is its id on its symbol."""
        for codec, sinks in self._trades.readers(event.symbol):
            self.told = True
            message = codec.trade(event, number)
            for sink in sinks:
                sink.append(message)

    def quote(self, event: Quote) -> None:
        """Send a quote."""
        for codec, sinks in self._quotes.readers(event.symbol):
            self.told = True
            message = codec.quote(event)
            for sink in sinks:
                sink.append(message)

    def bar(self, channel: str, bar: Bar, today: Bar | None = None) -> None:
        """Send a bar on bars, updatedBars, dailyBars or secondBars, with the day's bar so far."""
        for codec, sinks in self._routes[channel].readers(bar.symbol):
            self.told = True
            message = codec.bar(channel, bar, today)
            for sink in sinks:
                sink.append(message)

    def notice(self, channel: str, symbol: str, ts: int, message: Mapping[str, Any]) -> None:
        """Send a status or price bands of a symbol, as of `ts` (ns UTC), in Alpaca's words or another vendor's."""
        for codec, sinks in self._routes[channel].readers(symbol):
            encoded = codec.notice(symbol, ts, message)
            if encoded is None:
                continue
            self.told = True
            for sink in sinks:
                sink.append(encoded)

    def flush(self, now: int) -> None:
        """Let everything that is pending leave, in one frame per connection where it fits.

        `now`: the tape's time, ns UTC.
        """
        for subscriber in self.subscribers:
            if self._faults.armed and subscriber.twist is not None:
                pending = subscriber.outbox.pending
                pending[:] = subscriber.twist.twisted(pending, now)
            subscriber.outbox.flush()

    def mark(self, ns: int) -> None:
        """Put a mark behind everything sent so far, for those who keep step."""
        self._last_mark = ns
        for subscriber in self.subscribers:
            if subscriber.lockstep:
                self._push_mark(subscriber, ns)

    def greet(self, subscriber: Subscriber) -> None:
        """Tell a new connection the last mark: it may have gone to its dead predecessor."""
        if subscriber.lockstep and not subscriber.marked and self._last_mark is not None:
            self._push_mark(subscriber, self._last_mark)

    def _push_mark(self, subscriber: Subscriber, ns: int) -> None:
        subscriber.marked = True
        if self._faults.armed and subscriber.twist is not None:
            subscriber.outbox.pending.extend(subscriber.twist.rest())
        subscriber.outbox.flush()
        codec = subscriber.codec
        subscriber.outbox.push(codec.frame([codec.mark(ns)]))
