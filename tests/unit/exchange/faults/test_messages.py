"""What faults make of messages: in both formats, counted, the same for the same seed."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from liualgotrader.common.events import Trade
from liualgotrader.exchange.encode import JsonCodec, MsgpackCodec, trade_message
from liualgotrader.exchange.faults.board import Faults, as_json
from liualgotrader.exchange.faults.kinds import Stream
from liualgotrader.exchange.faults.market import MarketFaults
from liualgotrader.exchange.faults.messages import (
    NEW_FIELD,
    NEW_WORD,
    DataShape,
    Twist,
    UpdateShape,
)
from liualgotrader.exchange.faults.scenario import Scenario, fault_of
from tests.unit.venue.a_venue import make

SECOND = 1_000_000_000
START = 1_000 * SECOND
Update = dict[str, Any]


class Deaf:
    """Nobody hears of the market."""

    def update(self, event: object) -> None:
        """Hear nothing."""

    def notice(self, channel: str, symbol: str, ts: int, message: object) -> None:
        """Hear nothing."""


def faults_of(*values: Update, seed: int = 0) -> Faults:
    faults = Faults(MarketFaults(make()), session_open=START, day=date(2026, 1, 15), start=START)
    faults.market.on = faults.on
    scenario = Scenario(seed, tuple(fault_of(value, lockstep=False) for value in values))
    faults.load(scenario)
    faults.happen(START, Deaf())
    return faults


def updates_of(*values: Update, seed: int = 0) -> tuple[Faults, Twist[Update]]:
    faults = faults_of(*values, seed=seed)
    return faults, Twist(faults, Stream.UPDATES, UpdateShape())


def update(number: int, event: str = "fill", symbol: str = "A") -> Update:
    order = {"id": str(number), "symbol": symbol, "status": "new", "type": "limit"}
    return {"stream": "trade_updates", "data": {"event": event, "timestamp": "", "order": order}}


def numbers(messages: list[Update]) -> list[int]:
    return [int(message["data"]["order"]["id"]) for message in messages]


def test_the_nth_and_so_many_after_it_are_struck() -> None:
    faults, twist = updates_of({"kind": "duplicate", "stream": "updates", "nth": 2, "times": 2})
    out = twist.twisted([update(n) for n in range(5)], START)
    assert numbers(out) == [0, 1, 1, 2, 2, 3, 4]
    (live,) = faults
    assert (live.met, live.struck) == (5, 2)
    assert as_json(live)["state"] == "on"


def test_only_what_it_is_about_is_met() -> None:
    fault = {"kind": "duplicate", "stream": "updates", "events": ["fill"], "symbols": ["B"]}
    _, twist = updates_of({**fault, "times": 9}, {"kind": "duplicate", "stream": "data"})
    told = [update(0), update(1, symbol="B"), update(2, "new", "B")]
    assert numbers(twist.twisted(told, START)) == [0, 1, 1, 2]


def test_chance_is_the_seeds() -> None:
    fault = {"kind": "duplicate", "stream": "updates", "times": 1_000, "chance": 0.3}

    def told(seed: int) -> list[int]:
        _, twist = updates_of(fault, seed=seed)
        return numbers(twist.twisted([update(n) for n in range(200)], START))

    assert told(1) == told(1) != told(2)
    assert 230 < len(told(1)) < 290


def test_what_is_held_back_comes_after_others_or_in_time() -> None:
    fault = {"kind": "reorder", "stream": "updates", "behind": 2, "within": 3}
    _, twist = updates_of(fault)
    assert numbers(twist.twisted([update(0), update(1), update(2), update(3)], START)) == [
        1,
        2,
        0,
        3,
    ]
    _, twist = updates_of(fault)
    assert twist.twisted([update(0)], START) == []
    assert twist.released(START + 2 * SECOND) == []
    assert numbers(twist.released(START + 3 * SECOND)) == [0]
    _, twist = updates_of(fault)
    twist.twisted([update(0)], START)
    assert numbers(twist.rest()) == [0]
    assert twist.released(START + 9 * SECOND) == []


def test_a_replay_sends_the_last_ones_again_once() -> None:
    faults, twist = updates_of({"kind": "replay", "stream": "updates", "last": 2, "after": 60})
    twist.twisted([update(n) for n in range(4)], START)
    assert twist.released(START + 59 * SECOND) == []
    faults.happen(START + 60 * SECOND, Deaf())
    assert numbers(twist.released(START + 60 * SECOND)) == [2, 3]
    assert twist.released(START + 61 * SECOND) == []
    assert [live.struck for live in faults] == [1]


def test_new_words_and_fields_leave_what_is_known_as_it_was() -> None:
    _, twist = updates_of(
        {"kind": "unknown_field", "where": "updates"},
        {"kind": "unknown_value", "where": "updates", "field": "event", "nth": 2},
        {"kind": "unknown_value", "where": "updates", "field": "status", "nth": 3},
    )
    out = twist.twisted([update(0), update(1), update(2)], START)
    assert [message["data"]["event"] for message in out] == ["fill", NEW_WORD, "fill", "fill"]
    assert NEW_FIELD in out[0]["data"]
    assert NEW_FIELD in out[0]["data"]["order"]
    assert out[2] == update(1)
    assert out[3]["data"]["order"]["status"] == NEW_WORD


@pytest.mark.parametrize("make_codec", [JsonCodec, MsgpackCodec])
def test_market_data_keeps_its_bytes(make_codec: Callable[[], JsonCodec | MsgpackCodec]) -> None:
    codec = make_codec()
    faults = faults_of(
        {"kind": "unknown_field", "where": "data"},
        {"kind": "unknown_value", "where": "data", "field": "T", "nth": 2},
    )
    twist = Twist(faults, Stream.DATA, DataShape(codec))
    # A time with nanoseconds, which decoding and encoding again would lose.
    raw = trade_message(codec, Trade("A", START + 123_456_789, 10.5, 100.0), 1)
    changed, new, known = twist.twisted([raw, raw], START)
    assert known == raw
    assert raw[1:] in changed
    assert codec.decode(changed) == codec.decode(raw) | {NEW_FIELD: [1, "two"]}
    told = codec.decode(new)
    assert (told["T"], told["S"]) == (NEW_WORD, "A")


def test_a_moment_is_a_time_of_day_in_new_york_or_counts_from_the_open() -> None:
    times = [
        {"kind": "mute", "stream": "data", "at": "10:00", "for": 5},
        {"kind": "mute", "stream": "data", "after": 90, "for": 5},
    ]
    by_clock, by_open = faults_of(*times)
    assert by_clock.begins == 1_768_489_200 * SECOND  # 2026-01-15 15:00 UTC
    assert (by_open.begins, by_open.ends) == (START + 90 * SECOND, START + 95 * SECOND)


def test_what_lasts_may_overlap_and_ends_when_it_is_taken_away() -> None:
    mute = {"kind": "mute", "stream": "data", "for": 60}
    faults = faults_of(mute, mute | {"for": 30})
    line = faults.lines[Stream.DATA]
    mute_when = [line.is_mute]
    faults.happen(START + 31 * SECOND, Deaf())
    mute_when.append(line.is_mute)
    assert faults.clear(1) == 1
    assert [*mute_when, line.is_mute] == [True, True, False]
    assert [as_json(live)["state"] for live in faults] == ["over"]
