"""What several lives heard, put together to one market."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from liualgotrader.common.events import Bar, FeedState, FeedStatus, MarketEvent, Picked, Trade
from liualgotrader.common.instruments import Instrument
from liualgotrader.what_if.hearing import Heard
from liualgotrader.what_if.market import finest, holes, market_of, merged, picked_once
from liualgotrader.what_if.selection import cut_short, cut_to, end_of
from tests.unit.replaying.recorded import OPEN, SECOND, record, recording


def trade(symbol: str, ts: int, price: float = 10.0) -> Trade:
    return Trade(symbol, ts, price, 100)


def heard(slot: str, *events: tuple[int, MarketEvent], number: int = 1, last: int = 0) -> Heard:
    stamps = [ts for ts, _ in events]
    return Heard(
        slot=slot,
        incarnation=number,
        events=[event for _, event in events],
        stamps=stamps,
        first=stamps[0],
        last=last or stamps[-1],
    )


def test_lives_are_merged_in_time_and_equal_moments_keep_the_order_of_the_lives() -> None:
    a = heard("A", (1, trade("AAA", 1)), (5, trade("AAA", 5)))
    b = heard("B", (2, trade("BBB", 2)), (5, trade("BBB", 5)))
    events, stamps = merged([a, b], bars_first=False)
    assert [(each.symbol, ts) for each, ts in zip(events, stamps, strict=True)] == [
        ("AAA", 1), ("BBB", 2), ("AAA", 5), ("BBB", 5),
    ]  # fmt: skip


def test_what_several_consumers_heard_happened_once_when_the_first_of_them_heard_it() -> None:
    first, second = trade("AAA", 1), trade("AAA", 2)
    a = heard("A", (10, first), (20, second))
    b = heard("B", (9, first), (21, second))
    assert merged([a, b], bars_first=False) == ([first, second], [9, 20])


def test_what_one_life_heard_twice_happened_twice_also_when_another_heard_it_too() -> None:
    twice = trade("AAA", 1)
    a = heard("A", (1, twice), (1, twice), (3, trade("AAA", 3)))
    b = heard("B", (1, twice), (1, twice))
    assert merged([a], bars_first=False)[0].count(twice) == 2
    assert merged([a, b], bars_first=False) == ([twice, twice, trade("AAA", 3)], [1, 1, 3])


def test_in_lockstep_bars_come_before_the_prints_of_their_moment() -> None:
    bar = Bar("BBB", OPEN - 60 * SECOND, 1, 1, 1, 1, 1)
    print_ = trade("AAA", OPEN)
    a, b = heard("A", (OPEN, print_)), heard("B", (OPEN, bar))
    assert merged([a, b], bars_first=True)[0] == [bar, print_]
    assert merged([a, b], bars_first=False)[0] == [print_, bar]


def test_a_pick_for_all_makes_those_for_portfolio_strategies_say_nothing_new() -> None:
    instrument = Instrument("AAA")
    for_all = Picked("AAA", "gap", 10, instrument)
    for_one = Picked("AAA", "gap", 11, instrument, "portfolio")
    other = Picked("BBB", "gap", 5, Instrument("BBB"), "portfolio")
    later = Picked("BBB", "gap", 12, Instrument("BBB"))
    assert picked_once([for_one, for_all, other, later, for_all]) == [other, for_all, later]


def test_the_stretch_between_two_lives_is_named() -> None:
    a = heard("A", (OPEN, trade("AAA", OPEN)))
    again = heard("A", (OPEN + 7 * SECOND, trade("AAA", OPEN + 7 * SECOND)), number=2)
    assert list(holes([again, a])) == [
        "consumer A was not there from 17:13:20.000 to 17:13:27.000 New York: of its symbols that "
        "stretch has no market"
    ]
    assert list(holes([a, heard("B", (OPEN + 9 * SECOND, trade("B", OPEN)))])) == []


def test_the_finest_that_is_known_is_what_fills() -> None:
    minute, second = Bar("BBB", 0, 1, 1, 1, 1, 1), Bar("BBB", 0, 1, 1, 1, 1, 1, 1)
    own = Bar("AAA", 0, 1, 1, 1, 1, 1)
    assert finest([minute, second, own, trade("CCC", 1)]) == {"BBB": 1, "AAA": 60, "CCC": 0}
    assert finest([trade("AAA", 1), own]) == {"AAA": 0}


def test_a_recording_of_two_lives_is_one_market_by_the_moments_of_admission(
    tmp_path: Path,
) -> None:
    lives = [record(tmp_path, number=number) for number in (1, 2)]
    market = market_of(recording(tmp_path, *lives))
    at = [OPEN + (100 * number + second) * SECOND for number in (1, 2) for second in (1, 2, 3)]
    assert market.stamps == at
    assert [event.ts_event for event in market.events] == at
    assert [(pick.symbol, pick.time) for pick in market.picks] == [("AAA", OPEN)]
    assert market.instruments == {"AAA": Instrument("AAA")}
    started = market.opening
    assert (started.incarnation, started.time, started.cash) == (1, OPEN, Decimal(10_000))
    assert market.last == end_of(market) == at[-1], "it was stopped before its close"
    assert market.notices == [
        "quotes were not recorded: fills go by prints, and nobody pays the spread"
    ]


def test_a_part_of_a_market_has_nothing_of_the_rest(tmp_path: Path) -> None:
    market = market_of(recording(tmp_path, record(tmp_path)))
    market.words = [
        ("A", FeedStatus(FeedState.GAPPED, OPEN, ("BBB",))),
        ("A", FeedStatus(FeedState.STALE, OPEN)),
    ]
    assert cut_to(market, {"AAA"}).events == market.events
    other = cut_to(market, {"CCC"})
    assert (other.events, other.stamps, other.picks) == ([], [], [])
    assert [word for _, word in other.words] == [FeedStatus(FeedState.STALE, OPEN)]
    short = cut_short(market, market.stamps[1])
    assert (short.stamps, short.last) == (market.stamps[:2], market.stamps[1])
    assert end_of(short) == market.stamps[1]
