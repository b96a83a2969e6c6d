"""Each change of the feed is told once, and a mute socket is made anew, at waits that grow."""

from __future__ import annotations

from random import Random

from liualgotrader.common.events import Event, FeedSource, FeedState, FeedStatus, Quote, Trade
from liualgotrader.data.market_status import PriceBand, TradingStatus
from liualgotrader.data.voice import LOOK_SECONDS
from liualgotrader.session.feed_truth import HOUR, FeedTruth, Hours

OPEN = 1_800_000_000_000_000_000
CLOSE = OPEN + 6 * HOUR + HOUR // 2
SECOND = 1_000_000_000
KNOWN = 3_000
LIVE, STALE, HALTED = FeedState.LIVE, FeedState.STALE, FeedState.HALTED
RECONNECTING = FeedState.RECONNECTING


class Desk:
    """A feed's truth with a clock that a test moves, and what it said and did."""

    def __init__(self, *, successor: bool = False, lockstep: bool = False, now: int = OPEN) -> None:
        self.words: list[FeedStatus] = []
        self.warnings: list[str] = []
        self.reconnects: list[float] = []
        self.now, self.clock = now, 1_000.0
        self.truth = FeedTruth(
            tell=self.words.append,
            warn=self.warnings.append,
            reconnect=lambda _: self.reconnects.append(self.clock),
            hours=Hours(OPEN, CLOSE),
            random=Random(1),
            successor=successor,
            lockstep=lockstep,
        )
        self.truth.follow(["A", "B"])
        self.truth.connection(True)

    def hear(self, *symbols: str) -> None:
        """Let a frame bring a quote of each."""
        self.take(*(Quote(symbol, self.now, 1.0, 1.1, 1.0, 1.0) for symbol in symbols))

    def take(self, *events: Event) -> None:
        self.truth.heard(events)

    def look(self, times: int = 1, *symbols: str) -> None:
        """Look so often, each time after these were heard."""
        for _ in range(times):
            if symbols:
                self.hear(*symbols)
            self.now += int(LOOK_SECONDS * SECOND)
            self.clock += LOOK_SECONDS
            self.truth.look(self.now, self.clock)

    def said(self) -> list[tuple[FeedState, FeedSource, tuple[str, ...]]]:
        """Return what was told since the last time."""
        words, self.words[:] = list(self.words), []
        return [(word.state, word.source, word.symbols) for word in words]


def known() -> Desk:
    """Return one that knows what to expect."""
    desk = Desk()
    desk.look(KNOWN, "A", "B")
    assert desk.said() == []
    return desk


def test_a_mute_socket_is_told_once_and_dropped_at_once() -> None:
    desk = known()
    desk.look(20)
    assert desk.said() == [(STALE, FeedSource.STREAM, ())]
    assert len(desk.reconnects) == 1
    assert 2.0 <= desk.reconnects[0] - (1_000.0 + KNOWN * LOOK_SECONDS) <= 5.0
    assert "open and mute" in desk.warnings[0] and len(desk.warnings) == 1


def test_one_that_comes_back_mute_stays_stale_until_something_is_heard() -> None:
    desk = known()
    desk.look(20)
    desk.truth.connection(False)
    desk.truth.connection(True)
    desk.look(20)
    stream = FeedSource.STREAM
    assert desk.said() == [(STALE, stream, ()), (RECONNECTING, stream, ()), (STALE, stream, ())]
    desk.look(1, "A")
    assert desk.said() == [(LIVE, stream, ())]


def test_it_is_dropped_again_at_waits_that_grow_and_are_jittered() -> None:
    desk = known()
    for _ in range(8_000):
        before = len(desk.reconnects)
        desk.look()
        if len(desk.reconnects) > before:
            desk.truth.connection(False)
            desk.truth.connection(True)
    waits = [b - a for a, b in zip(desk.reconnects, desk.reconnects[1:], strict=False)]
    for wait, least in zip(waits, (30, 60, 120, 240, 300, 300), strict=False):
        assert least <= wait <= 1.25 * least + LOOK_SECONDS
    assert len(waits) >= 6 and len(desk.warnings) == 1


def test_a_lost_stream_is_reconnecting_and_no_silence_is_counted_meanwhile() -> None:
    desk = known()
    desk.truth.connection(False)
    desk.look(400)
    desk.truth.connection(True)
    assert desk.said() == [
        (RECONNECTING, FeedSource.STREAM, ()),
        (LIVE, FeedSource.STREAM, ()),
    ]
    assert desk.reconnects == []


def test_a_mute_symbol_is_told_alone_and_the_socket_is_kept() -> None:
    desk = known()
    desk.look(30, "B")
    desk.look(1, "A", "B")
    stream = FeedSource.STREAM
    assert desk.said() == [(STALE, stream, ("A",)), (LIVE, stream, ("A",))]
    assert desk.reconnects == []


def test_a_halt_is_the_venues_word_at_the_venues_time_and_ends_with_it() -> None:
    desk = known()
    desk.truth.status(TradingStatus("A", 77, "H", "Trading Halt", "T1", "News pending"))
    desk.truth.status(PriceBand("A", 78, 0.0, 0.0, "D"))
    (word,) = desk.words
    assert (word.time, word.reason) == (77, "Trading Halt: News pending")
    desk.look(2_000, "B")
    desk.truth.status(TradingStatus("A", 79, "Q", "Quotation Resumption"))
    assert desk.said() == [(HALTED, FeedSource.VENUE, ("A",))], "halted is not mute"
    desk.truth.status(TradingStatus("A", 80, "T", "Trading Resumption"))
    assert desk.said() == [(LIVE, FeedSource.VENUE, ("A",))]


def test_a_mute_symbol_that_turns_out_halted_is_not_mute_any_more() -> None:
    desk = known()
    desk.look(30, "B")
    desk.words.clear()
    desk.truth.status(TradingStatus("A", 77, "H"))
    desk.truth.status(TradingStatus("A", 80, "T"))
    assert desk.said() == [
        (LIVE, FeedSource.STREAM, ("A",)),
        (HALTED, FeedSource.VENUE, ("A",)),
        (LIVE, FeedSource.VENUE, ("A",)),
    ]


def test_a_symbol_that_is_left_takes_nothing_along() -> None:
    desk = known()
    desk.look(30, "B")
    desk.truth.status(TradingStatus("B", 77, "H"))
    desk.words.clear()
    desk.truth.leave(["A", "B"])
    assert desk.said() == [(LIVE, FeedSource.STREAM, ("A",))]
    desk.truth.follow(["A", "B"])
    desk.take(Trade("B", 99, 1.0, 1.0))
    assert desk.said() == [(LIVE, FeedSource.VENUE, ("B",))]


def test_other_hours_take_back_that_a_symbol_is_mute() -> None:
    desk = Desk(now=CLOSE - (KNOWN + 30) * int(LOOK_SECONDS * SECOND))
    desk.look(KNOWN, "A", "B")
    desk.look(29, "B")
    desk.words.clear()
    desk.look(2, "B")
    assert desk.said() == [(LIVE, FeedSource.STREAM, ("A",))]


def test_a_print_ends_a_halt_whose_end_may_have_been_missed() -> None:
    desk = known()
    desk.truth.status(TradingStatus("A", 77, "2"))
    desk.take(Trade("A", 78, 1.0, 1.0))  # a late report while all is heard proves nothing
    desk.truth.connection(False)
    desk.truth.connection(True)
    desk.hear("A")
    desk.words.clear()
    desk.take(Trade("A", 99, 1.0, 1.0))
    assert desk.said() == [(LIVE, FeedSource.VENUE, ("A",))]


def test_after_the_close_nothing_is_expected_by_what_was_usual() -> None:
    desk = Desk(now=CLOSE - KNOWN * int(LOOK_SECONDS * SECOND))
    desk.look(KNOWN - 1, "A", "B")
    desk.look(4_000)
    assert desk.said() == [] and desk.reconnects == []


def test_before_the_open_is_learned_what_holds_after_it_too() -> None:
    desk = Desk(now=OPEN - KNOWN * int(LOOK_SECONDS * SECOND))
    desk.look(KNOWN + 2, "A", "B")
    desk.look(20)
    assert desk.said() == [(STALE, FeedSource.STREAM, ())]


def test_a_consumer_that_begins_is_told_all_that_holds() -> None:
    desk = known()
    assert desk.truth.words() == []
    desk.look(30, "B")
    desk.truth.status(TradingStatus("B", 77, "H"))
    assert [(w.state, w.symbols) for w in desk.truth.words()] == [(STALE, ("A",)), (HALTED, ("B",))]
    desk.truth.connection(False)
    assert desk.truth.words()[0].state is RECONNECTING


def test_a_successor_takes_back_what_the_dead_one_said() -> None:
    assert Desk().said() == []
    assert Desk(successor=True).said() == [
        (LIVE, FeedSource.STREAM, ()),
        (LIVE, FeedSource.VENUE, ()),
    ]


def test_in_lockstep_consumers_know_halts_that_a_successor_has_not_heard_of() -> None:
    desk = Desk(successor=True, lockstep=True)
    assert desk.said() == [(LIVE, FeedSource.STREAM, ())]
    desk.truth.status(PriceBand("A", 79, 2.0, 1.0, "B"))
    assert desk.said() == []
    desk.truth.status(TradingStatus("A", 80, "T"))
    assert desk.said() == [(LIVE, FeedSource.VENUE, ("A",))]


def test_a_stream_that_is_mute_from_the_start_is_found_by_what_is_usual() -> None:
    desk = Desk()
    desk.truth.usual(5.0)
    desk.look(118)
    assert desk.said() == [] and desk.truth.never_heard
    desk.look(4)
    assert desk.said() == [(STALE, FeedSource.STREAM, ())]
    desk.look(1, "A")
    assert desk.said() == [(LIVE, FeedSource.STREAM, ())]


def test_before_the_open_it_is_not_expected_and_quiet_symbols_never() -> None:
    early = Desk(now=OPEN - 600 * int(LOOK_SECONDS * SECOND))
    early.truth.usual(5.0)
    early.look(700)
    assert early.said() == []
    early.look(40)
    assert early.said() == [(STALE, FeedSource.STREAM, ())]
    quiet = Desk()
    quiet.truth.usual(1 / 3600)
    quiet.look(14_400)
    assert quiet.said() == []


def test_hours_change_at_their_bounds_and_crypto_has_none() -> None:
    hours = Hours(OPEN, CLOSE)
    moments = [OPEN - 6 * HOUR, OPEN - HOUR, OPEN, CLOSE - 1, CLOSE, CLOSE + 4 * HOUR]
    found = [(hours.changed(at), hours.are_regular) for at in moments]
    assert [changed for changed, _ in found] == [True, True, True, False, True, True]
    assert [regular for _, regular in found] == [False, False, True, True, False, False]
    always = Hours(OPEN, OPEN + 24 * HOUR)
    assert [always.changed(OPEN + n * HOUR) for n in range(3)] == [True, False, False]
    assert always.are_regular
