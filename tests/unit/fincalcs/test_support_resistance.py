from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liualgotrader.common.clock import MINUTE
from liualgotrader.fincalcs import (
    StopRangeType,
    find_resistances,
    find_stop,
    find_supports,
    get_local_maxima,
    get_local_minima,
    grouper,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DAY = 24 * 60 * MINUTE
SESSION = 19_000 * DAY + 870 * MINUTE  # 14:30 UTC
SESSION_LENGTH = 390 * MINUTE


def _every(minutes: int, values: Sequence[float], *, start: int = SESSION) -> tuple[Ints, Floats]:
    """Spread each value over `minutes` one-minute bars."""
    series = np.repeat(np.array(values, dtype=float), minutes)
    return start + np.arange(len(series), dtype=np.int64) * MINUTE, series


def test_levels_within_two_percent_of_their_neighbour_form_a_group() -> None:
    assert list(grouper([100, 101.9, 103.9, 110, 111])) == [[100, 101.9, 103.9], [110, 111]]
    assert list(grouper([100, 101.9], margin=0.01)) == [[100], [101.9]]
    assert list(grouper([])) == []


def test_zero_and_falling_values_can_be_grouped() -> None:
    assert list(grouper([0.0, 0.0, 1.0, -1.0])) == [[0.0, 0.0], [1.0], [-1.0]]
    assert list(grouper([100.0, 99.0, 90.0])) == [[100.0, 99.0], [90.0]]


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6)), st.floats(0, 1))
def test_groups_hold_every_value_in_order(values: list[float], margin: float) -> None:
    groups = list(grouper(values, margin=margin))
    assert [value for group in groups for value in group] == values
    assert all(groups)


def test_peak_between_lower_buckets_is_a_maximum() -> None:
    times, values = _every(5, [1, 3, 2, 5, 4])
    starts, peaks = get_local_maxima(times, values, now=SESSION + DAY, session_start=SESSION)
    assert peaks.tolist() == [3, 5]
    assert ((starts - SESSION) // MINUTE).tolist() == [5, 15]


@pytest.mark.parametrize(
    ("values", "peaks"),
    [
        ([1, 2, 2, 2, 1], [2]),  # a plateau counts once
        ([1, 2, 2, 3, 4], []),  # a step on the way up is none
        ([4, 3, 3, 2, 1], []),  # nor on the way down
        ([2, 2, 2, 2, 2], []),
        ([5, 1, 1, 1, 5], []),  # the edges are open
        ([1, 2], []),
        ([], []),
    ],
)
def test_only_turning_points_are_maxima(values: list[float], peaks: list[float]) -> None:
    times, series = _every(5, values)
    now = SESSION + DAY
    assert get_local_maxima(times, series, now=now)[1].tolist() == peaks
    mirrored = get_local_minima(times, -series, now=now)[1]
    assert (-mirrored).tolist() == peaks


def test_unfinished_bucket_confirms_nothing() -> None:
    times, values = _every(5, [1, 3, 2])
    assert len(get_local_maxima(times, values, now=SESSION + 14 * MINUTE)[1]) == 0
    assert get_local_maxima(times, values, now=SESSION + 15 * MINUTE)[1].tolist() == [3]


def test_resistances_are_the_maxima_above_the_price_in_ascending_order() -> None:
    times, highs = _every(15, [10, 14, 11, 12, 9, 13, 8])
    found = find_resistances(
        times,
        highs,
        current=12.0,
        now=SESSION + DAY,
        sessions=[(SESSION, SESSION + SESSION_LENGTH)],
    )
    assert found == [12, 13, 14]


def test_resistances_ignore_bars_outside_the_sessions() -> None:
    early = _every(15, [99, 120, 99], start=SESSION - 45 * MINUTE)
    regular = _every(15, [10, 14, 11] + [11] * 23)
    late = _every(15, [130, 12], start=SESSION + SESSION_LENGTH)
    tomorrow = _every(15, [10, 15, 11], start=SESSION + DAY)
    days = (early, regular, late, tomorrow)
    found = find_resistances(
        np.concatenate([times for times, _ in days]),
        np.concatenate([highs for _, highs in days]),
        current=12.0,
        now=SESSION + 2 * DAY,
        sessions=[(open_, open_ + SESSION_LENGTH) for open_ in (SESSION, SESSION + DAY)],
    )
    assert found == [14, 15]


def test_no_session_or_no_maximum_gives_no_resistance() -> None:
    times, highs = _every(15, [10, 11, 12])
    session = (SESSION, SESSION + SESSION_LENGTH)
    assert find_resistances(times, highs, current=1.0, now=SESSION + DAY, sessions=[]) == []
    assert find_resistances(times, highs, current=1.0, now=SESSION + DAY, sessions=[session]) == []


def test_supports_are_the_minima_below_the_price_oldest_first() -> None:
    times, lows = _every(5, [5, 3, 5, 4, 5, 2, 5])
    now = SESSION + 35 * MINUTE
    supports = find_supports(times, lows, current=4.0, now=now, session_start=SESSION)
    assert supports == [3, 2]
    assert find_stop(times, lows, now=now, session_start=SESSION) == 2


# one trough every hour: 1 in the first hour of yesterday's session, 2 in the second, ...
HOURLY = [9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 0.0, 9.0, 9.0, 9.0, 9.0, 9.0]


def _two_days() -> tuple[Ints, Floats]:
    days = []
    for day, first in ((0, 1.0), (1, 5.0)):
        values = [first + hour if v == 0 else v for hour in range(4) for v in HOURLY]
        days.append(_every(5, values, start=SESSION + day * DAY))
    return np.concatenate([t for t, _ in days]), np.concatenate([v for _, v in days])


@pytest.mark.parametrize(
    ("range_type", "hours", "expected"),
    [
        (StopRangeType.LAST_100_MINUTES, 4, [7, 8]),
        (StopRangeType.LAST_2_HOURS, 4, [7, 8]),
        (StopRangeType.LAST_3_HOURS, 4, [6, 7, 8]),
        (StopRangeType.DAILY, 4, [5, 6, 7, 8]),
        (StopRangeType.WEEKLY, 4, [1, 2, 3, 4, 5, 6, 7, 8]),
        (StopRangeType.LAST_100_MINUTES, 1, [5]),  # not back into yesterday
        (StopRangeType.LAST_3_HOURS, 1, [5]),
    ],
)
def test_range_decides_how_far_back_supports_are_sought(
    range_type: StopRangeType, hours: int, expected: list[float]
) -> None:
    times, lows = _two_days()
    today = SESSION + DAY
    supports = find_supports(
        times,
        lows,
        current=8.5,
        now=today + hours * 60 * MINUTE,
        session_start=today,
        range_type=range_type,
    )
    assert supports == expected


def test_date_range_starts_where_it_is_told_to() -> None:
    times, lows = _two_days()
    found = find_supports(
        times,
        lows,
        current=8.5,
        now=SESSION + DAY,
        session_start=SESSION + DAY,
        range_type=StopRangeType.DATE_RANGE,
        since=SESSION + 120 * MINUTE,
    )
    assert found == [3, 4]


def test_date_range_without_a_date_is_refused() -> None:
    with pytest.raises(ValueError, match="since"):
        find_stop([], [], now=SESSION, session_start=SESSION, range_type=StopRangeType.DATE_RANGE)


def test_range_that_begins_within_a_bucket_makes_no_trough_of_it() -> None:
    # lows 1 at minute 0 and 5 after it: cut at minute 1, the first bucket would seem shallow
    times = SESSION + np.arange(15, dtype=np.int64) * MINUTE
    lows = np.array([1.0, *[5.0] * 4, *[2.0] * 5, *[5.0] * 5])
    now = SESSION + 101 * MINUTE
    assert find_stop(times, lows, now=now, session_start=SESSION) is None


def test_no_trough_gives_no_stop() -> None:
    times, lows = _every(5, [1, 2, 3, 4])
    assert find_stop(times, lows, now=SESSION + DAY, session_start=SESSION) is None
    assert find_stop([], [], now=SESSION, session_start=SESSION) is None


@settings(deadline=None)
@given(
    values=st.lists(st.integers(1, 9).map(float), min_size=1, max_size=120),
    minute=st.integers(0, 120),
)
def test_what_comes_after_now_changes_nothing(values: list[float], minute: int) -> None:
    times, series = _every(1, values)
    now = SESSION + minute * MINUTE
    seen = times < now
    session = [(SESSION, SESSION + SESSION_LENGTH)]

    def levels(t: Ints, v: Floats) -> tuple[object, ...]:
        return (
            find_resistances(t, v, current=3.0, now=now, sessions=session),
            find_supports(t, v, current=7.0, now=now, session_start=SESSION),
            find_stop(t, v, now=now, session_start=SESSION),
        )

    assert levels(times, series) == levels(times[seen], series[seen])
