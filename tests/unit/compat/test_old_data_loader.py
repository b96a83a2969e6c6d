"""0.4's DataLoader over admitted bars: the keys that it took, blind past now, and what was not loaded."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from liualgotrader.common.clock import MINUTE, SECOND
from liualgotrader.common.data_loader import DataLoader as Admitted
from liualgotrader.common.errors import NotLoaded
from liualgotrader.common.events import Bar
from liualgotrader.compat.admitted import AdmittedBars
from liualgotrader.compat.errors import NothingLoaded, Unanswerable
from liualgotrader.compat.served.data_loader import DataLoader, data_loader_factory
from liualgotrader.compat.served.types import TimeScale
from liualgotrader.compat.world import Facts, World

NEW_YORK = ZoneInfo("America/New_York")
DAY = 86_400
MONDAY = dt.datetime(2021, 3, 8, 9, 30, tzinfo=NEW_YORK)


def ns(moment: dt.datetime) -> int:
    return int(moment.timestamp()) * SECOND


class Now:
    """As much of a context as bars need."""

    def __init__(self, data: Admitted, now: int, symbols: tuple[str, ...]) -> None:
        self.data = data
        self.symbols = symbols
        self.clock: Any = type("Clock", (), {"now": lambda _: now})()
        self.said: list[str] = []

    def log(self, text: str) -> None:
        self.said.append(text)


def loader(
    *, scale: TimeScale = TimeScale.minute, by_day: bool = False, minutes: int = 390, days: int = 10
) -> DataLoader:
    """Return a loader of ten minutes of Monday, and of the five days before it."""
    daily = Admitted(DAY)
    for day in range(1, 6):
        start = dt.datetime(2021, 3, day, tzinfo=NEW_YORK)
        daily.admit(Bar("AAPL", ns(start), day, day + 1, day - 1, day + 0.5, 1000, DAY))
    data = daily
    if not by_day:
        data = Admitted(60, daily=daily)
        for minute in range(10):
            start = MONDAY + dt.timedelta(minutes=minute)
            data.admit(Bar("AAPL", ns(start), 10, 12, 8, 10 + minute, 100 + minute))
    now = ns(MONDAY) + 10 * MINUTE
    world = World(Facts(name="mine"))
    world.source = AdmittedBars(
        Now(data, now, ("AAPL", "IBM")),  # type: ignore[arg-type]
        "mine",
        minutes=minutes,
        days=days,
    )
    with world.active():
        return DataLoader(scale)


@pytest.mark.parametrize(
    ("key", "close"),
    [
        (-1, 19),
        (np.int64(-2), 18),
        (0, 10),
        (MONDAY + dt.timedelta(minutes=10), 19),
        (MONDAY + dt.timedelta(minutes=4), 13),
        (pd.Timestamp("2021-03-08 14:35", tz="UTC"), 14),
        (pd.Timestamp("2021-03-08 09:35"), 14),
        (dt.datetime(2021, 3, 8, 9, 35), 14),  # noqa: DTZ001 - 0.4 took it for New York's
        ("2021-03-08 09:35", 14),
        ("2021-03-08", 19),
        (dt.date(2021, 3, 8), 19),
        ("2022-01-01", 19),
    ],
)
def test_one_bar(key: Any, close: float) -> None:
    found = loader()
    assert found["AAPL"].close[key] == close
    row = found["AAPL"][key]
    assert (row.close, row["average"]) == (close, pytest.approx((12 + 8 + close) / 3))


@pytest.mark.parametrize(
    ("key", "closes"),
    [
        (slice(-3, None), [17, 18, 19]),
        (slice(-3, -1), [17, 18, 19]),  # the end is included
        (slice(-3, -2), [17, 18]),
        (slice(None, -9), [10, 11]),
        (slice(None), list(range(10, 20))),
        (slice(MONDAY, MONDAY + dt.timedelta(minutes=2)), [10, 11]),
        (slice("2021-03-08 09:37", None), [17, 18, 19]),
        (slice(-2, MONDAY + dt.timedelta(minutes=5)), [13, 14]),
        (slice("2021-03-08", "2021-03-09"), list(range(10, 20))),
        (slice(MONDAY + dt.timedelta(minutes=8), -1), [18, 19]),
    ],
)
def test_several_bars(key: slice, closes: list[float]) -> None:
    found = loader()["AAPL"].close[key]
    assert isinstance(found, pd.Series) and found.tolist() == closes
    frame = loader()["AAPL"][key]
    assert frame.close.tolist() == closes and str(frame.index.tz) == "America/New_York"


def test_days() -> None:
    days = loader(scale=TimeScale.day)["AAPL"]
    assert days.close[-1] == 5.5
    assert days.close["2021-03-03"] == 3.5
    assert days.close[dt.date(2021, 3, 7)] == 5.5  # Friday's, on a Sunday
    assert days.close["2021-03-02":"2021-03-04"].tolist() == [2.5, 3.5, 4.5]
    assert days.close[MONDAY - dt.timedelta(days=4) : MONDAY].tolist() == [5.5]
    assert days.close[-3:].rolling(2).mean().dropna().iloc[-1] == 5.0
    assert days.close[-3:].diff()[-1] == 1.0


def test_where_bars_are_days_a_loader_of_minutes_has_days() -> None:
    found = loader(by_day=True)
    assert found["AAPL"].close[MONDAY] == 5.5
    assert found["AAPL"].volume[-1] == 1000


def test_columns_and_the_symbol_itself() -> None:
    found = loader()
    apple = found.AAPL
    assert list(apple.symbol_data.columns) == [
        "open", "high", "low", "close", "volume", "vwap", "average", "count",
    ]  # fmt: skip
    assert apple.close().tolist() == apple.symbol_data.close.tolist()
    assert (apple.close.mean(), apple.close.max(), len(apple), len(apple.close)) == (
        14.5,
        19,
        10,
        10,
    )
    assert apple.iloc[-1].close == 19 and apple.loc[MONDAY, "close"] == 10
    assert apple.average[-1] == apple.vwap[-1] == 13 and np.isnan(apple.count[-1])
    assert found.keys() == ["AAPL"] and len(found) == 1
    assert found.exist("aapl") and "AAPL" in found and not found.exist("IBM")
    assert found["aapl"].close[-1] == 19
    assert found.pre_fetch(["AAPL"], None, None) is None  # type: ignore[func-returns-value]
    with pytest.raises(AttributeError, match="there are open, high"):
        apple.colour  # noqa: B018


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda each: each["AAPL"].close[-500], "set strategies.mine.warmup = 500 in the plan"),
        (lambda each: each["AAPL"].close[-500:], "strategies.mine.warmup = 500"),
        (
            lambda each: each["AAPL"].close[MONDAY - dt.timedelta(days=3) : MONDAY],
            "strategies.mine.warmup = 1170",
        ),
        (lambda each: each["AAPL"].close[MONDAY], "no bar for"),
        (lambda each: each["IBM"].close[-1], "no minute bars were admitted; there are none yet"),
        (lambda each: each["XOM"].close[-1], "name it in session.symbols"),
    ],
)
def test_what_is_not_loaded_says_what_to_add(ask: Any, said: str) -> None:
    with pytest.raises(NothingLoaded, match=said) as caught:
        ask(loader())
    assert isinstance(caught.value, NotLoaded | ValueError | IndexError)


def test_days_that_are_not_loaded_say_so_and_what_does_not_exist_does_not() -> None:
    days = loader(scale=TimeScale.day, days=0)["AAPL"]
    with pytest.raises(NothingLoaded, match=r"strategies\.mine\.warmup_days = 71 in"):
        days.close[MONDAY - dt.timedelta(days=100) : MONDAY]
    loaded = loader(scale=TimeScale.day, days=100)["AAPL"]
    assert len(loaded.close[MONDAY - dt.timedelta(days=100) : MONDAY]) == 5
    assert len(loader(minutes=2000)["AAPL"].close[-900:]) == 10


def test_what_is_declared_reaches_back_from_a_bar_that_comes_late() -> None:
    now = MONDAY + dt.timedelta(minutes=8)  # two minutes before the clock's
    assert len(loader()["AAPL"].close[now - dt.timedelta(days=1) : now]) == 8


def test_an_empty_symbol_has_an_empty_column() -> None:
    assert np.isnan(loader()["IBM"].close.mean())


def test_what_no_bar_can_be_found_by() -> None:
    with pytest.raises(TypeError, match="no key of a DataLoader"):
        loader()["AAPL"].close[1.5]


def test_a_vendor_is_not_asked_through_it() -> None:
    with pytest.raises(Unanswerable, match=r"ask ctx\.data in a Scanner of today"):
        loader().data_api  # noqa: B018


def test_it_belongs_to_the_class_that_made_it() -> None:
    with pytest.raises(Unanswerable, match="not from a thread"):
        DataLoader()
    world = World(Facts(name="mine"))
    with world.active():
        made = data_loader_factory()
    with pytest.raises(Unanswerable, match="read bars in create"):
        made["AAPL"].close[-1]
