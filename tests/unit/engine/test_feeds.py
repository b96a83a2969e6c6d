"""What holds for a symbol's feed, when several speak of it."""

from __future__ import annotations

import msgspec
import pytest

from liualgotrader.common.events import FeedSource, FeedState, FeedStatus, Input
from liualgotrader.engine.feeds import Feeds

LIVE, STALE, GAPPED = FeedState.LIVE, FeedState.STALE, FeedState.GAPPED
HALTED, RECONNECTING = FeedState.HALTED, FeedState.RECONNECTING
STREAM, VENUE, LINK = FeedSource.STREAM, FeedSource.VENUE, FeedSource.LINK


def feeds(*words: tuple[FeedState, FeedSource, str]) -> Feeds:
    found = Feeds()
    for state, source, symbols in words:
        found.learn(FeedStatus(state, 0, tuple(symbols.split()), "", source))
    return found


def test_a_halt_outlasts_the_stream_and_a_gap_outlasts_a_halt() -> None:
    told = [(HALTED, VENUE, "A"), (RECONNECTING, STREAM, ""), (LIVE, STREAM, "")]
    assert feeds(*told).of("A") is HALTED
    assert feeds(*told).of("B") is LIVE
    gap = [*told, (GAPPED, LINK, "A B"), (LIVE, VENUE, "A")]
    assert feeds(*gap).of("A") is GAPPED
    assert feeds(*gap, (LIVE, LINK, "A")).of("A") is LIVE
    assert feeds(*gap, (LIVE, LINK, "A")).of("B") is GAPPED


def test_a_word_about_all_settles_what_its_source_said_of_one() -> None:
    told = [(STALE, STREAM, "A"), (LIVE, STREAM, "")]
    assert feeds(*told).of("A") is LIVE


def test_a_word_about_one_does_not_lift_what_holds_for_all() -> None:
    assert feeds((STALE, STREAM, ""), (LIVE, STREAM, "A")).of("A") is STALE


def test_the_gravest_is_told() -> None:
    told = [(GAPPED, LINK, "A"), (STALE, STREAM, "A")]
    assert feeds(*told).of("A") is STALE
    assert feeds(*told, (RECONNECTING, FeedSource.ORDERS, "")).of("A") is RECONNECTING
    assert feeds(*told, (HALTED, VENUE, "A")).of("A") is HALTED


@pytest.mark.parametrize("value", ["live", "stale", "gap", "halted", "reconnecting"])
def test_journals_from_before_sources_are_read_as_they_were_written(value: str) -> None:
    written = msgspec.msgpack.encode(["feed", value, 7, ["A"], "why"])
    word = msgspec.msgpack.decode(written, type=Input)
    assert word == FeedStatus(FeedState(value), 7, ("A",), "why", FeedSource.ANY)
