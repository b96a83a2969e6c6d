"""The lake at a moment of the past answers as a vendor did then, and knows nothing later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liualgotrader.common.calendar import us_equities
from liualgotrader.common.errors import ConfigError
from liualgotrader.common.events import Bar, CorporateAction, Quote, Trade
from liualgotrader.common.instruments import AssetClass, Instrument
from liualgotrader.common.ports import DataAPI, Snapshot
from liualgotrader.data.lake import Action, ActionKind, Kind, Lake, LakeData, Rows
from liualgotrader.data.lake.cache import RowCache
from liualgotrader.data.lake.daily import daily_from_minutes
from liualgotrader.data.lake.past_instruments import decimals
from tests.unit.data.lake_samples import (
    DAY,
    FAR,
    HOUR,
    MINUTE,
    SECOND,
    at,
    flat_bars,
    midnight,
    rows_of,
)

TUESDAY, WEDNESDAY, THURSDAY = "2024-01-02", "2024-01-03", "2024-01-04"


class Moment:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Moment:
    return Moment()


def opening(symbol: str, day: str, prices: Sequence[float], clock: str = "09:30") -> Rows:
    """Return minutes from a clock time on, whose highs and lows are a dollar off."""
    start = at(day, clock)
    times = [start + i * MINUTE for i in range(len(prices))]
    columns = [[price + off for price in prices] for off in (0, 1, -1, 0.5)]
    return rows_of(symbol, times, *columns, [100] * len(prices))


def small_lake(root: Path) -> Lake:
    lake = Lake(root)
    parts = [
        opening("X", TUESDAY, [10, 11, 12]),
        opening("X", WEDNESDAY, [19], "09:00"),
        opening("X", WEDNESDAY, [20, 30, 25]),
        opening("X", WEDNESDAY, [99], "16:00"),
    ]
    for part in parts:
        lake.write(Kind.MINUTE, "X", part)
    return lake


async def snapshot(data: LakeData, symbol: str) -> Snapshot:
    return (await data.snapshots([symbol, "NOBODY"]))[symbol]


async def test_a_session_minute_by_minute(tmp_path: Path, clock: Moment) -> None:
    data: DataAPI = LakeData(small_lake(tmp_path), clock)
    before = midnight(TUESDAY)
    previous = Bar("X", before, 10, 13, 9, 12.5, 300, 86_400)
    early = Bar("X", at(WEDNESDAY, "09:00"), 19, 20, 18, 19.5, 100)
    opened = at(WEDNESDAY, "09:30")
    day = midnight(WEDNESDAY)
    expected = {
        at(WEDNESDAY, "09:00"): (None, None),
        at(WEDNESDAY, "09:01"): (early, None),
        opened + MINUTE - 1: (early, None),
        opened + MINUTE: (
            Bar("X", opened, 20, 21, 19, 20.5, 100),
            Bar("X", day, 20, 21, 19, 20.5, 100, 86_400),
        ),
        opened + 2 * MINUTE: (
            Bar("X", opened + MINUTE, 30, 31, 29, 30.5, 100),
            Bar("X", day, 20, 31, 19, 30.5, 200, 86_400),
        ),
        # After the close minutes go on, the day does not.
        at(WEDNESDAY, "16:01"): (
            Bar("X", at(WEDNESDAY, "16:00"), 99, 100, 98, 99.5, 100),
            Bar("X", day, 20, 31, 19, 25.5, 300, 86_400),
        ),
    }
    for now, (minute, so_far) in expected.items():
        clock.now = now
        found = await data.snapshots(["X", "NOBODY"])
        assert found == {"X": Snapshot("X", None, None, minute, so_far, previous)}
    clock.now = midnight(THURSDAY)
    found = await data.snapshots(["X"])
    assert found["X"].minute is found["X"].day is None
    assert found["X"].previous_day == Bar("X", day, 20, 31, 19, 25.5, 300, 86_400)
    clock.now = at(TUESDAY, "09:30")
    assert await data.snapshots(["X"]) == {}


async def test_a_stored_day_bar_comes_before_one_made_of_minutes(
    tmp_path: Path, clock: Moment
) -> None:
    lake = small_lake(tmp_path)
    days = [midnight("2023-12-29"), midnight(TUESDAY)]
    lake.write(Kind.DAY, "X", flat_bars("X", days, [9, 12]))
    data = LakeData(lake, clock)
    clock.now = at(THURSDAY, "10:00")
    bars = (await data.bars(["X"], start=0, end=FAR, seconds=86_400))["X"]
    assert [(bar.start, bar.close) for bar in bars] == [
        (days[0], 9),
        (days[1], 12),
        (midnight(WEDNESDAY), 25.5),
    ]
    clock.now = at(WEDNESDAY, "10:00")
    assert (await snapshot(data, "X")).previous_day == bars[1]
    clock.now = at(TUESDAY, "09:00")
    assert (await snapshot(data, "X")).previous_day == bars[0]


async def test_by_days_there_is_no_day_so_far(tmp_path: Path, clock: Moment) -> None:
    lake = small_lake(tmp_path)
    lake.write(Kind.TRADES, "X", rows_of("X", [at(WEDNESDAY, "09:30")], [20], [1]))
    clock.now = at(WEDNESDAY, "12:00")
    found = await snapshot(LakeData(lake, clock, 86_400), "X")
    previous = Bar("X", midnight(TUESDAY), 10, 13, 9, 12.5, 300, 86_400)
    assert found == Snapshot("X", previous_day=previous)


async def test_trades_and_quotes_are_the_newest_up_to_now(tmp_path: Path, clock: Moment) -> None:
    lake = Lake(tmp_path)
    times = [at(TUESDAY, "15:59"), at(WEDNESDAY, "09:30"), at(WEDNESDAY, "09:31")]
    lake.write(Kind.TRADES, "X", rows_of("X", times, [1, 2, 3], [10, 20, 30]))
    lake.write(Kind.QUOTES, "X", rows_of("X", times[1:], [1, 2], [2, 3], [5, 5], [6, 6]))
    data = LakeData(lake, clock)
    clock.now = times[1] - 1
    assert await snapshot(data, "X") == Snapshot("X", trade=Trade("X", times[0], 1, 10))
    clock.now = times[1]
    found = await snapshot(data, "X")
    assert found.trade == Trade("X", times[1], 2, 20)
    assert found.quote == Quote("X", times[1], 1, 2, 5, 6)
    clock.now = times[2] + DAY
    assert (await snapshot(data, "X")).trade == Trade("X", times[2], 3, 30)


async def test_bars_are_complete_by_the_end_and_by_now(tmp_path: Path, clock: Moment) -> None:
    data = LakeData(small_lake(tmp_path), clock)
    opened = at(WEDNESDAY, "09:30")

    async def closes(start: int, end: int, seconds: int = 60) -> list[float]:
        found = await data.bars(["X", "NOBODY"], start=start, end=end, seconds=seconds)
        assert found["NOBODY"] == []
        return [bar.close for bar in found["X"]]

    clock.now = opened + 2 * MINUTE
    assert await closes(opened, FAR) == [20.5, 30.5]
    assert await closes(opened, opened + 2 * MINUTE - 1) == [20.5]
    assert await closes(opened + 1, FAR) == [30.5]
    assert await closes(0, FAR) == [10.5, 11.5, 12.5, 19.5, 20.5, 30.5]
    assert await closes(FAR, 0) == []
    assert await closes(0, FAR, 86_400) == [12.5]
    with pytest.raises(ConfigError, match="no bars of 300 s"):
        await closes(0, FAR, 300)


async def test_prices_before_a_split_are_shown_as_of_after_it(
    tmp_path: Path, clock: Moment
) -> None:
    lake = small_lake(tmp_path)
    lake.add_actions(
        [
            Action(date(2024, 1, 3), "X", ActionKind.SPLIT, Decimal(2)),
            Action(date(2024, 1, 3), "X", ActionKind.DIVIDEND, Decimal(1)),
        ]
    )
    lake.write(Kind.TRADES, "X", rows_of("X", [at(TUESDAY, "15:59")], [12], [10]))
    data = LakeData(lake, clock)
    clock.now = midnight(WEDNESDAY) - 1
    assert (await snapshot(data, "X")).trade == Trade("X", at(TUESDAY, "15:59"), 12, 10)
    clock.now = midnight(WEDNESDAY)
    found = await snapshot(data, "X")
    assert found.previous_day == Bar("X", midnight(TUESDAY), 5, 6.5, 4.5, 6.25, 600, 86_400)
    assert found.trade == Trade("X", at(TUESDAY, "15:59"), 6, 20)
    bars = (await data.bars(["X"], start=0, end=FAR, seconds=86_400))["X"]
    assert bars == [found.previous_day]


async def test_what_existed_when(tmp_path: Path, clock: Moment) -> None:
    """LEH is there until it is gone, FB until it is META, NEW once its first day is over."""
    lake = Lake(tmp_path)
    first = midnight("2022-06-01")
    for symbol in ("LEH", "FB"):
        lake.write(Kind.DAY, symbol, flat_bars(symbol, [first], [1]))
    lake.write(Kind.DAY, "NEW", flat_bars("NEW", [midnight("2022-06-10")], [1]))
    lake.write(Kind.DAY, "META", flat_bars("META", [midnight("2022-06-10")], [1]))
    lake.add_actions(
        [
            Action(date(2022, 6, 9), "FB", ActionKind.RENAME, new_symbol="META"),
            Action(date(2022, 6, 10), "LEH", ActionKind.DELISTED, Decimal("0.21")),
        ]
    )
    data = LakeData(lake, clock)
    expected = {
        first + DAY - 1: [],
        first + DAY: ["FB", "LEH"],
        midnight("2022-06-09") - 1: ["FB", "LEH"],
        midnight("2022-06-09"): ["LEH", "META"],
        midnight("2022-06-10"): ["META"],
        midnight("2022-06-11"): ["META", "NEW"],
    }
    for now, symbols in [*expected.items(), *reversed(expected.items())]:
        clock.now = now
        assert [each.symbol for each in await data.assets()] == symbols
    assert [each.symbol for each in data.all_instruments()] == ["FB", "LEH", "META", "NEW"]


async def test_a_name_that_another_company_takes_lives_again(tmp_path: Path, clock: Moment) -> None:
    lake = Lake(tmp_path)
    days = [midnight("2010-01-04"), midnight("2015-01-05")]
    lake.write(Kind.DAY, "X", flat_bars("X", days, [1, 50]))
    lake.add_actions([Action(date(2012, 1, 3), "X", ActionKind.DELISTED)])
    data = LakeData(lake, clock)
    there = {}
    for day in ("2011-01-03", "2013-01-03", "2015-01-06"):
        clock.now = midnight(day)
        there[day] = len(await data.assets())
    assert there == {"2011-01-03": 1, "2013-01-03": 0, "2015-01-06": 1}


async def test_a_pair_trades_by_days_of_utc_with_the_tick_of_its_prices(
    tmp_path: Path, clock: Moment
) -> None:
    lake = Lake(tmp_path)
    start = 1_704_153_600_000_000_000  # 2024-01-02T00:00Z
    prices = [1.5, 1.25, 1.5, 1.125]
    times = [start + i * 18 * HOUR for i in range(4)]
    lake.write(Kind.MINUTE, "C/D", flat_bars("C/D", times, prices))
    data = LakeData(lake, clock)
    clock.now = start + 20 * HOUR
    found = await snapshot(data, "C/D")
    assert found.day == Bar("C/D", start, 1.5, 1.5, 1.25, 1.25, 3, 86_400)
    pair = (await data.assets())[0]
    assert pair == Instrument(
        "C/D",
        AssetClass.CRYPTO,
        lot=Decimal("1E-9"),
        fraction=Decimal("1E-9"),
        tick=Decimal("0.01"),
        shortable=False,
        easy_to_borrow=False,
        marginable=False,
    )
    clock.now = start + 3 * DAY
    assert (await data.assets())[0].tick == Decimal("0.001")
    assert data.all_instruments()[0].tick == Decimal("0.001")
    assert (await snapshot(data, "C/D")).previous_day == Bar(
        "C/D", start + 2 * DAY, 1.125, 1.125, 1.125, 1.125, 4, 86_400
    )


async def test_a_moment_without_a_calendar_says_so(tmp_path: Path, clock: Moment) -> None:
    data = LakeData(small_lake(tmp_path), clock)
    clock.now = midnight("1985-01-02")
    with pytest.raises(ConfigError, match="no calendar for 1985-01-02"):
        await data.snapshots(["X"])


def test_day_bars_are_made_of_regular_hours_only(tmp_path: Path) -> None:
    minutes = small_lake(tmp_path).read(Kind.MINUTE, "X", 0, FAR)
    made = daily_from_minutes(minutes, us_equities())
    assert made.start.tolist() == [midnight(TUESDAY), midnight(WEDNESDAY)]
    assert [column.tolist() for column in made.values] == [
        [10, 20],
        [13, 31],
        [9, 19],
        [12.5, 25.5],
        [300, 300],
    ]
    assert len(daily_from_minutes(minutes.cut(0, 0), us_equities())) == 0
    assert len(daily_from_minutes(minutes.cut(3, 4), us_equities())) == 0


def test_the_decimals_of_prices() -> None:
    assert decimals(np.array([1.0, 20.0])) == 0
    assert decimals(np.array([1.0, 20.25])) == 2
    assert decimals(np.array([60_000.1, 0.1])) == 1
    assert decimals(np.array([0.00000123])) == 8
    assert decimals(np.array([1.0]), 3) == 3


def test_a_cache_holds_no_more_rows_than_it_may() -> None:
    cache: RowCache[list[int]] = RowCache(10)
    made: list[int] = []

    def make(key: int) -> list[int]:
        made.append(key)
        return [0] * 4

    for key in (1, 2, 1, 3, 1, 2):
        cache.get(key, partial(make, key))
    assert made == [1, 2, 3, 2]
    assert cache.held == 10


# What happens after `now`, in any way, does not change any answer.

SESSIONS = us_equities().sessions(date(2023, 12, 26), date(2024, 1, 5))
SYMBOLS = ("A", "B", "C/D", "E")
ASKED = (*SYMBOLS, "NOBODY")


class World(NamedTuple):
    """Everything that a lake holds: rows by kind and symbol, and actions."""

    rows: dict[tuple[Kind, str], list[tuple[int, ...]]]
    actions: list[Action]


def _times(kind: Kind, symbol: str) -> list[int]:
    days = [midnight(str(each.date)) for each in SESSIONS]
    if "/" in symbol:
        days = [day - 5 * HOUR for day in days]
    if kind is Kind.DAY:
        return days
    first = [each.open - 5 * MINUTE for each in SESSIONS]
    return [start + i * MINUTE for start in first for i in (0, 5, 6, 7, 30, 400)]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    rows: dict[tuple[Kind, str], list[tuple[int, ...]]] = {}
    for kind in Kind:
        for symbol in SYMBOLS:
            if draw(st.booleans()):
                times = draw(st.sets(st.sampled_from(_times(kind, symbol)), max_size=20))
                rows[kind, symbol] = [
                    (time, draw(st.integers(1, 999)), draw(st.integers(1, 9)))
                    for time in sorted(times)
                ]
    return World(rows, draw(st.lists(actions, max_size=5, unique_by=lambda each: each.key)))


def _action(values: tuple[Any, ...]) -> Action:
    symbol, kind, day, value, other = values
    if kind is ActionKind.RENAME:
        return Action(day, symbol, kind, new_symbol="E" if symbol != "E" else other)
    return Action(day, symbol, kind, Decimal(value))


actions = st.tuples(
    st.sampled_from(SYMBOLS),
    st.sampled_from(ActionKind),
    st.sampled_from([each.date for each in SESSIONS]),
    st.sampled_from(["2", "0.5", "3"]),
    st.sampled_from(["A", "B"]),
).map(_action)


def known_at(world: World, other: World, now: int) -> World:
    """Return the world with what is known after `now` taken from the other one."""
    rows = {}
    for key in {**world.rows, **other.rows}:
        kind, _ = key
        last = now - kind.seconds * SECOND
        past = [row for row in world.rows.get(key, []) if row[0] <= last]
        rows[key] = past + [row for row in other.rows.get(key, []) if row[0] > last]
    return World(
        rows,
        [each for each in world.actions if _begins(each) <= now]
        + [each for each in other.actions if _begins(each) > now],
    )


def _begins(action: Action) -> int:
    begins = midnight(str(action.ex_date))
    return begins - 5 * HOUR if "/" in action.symbol else begins


def build(root: Path, world: World) -> Lake:
    lake = Lake(root)
    for (kind, symbol), rows in world.rows.items():
        times = [row[0] for row in rows]
        price = [row[1] / 8 for row in rows]
        size = [float(row[2]) for row in rows]
        columns = {
            Kind.TRADES: [price, size],
            Kind.QUOTES: [price, price, size, size],
        }.get(kind, [price, price, price, price, size])
        lake.write(kind, symbol, rows_of(symbol, times, *columns))
    lake.add_actions(world.actions)
    return lake


async def answers(lake: Lake, now: int, scale: int) -> list[Any]:
    data = LakeData(lake, lambda: now, scale)
    bars = [
        await data.bars(ASKED, start=now - back, end=now + ahead, seconds=seconds)
        for back in (DAY, 200 * DAY)
        for ahead in (-DAY // 2, 0, 10 * DAY)
        for seconds in (60, 86_400)
    ]
    return [await data.assets(), await data.snapshots(ASKED), bars]


moments = st.sampled_from(
    [
        moment + off
        for each in SESSIONS
        for moment in (midnight(str(each.date)), each.open, each.open + MINUTE, each.close)
        for off in (-1, 0, 1, 61 * SECOND)
    ]
)


@settings(max_examples=25)
@given(world=worlds(), other=worlds(), now=moments, scale=st.sampled_from([60, 86_400]))
async def test_nothing_after_now_can_be_got(
    world: World, other: World, now: int, scale: int
) -> None:
    with TemporaryDirectory() as folder:
        one = build(Path(folder) / "one", world)
        two = build(Path(folder) / "two", known_at(world, other, now))
        assert await answers(one, now, scale) == await answers(two, now, scale)


async def test_prints_and_quotes_end_with_now_and_compare_with_it(
    tmp_path: Path, clock: Moment
) -> None:
    lake = Lake(tmp_path)
    times = [at(TUESDAY, "09:30"), at(WEDNESDAY, "09:30"), at(WEDNESDAY, "09:31")]
    lake.write(Kind.TRADES, "X", rows_of("X", times, [20, 10, 11], [100, 200, 300]))
    lake.write(
        Kind.QUOTES, "X", rows_of("X", times, [20, 10, 11], [22, 12, 13], [1, 2, 3], [4, 5, 6])
    )
    wednesday = date.fromisoformat(WEDNESDAY)
    lake.add_actions([Action(wednesday, "X", ActionKind.SPLIT, Decimal(2))])
    data: DataAPI = LakeData(lake, clock)
    clock.now = times[1]
    far = midnight(WEDNESDAY) + DAY
    trades = await data.trades(["X", "NOBODY"], start=0, end=far)
    quotes = await data.quotes(["X"], start=times[1], end=far)
    assert trades == {
        "X": [Trade("X", times[0], 10, 200), Trade("X", times[1], 10, 200)],
        "NOBODY": [],
    }
    assert quotes == {"X": [Quote("X", times[1], 10, 12, 2, 5)]}
    clock.now = far
    assert len((await data.trades(["X"], start=times[1] + 1, end=far))["X"]) == 1


async def test_actions_are_told_once_they_have_begun(tmp_path: Path, clock: Moment) -> None:
    lake = small_lake(tmp_path)
    first, second = (date.fromisoformat(day) for day in (TUESDAY, WEDNESDAY))
    lake.add_actions(
        [
            Action(second, "X", ActionKind.SPLIT, Decimal(2)),
            Action(first, "X", ActionKind.DIVIDEND, Decimal("0.25")),
        ]
    )
    data: DataAPI = LakeData(lake, clock)
    dividend = CorporateAction("X", midnight(TUESDAY), cash=Decimal("0.25"))
    split = CorporateAction("X", midnight(WEDNESDAY), ratio=Decimal(2))
    clock.now = midnight(WEDNESDAY) - 1
    assert await data.corporate_actions(["X"], start=first, end=second) == [dividend]
    clock.now += 1
    assert await data.corporate_actions(["X", "NO"], start=first, end=second) == [dividend, split]
    assert await data.corporate_actions(["X"], start=second, end=second) == [split]


async def test_the_calendar_is_the_exchanges_or_all_days_for_pairs(
    tmp_path: Path, clock: Moment
) -> None:
    saturday = date.fromisoformat(WEDNESDAY) + timedelta(days=3)
    shares = LakeData(small_lake(tmp_path / "shares"), clock)
    assert not await shares.calendar(start=saturday, end=saturday)
    pairs = Lake(tmp_path / "pairs")
    pairs.write(Kind.TRADES, "BTC/USD", rows_of("BTC/USD", [MINUTE], [1.0], [1.0]))
    found = await LakeData(pairs, clock).calendar(start=saturday, end=saturday)
    assert [day.date for day in found] == [saturday]
