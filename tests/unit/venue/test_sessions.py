"""Sessions: which part of the day it is, and what comes next."""

from __future__ import annotations

from datetime import date

import pytest

from liualgotrader.common.errors import ConfigError
from liualgotrader.venue.sessions import Moment, Phase, Session, SessionTimes

HOUR = 3_600_000_000_000
MONDAY = Session(date(2026, 6, 15), 8 * HOUR, 13 * HOUR, 20 * HOUR, 24 * HOUR)
TUESDAY = Session(date(2026, 6, 16), 32 * HOUR, 37 * HOUR, 44 * HOUR, 48 * HOUR)
TIMES = SessionTimes([MONDAY, TUESDAY])


@pytest.mark.parametrize(
    ("ts", "phase"),
    [
        (0, Phase.CLOSED),
        (8 * HOUR, Phase.PRE),
        (13 * HOUR - 1, Phase.PRE),
        (13 * HOUR, Phase.REGULAR),
        (20 * HOUR - 1, Phase.REGULAR),
        (20 * HOUR, Phase.POST),
        (24 * HOUR, Phase.CLOSED),
        (32 * HOUR, Phase.PRE),
        (99 * HOUR, Phase.CLOSED),
    ],
)
def test_a_boundary_belongs_to_what_it_begins(ts: int, phase: Phase) -> None:
    assert TIMES.phase(ts) is phase


def test_the_current_session_between_two_is_the_next_one() -> None:
    assert TIMES.current(10 * HOUR) is MONDAY
    assert TIMES.current(24 * HOUR) is TUESDAY
    assert TIMES.current(99 * HOUR) is TUESDAY


def test_the_day_in_new_york_turns_at_its_midnight() -> None:
    assert TIMES.date_of(28 * HOUR - 1) == MONDAY.date
    assert TIMES.date_of(28 * HOUR) == TUESDAY.date


def test_a_fill_settles_at_the_beginning_of_a_later_session() -> None:
    assert TIMES.settles_at(14 * HOUR, 1) == TUESDAY.pre_open
    assert TIMES.settles_at(14 * HOUR, 2) is None


def test_moments_come_in_their_order_and_once() -> None:
    moments = TIMES.moments(13 * HOUR, 32 * HOUR)
    assert [moment for _, moment, _ in moments] == [
        Moment.CLOSE,
        Moment.LATE_CLOSE,
        Moment.AGED,
        Moment.POST_CLOSE,
        Moment.PRE_OPEN,
    ]
    assert TIMES.next_moment(13 * HOUR) == 20 * HOUR
    assert TIMES.next_moment(48 * HOUR) is None


@pytest.mark.parametrize("sessions", [[], [TUESDAY, MONDAY]])
def test_no_sessions_or_sessions_out_of_order_are_refused(sessions: list[Session]) -> None:
    with pytest.raises(ConfigError):
        SessionTimes(sessions)
