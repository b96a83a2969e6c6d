"""What every DataAPI promises, over one market: Alpaca's in a box, the lake's, and the two together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from liualgotrader.common.calendar import us_equities
from liualgotrader.common.events import Bar, CorporateAction, Quote, Trade
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.ports import DataAPI
from liualgotrader.data.alpaca import AlpacaData
from liualgotrader.data.kept_history import KeptHistory
from liualgotrader.data.lake import Kind, Lake, LakeData
from liualgotrader.data.lake.as_events import rows_of
from liualgotrader.data.lake.bundled import bundled_actions
from liualgotrader.exchange.bars import MinuteBars
from liualgotrader.exchange.days import midnight
from liualgotrader.exchange.tape import ListTape
from tests.integration.exchange.box import DAY, KEYS, MINUTE, OPEN, SECOND, quote, running, trade

NOW = 4 * MINUTE + 30 * SECOND
PRINTS = [
    trade("AAPL", 1 * SECOND, 100.0, 100),
    trade("AAPL", 2 * SECOND + 1, 102.0, 300),
    trade("MSFT", 4 * SECOND, 200.0, 10),
    trade("AAPL", 61 * SECOND, 101.0, 50),
    trade("AAPL", 125 * SECOND, 99.0, 50),
    trade("AAPL", 245 * SECOND, 98.0, 5),
    trade("AAPL", 600 * SECOND, 120.0, 50),  # later than now
]
QUOTES = [
    quote("AAPL", 3 * SECOND, 101.9, 102.1, 500),
    quote("AAPL", 100 * SECOND, 98.9, 99.1, 200),
    quote("AAPL", 700 * SECOND, 119.0, 121.0, 100),  # later than now
]
YESTERDAY = Bar("AAPL", midnight(DAY - timedelta(days=1)), 90.0, 99.0, 89.0, 98.0, 5e3, 86_400)
Made = Callable[[Path, str], DataAPI]


def in_a_box(root: Path, url: str) -> DataAPI:
    return AlpacaData(
        key=KEYS.key, secret=KEYS.secret, trading_url=url, data_url=url, requests_a_minute=None
    )


def in_the_lake(root: Path, url: str) -> DataAPI:
    lake = Lake(root)
    for kind, events in ((Kind.TRADES, PRINTS), (Kind.QUOTES, QUOTES), (Kind.DAY, [YESTERDAY])):
        for symbol in ("AAPL", "MSFT"):
            rows, _ = rows_of(kind, symbol, [e for e in events if e.symbol == symbol])
            lake.write(kind, symbol, rows)
    minutes, bars = MinuteBars(), []
    for event in PRINTS:
        if minutes.due is not None and event.ts_event >= minutes.due:
            bars += minutes.close()
        minutes.add(event)
    for symbol in ("AAPL", "MSFT"):
        rows, _ = rows_of(Kind.MINUTE, symbol, [bar for bar in bars if bar.symbol == symbol])
        lake.write(Kind.MINUTE, symbol, rows)
    lake.add_actions([action for action in bundled_actions() if action.symbol in ("AAPL", "MSFT")])
    return LakeData(lake, lambda: OPEN + NOW)


def kept(root: Path, url: str) -> DataAPI:
    return KeptHistory(in_a_box(root, url), Lake(root), source="alpaca/sip", now=lambda: OPEN + NOW)


@contextmanager
def market() -> Iterator[str]:
    tape = ListTape(
        date=DAY,
        instruments=[Instrument("AAPL"), Instrument("MSFT")],
        events=[*PRINTS, *QUOTES],
        start=OPEN,
        end=OPEN + 60 * MINUTE,
        daily_bars={"AAPL": [YESTERDAY]},
    )
    with running(tape) as box:
        box.move(NOW)
        yield box.address.data_url


@pytest.fixture(params=[in_a_box, in_the_lake, kept], ids=["alpaca", "lake", "kept"])
async def data(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DataAPI]:
    make: Made = request.param
    with market() as url:
        yield make(tmp_path, url)


def bare(bars: list[Bar]) -> list[tuple[Any, ...]]:
    """Return what every source knows of bars: the lake keeps no vwap and no count."""
    return [(b.start, b.open, b.high, b.low, b.close, b.volume, b.seconds) for b in bars]


async def test_prints_of_a_range_include_its_start_and_not_its_end(data: DataAPI) -> None:
    start, end = OPEN + 2 * SECOND + 1, OPEN + 125 * SECOND
    found = await data.trades(["AAPL", "MSFT", "NOPE"], start=start, end=end)
    assert found == {
        "AAPL": [
            Trade("AAPL", OPEN + 2 * SECOND + 1, 102.0, 300.0),
            Trade("AAPL", OPEN + 61 * SECOND, 101.0, 50.0),
        ],
        "MSFT": [Trade("MSFT", OPEN + 4 * SECOND, 200.0, 10.0)],
        "NOPE": [],
    }


async def test_nothing_is_told_of_what_is_still_to_come(data: DataAPI) -> None:
    far = OPEN + 60 * MINUTE
    trades = await data.trades(["AAPL"], start=OPEN, end=far)
    quotes = await data.quotes(["AAPL"], start=OPEN, end=far)
    minutes = await data.bars(["AAPL"], start=OPEN, end=far, seconds=60)
    assert [each.price for each in trades["AAPL"]] == [100.0, 102.0, 101.0, 99.0, 98.0]
    assert [each.bid for each in quotes["AAPL"]] == [101.9, 98.9]
    assert [(bar.start - OPEN) // MINUTE for bar in minutes["AAPL"]] == [0, 1, 2]


async def test_quotes_have_both_sides_and_sizes(data: DataAPI) -> None:
    found = await data.quotes(["AAPL"], start=OPEN + 100 * SECOND, end=OPEN + 101 * SECOND)
    assert found == {"AAPL": [Quote("AAPL", OPEN + 100 * SECOND, 98.9, 99.1, 200.0, 200.0)]}


@pytest.mark.parametrize(("end", "count"), [(2 * MINUTE, 2), (2 * MINUTE - 1, 1), (0, 0)])
async def test_bars_were_complete_by_the_end(data: DataAPI, end: int, count: int) -> None:
    found = await data.bars(["AAPL", "NOPE"], start=OPEN, end=OPEN + end, seconds=60)
    expected = [
        (OPEN, 100.0, 102.0, 100.0, 102.0, 400.0, 60),
        (OPEN + MINUTE, 101.0, 101.0, 101.0, 101.0, 50.0, 60),
    ]
    assert bare(found["AAPL"]) == expected[:count]
    assert found["NOPE"] == []


async def test_day_bars_are_of_days_that_are_over(data: DataAPI) -> None:
    start, end = midnight(DAY - timedelta(days=5)), OPEN + NOW
    found = await data.bars(["AAPL"], start=start, end=end, seconds=86_400)
    assert bare(found["AAPL"]) == bare([YESTERDAY])


async def test_a_snapshot_is_everything_latest_and_unknown_symbols_are_absent(
    data: DataAPI,
) -> None:
    found = await data.snapshots(["AAPL", "NOPE"])
    assert list(found) == ["AAPL"]
    snapshot = found["AAPL"]
    assert snapshot.trade == Trade("AAPL", OPEN + 245 * SECOND, 98.0, 5.0)
    assert snapshot.quote == Quote("AAPL", OPEN + 100 * SECOND, 98.9, 99.1, 200.0, 200.0)
    assert snapshot.minute is not None and snapshot.minute.start == OPEN + 2 * MINUTE
    assert snapshot.day is not None and snapshot.day.volume == 500.0
    assert snapshot.previous_day is not None and bare([snapshot.previous_day]) == bare([YESTERDAY])


async def test_assets_are_instruments(data: DataAPI) -> None:
    assert {each.symbol for each in await data.assets()} == {"AAPL", "MSFT"}


async def test_the_calendar_is_the_exchanges(data: DataAPI) -> None:
    start, end = date(2025, 11, 24), date(2025, 12, 1)  # Thanksgiving, and half a day after it
    found = await data.calendar(start=start, end=end)
    assert list(found) == list(us_equities().sessions(start, end))


async def test_corporate_actions_are_of_the_days_both_included(data: DataAPI) -> None:
    found = await data.corporate_actions(
        ["AAPL", "MSFT"], start=date(2003, 2, 18), end=date(2005, 2, 28)
    )
    splits = [each for each in found if each.ratio != 1]
    assert splits == [
        CorporateAction("MSFT", midnight(date(2003, 2, 18)), ratio=Decimal(2)),
        CorporateAction("AAPL", midnight(date(2005, 2, 28)), ratio=Decimal(2)),
    ]
    assert [each.time for each in found] == sorted(each.time for each in found)
    assert {each.cash for each in found if each.symbol == "MSFT"} >= {Decimal("3.08")}
