"""Bars as a strategy sees them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liualgotrader.common.clock import MINUTE, SECOND
from liualgotrader.common.data_loader import DataLoader, SymbolData
from liualgotrader.common.errors import NotLoaded
from liualgotrader.common.events import Bar

START = datetime(2024, 1, 3, 14, 30, tzinfo=UTC)
START_NS = int(START.timestamp()) * SECOND
NEW_YORK = ZoneInfo("America/New_York")
DAY = 86_400


def bar(minute: int, close: float | None = None) -> Bar:
    close = float(minute) if close is None else close
    return Bar("A", START_NS + minute * MINUTE, close, close + 2, close - 2, close, 100)


def data(*minutes: int) -> SymbolData:
    loader = DataLoader()
    for minute in minutes:
        loader.admit(bar(minute))
    return loader["A"]


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def ns(moment: datetime) -> int:
    return int(moment.timestamp()) * SECOND


def days(*dates: date, zone: tzinfo = NEW_YORK) -> SymbolData:
    """Day bars, each closing at the day of its month."""
    loader = DataLoader(DAY)
    for day in dates:
        start = ns(datetime(day.year, day.month, day.day, tzinfo=zone))
        loader.admit(Bar("A", start, 1.0, 1.0, 1.0, float(day.day), 100.0, DAY))
    return loader["A"]


WEEK = [date(2024, 1, day) for day in (2, 3, 4, 5, 8, 9)]
"""Tuesday to Tuesday."""


def test_small_ints_count_like_a_list() -> None:
    close = data(0, 1, 2).close
    assert [close[0], close[2], close[-1], close[-3]] == [0, 2, 2, 0]
    assert close[np.int64(1)] == 1
    assert close[:].tolist() == close.array().tolist() == list(close) == [0, 1, 2]
    assert close[-2:].tolist() == [1, 2]
    assert close[::2].tolist() == [0, 2]
    assert len(close) == 3
    assert close[::-1].tolist() == [2, 1, 0]
    for index in (3, -4, np.int64(3)):
        with pytest.raises(
            IndexError,
            match=f"A: no bar for {index}; there are 3 of 60 s, the oldest from "
            "2024-01-03T14:30:00Z, the newest from 2024-01-03T14:32:00Z",
        ):
            close[index]


@pytest.mark.parametrize("key", [1.0, None, (1, 2), np.datetime64("2024-01-03T14:30")])
def test_what_is_no_key_is_refused(key: Any) -> None:
    for series in (data(0), data(0).close):
        with pytest.raises(TypeError, match="is no key for bars; give a count"):
            series[key]


def test_a_timestamp_is_exact_to_the_nanosecond() -> None:
    close = data(0, 1).close
    complete = pd.Timestamp(START_NS + 2 * MINUTE, tz="UTC")
    assert close[complete] == 1
    assert close[complete - pd.Timedelta(1, "ns")] == 0


def test_time_lines_up_with_the_other_columns() -> None:
    series = data(0, 1, 3)
    assert series.time[-1] == START_NS + 3 * MINUTE
    assert series.time[at(0) : at(3)].tolist() == [START_NS, START_NS + MINUTE]
    assert series.time[:].dtype == np.int64
    assert list(series.time) == list(series.starts)


def test_the_symbol_gives_bars_and_frames_for_the_same_keys() -> None:
    series = data(0, 1, 3)
    assert series[-1] == series.bar() == bar(3)
    assert series[at(2)] == bar(1)
    assert series[date(2024, 1, 3)] == bar(3)
    assert list(series) == [bar(0), bar(1), bar(3)]
    for key in (slice(-2, None), slice(at(1), at(4)), slice(-2, at(4)), slice("2024-01-04", None)):
        frame = series[key]
        assert frame["close"].tolist() == series.close[key].tolist()
        assert [stamp.value for stamp in frame.index] == series.time[key].tolist()
    pd.testing.assert_frame_equal(series[:], series.frame())
    pd.testing.assert_frame_equal(series[1:2], series.frame().iloc[1:2])
    for absent in (3, -4, at(0), "2024-01-04"):
        with pytest.raises(IndexError, match="A: no bar for"):
            series[absent]
    with pytest.raises(IndexError, match="A: no bar for 3"):
        series.bar(3)


def test_a_symbol_without_bars_says_so() -> None:
    empty = SymbolData("A", 60)
    with pytest.raises(IndexError, match="A: no bar for -1, there are none yet"):
        empty.close[-1]
    assert empty.close[:].shape == empty.close[-3 : at(0)].shape == (0,)
    assert len(empty.frame()) == len(empty) == 0


def test_a_moment_is_the_newest_bar_complete_by_then() -> None:
    close = data(0, 1, 3).close
    assert close[at(1)] == 0
    assert close[at(1.999)] == 0
    assert close[at(2)] == 1
    assert close[at(3.999)] == 1, "a bar that is missing is not filled in"
    assert close[at(4)] == 3
    assert close[at(999)] == 3
    with pytest.raises(IndexError, match=r"A: no bar for .*; there are 3 of 60 s, the oldest"):
        close[at(0.999)]


@pytest.mark.parametrize(
    "moment",
    [
        at(2),
        at(2).astimezone(timezone(timedelta(hours=-5))),
        at(2).isoformat(),
        START_NS + 2 * MINUTE,
        np.int64(START_NS + 2 * MINUTE),
        pd.Timestamp(at(2)).tz_convert("America/New_York"),
    ],
)
def test_a_moment_may_be_written_in_many_ways(moment: datetime) -> None:
    assert data(0, 1, 2).close[moment] == 1


@pytest.mark.parametrize("day", [date(2024, 1, 3), "2024-01-03"])
def test_a_date_is_the_last_bar_that_began_on_it_in_new_york(day: Any) -> None:
    evening = 15 * 60  # 05:30 UTC: in New York 00:30 of the 4th
    last = evening - 31  # 23:59 New York of the 3rd
    close = data(0, 390, last, last + 1, evening).close
    assert close[day] == last
    assert close[date(2024, 1, 4)] == evening
    assert data(0, 1, 2).close[day] == 2, "so far"


def test_another_day_s_bar_is_never_given_for_a_date() -> None:
    close = data(0, 1).close
    for day in (date(2024, 1, 2), date(2024, 1, 4)):
        with pytest.raises(IndexError, match=f"A: no bar for {day}; there are 2 of 60 s"):
            close[day]


@pytest.mark.parametrize("zone", [NEW_YORK, UTC])
def test_a_date_of_day_bars_is_that_day_s_bar(zone: tzinfo) -> None:
    close = days(*WEEK, zone=zone).close
    assert [close[day] for day in WEEK] == [day.day for day in WEEK]
    assert close["2024-01-08"] == 8
    for closed in (date(2024, 1, 6), date(2024, 1, 1), date(2024, 1, 10)):
        with pytest.raises(IndexError, match=f"A: no bar for {closed}; there are 6 of 86400 s"):
            close[closed]


def test_day_bars_on_days_of_changed_clocks_are_of_their_dates() -> None:
    """2024-03-10 has 23 hours in New York, 2024-11-03 has 25."""
    spring = [date(2024, 3, day) for day in (8, 9, 10, 11)]
    autumn = [date(2024, 11, day) for day in (2, 3, 4)]
    for dates in (spring, autumn):
        for zone in (NEW_YORK, UTC):
            close = days(*dates, zone=zone).close
            assert [close[day] for day in dates] == [day.day for day in dates]
            assert close[dates[1] : dates[2]].tolist() == [day.day for day in dates[1:3]]


def test_a_day_bar_is_complete_at_its_end() -> None:
    close = days(*WEEK).close
    midnight = datetime(2024, 1, 4, tzinfo=NEW_YORK)
    assert close[midnight] == 3
    assert close[midnight - timedelta(seconds=1)] == 2
    assert close[datetime(2024, 1, 7, 12, tzinfo=NEW_YORK)] == 5


def test_a_slice_of_dates_holds_both_days() -> None:
    close = days(*WEEK).close
    assert close[date(2024, 1, 3) : date(2024, 1, 5)].tolist() == [3, 4, 5]
    assert close["2024-01-06":"2024-01-08"].tolist() == [8]
    assert close[: date(2024, 1, 3)].tolist() == [2, 3]
    assert close[date(2024, 1, 8) :].tolist() == [8, 9]
    assert close[date(2024, 1, 6) : date(2024, 1, 7)].tolist() == []
    assert close[date(2024, 1, 5) : date(2024, 1, 3)].tolist() == []
    midnight = datetime(2024, 1, 5, tzinfo=NEW_YORK)
    assert close[date(2024, 1, 3) : midnight].tolist() == [3, 4], "a moment is excluded"
    assert close[midnight : date(2024, 1, 8)].tolist() == [5, 8]


def test_a_slice_of_dates_of_minutes_holds_the_days_from_midnight_to_midnight() -> None:
    day = 24 * 60
    close = data(-day, -1, 0, 389, day, 2 * day).close
    assert close[date(2024, 1, 3) : date(2024, 1, 4)].tolist() == [-1, 0, 389, day]
    assert close["2024-01-03":"2024-01-03"].tolist() == [-1, 0, 389]


def test_a_count_with_a_moment_counts_back_from_the_moment() -> None:
    close = data(0, 1, 2, 3, 5).close
    assert close[-2 : at(3)].tolist() == [1, 2]
    assert close[-20 : at(3)].tolist() == [0, 1, 2]
    assert close[-2 : at(99)].tolist() == close[-2:].tolist() == [3, 5]
    assert close[1 : at(3)].tolist() == [1, 2]
    assert close[4 : at(3)].tolist() == []
    assert close[-2 : at(0)].tolist() == []
    assert close[at(1) : -1].tolist() == [1, 2, 3]
    assert close[at(1) : 2].tolist() == [1]
    assert close[np.int64(-2) : date(2024, 1, 3)].tolist() == [3, 5]
    assert days(*WEEK).close[-2 : date(2024, 1, 5)].tolist() == [4, 5]


@pytest.mark.parametrize("moment", [at(0).replace(tzinfo=None), "2024-01-03T14:30"])
def test_a_moment_without_a_zone_is_refused(moment: datetime) -> None:
    with pytest.raises(ValueError, match="time zone"):
        data(0).close[moment]


def test_a_slice_of_moments_holds_the_bars_that_began_in_it() -> None:
    close = data(0, 1, 3).close
    assert close[at(0) : at(3)].tolist() == [0, 1]
    assert close[at(0.5) : at(3.5)].tolist() == [1, 3]
    assert close[: at(1)].tolist() == [0]
    assert close[at(1) :].tolist() == [1, 3]
    assert close[at(5) : at(9)].tolist() == []
    for stepped in (slice(at(0), at(3), 2), slice(-2, at(3), 1), slice(at(0), None, 1)):
        with pytest.raises(ValueError, match="only a slice of counts takes a step"):
            close[stepped]


def test_what_is_handed_out_is_a_copy() -> None:
    series = data(0, 1)
    series.close[:][0] = 99
    series.close.array()[0] = 99
    assert series.close[0] == 0


def test_a_bar_that_comes_again_replaces_and_a_late_one_finds_its_place() -> None:
    loader = DataLoader()
    for each in (bar(0), bar(2), bar(0, 50), bar(1)):
        loader.admit(each)
    series = loader["A"]
    assert series.close[:].tolist() == [50, 1, 2]
    assert series.high[:].tolist() == [52, 3, 4]
    assert [series.has(START_NS + m * MINUTE) for m in range(4)] == [True, True, True, False]


@given(st.lists(st.integers(0, 12), min_size=1, max_size=25), st.integers(0, 99))
def test_bars_stay_in_order_whatever_order_they_come_in(minutes: list[int], seed: int) -> None:
    random, newest = Random(seed), {}
    loader = DataLoader()
    for minute in minutes:
        newest[minute] = random.random()
        loader.admit(bar(minute, newest[minute]))
    series = loader["A"]
    assert list(series.starts) == [START_NS + m * MINUTE for m in sorted(newest)]
    assert series.close[:].tolist() == [newest[m] for m in sorted(newest)]
    assert series.bar() == bar(max(newest), newest[max(newest)])


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=1_500), st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_readings_are_the_same_whenever_they_are_made(
    steps: list[tuple[int, bool]], seed: int
) -> None:
    """Bars wait in blocks until they are read; nobody can tell."""
    random, expected, loader = Random(seed), dict[int, float](), DataLoader()
    newest = 0
    for back, read in steps:
        minute = newest + 1 if back else max(0, newest - 3)
        newest = max(newest, minute)
        expected[minute] = random.random()
        loader.admit(bar(minute, expected[minute]))
        if read:
            assert loader["A"].close[-1] == expected[max(expected)]
            assert len(loader["A"]) == len(expected)
    if steps:
        series = loader["A"]
        assert series.close[:].tolist() == [expected[minute] for minute in sorted(expected)]


def test_bars_are_not_held_for_ever() -> None:
    loader = DataLoader()
    for minute in range(10_000):
        loader.admit(bar(minute))
    series = loader["A"]
    assert len(series.pending) < 512
    assert len(series) == 10_000
    assert series.close[9_999] == 9_999


@given(
    minutes=st.lists(st.integers(0, 3_000), min_size=1, max_size=40, unique=True),
    more=st.lists(st.integers(0, 3_000), max_size=40, unique=True),
    moment=st.integers(0, 3_100),
    back=st.integers(1, 30),
)
@settings(deadline=None)
def test_what_was_complete_by_a_moment_does_not_change_with_what_comes_later(
    minutes: list[int], more: list[int], moment: int, back: int
) -> None:
    before = [minute for minute in minutes if minute < moment]
    past, all_ = data(*sorted(before)) if before else None, data(*minutes, *more)
    if past is not None and not [m for m in more if m < moment]:
        assert all_.close[at(moment)] == past.close[-1]
        assert all_.close[-back : at(moment)].tolist() == past.close[-back:].tolist()
        assert all_.close[: at(moment)].tolist() == past.close[:].tolist()


def test_a_split_restates_what_was_and_not_what_comes() -> None:
    loader = DataLoader(daily=DataLoader(DAY))
    loader.admit(bar(0, 100.0))
    loader.daily.admit(Bar("A", START_NS, 90.0, 96.0, 84.0, 93.0, 1_000, DAY))
    loader.admit(Bar("B", START_NS, 7.0, 7.0, 7.0, 7.0, 7))
    loader.adjust("A", 4)
    loader.admit(bar(1, 26.0))
    series = loader["A"]
    assert series[0] == Bar("A", START_NS, 25.0, 25.5, 24.5, 25.0, 400)
    assert series[1] == bar(1, 26.0)
    assert loader.daily["A"][0] == Bar("A", START_NS, 22.5, 24.0, 21.0, 23.25, 4_000, DAY)
    assert loader["B"].close[0] == 7
    loader.adjust("A", 0.1)
    assert series.close[:].tolist() == [250, 260]
    assert series.volume[:].tolist() == [40, 10]
    loader.adjust("UNKNOWN", 2)
    for ratio in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=r"A: a split gives .* must be > 0"):
            loader.adjust("A", ratio)


def test_a_frame_is_indexed_in_new_york_time() -> None:
    frame = data(0, 1).frame()
    assert frame.index[0].isoformat() == "2024-01-03T09:30:00-05:00"
    assert list(frame.columns) == ["open", "high", "low", "close", "volume"]
    assert frame["close"].tolist() == [0, 1]


def test_what_was_not_loaded_names_the_declaration() -> None:
    loader = DataLoader(daily=DataLoader(86_400))
    with pytest.raises(NotLoaded, match=r"no bar of A .*declare `warmup = N`"):
        loader["A"]
    with pytest.raises(NotLoaded, match=r"no daily bar of A .*declare `warmup_days = N`"):
        loader.daily["A"]
    assert loader.daily.daily is loader.daily
    assert (loader.seconds, loader.daily.seconds) == (60, 86_400)
    assert "A" not in loader
    loader.admit(bar(0))
    assert "A" in loader
    assert list(loader) == ["A"]
    assert len(loader) == 1
