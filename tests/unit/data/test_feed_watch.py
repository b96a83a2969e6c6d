"""A feed that is mute is found, and one that is quiet is left in peace."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from liualgotrader.data.feed_watch import SOCKET_LEAST, SYMBOL_LEAST, FeedWatch
from liualgotrader.data.voice import CAP, FLOOR, LOOK_SECONDS, Voice
from tests.unit.data.feed_days import (
    LOOKS,
    Bits,
    clustered,
    day_shape,
    looks_of,
    moods,
    poisson,
    real_like_day,
)

_DAYS = range(3_000, 3_040)
STEADY = ("A",)


def watch(*symbols: str, pace: float = 1.0) -> FeedWatch:
    found = FeedWatch(pace=pace)
    found.follow(symbols)
    return found


def hear(feed: FeedWatch, looks: Iterable[Iterable[str]]) -> None:
    for heard in looks:
        assert not feed.look(tuple(heard)).stale


def silent_looks(feed: FeedWatch, most: int = 1_000) -> int | None:
    """Return after how many looks of silence the socket is found mute."""
    return next((n for n in range(1, most + 1) if feed.look(()).stale), None)


def false_alarms(bits: Bits, least: int = SOCKET_LEAST) -> list[int]:
    """Return where a voice that says this in a day would be found mute."""
    voice, found, before = Voice(-1, least=least), [], -1
    for look in [*np.flatnonzero(bits).tolist(), LOOKS]:
        length = FLOOR
        while before >= 0 and length < look - before:
            judged = voice.patience(length)
            if judged <= length:
                found.append(before)
                break
            length = judged
        if look < LOOKS:
            voice.hear(look)
        before = look
    return found


def test_forty_real_like_days_of_seven_symbols_bring_no_false_alarm() -> None:
    alarms = {
        (seed, name): found
        for seed in _DAYS
        for name, bits in real_like_day(seed).items()
        if (found := false_alarms(bits))
    }
    assert alarms == {}


def test_a_whole_feed_of_them_brings_none_either() -> None:
    for seed in (1, 2, 3):
        day = real_like_day(seed)
        feed = watch(*day)
        found = [feed.look(heard) for heard in looks_of(day)]
        assert not any(each.stale or each.mute for each in found)


def test_a_liquid_symbol_that_falls_mute_is_found_within_five_seconds() -> None:
    """At 200 moments of a day; from the last message to the look that finds it."""
    random = np.random.default_rng(11)
    rate = 120.0 * day_shape() * moods(random, 0.3)
    moments = set(np.linspace(SOCKET_LEAST + 10, LOOKS - 100, 200).astype(int).tolist())
    voice, found = Voice(-1, least=SOCKET_LEAST), []
    for look in np.flatnonzero(clustered(random, rate)).tolist():
        voice.hear(look)
        if look in moments:
            length = FLOOR
            while (judged := voice.patience(length)) > length:
                length = judged
            found.append(length * LOOK_SECONDS)
    assert len(found) >= 190
    assert max(found) <= 5.0 - LOOK_SECONDS
    assert 2.0 <= float(np.median(found)) <= 4.0


@pytest.mark.parametrize(("per_second", "within"), [(10, 8.0), (5, 20.0), (1, 60.0)])
def test_others_are_found_after_as_long_as_their_rate_allows(
    per_second: float, within: float
) -> None:
    bits = poisson(np.random.default_rng(3), per_second)[:20_000]
    feed = watch()
    hear(feed, [("",) if bit else () for bit in bits] + [("",)])
    looks = silent_looks(feed)
    assert looks is not None and FLOOR <= looks <= within / LOOK_SECONDS


def test_one_print_an_hour_is_never_missed() -> None:
    feed = watch("HOURLY")
    for _ in range(6):
        hear(feed, [("HOURLY",)])
        assert silent_looks(feed, 14_399) is None


def test_a_socket_is_not_judged_before_it_is_known() -> None:
    feed = watch()
    hear(feed, [("",)] * (SOCKET_LEAST // 2))
    assert silent_looks(feed) is None


def test_the_shortest_silence_that_is_told_is_two_seconds_and_the_longest_of_a_steady_voice_five() -> (
    None
):
    feed = watch()
    hear(feed, [("",)] * 3_000)
    looks = silent_looks(feed)
    assert looks is not None and FLOOR <= looks <= CAP


def test_it_is_live_again_with_the_first_message() -> None:
    feed = watch()
    hear(feed, [("",)] * 3_000)
    assert silent_looks(feed) is not None
    assert feed.look(()).stale
    assert not feed.look(("",)).stale


def test_a_mute_symbol_is_found_while_others_are_heard() -> None:
    feed = watch("A", "B")
    hear(feed, [("A", "B")] * (SYMBOL_LEAST + 10))
    found = [feed.look(("B",)) for _ in range(CAP + 1)]
    assert [each.mute for each in found if each.mute] == [("A",)]
    assert feed.look(("A", "B")).back == ("A",)
    assert feed.look(("A", "B")).back == ()


def test_what_the_sockets_silence_explains_is_not_laid_to_a_symbol() -> None:
    feed = watch("A", "B")
    hear(feed, [("A", "B")] * (SYMBOL_LEAST + 10))
    assert not any(feed.look(()).mute for _ in range(100))
    assert feed.look(("B",)).mute == ()
    feed.reconnected()
    assert feed.look(("B",)).mute == ()


def test_a_halted_symbol_is_not_missed_until_it_trades_again() -> None:
    feed = watch("A", "B")
    hear(feed, [("A", "B")] * (SYMBOL_LEAST + 10))
    feed.excuse(["A"])
    assert not any(feed.look(("B",)).mute for _ in range(500))
    feed.expect_again(["A"])
    assert feed.look(("B",)).mute == ()
    assert any(feed.look(("B",)).mute == ("A",) for _ in range(CAP + 1))


def test_a_socket_is_not_mute_because_the_one_symbol_that_spoke_is_halted() -> None:
    feed = watch("LIQUID", "QUIET")
    hear(feed, [("LIQUID",)] * 3_000)
    feed.excuse(["LIQUID"])
    assert silent_looks(feed) is None


def test_what_is_usual_counts_until_the_first_message_alone() -> None:
    feed = watch("LIQUID", "QUIET")
    feed.usual(10.0)
    assert silent_looks(feed) == 30 / LOOK_SECONDS
    hear(feed, [("LIQUID",)] * 3_000)
    feed.excuse(["LIQUID"])
    assert silent_looks(feed) is None


def test_nor_because_it_is_unsubscribed() -> None:
    feed = watch("LIQUID", "QUIET")
    hear(feed, [("LIQUID",)] * 3_000)
    feed.leave(["LIQUID"])
    assert silent_looks(feed) is None


def test_other_hours_are_learned_anew() -> None:
    feed = watch("A")
    hear(feed, [("A",)] * 3_000)
    feed.forget()
    assert silent_looks(feed) is None


def test_an_absence_of_the_socket_is_nobodys_silence() -> None:
    feed = watch()
    hear(feed, [("",)] * 3_000)
    assert silent_looks(feed) is not None
    feed.reconnected()
    looks = silent_looks(feed)
    assert looks is not None and looks >= FLOOR, "it must be silent anew"


def test_at_sixty_times_the_worlds_pace_it_forgets_as_much_faster() -> None:
    slow, fast = watch(), watch(pace=60.0)
    for feed in (slow, fast):
        hear(feed, [("",)] * 3_000)
        hear(feed, [("",) if n % 3 == 0 else () for n in range(600)])
        hear(feed, [("",)] * 600)
    looks = silent_looks(fast)
    assert looks is not None and looks <= CAP
    assert silent_looks(slow, CAP) is None
