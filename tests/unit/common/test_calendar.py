"""Facts of the calendar, as NYSE ("Holidays & Trading Hours") and Alpaca ("24/5 Trading")
publish them."""

import itertools
import subprocess
import sys
import warnings
from datetime import UTC, date, datetime, timedelta

import exchange_calendars
import pytest

from liualgotrader.common.calendar import (
    FIRST_DAY,
    LAST_DAY,
    Hours,
    OutOfCalendar,
    Session,
    crypto,
    new_york,
    trade_date,
    us_equities,
)
from liualgotrader.common.errors import ConfigError

HOUR = 3_600_000_000_000
DAY = 24 * HOUR


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


def test_a_winter_day_has_its_hours_five_behind_utc() -> None:
    assert us_equities().session(date(2013, 1, 24)) == Session(
        date=date(2013, 1, 24),
        overnight_open=ns("2013-01-24T01:00"),
        pre_open=ns("2013-01-24T09:00"),
        open=ns("2013-01-24T14:30"),
        close=ns("2013-01-24T21:00"),
        post_close=ns("2013-01-25T01:00"),
        is_half_day=False,
    )


@pytest.mark.parametrize(
    ("day", "close", "post_close"),
    [
        (date(2013, 7, 3), "2013-07-03T17:00", "2013-07-03T21:00"),  # before Independence Day
        (date(2013, 11, 29), "2013-11-29T18:00", "2013-11-29T22:00"),  # after Thanksgiving
        (date(2013, 12, 24), "2013-12-24T18:00", "2013-12-24T22:00"),  # Christmas Eve
        (date(2024, 7, 3), "2024-07-03T17:00", "2024-07-03T21:00"),
        (date(2026, 11, 27), "2026-11-27T18:00", "2026-11-27T22:00"),
    ],
)
def test_a_half_day_closes_at_13_and_its_late_trading_at_17(
    day: date, close: str, post_close: str
) -> None:
    session = us_equities().session(day)
    assert (session.is_half_day, session.close, session.post_close) == (
        True,
        ns(close),
        ns(post_close),
    )


@pytest.mark.parametrize(
    "day",
    [
        date(2013, 1, 1),
        date(2013, 1, 21),  # Martin Luther King, Jr. Day
        date(2013, 3, 29),  # Good Friday
        date(2013, 7, 4),
        date(2013, 11, 28),  # Thanksgiving
        date(2013, 12, 25),
        date(2012, 10, 29),  # the storm Sandy
        date(2012, 10, 30),
        date(2024, 6, 19),  # Juneteenth
        date(2025, 1, 9),  # mourning for a president
        date(2026, 7, 3),  # Independence Day, observed
        date(2013, 1, 26),  # a Saturday
    ],
)
def test_there_is_no_session_on_a_holiday(day: date) -> None:
    assert not us_equities().is_session(day)
    with pytest.raises(ConfigError, match=f"no trading on {day}.*nearest sessions are .+, "):
        us_equities().session(day)


@pytest.mark.parametrize(
    ("day", "opens"),
    [
        (date(2026, 3, 6), "2026-03-06T14:30"),  # the Friday before clocks go forward on 8 March
        (date(2026, 3, 9), "2026-03-09T13:30"),
        (date(2026, 10, 30), "2026-10-30T13:30"),  # the Friday before they go back on 1 November
        (date(2026, 11, 2), "2026-11-02T14:30"),
    ],
)
def test_the_open_follows_new_yorks_clock(day: date, opens: str) -> None:
    assert us_equities().session(day).open == ns(opens)


@pytest.mark.parametrize(
    ("day", "begins", "ends"),
    [
        (date(2026, 3, 9), "2026-03-09T00:00", "2026-03-09T08:00"),  # Sunday evening, summer time
        (date(2026, 11, 2), "2026-11-02T01:00", "2026-11-02T09:00"),  # Sunday evening, winter time
        (date(2026, 3, 11), "2026-03-11T00:00", "2026-03-11T08:00"),
    ],
)
def test_the_night_before_belongs_to_the_trade_date(day: date, begins: str, ends: str) -> None:
    session = us_equities().session(day)
    assert (session.overnight_open, session.pre_open) == (ns(begins), ns(ends))
    assert us_equities().session_at(ns(begins)) == session
    assert us_equities().session_at(ns(begins) - 1) != session


def test_no_night_before_a_holiday_and_a_whole_one_before_a_half_day() -> None:
    calendar = us_equities()
    thanksgiving_eve = ns("2013-11-28T01:00")  # Wednesday 20:00 in New York
    assert calendar.session_at(thanksgiving_eve) is None
    night = calendar.session_at(thanksgiving_eve + DAY)
    assert night is not None and night.date == date(2013, 11, 29) and night.is_half_day
    assert night.pre_open - night.overnight_open == 8 * HOUR


def test_after_a_half_days_late_trading_nothing_happens_until_the_night() -> None:
    calendar = us_equities()
    session = calendar.session(date(2013, 7, 3))
    assert calendar.session_at(session.post_close - 1) == session
    assert calendar.session_at(session.post_close) is None
    before_friday = calendar.session(date(2013, 7, 5))
    assert calendar.session_at(before_friday.overnight_open) == before_friday


def test_a_boundary_is_what_it_begins() -> None:
    session = us_equities().session(date(2013, 1, 24))
    boundaries = (session.overnight_open, session.pre_open, session.open, session.close)
    assert [session.hours_at(ts) for ts in boundaries] == list(Hours)
    assert session.hours_at(session.post_close) is None
    assert session.hours_at(session.overnight_open - 1) is None


def test_neighbours_skip_weekends_and_holidays() -> None:
    calendar = us_equities()
    assert calendar.next_session(date(2013, 11, 27)).date == date(2013, 11, 29)
    assert calendar.previous_session(date(2013, 12, 2)).date == date(2013, 11, 29)
    assert calendar.next_session(date(2013, 11, 30)).date == date(2013, 12, 2)
    around_sandy = calendar.sessions(date(2012, 10, 26), date(2012, 10, 31))
    assert [s.date for s in around_sandy] == [date(2012, 10, 26), date(2012, 10, 31)]


def test_sessions_never_overlap() -> None:
    sessions = us_equities().sessions(FIRST_DAY, LAST_DAY)
    assert len(sessions) > 10_000
    for a, b in itertools.pairwise(sessions):
        assert a.overnight_open < a.pre_open < a.open < a.close < a.post_close <= b.overnight_open


@pytest.mark.parametrize("day", [FIRST_DAY - timedelta(days=1), LAST_DAY + timedelta(days=1)])
def test_beyond_its_range_the_calendar_says_so(day: date) -> None:
    for calendar in (us_equities(), crypto()):
        for ask in (
            calendar.is_session,
            calendar.session,
            calendar.next_session,
            calendar.previous_session,
        ):
            with pytest.raises(OutOfCalendar, match="kept from 1990-01-01 to 2030-12-31"):
                ask(day)


def test_at_its_ends_the_calendar_has_no_neighbour() -> None:
    with pytest.raises(OutOfCalendar, match="the calendar ends"):
        us_equities().next_session(LAST_DAY)
    with pytest.raises(OutOfCalendar, match="the calendar begins"):
        us_equities().previous_session(FIRST_DAY)


def test_crypto_trades_every_day_of_utc_to_the_last_nanosecond() -> None:
    saturday = crypto().session(date(2019, 10, 12))
    assert saturday.open == saturday.pre_open == ns("2019-10-12T00:00")
    assert saturday.close == saturday.post_close == ns("2019-10-13T00:00")
    assert not saturday.is_half_day
    assert crypto().session_at(saturday.close - 1) == saturday
    assert crypto().session_at(saturday.close) == crypto().next_session(saturday.date)
    assert crypto().previous_session(date(2019, 10, 13)) == saturday
    assert len(crypto().sessions(date(2020, 2, 1), date(2020, 3, 1))) == 30


def test_a_trade_date_begins_at_20_in_new_york() -> None:
    eight = new_york(date(2013, 1, 24)) + 20 * HOUR
    assert trade_date(eight - 1) == date(2013, 1, 24)
    assert trade_date(eight) == date(2013, 1, 25)


def test_the_days_are_those_of_the_library_that_knows_them() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        times = exchange_calendars.get_calendar(
            "XNYS", start=FIRST_DAY.isoformat(), end=LAST_DAY.isoformat()
        ).schedule
    known = [
        (stamp.date(), int(opens.as_unit("ns").value), int(closes.as_unit("ns").value))
        for stamp, opens, closes in zip(times.index, times["open"], times["close"], strict=True)
    ]
    assert len(known) > 10_000
    ours = us_equities().sessions(FIRST_DAY, LAST_DAY)
    assert [(each.date, each.open, each.close) for each in ours] == known


def test_days_are_known_without_the_library() -> None:
    code = (
        "import sys; from liualgotrader.common.calendar import us_equities; us_equities();"
        "print(*({'pandas', 'numpy', 'exchange_calendars'} & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == ""
