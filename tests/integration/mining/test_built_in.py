"""Built-in miners over a lake, a vendor's kept history and the database: what is asked for, kept and stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from liualgotrader.analytics.live_differences import LiveDifference
from liualgotrader.common.bar_table import BarTable
from liualgotrader.common.calendar import Session, us_equities
from liualgotrader.common.errors import FeedLost
from liualgotrader.common.events import Bar, CorporateAction, Quote, Trade
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.ports import Snapshot
from liualgotrader.data.finalising import keep_live
from liualgotrader.data.kept_history import SETTLES, KeptHistory
from liualgotrader.data.lake import Lake
from liualgotrader.miners.bar_days import midnight
from liualgotrader.miners.catch_up import CatchUp
from liualgotrader.miners.daily_ohlc import DailyOHLC
from liualgotrader.miners.finalise import Finalise
from liualgotrader.mining.night_history import NightHistory
from liualgotrader.models.live_store import LiveStore
from liualgotrader.models.miner_tables import MinerTables
from tests.miner_bench import BenchContext, World, day_bars, minute_bars, sessions

DAYS = sessions(date(2024, 1, 2), date(2026, 3, 3))
NIGHT, NEXT = DAYS[-2], DAYS[-1]
SYMBOLS = ("AAA", "BBB")
_HOUR = 3_600_000_000_000
_DAY_SECONDS = 86_400


class Vendor:
    """Implements `ClosingData` over tables of raw bars. `asked`: (seconds, symbols, days of the range)."""

    def __init__(self) -> None:
        self.tables: dict[tuple[int, str], BarTable] = {}
        self.actions: list[CorporateAction] = []
        self.asked: list[tuple[int, tuple[str, ...], float]] = []
        self.fails: set[str] = set()

    def close(self) -> None:
        self.tables.clear()

    async def assets(self) -> Sequence[Instrument]:
        return [Instrument(symbol) for symbol in SYMBOLS]

    async def snapshots(self, symbols: Sequence[str]) -> dict[str, Snapshot]:
        return {}

    async def calendar(self, *, start: date, end: date) -> Sequence[Session]:
        return us_equities().sessions(start, end)

    async def trades(
        self, symbols: Sequence[str], *, start: int, end: int
    ) -> dict[str, list[Trade]]:
        return {symbol: [] for symbol in symbols}

    async def quotes(
        self, symbols: Sequence[str], *, start: int, end: int
    ) -> dict[str, list[Quote]]:
        return {symbol: [] for symbol in symbols}

    async def corporate_actions(
        self, symbols: Sequence[str], *, start: date, end: date
    ) -> list[CorporateAction]:
        first, after = midnight("", start), midnight("", end, after=1)
        return [a for a in self.actions if a.symbol in symbols and first <= a.time < after]

    async def bars(
        self, symbols: Sequence[str], *, start: int, end: int, seconds: int
    ) -> dict[str, list[Bar]]:
        self.asked.append((seconds, tuple(symbols), (end - start) / 24 / _HOUR))
        if self.fails & set(symbols):
            raise FeedLost("half an answer")
        return {symbol: self._bars(symbol, start, end, seconds) for symbol in symbols}

    def _bars(self, symbol: str, start: int, end: int, seconds: int) -> list[Bar]:
        table = self.tables.get((seconds, symbol))
        if table is None:
            return []
        rows = table.between(start, end - seconds * 10**9 + 1)
        columns = (rows.open, rows.high, rows.low, rows.close, rows.volume)
        values = zip(rows.start.tolist(), *(column.tolist() for column in columns), strict=True)
        return [Bar(symbol, *each, seconds) for each in values]  # type: ignore[call-arg]


class Nights:
    """Nights over one lake and database."""

    def __init__(self, home: Path, tables: MinerTables) -> None:
        self.vendor = Vendor()
        self.lake = Lake(home)
        self.tables = tables

    def at(self, day: date, *, evening: bool = False) -> Any:
        """Return the context of the night after a day, once its rows are final or before."""
        after = midnight("", day, after=1)
        now = after - 5 * _HOUR if evening else after + SETTLES
        kept = KeptHistory(
            self.vendor, self.lake, source="alpaca/sip", now=lambda: now, as_of=lambda: after - 1
        )
        ctx: Any = BenchContext(World(), day, SYMBOLS, None)
        ctx.history = NightHistory(self.lake, day, kept)
        ctx.tables = self.tables
        return ctx

    async def rows(self) -> list[tuple[Any, ...]]:
        """Return the rows of stock_ohlc, by key."""
        columns = "symbol symbol_date open high low close volume indicators".split()
        return await self.tables.get("stock_ohlc", columns)


@pytest.fixture
async def nights(tmp_path: Path, database: str) -> Any:
    """Give nights over a vendor with two symbols."""
    async with await MinerTables.open(database, max_size=2) as tables:
        found = Nights(tmp_path, tables)
        for symbol in SYMBOLS:
            found.vendor.tables[_DAY_SECONDS, symbol] = day_bars(symbol, DAYS)
            found.vendor.tables[60, symbol] = minute_bars(symbol, DAYS[-40:], count=20)
        yield found


def _miner(**parameters: Any) -> DailyOHLC:
    miner = DailyOHLC()
    miner.years = 3.0
    for name, value in parameters.items():
        setattr(miner, name, value)
    return miner


async def test_a_night_asks_for_a_night(nights: Nights) -> None:
    assert await _miner().run(nights.at(NIGHT)) == 2 * (len(DAYS) - 1)
    nights.vendor.asked.clear()
    assert await _miner().run(nights.at(NEXT)) == 2
    ((seconds, symbols, days),) = nights.vendor.asked
    assert (seconds, symbols) == (_DAY_SECONDS, SYMBOLS)
    assert days < 1.2
    assert await _miner().run(nights.at(NEXT)) == 0
    assert len(nights.vendor.asked) == 1


async def test_an_evening_has_a_bar_that_the_night_replaces(
    nights: Nights, tmp_path: Path, database: str
) -> None:
    final = nights.vendor.tables[_DAY_SECONDS, "AAA"]
    so_far = final.close.copy()
    so_far[-2] = final.low[-2]
    columns = (final.open, final.high, final.low, so_far, final.volume)
    nights.vendor.tables[_DAY_SECONDS, "AAA"] = BarTable("AAA", final.start, *columns)
    assert await _miner().run(nights.at(NIGHT, evening=True)) == 2 * (len(DAYS) - 1)
    assert await _miner().run(nights.at(NIGHT, evening=True)) == 0
    nights.vendor.tables[_DAY_SECONDS, "AAA"] = final
    assert await _miner().run(nights.at(NEXT)) == 3
    nightly = await nights.rows()
    await nights.tables.replace("stock_ohlc", ("symbol",), [], where={"symbol": list(SYMBOLS)})
    await _miner().run(nights.at(NEXT))
    assert await nights.rows() == nightly


async def test_a_split_that_the_vendor_tells_makes_the_symbol_anew(nights: Nights) -> None:
    """It is known the evening before, and counts from its day on."""
    split = CorporateAction("AAA", midnight("AAA", NEXT), ratio=Decimal(7))
    nights.vendor.actions.append(split)
    await _miner().run(nights.at(NIGHT))
    before = await nights.rows()
    assert before[0][5] == nights.vendor.tables[_DAY_SECONDS, "AAA"].close[0]
    assert await _miner().run(nights.at(NEXT)) == len(DAYS) + 1
    rows = await nights.rows()
    assert rows[0][5] == pytest.approx(before[0][5] / 7)
    assert rows[0][6] == pytest.approx(before[0][6] * 7)
    assert await _miner().run(nights.at(NEXT)) == 0


async def test_a_split_that_is_told_days_late_is_heard_all_the_same(nights: Nights) -> None:
    for day in DAYS[-5:-1]:
        await _miner().run(nights.at(day))
    before = await nights.rows()
    nights.vendor.actions.append(
        CorporateAction("BBB", midnight("BBB", DAYS[-4]), ratio=Decimal(2))
    )
    assert await _miner().run(nights.at(NEXT)) == len(DAYS) + 1
    rows = await nights.rows()
    assert rows[-5][5] == before[-4][5] / 2
    assert rows[-4:-1] != before[-3:]  # their prices stay, their averages do not
    assert [row[5] for row in rows[-4:-1]] == [row[5] for row in before[-3:]]


async def test_a_vendor_that_fails_leaves_what_there_is(nights: Nights) -> None:
    await _miner().run(nights.at(NIGHT))
    nights.vendor.fails.add("BBB")
    ctx = nights.at(NEXT)
    with pytest.raises(FeedLost, match="half an answer"):
        await _miner().run(ctx)
    assert set(ctx.skipped) == set(SYMBOLS)
    nights.vendor.fails.clear()
    assert await _miner().run(nights.at(NEXT)) == 2


async def test_minutes_are_caught_up_and_absences_known(nights: Nights) -> None:
    whole = nights.vendor.tables[60, "BBB"]
    nights.vendor.tables[60, "BBB"] = whole.cut(0, len(whole) - 5 * 20)
    assert await CatchUp().run(nights.at(NEXT)) == 30 * 20 + 25 * 20
    asked = len(nights.vendor.asked)
    ctx = nights.at(NEXT)
    assert await CatchUp().run(ctx) == 0
    assert ctx.skipped == {"BBB": f"no minutes on {NEXT}"}
    assert len(nights.vendor.asked) == asked


async def test_live_minutes_give_way_to_final_ones(nights: Nights, database: str) -> None:
    final = nights.vendor._bars("AAA", midnight("", NIGHT), midnight("", NIGHT, after=1), 60)
    heard = [bar for number, bar in enumerate(final[2:]) if number != 5]
    worse = heard[3]
    off = worse.close * 1.01
    heard[3] = Bar("AAA", worse.start, worse.open, off, worse.low, off, worse.volume, 60)
    keep_live(nights.lake, "alpaca/sip", NIGHT, heard)
    early = nights.at(NIGHT, evening=True)
    assert await Finalise().run(early) == 0
    assert early.said[-1].endswith("waits: its minutes are not final yet")
    ctx = nights.at(NIGHT)
    assert await Finalise().run(ctx) == 1
    names = ("symbol", "day", "minutes", "differing", "not_final", "never_heard", "worst_field")
    assert await nights.tables.get("live_differences", (*names, "worst", "worst_ns")) == [
        ("AAA", NIGHT, 17, 1, 0, 1, "close", pytest.approx(0.01, rel=0.1), worse.start)
    ]
    assert await Finalise().run(nights.at(NIGHT)) == 0
    # A session that finalises before the miner keeps its differences in the same place.
    async with await LiveStore.open(database, max_size=1) as store:
        await store.save(NIGHT, [LiveDifference(symbol="AAA", minutes=9)])
    assert await nights.tables.get("live_differences", ("symbol", "minutes")) == [("AAA", 9)]
    kept = nights.at(NIGHT).history.bars("AAA", 60, NIGHT, NIGHT)
    assert np.array_equal(kept.close, [bar.close for bar in final])
