"""Which day a run works for."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from liualgotrader.common.errors import ConfigError
from liualgotrader.mining.night import last_day_over, night_at


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000_000


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2024-03-06T15:59:59-05:00", date(2024, 3, 5)),
        ("2024-03-06T16:00:00-05:00", date(2024, 3, 6)),
        ("2024-03-07T01:00:00-05:00", date(2024, 3, 6)),
        ("2024-03-10T12:00:00-04:00", date(2024, 3, 8)),  # a Sunday
        ("2024-07-03T12:59:00-04:00", date(2024, 7, 2)),
        ("2024-07-03T13:00:00-04:00", date(2024, 7, 3)),  # the half day is over
        ("2024-07-04T18:30:00-04:00", date(2024, 7, 3)),  # a holiday
    ],
)
def test_the_day_is_the_last_one_whose_session_is_over(now: str, day: date) -> None:
    assert last_day_over(at(now)) == day


def test_tonight_sees_until_midnight_and_works_for_the_next_trading_day() -> None:
    now = at("2024-07-03T18:30:00-04:00")
    night = night_at(now, since=date(2024, 7, 1))
    assert (night.day, night.next_day) == (date(2024, 7, 3), date(2024, 7, 5))
    assert night.now == now
    assert night.end == at("2024-07-04T00:00:00-04:00")
    assert night.since == date(2024, 7, 1)


def test_a_past_night_is_worked_as_once_its_rows_were_final() -> None:
    night = night_at(at("2024-07-03T18:30:00-04:00"), day=date(2024, 6, 28))
    assert (night.day, night.next_day) == (date(2024, 6, 28), date(2024, 7, 1))
    assert datetime.fromtimestamp(night.now / 1e9, UTC) == datetime(2024, 6, 29, 4, 15, tzinfo=UTC)


def test_days_that_cannot_be_are_refused() -> None:
    now = at("2024-07-03T12:00:00-04:00")
    with pytest.raises(ConfigError, match="no trading on 2024-06-29"):
        night_at(now, day=date(2024, 6, 29))
    with pytest.raises(ConfigError, match="--day 2024-07-03: is not over; the last trading day"):
        night_at(now, day=date(2024, 7, 3))
    with pytest.raises(ConfigError, match="--since 2024-07-03: is after 2024-07-02"):
        night_at(now, since=date(2024, 7, 3))
