"""History is asked for once, kept whole, and its live bars give way to the final ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liualgotrader.common.calendar import Session, us_equities
from liualgotrader.common.errors import ConfigError, FeedLost
from liualgotrader.common.events import Bar, CorporateAction, Quote, Trade
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.ports import DataAPI, Snapshot
from liualgotrader.data.finalising import finalise, keep_live, live_by_day
from liualgotrader.data.kept_history import SETTLES, KeptHistory
from liualgotrader.data.lake import Action, ActionKind, Kind, Lake
from liualgotrader.data.lake.day_ranges import missing, with_range, without_range
from liualgotrader.data.lake.days import day_start
from liualgotrader.data.lake.kept import Kept
from tests.unit.data.lake_samples import DAY, HOUR, MINUTE, at, flat_bars, midnight, rows_of

MONDAY, TUESDAY, WEDNESDAY = "2024-03-04", "2024-03-05", "2024-03-06"
PAIR = "BTC/USD"


class Vendor:
    """A vendor that trades AAPL at a price in the first minutes of each day, and PAIR likewise."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...], int, int]] = []
        self.price = 100.0
        self.actions: list[CorporateAction] = []
        self.fails = False
        self.empty: set[str] = set()

    def _ask(self, what: str, symbols: Sequence[str], start: int, end: int) -> None:
        self.asked.append((what, tuple(symbols), start, end))
        if self.fails:
            raise FeedLost("no answer")

    def _moments(self, symbol: str, start: int, end: int) -> list[int]:
        if symbol in self.empty:
            return []
        first = start - 2 * DAY
        days = {d for d in (date.fromordinal(n) for n in range(738_000, 739_500))}
        opens = sorted(day_start(symbol, day) + 10 * HOUR for day in days)
        found = [o + i * MINUTE for o in opens if first <= o < end for i in range(3)]
        return [moment for moment in found if start <= moment < end]

    def close(self) -> None:
        self.asked.append(("close", (), 0, 0))

    async def assets(self) -> Sequence[Instrument]:
        return [Instrument("AAPL")]

    async def snapshots(self, symbols: Sequence[str]) -> dict[str, Snapshot]:
        return {symbol: Snapshot(symbol) for symbol in symbols}

    async def calendar(self, *, start: date, end: date) -> Sequence[Session]:
        return us_equities().sessions(start, end)

    async def corporate_actions(
        self, symbols: Sequence[str], *, start: date, end: date
    ) -> list[CorporateAction]:
        first, after = midnight(str(start)), midnight(str(end + timedelta(days=1)))
        self._ask("actions", symbols, first, after)
        return [a for a in self.actions if a.symbol in symbols and first <= a.time < after]

    async def bars(
        self, symbols: Sequence[str], *, start: int, end: int, seconds: int
    ) -> dict[str, list[Bar]]:
        self._ask(f"bars {seconds}", symbols, start, end)
        if seconds == 86_400:
            days = [date.fromordinal(n) for n in range(738_000, 739_500)]
            return {
                s: [
                    Bar(s, t, 1, 2, 1, 2, 9, seconds)
                    for t in (day_start(s, day) for day in days)
                    if start <= t and t + DAY <= end
                ]
                for s in symbols
            }
        p = self.price
        return {
            s: [
                Bar(s, t, p, p, p, p, 50.0, 60, 7.0, 3)
                for t in self._moments(s, start, end)
                if t + MINUTE <= end
            ]
            for s in symbols
        }

    async def trades(
        self, symbols: Sequence[str], *, start: int, end: int
    ) -> dict[str, list[Trade]]:
        self._ask("trades", symbols, start, end)
        return {
            s: [Trade(s, t, self.price, 5.0) for t in self._moments(s, start, end)] for s in symbols
        }

    async def quotes(
        self, symbols: Sequence[str], *, start: int, end: int
    ) -> dict[str, list[Quote]]:
        self._ask("quotes", symbols, start, end)
        return {
            s: [Quote(s, t, 9, 10, 1, 2) for t in self._moments(s, start, end)] for s in symbols
        }

    def rows(self) -> list[tuple[str, tuple[str, ...], int, int]]:
        """Return what was asked but for actions."""
        return [each for each in self.asked if each[0] != "actions"]


class World:
    """A lake, a vendor and a clock that a test sets."""

    def __init__(self, root: Path) -> None:
        self.vendor = Vendor()
        self.lake = Lake(root)
        self.now = at(WEDNESDAY, "12:00")

    def history(self, source: str = "alpaca/sip", vendor: Vendor | None = None) -> KeptHistory:
        return KeptHistory(vendor or self.vendor, self.lake, source=source, now=lambda: self.now)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def starts(bars: Sequence[Bar]) -> list[int]:
    return [bar.start for bar in bars]


async def minutes(history: DataAPI, start: int, end: int, symbol: str = "AAPL") -> list[Bar]:
    return (await history.bars([symbol], start=start, end=end, seconds=60))[symbol]


async def test_the_past_is_asked_for_once_and_today_each_time(world: World) -> None:
    start, end = at(MONDAY, "10:01"), at(WEDNESDAY, "10:02")
    first = await minutes(world.history(), start, end)
    ten = [at(day, "10:00") for day in (MONDAY, TUESDAY, WEDNESDAY)]
    expected = [
        ten[0] + MINUTE, ten[0] + 2 * MINUTE, ten[1], ten[1] + MINUTE, ten[1] + 2 * MINUTE,
        ten[2], ten[2] + MINUTE,
    ]  # fmt: skip
    assert starts(first) == expected
    today = midnight(WEDNESDAY)
    assert world.vendor.rows() == [
        ("bars 60", ("AAPL",), midnight(MONDAY), today),
        ("bars 60", ("AAPL",), today, end),
    ]
    world.vendor.asked.clear()
    again = await minutes(world.history(), start, end)
    assert again == first
    assert world.vendor.asked == [("bars 60", ("AAPL",), today, end)]
    assert all(bar.vwap is None for bar in first)


async def test_only_what_is_missing_is_asked_for(world: World) -> None:
    await minutes(world.history(), at(TUESDAY, "10:00"), at(TUESDAY, "10:30"))
    world.vendor.asked.clear()
    found = await world.history().bars(
        ["AAPL", "MSFT"], start=midnight(MONDAY), end=midnight(WEDNESDAY), seconds=60
    )
    assert [len(found[s]) for s in ("AAPL", "MSFT")] == [6, 6]
    assert world.vendor.rows() == [
        ("bars 60", ("AAPL",), midnight(MONDAY), midnight(TUESDAY)),
        ("bars 60", ("MSFT",), midnight(MONDAY), midnight(WEDNESDAY)),
    ]


async def test_days_without_rows_are_remembered_too(world: World) -> None:
    world.vendor.empty.add("NEW")
    for _ in range(2):
        assert await minutes(world.history(), midnight(MONDAY), midnight(TUESDAY), "NEW") == []
    assert len(world.vendor.rows()) == 1


async def test_yesterday_is_final_a_quarter_of_an_hour_after_midnight(world: World) -> None:
    over = midnight(WEDNESDAY)
    for now, kept in ((over + SETTLES - 1, False), (over + SETTLES, True)):
        world.now = now
        await minutes(world.history(), midnight(TUESDAY), over)
        lacking = Kept(world.lake).missing(
            Kind.MINUTE, "AAPL", "alpaca/sip", (date(2024, 3, 5).toordinal(),) * 2
        )
        assert (not lacking) is kept


async def test_a_failure_keeps_what_came_before_it_and_marks_nothing(world: World) -> None:
    world.vendor.fails = True
    with pytest.raises(FeedLost):
        await minutes(world.history(), midnight(MONDAY), midnight(TUESDAY))
    world.vendor.fails = False
    assert len(await minutes(world.history(), midnight(MONDAY), midnight(TUESDAY))) == 3


async def test_another_feed_is_asked_anew_and_takes_the_place(world: World) -> None:
    day = midnight(MONDAY), midnight(TUESDAY)
    world.vendor.price = 1.0
    await minutes(world.history("alpaca/iex"), *day)
    other = Vendor()
    other.price = 2.0
    found = await minutes(world.history("alpaca/sip", other), *day)
    assert {bar.close for bar in found} == {2.0}
    other.empty.add("AAPL")
    world.now += DAY
    assert len(await minutes(world.history("alpaca/sip", other), *day)) == 3
    assert {bar.close for bar in await minutes(world.history("alpaca/iex"), *day)} == {1.0}


async def test_what_was_imported_stays_and_gaps_are_filled(world: World) -> None:
    own = at(MONDAY, "10:01")
    world.lake.write(Kind.MINUTE, "AAPL", flat_bars("AAPL", [own], [42.0]))
    found = await minutes(world.history(), midnight(MONDAY), midnight(TUESDAY))
    assert [bar.close for bar in found] == [100.0, 42.0, 100.0]


async def test_day_bars_are_whole_on_days_of_23_and_25_hours(world: World) -> None:
    for last in ("2024-03-10", "2023-11-05"):
        after = date.fromisoformat(last) + timedelta(days=1)
        world.now = midnight(str(after)) + DAY
        found = await world.history().bars(
            ["AAPL"], start=midnight(last) - DAY * 3, end=world.now, seconds=86_400
        )
        assert midnight(last) in starts(found["AAPL"])


async def test_pairs_have_their_own_days_and_the_vendors_day_bars(world: World) -> None:
    world.now = 1_709_769_600_000_000_000  # 2024-03-07 00:00 UTC, evening of the 6th in New York
    start, end = world.now - 2 * DAY, world.now
    for _ in range(2):
        found = await world.history().bars([PAIR, "AAPL"], start=start, end=end, seconds=60)
        assert [len(found[symbol]) for symbol in (PAIR, "AAPL")] == [6, 6]
    pairs = [each for each in world.vendor.rows() if each[1] == (PAIR,)]
    assert [each[2:] for each in pairs] == [
        (start, start + DAY),
        (start + DAY, end),
        (start + DAY, end),
    ]
    world.vendor.asked.clear()
    for _ in range(2):
        await world.history().bars([PAIR], start=start, end=end, seconds=86_400)
    assert [each[0] for each in world.vendor.asked] == ["bars 86400"] * 2


async def test_trades_and_quotes_are_kept_a_day_at_a_time(world: World) -> None:
    start, end = at(MONDAY, "10:01"), at(TUESDAY, "10:01") + 1
    for _ in range(2):
        trades = await world.history().trades(["AAPL"], start=start, end=end)
        quotes = await world.history().quotes(["AAPL"], start=start, end=end)
    ten = [at(day, "10:00") for day in (MONDAY, TUESDAY)]
    times = [ten[0] + MINUTE, ten[0] + 2 * MINUTE, ten[1], ten[1] + MINUTE]
    assert trades == {"AAPL": [Trade("AAPL", t, 100.0, 5.0) for t in times]}
    assert quotes == {"AAPL": [Quote("AAPL", t, 9, 10, 1, 2) for t in times]}
    assert [each[0] for each in world.vendor.rows()] == ["trades"] * 2 + ["quotes"] * 2


async def test_splits_are_fetched_along_and_prices_compare_with_now(world: World) -> None:
    split = CorporateAction("AAPL", midnight(TUESDAY), ratio=Decimal(4))
    twice = [
        CorporateAction("AAPL", midnight(TUESDAY), cash=Decimal(cash)) for cash in ("0.2", "0.3")
    ]
    world.vendor.actions = [split, *twice]
    found = await minutes(world.history(), midnight(MONDAY), midnight(WEDNESDAY))
    assert [bar.close for bar in found] == [25.0] * 3 + [100.0] * 3
    assert [bar.volume for bar in found] == [200.0] * 3 + [50.0] * 3
    tuesday = date.fromisoformat(TUESDAY)
    assert world.lake.all_actions() == [
        Action(tuesday, "AAPL", ActionKind.DIVIDEND, Decimal("0.5")),
        Action(tuesday, "AAPL", ActionKind.SPLIT, Decimal(4)),
    ]
    assert world.lake.read(Kind.MINUTE, "AAPL", 0, world.now).close[0] == 100.0  # raw


async def test_splits_count_up_to_an_earlier_moment_where_that_is_asked(world: World) -> None:
    world.vendor.actions = [
        CorporateAction("AAPL", midnight(TUESDAY), ratio=Decimal(4)),
        CorporateAction("AAPL", midnight(WEDNESDAY), ratio=Decimal(10)),
    ]
    history = KeptHistory(
        world.vendor,
        world.lake,
        source="alpaca/sip",
        now=lambda: world.now,
        as_of=lambda: midnight(WEDNESDAY) - 1,
    )
    found = await minutes(history, midnight(MONDAY), midnight(WEDNESDAY))
    assert [bar.close for bar in found] == [25.0] * 3 + [100.0] * 3
    ours = await minutes(world.history(), midnight(MONDAY), midnight(WEDNESDAY))
    assert [bar.close for bar in ours] == [2.5] * 3 + [10.0] * 3


async def test_actions_that_somebody_recorded_are_not_touched(world: World) -> None:
    tuesday = date.fromisoformat(TUESDAY)
    mine = Action(tuesday, "AAPL", ActionKind.SPLIT, Decimal(2))
    world.lake.add_actions([mine])
    world.vendor.actions = [CorporateAction("AAPL", midnight(TUESDAY), ratio=Decimal(4))]
    await minutes(world.history(), midnight(MONDAY), midnight(WEDNESDAY))
    assert world.lake.all_actions() == [mine]


async def test_impossible_rows_are_counted_and_not_kept(world: World) -> None:
    world.vendor.price = 0.0
    history = world.history()
    assert await history.trades(["AAPL"], start=midnight(MONDAY), end=midnight(TUESDAY)) == {
        "AAPL": []
    }
    assert history.impossible == 3


async def test_a_torn_mark_is_named_with_what_to_do(world: World) -> None:
    await minutes(world.history(), midnight(MONDAY), midnight(TUESDAY))
    (world.lake.root / "kept" / "minute" / "AAPL.json").write_text("{")
    with pytest.raises(ConfigError, match=r"AAPL.json: cannot be read .* remove it"):
        await minutes(world.history(), midnight(MONDAY), midnight(TUESDAY))


# ---------------------------------------------------------------------- live and final


def live(symbol: str, time: int, close: float = 100.0, **other: Any) -> Bar:
    return Bar(symbol, time, close, close, close, close, other.pop("volume", 50.0), 60, **other)


async def test_live_bars_give_way_to_final_ones_and_the_difference_is_told(world: World) -> None:
    day, ten = date.fromisoformat(TUESDAY), at(TUESDAY, "10:00")
    heard = [
        live("AAPL", ten, volume=44.0),
        live("AAPL", ten, volume=48.0, correction=True),
        live("AAPL", ten + 2 * MINUTE, 99.0),
        live("AAPL", ten + 5 * MINUTE),
        live("AAPL", ten + DAY),  # of another day
        live("MSFT", ten + MINUTE),
        live("MSFT", ten + 2 * MINUTE),
        Bar("MSFT", ten, 1, 1, 1, 1, 1, 1),  # a second
    ]
    assert keep_live(world.lake, "alpaca/sip", day, heard) == 2
    kept, far = Kept(world.lake), date.max
    assert live_by_day(kept, date.min, far) == {day: frozenset(["AAPL", "MSFT"])}
    assert live_by_day(kept, date.fromordinal(day.toordinal() + 1), far) == {}
    assert len(world.lake.read(Kind.MINUTE, "AAPL", 0, world.now)) == 3
    world.now = midnight(WEDNESDAY)
    with pytest.raises(ConfigError, match="not final yet"):
        await finalise(world.history(), day)
    world.now += SETTLES
    done = await finalise(world.history(), day)
    assert [str(each).replace(TUESDAY, "") for each in done.differences] == [
        "AAPL T15:00:00Z volume: live 48, final 50",
        "AAPL T15:01:00Z bar: live none, final 100",
        "AAPL T15:02:00Z open: live 99, final 100",
        "AAPL T15:02:00Z high: live 99, final 100",
        "AAPL T15:02:00Z low: live 99, final 100",
        "AAPL T15:02:00Z close: live 99, final 100",
        "AAPL T15:05:00Z bar: live 100, final none",
    ]
    assert done.summary == (
        "2024-03-05, alpaca/sip: 5 live minutes of 2 symbols; 4 minutes differ in 1 symbols:"
        " volume 1, open 1, high 1, low 1, close 1, never heard 1, not final 1"
    )
    stored = world.lake.read(Kind.MINUTE, "AAPL", ten, ten + HOUR)
    assert (stored.close == 100.0).all() and len(stored) == 3
    assert live_by_day(kept, date.min, far) == {}
    again = await finalise(world.history(), day)
    assert (again.symbols, again.differences) == (0, ())
    assert keep_live(world.lake, "alpaca/sip", day, heard) == 0  # what is final stays


async def test_live_bars_stay_when_the_vendor_does_not_answer(world: World) -> None:
    day = date.fromisoformat(TUESDAY)
    keep_live(world.lake, "alpaca/sip", day, [live("AAPL", at(TUESDAY, "10:00"), 99.0)])
    world.vendor.fails = True
    with pytest.raises(FeedLost):
        await finalise(world.history(), day)
    assert Kept(world.lake).symbols(Kind.MINUTE, "alpaca/sip/live", day) == ["AAPL"]
    world.vendor.fails = False
    assert len((await finalise(world.history(), day)).differences) == 6


def test_rows_of_other_days_are_not_filled_in(tmp_path: Path) -> None:
    kept = Kept(Lake(tmp_path))
    rows = rows_of("AAPL", [at(MONDAY, "10:00")], [1.0], [1.0])
    number = date.fromisoformat(TUESDAY).toordinal()
    with pytest.raises(ConfigError, match="rows of other days"):
        kept.fill(Kind.TRADES, rows, "alpaca/sip", (number, number))


# ---------------------------------------------------------------------- days

ranges = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda r: (min(r), max(r)))


def days(each: Sequence[tuple[int, int]]) -> set[int]:
    return {day for first, last in each for day in range(first, last + 1)}


@given(st.lists(st.tuples(st.booleans(), ranges), max_size=12), ranges)
def test_ranges_are_sets_of_days(
    steps: list[tuple[bool, tuple[int, int]]], wanted: tuple[int, int]
) -> None:
    found: list[tuple[int, int]] = []
    expected: set[int] = set()
    for adds, each in steps:
        found = with_range(found, each) if adds else without_range(found, each)
        expected = expected | days([each]) if adds else expected - days([each])
        assert days(found) == expected
        assert all(a[1] + 1 < b[0] or not adds for a, b in pairwise(found))
        assert found == sorted(found)
    assert days(missing(found, wanted)) == days([wanted]) - expected
