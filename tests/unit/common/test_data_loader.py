"""Bars as a strategy sees them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liualgotrader.common.clock import MINUTE, SECOND
from liualgotrader.common.data_loader import DataLoader, SymbolData
from liualgotrader.common.errors import NotLoaded
from liualgotrader.common.events import Bar

START = datetime(2024, 1, 3, 14, 30, tzinfo=UTC)
START_NS = int(START.timestamp()) * SECOND


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


def test_small_ints_count_like_a_list() -> None:
    close = data(0, 1, 2).close
    assert [close[0], close[2], close[-1], close[-3]] == [0, 2, 2, 0]
    assert close[np.int64(1)] == 1
    assert close[:].tolist() == close.array().tolist() == list(close) == [0, 1, 2]
    assert close[-2:].tolist() == [1, 2]
    assert close[::2].tolist() == [0, 2]
    assert len(close) == 3
    for index in (3, -4):
        with pytest.raises(IndexError):
            close[index]


def test_a_moment_is_the_newest_bar_complete_by_then() -> None:
    close = data(0, 1, 3).close
    assert close[at(1)] == 0
    assert close[at(1.999)] == 0
    assert close[at(2)] == 1
    assert close[at(3.999)] == 1, "a bar that is missing is not filled in"
    assert close[at(4)] == 3
    assert close[at(999)] == 3
    with pytest.raises(IndexError, match="A: no bar was complete by"):
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


@pytest.mark.parametrize("day", [date(2024, 1, 4), "2024-01-04", "2024-01-04T00:00:00+00:00"])
def test_a_date_is_its_midnight_in_utc(day: date) -> None:
    evening = 9 * 60 + 29  # the bar from 23:59 to midnight
    assert data(evening - 1, evening, evening + 1).close[day] == evening


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
    with pytest.raises(ValueError, match="no step"):
        close[at(0) : at(3) : 2]
    with pytest.raises(ValueError, match="both"):
        close[-2 : at(3)]


def test_what_is_handed_out_is_a_copy() -> None:
    series = data(0, 1)
    series.close[:][0] = 99
    series.close.array()[0] = 99
    assert series.close[0] == 0


def test_a_bar_that_comes_again_replaces_and_a_late_one_finds_its_place() -> None:
    series = data(0, 2)
    series.admit(bar(0, 50))
    series.admit(bar(1))
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
    with pytest.raises(NotLoaded):
        loader.daily.daily  # noqa: B018 - reading it is the test
    assert "A" not in loader
    loader.admit(bar(0))
    assert "A" in loader
    assert list(loader) == ["A"]
    assert len(loader) == 1
