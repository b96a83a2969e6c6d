"""A schedule: clock times on trading days, over holidays and the change of clocks; nothing here waits."""

from __future__ import annotations

from datetime import datetime
from itertools import count

import pytest

from liualgotrader.common.errors import ConfigError, FeedLost, LiuError
from liualgotrader.mining.schedule import parse_schedule
from liualgotrader.mining.serving import LOOK_AGAIN, serve

EVENING = "18:30 America/New_York"


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000_000


def following(text: str, now: str, number: int) -> list[str]:
    schedule, moment, found = parse_schedule(text), at(now), []
    for _ in range(number):
        moment = schedule.next_after(moment)
        found.append(schedule.shown(moment))
    return found


def test_weekends_and_holidays_are_left_out_and_half_days_are_none() -> None:
    assert following(EVENING, "2024-07-02T18:30:00-04:00", 4) == [
        "Wed 2024-07-03 18:30 America/New_York",  # closes at 13:00
        "Fri 2024-07-05 18:30 America/New_York",  # after Independence Day
        "Mon 2024-07-08 18:30 America/New_York",
        "Tue 2024-07-09 18:30 America/New_York",
    ]
    assert following(EVENING, "2024-07-03T18:29:59-04:00", 1) == [
        "Wed 2024-07-03 18:30 America/New_York"
    ]


def test_the_clock_time_stays_when_clocks_change() -> None:
    schedule = parse_schedule(EVENING)
    friday = schedule.next_after(at("2024-03-08T12:00:00-05:00"))
    monday = schedule.next_after(friday)
    assert (friday, monday) == (at("2024-03-08T18:30:00-05:00"), at("2024-03-11T18:30:00-04:00"))
    friday = schedule.next_after(at("2024-11-01T12:00:00-04:00"))
    monday = schedule.next_after(friday)
    assert (friday, monday) == (at("2024-11-01T18:30:00-04:00"), at("2024-11-04T18:30:00-05:00"))


def test_clocks_elsewhere_change_at_other_times() -> None:
    # On the 28th New York has summer time, Berlin has not; on the 1st of April both.
    schedule = parse_schedule("23:30 Europe/Berlin")
    assert schedule.next_after(at("2024-03-28T12:00:00Z")) == at("2024-03-28T22:30:00Z")
    assert schedule.next_after(at("2024-03-29T12:00:00Z")) == at("2024-04-01T21:30:00Z")


def test_the_trading_day_is_that_of_new_york() -> None:
    # Saturday morning in Tokyo is Friday evening in New York; Monday morning is Sunday.
    assert following("08:00 Asia/Tokyo", "2024-03-07T20:00:00Z", 4) == [
        "Fri 2024-03-08 08:00 Asia/Tokyo",
        "Sat 2024-03-09 08:00 Asia/Tokyo",
        "Tue 2024-03-12 08:00 Asia/Tokyo",
        "Wed 2024-03-13 08:00 Asia/Tokyo",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("18:30", 'is no time with its zone; write it as "18:30 America/New_York"'),
        ("6pm America/New_York", "is no time with its zone"),
        ("24:00 UTC", "there is no 24:00"),
        ("12:60 UTC", "there is no 12:60"),
        ("18:30 America/NewYork", "no time zone America/NewYork; the nearest is America/New_York"),
        ("18:30 ../etc/passwd", "there is no time zone"),
    ],
)
def test_what_is_no_schedule_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_schedule(text)
    assert message in str(caught.value)


class Clock:
    """Time that passes when somebody sleeps or works."""

    def __init__(self, now: str, until: str) -> None:
        self._now = at(now)
        self._until = at(until)
        self.slept: list[float] = []
        self.stopped = False

    @property
    def is_over(self) -> bool:
        return self.stopped or self._now >= self._until

    def now(self) -> int:
        return self._now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        self._now += round(seconds * 1e9)


def test_it_runs_at_each_moment_and_says_when_the_next_is() -> None:
    clock = Clock("2024-07-02T18:00:00-04:00", "2024-07-06T00:00:00-04:00")
    ran: list[int] = []
    told: list[str] = []
    serve(parse_schedule(EVENING), clock, lambda: ran.append(clock.now()), told.append)
    assert ran == [at(f"2024-07-{day}T18:30:00-04:00") for day in ("02", "03", "05")]
    assert told == [
        f"the next run is {day} 18:30 America/New_York"
        for day in ("Tue 2024-07-02", "Wed 2024-07-03", "Fri 2024-07-05", "Mon 2024-07-08")
    ]
    assert max(clock.slept) <= LOOK_AGAIN


def test_a_moment_within_a_run_is_skipped_and_told() -> None:
    clock = Clock("2024-07-02T18:00:00-04:00", "2024-07-09T00:00:00-04:00")
    lasts = iter([3 * 86_400 + 60.0, 10.0])
    ran: list[int] = []

    def run() -> None:
        ran.append(clock.now())
        clock.pass_by(next(lasts))

    told: list[str] = []
    serve(parse_schedule(EVENING), clock, run, told.append)
    assert ran == [at("2024-07-02T18:30:00-04:00"), at("2024-07-08T18:30:00-04:00")]
    assert told[1:4] == [
        f"the run of {day} 18:30 America/New_York is skipped: that of Tue 2024-07-02 18:30"
        " America/New_York was still on"
        for day in ("Wed 2024-07-03", "Fri 2024-07-05")
    ] + ["the next run is Mon 2024-07-08 18:30 America/New_York"]


def test_a_run_that_fails_does_not_end_it() -> None:
    clock = Clock("2024-07-02T18:00:00-04:00", "2024-07-04T00:00:00-04:00")
    numbers = count()

    def run() -> None:
        if next(numbers) == 0:
            raise FeedLost("no answer")

    told: list[str] = []
    serve(parse_schedule(EVENING), clock, run, told.append)
    assert next(numbers) == 2
    assert "the run of Tue 2024-07-02 18:30 America/New_York failed: no answer" in told


def test_word_to_stop_ends_it_while_it_waits_and_after_a_run() -> None:
    clock = Clock("2024-07-02T18:00:00-04:00", "2024-07-02T18:05:00-04:00")
    serve(parse_schedule(EVENING), clock, lambda: pytest.fail("it ran"), lambda _: None)
    clock = Clock("2024-07-02T18:00:00-04:00", "2024-08-02T18:00:00-04:00")

    def run() -> None:
        clock.stopped = True

    told: list[str] = []
    serve(parse_schedule(EVENING), clock, run, told.append)
    assert len(told) == 1


def test_what_is_no_error_of_ours_is_not_hidden() -> None:
    clock = Clock("2024-07-02T18:00:00-04:00", "2024-07-04T00:00:00-04:00")

    def run() -> None:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        serve(parse_schedule(EVENING), clock, run, lambda _: None)
    assert not issubclass(KeyError, LiuError)
