"""What the producer tells of the feed: which words, when, and what is done about a socket that is mute."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from random import Random

from liualgotrader.common.events import Bar, Event, FeedSource, FeedState, FeedStatus, Trade
from liualgotrader.data.feed_watch import FeedWatch
from liualgotrader.data.halts import halt_reason, halted_by
from liualgotrader.data.market_status import MarketStatus, TradingStatus

HOUR = 3_600_000_000_000
_DAY = 24 * HOUR
# Seconds until a connection that was made anew and stays mute is made anew again; doubled each time, up to the last.
_FIRST_MUTE, _LAST_MUTE = 30.0, 300.0
_REGULAR = 2
_MUTE = "mute against all expectation, while others are heard"

_symbol_of = attrgetter("symbol")


class Hours:
    """The parts of a trading day between which the habits of a feed differ."""

    def __init__(self, session_open: int, session_close: int) -> None:
        """Bounds of the regular hours, ns UTC. A session of a whole day, as crypto's, has no parts.

        Around regular hours are those before the open from 04:00 on, five and a half hours, and four hours after the
        close, on half days too (`common.calendar`).
        """
        before = session_open - 5 * HOUR - HOUR // 2
        bounds = (before, session_open, session_close, session_close + 4 * HOUR)
        self._bounds = () if session_close - session_open >= _DAY else bounds
        self._part = -1

    def changed(self, now: int) -> bool:
        """Whether another part has begun since the last time."""
        part, self._part = self._part, bisect_right(self._bounds, now)
        return part != self._part

    @property
    def are_regular(self) -> bool:
        """Whether it is the part in which most is said; crypto has no other."""
        return self._part == _REGULAR or not self._bounds


class FeedTruth:
    """Puts together what the connection, the watch and the venue say, and tells each change once.

    Synchronous: the stream calls it, and the owner looks once in `LOOK_SECONDS`.
    """

    def __init__(
        self,
        *,
        tell: Callable[[FeedStatus], None],
        warn: Callable[[str], None],
        reconnect: Callable[[str], None],
        hours: Hours,
        random: Random,
        pace: float = 1.0,
        successor: bool = False,
        lockstep: bool = False,
    ) -> None:
        """`pace`: how much faster than the world's the session's time runs.

        `successor`: consumers may have been told something by a producer that is gone. It is taken back with the
        first connection, halts too: whether they hold is not known, and orders for a halted symbol rest at the venue.
        `lockstep`: consumers hear halts at their place in the tape, and know them whoever tells.
        """
        self._tell = tell
        self._warn = warn
        self._reconnect = reconnect
        self._hours = hours
        self._random = random
        self._watch = FeedWatch(pace=pace)
        self._heard: set[str] = set()
        self._up, self._was_up, self._successor = False, False, successor
        self._lockstep = lockstep
        self._stale = False
        self._mute_wait = _FIRST_MUTE
        self._again_at = 0.0
        self._mute: dict[str, None] = {}
        self._halted: dict[str, str] = {}
        self._doubtful: set[str] = set()
        self._usual = 0.0
        self._now = 0
        self.stale_times = 0

    # -- what comes in -----------------------------------------------------------------------------------------

    def follow(self, symbols: Iterable[str]) -> None:
        """Symbols are subscribed to."""
        self._watch.follow(symbols)

    def usual(self, per_second: float) -> None:
        """Symbols that were subscribed to bring so many messages a second in regular hours, at the least."""
        self._usual += per_second
        if self._hours.are_regular:
            self._watch.usual(self._usual)

    @property
    def never_heard(self) -> bool:
        """Whether the stream has brought nothing yet."""
        return self._watch.never_heard

    def leave(self, symbols: Sequence[str]) -> None:
        """Symbols are not subscribed to any more: nobody will hear of the end of their halts."""
        self._watch.leave(symbols)
        self._not_mute(symbols, "it is not subscribed to any more")
        self._doubtful.update(self._halted.keys() & set(symbols))

    def heard(self, events: Sequence[Event]) -> None:
        """A frame brought events. This is the hot path: one call into C for all of them."""
        self._heard.update(map(_symbol_of, events))
        if self._doubtful:
            self._trades_after_all(events)

    def status(self, status: MarketStatus) -> None:
        """The venue says something of a symbol."""
        self._heard.add("")
        halted = halted_by(status)
        symbol = status.symbol
        if halted and symbol not in self._halted:
            self._halted[symbol] = halt_reason(status)
            self._watch.excuse((symbol,))
            self._not_mute((symbol,), "it is silent because it is halted")
            self._say(
                FeedState.HALTED, (symbol,), self._halted[symbol], FeedSource.VENUE, status.time
            )
        elif halted is False and (symbol in self._halted or isinstance(status, TradingStatus)):
            self._resumed(symbol, "trading is resumed", status.time)
        if halted:
            self._doubtful.discard(symbol)

    def _resumed(self, symbol: str, reason: str, time: int = 0) -> None:
        self._halted.pop(symbol, None)
        self._doubtful.discard(symbol)
        self._watch.expect_again((symbol,))
        self._say(FeedState.LIVE, (symbol,), reason, FeedSource.VENUE, time)

    def _trades_after_all(self, events: Sequence[Event]) -> None:
        """The word that ends a halt may have been missed while there was no stream; a print then says it."""
        for event in events:
            if isinstance(event, Trade | Bar) and event.symbol in self._doubtful:
                self._resumed(event.symbol, "it trades: the end of its halt was missed")

    def connection(self, up: bool) -> None:
        """The stream was signed on, or lost."""
        self._up = up
        if not up:
            self._doubtful.update(self._halted)
            self._say(FeedState.RECONNECTING, (), "the data stream was lost")
            return
        self._heard.clear()
        self._mute.clear()
        self._watch.reconnected()
        if self._stale:
            self._say(FeedState.STALE, (), "the data stream is connected again, and still mute")
        elif self._was_up or self._successor:
            self._say(FeedState.LIVE, (), "the data stream is back")
        if self._successor and not self._was_up and not self._lockstep:
            self._say(FeedState.LIVE, (), "a new producer knows of no halts", FeedSource.VENUE)
        self._was_up = True

    # -- looking -----------------------------------------------------------------------------------------------

    def look(self, now: int, clock: float) -> None:
        """Look at what was heard since the last time. `now`: session's time, ns UTC; `clock`: monotonic seconds."""
        self._now = now
        if self._hours.changed(now):
            self._other_hours()
        if not self._up:
            return
        heard, self._heard = self._heard, set()
        found = self._watch.look(heard)
        if heard:
            self._heard_again("messages come again")
        elif found.stale or self._stale:
            self._is_mute(found.silence, clock)
        self._symbols(found.mute, found.back)

    def _other_hours(self) -> None:
        """Learn anew what holds; what was learned before the open is the least that is said after it."""
        if not self._hours.are_regular:
            self._watch.forget()
            self._heard_again("other hours begin")
            self._not_mute(tuple(self._mute), "other hours begin")
        self._watch.usual(self._usual if self._hours.are_regular else 0.0)

    def _heard_again(self, reason: str) -> None:
        if self._stale:
            self._stale, self._mute_wait = False, _FIRST_MUTE
            self._say(FeedState.LIVE, (), reason)

    def _is_mute(self, silence: float, clock: float) -> None:
        if not self._stale:
            self._stale = True
            self.stale_times += 1
            reason = f"the data stream is open and mute: nothing for {silence:.1f} s, which is improbable"
            self._warn(f"{reason}; it is connected anew, entries wait")
            self._say(FeedState.STALE, (), reason)
        elif clock < self._again_at:
            return
        self._again_at = clock + self._mute_wait * self._random.uniform(1.0, 1.25)
        self._mute_wait = min(2 * self._mute_wait, _LAST_MUTE)
        self._reconnect("it is open and mute")

    def _symbols(self, mute: tuple[str, ...], back: tuple[str, ...]) -> None:
        if mute:
            self._mute.update(dict.fromkeys(mute))
            self._say(FeedState.STALE, mute, _MUTE)
        self._not_mute(back, "it is heard again")

    def _not_mute(self, symbols: Sequence[str], reason: str) -> None:
        if again := tuple(symbol for symbol in symbols if symbol in self._mute):
            for symbol in again:
                del self._mute[symbol]
            self._say(FeedState.LIVE, again, reason)

    # -- words -------------------------------------------------------------------------------------------------

    def words(self) -> list[FeedStatus]:
        """Return what speaks against entries now, for a consumer that begins."""
        stream, venue = FeedSource.STREAM, FeedSource.VENUE
        found = []
        if self._stale or (self._was_up and not self._up):
            state = FeedState.STALE if self._up else FeedState.RECONNECTING
            found.append(FeedStatus(state, self._now, (), "the data stream is not live", stream))
        if self._mute:
            found.append(FeedStatus(FeedState.STALE, self._now, tuple(self._mute), _MUTE, stream))
        found += [
            FeedStatus(FeedState.HALTED, self._now, (symbol,), reason, venue)
            for symbol, reason in self._halted.items()
        ]
        return found

    def _say(
        self,
        state: FeedState,
        symbols: tuple[str, ...],
        reason: str,
        source: FeedSource = FeedSource.STREAM,
        time: int = 0,
    ) -> None:
        self._tell(FeedStatus(state, time or self._now, symbols, reason, source))
