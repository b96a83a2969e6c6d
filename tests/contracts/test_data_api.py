"""What every DataAPI promises: Alpaca's and Massive's over the box, the lake's, and the lake before each vendor's.

All have the same market: two companies' prints and quotes of three minutes, the day before, a split
on the day itself and a dividend before it. Now is three minutes after the open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from liualgotrader.common.calendar import us_equities
from liualgotrader.common.errors import FeedLost, FeedRefused
from liualgotrader.common.events import Bar, CorporateAction
from liualgotrader.common.instruments import AssetClass, Instrument
from liualgotrader.common.ports import DataAPI
from liualgotrader.data import alpaca, massive
from liualgotrader.data.alpaca import AlpacaData
from liualgotrader.data.kept_history import KeptHistory
from liualgotrader.data.lake import Action, ActionKind, Kind, Lake, LakeData
from liualgotrader.data.massive import MassiveData
from liualgotrader.exchange.days import midnight
from liualgotrader.exchange.tape import ListTape
from liualgotrader.links.rest import RetryPolicy
from tests.integration.exchange.box import (
    CLOSE,
    DAY,
    KEYS,
    MINUTE,
    OPEN,
    SECOND,
    Box,
    quote,
    running,
    trade,
)
from tests.unit.data.lake_samples import rows_of

NOW = OPEN + 3 * MINUTE
DAY_SECONDS = 86_400
BEFORE = date(2026, 1, 14)
TRADES = [
    trade("AAPL", 1 * SECOND, 100.0, 100),
    trade("AAPL", 2 * SECOND + 123, 102.0, 300),
    trade("AAPL", 61 * SECOND, 101.0, 50),
    trade("AAPL", 125 * SECOND, 99.0, 50),
]
OTHER = trade("MSFT", 4 * SECOND, 200.0, 10)
LATER = trade("AAPL", 600 * SECOND, 120.0, 50)
QUOTES = [
    quote("AAPL", 3 * SECOND, 101.9, 102.1, 500),
    quote("AAPL", 70 * SECOND, 100.9, 101.1, 400),
]
MINUTES = [
    Bar("AAPL", OPEN, 100.0, 102.0, 100.0, 102.0, 400.0),
    Bar("AAPL", OPEN + MINUTE, 101.0, 101.0, 101.0, 101.0, 50.0),
    Bar("AAPL", OPEN + 2 * MINUTE, 99.0, 99.0, 99.0, 99.0, 50.0),
]
YESTERDAY = Bar("AAPL", midnight(BEFORE), 90.0, 99.0, 89.0, 98.0, 5_000.0, DAY_SECONDS, 95.0, 42)
HALVED = Bar("AAPL", midnight(BEFORE), 45.0, 49.5, 44.5, 49.0, 10_000.0, DAY_SECONDS)
ACTIONS = [
    Action(date(2025, 12, 1), "AAPL", ActionKind.DIVIDEND, Decimal("0.25")),
    Action(DAY, "AAPL", ActionKind.SPLIT, Decimal(2)),
    Action(date(2026, 2, 1), "AAPL", ActionKind.SPLIT, Decimal(3)),
]
TAPE = ListTape(
    date=DAY,
    instruments=[Instrument("AAPL"), Instrument("MSFT")],
    events=[*TRADES, OTHER, LATER, *QUOTES],
    start=OPEN,
    end=CLOSE,
    daily_bars={"AAPL": [YESTERDAY]},
    actions=ACTIONS,
)
QUICK = RetryPolicy(waits=(), timeout=5, seconds=20)
NOWHERE = "http://127.0.0.1:1"
Adjustment = Literal["split", "raw"]


def at_alpaca(url: str, secret: str, adjustment: Adjustment = "split") -> AlpacaData:
    return AlpacaData(
        key=KEYS.key,
        secret=secret,
        trading_url=url,
        data_url=url,
        adjustment=adjustment,
        requests_a_minute=None,
        policy=QUICK,
    )


def at_massive(url: str, secret: str, adjustment: Adjustment = "split") -> MassiveData:
    return MassiveData(key=secret, base=url, adjustment=adjustment, policy=QUICK)


Made = Callable[..., AlpacaData | MassiveData]
VENDORS: dict[str, Made] = {"alpaca": at_alpaca, "massive": at_massive}


@contextmanager
def closing(data: AlpacaData | MassiveData) -> Iterator[AlpacaData | MassiveData]:
    try:
        yield data
    finally:
        data.close()


@pytest.fixture
def box() -> Iterator[Box]:
    with running(TAPE) as running_box:
        running_box.move(3 * MINUTE)
        yield running_box


@pytest.fixture(params=["lake", *VENDORS, *(f"kept-{name}" for name in VENDORS)])
def data(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DataAPI]:
    """One of the implementations, with the same market."""
    if request.param == "lake":
        yield LakeData(lake(tmp_path), lambda: NOW)
        return
    name = request.param.removeprefix("kept-")
    url = request.getfixturevalue("box").address.data_url
    kept = name != request.param  # what is kept is raw
    with closing(VENDORS[name](url, KEYS.secret, "raw" if kept else "split")) as vendor:
        if not kept:
            yield vendor
        else:
            yield KeptHistory(vendor, Lake(tmp_path), source=f"{name}/sip", now=lambda: NOW)


def lake(root: Path) -> Lake:
    """Return a lake with the same market, and what comes later in it."""
    made = Lake(root)
    for kind, values in (
        (
            Kind.MINUTE,
            [*MINUTES, Bar("AAPL", OPEN + 10 * MINUTE, 120.0, 120.0, 120.0, 120.0, 50.0)],
        ),
        (Kind.DAY, [YESTERDAY]),
    ):
        columns = zip(*((b.open, b.high, b.low, b.close, b.volume) for b in values), strict=True)
        made.write(kind, "AAPL", rows_of("AAPL", [b.start for b in values], *map(list, columns)))
    for symbol, prints in (("AAPL", [*TRADES, LATER]), ("MSFT", [OTHER])):
        columns = zip(*((t.price, t.size) for t in prints), strict=True)
        rows = rows_of(symbol, [t.ts_event for t in prints], *map(list, columns))
        made.write(Kind.TRADES, symbol, rows)
    sides = zip(*((q.bid, q.ask, q.bid_size, q.ask_size) for q in QUOTES), strict=True)
    rows = rows_of("AAPL", [q.ts_event for q in QUOTES], *map(list, sides))
    made.write(Kind.QUOTES, "AAPL", rows)
    made.add_actions(ACTIONS)
    return made


def plain(bars: list[Bar]) -> list[Bar]:
    """Return bars without what not everybody has: vwap and count."""
    return [msgspec.structs.replace(bar, vwap=None, count=None) for bar in bars]


async def test_assets_are_what_can_be_traded(data: DataAPI) -> None:
    found = {each.symbol: each for each in await data.assets()}
    assert set(found) == {"AAPL", "MSFT"}
    assert {each.asset_class for each in found.values()} == {AssetClass.US_EQUITY}
    assert all(each.lot == 1 for each in found.values())


async def test_minutes_are_complete_oldest_first_and_inside_the_range(data: DataAPI) -> None:
    found = await data.bars(["AAPL", "NOBODY"], start=OPEN, end=NOW, seconds=60)
    assert list(found) == ["AAPL", "NOBODY"]
    assert plain(found["AAPL"]) == MINUTES
    assert found["NOBODY"] == []


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (OPEN, OPEN + 3 * MINUTE - 1, MINUTES[:2]),
        (OPEN + 1, NOW, MINUTES[1:]),
        (OPEN + MINUTE, OPEN + 2 * MINUTE, MINUTES[1:2]),
        (OPEN, OPEN + MINUTE - 1, []),
        (NOW, OPEN, []),
    ],
)
async def test_both_ends_of_a_range_are_kept_to_the_nanosecond(
    data: DataAPI, start: int, end: int, expected: list[Bar]
) -> None:
    found = await data.bars(["AAPL"], start=start, end=end, seconds=60)
    assert plain(found["AAPL"]) == expected


async def test_days_are_whole_and_divided_by_splits_that_have_begun(data: DataAPI) -> None:
    start = midnight(date(2026, 1, 1))
    found = await data.bars(["AAPL", "MSFT"], start=start, end=NOW, seconds=DAY_SECONDS)
    assert plain(found["AAPL"]) == [HALVED]
    assert found["MSFT"] == []


async def test_prints_and_quotes_of_a_range_without_its_end(data: DataAPI) -> None:
    first, last = OPEN + SECOND, OPEN + 125 * SECOND
    trades = await data.trades(["AAPL", "MSFT", "NOBODY"], start=first, end=last)
    assert trades == {"AAPL": TRADES[:3], "MSFT": [OTHER], "NOBODY": []}
    quotes = await data.quotes(["AAPL", "MSFT"], start=first, end=OPEN + 70 * SECOND)
    assert quotes == {"AAPL": QUOTES[:1], "MSFT": []}


async def test_nothing_of_the_future_is_known(data: DataAPI) -> None:
    trades = await data.trades(["AAPL"], start=OPEN, end=CLOSE)
    assert trades["AAPL"] == TRADES
    bars = await data.bars(["AAPL"], start=OPEN, end=CLOSE, seconds=60)
    assert plain(bars["AAPL"]) == MINUTES


async def test_snapshots_show_what_is_known_now(data: DataAPI) -> None:
    found = await data.snapshots(["AAPL", "NOBODY"])
    assert set(found) == {"AAPL"}
    seen = found["AAPL"]
    assert (seen.symbol, seen.trade, seen.quote) == ("AAPL", TRADES[-1], QUOTES[-1])
    assert seen.minute is not None and plain([seen.minute]) == [MINUTES[-1]]
    today = Bar("AAPL", midnight(DAY), 100.0, 102.0, 99.0, 99.0, 500.0, DAY_SECONDS)
    assert seen.day is not None and plain([seen.day]) == [today]
    assert seen.previous_day is not None and seen.previous_day.start == midnight(BEFORE)


async def test_the_calendar_has_the_days_of_trading(data: DataAPI) -> None:
    days = await data.calendar(start=date(2026, 1, 15), end=date(2026, 1, 20))
    assert [str(day.date) for day in days] == ["2026-01-15", "2026-01-16", "2026-01-20"]
    assert (days[0].open, days[0].close) == (OPEN, CLOSE)


async def test_half_days_end_early(data: DataAPI) -> None:
    start, end = date(2025, 11, 24), date(2025, 12, 1)  # Thanksgiving, and half a day after it
    found = await data.calendar(start=start, end=end)
    assert list(found) == list(us_equities().sessions(start, end))


async def test_corporate_actions_of_a_range_of_days(data: DataAPI) -> None:
    dividend = CorporateAction("AAPL", midnight(date(2025, 12, 1)), cash=Decimal("0.25"))
    split = CorporateAction("AAPL", midnight(DAY), ratio=Decimal(2))

    async def between(start: date, end: date) -> list[CorporateAction]:
        return await data.corporate_actions(["AAPL", "MSFT"], start=start, end=end)

    assert await between(date(2025, 12, 1), DAY) == [dividend, split]
    assert await between(date(2025, 12, 2), BEFORE) == []


@pytest.mark.parametrize("module", [alpaca, massive], ids=["alpaca", "massive"])
async def test_a_long_range_comes_in_pages(
    box: Box, module: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ROWS_A_PAGE", 1)
    make = at_alpaca if module is alpaca else at_massive
    with closing(make(box.address.data_url, KEYS.secret)) as data:
        found = await data.bars(["AAPL", "MSFT"], start=OPEN, end=NOW, seconds=60)
        assert (plain(found["AAPL"]), len(found["MSFT"])) == (MINUTES, 1)
        trades = await data.trades(["AAPL"], start=OPEN, end=NOW)
        assert trades["AAPL"] == TRADES


@pytest.mark.parametrize("make", VENDORS.values(), ids=VENDORS)
async def test_a_wrong_key_is_refused_and_not_shown(box: Box, make: Made) -> None:
    with closing(make(box.address.data_url, "wr0ng-s3cret")) as data:
        with pytest.raises(FeedRefused, match="check") as told:
            await data.snapshots(["AAPL"])
    assert "wr0ng" not in str(told.value)


@pytest.mark.parametrize("make", VENDORS.values(), ids=VENDORS)
async def test_silence_is_a_lost_feed(make: Made) -> None:
    with closing(make(NOWHERE, KEYS.secret)) as data:
        with pytest.raises(FeedLost, match="no answer"):
            await data.bars(["AAPL"], start=OPEN, end=NOW, seconds=60)
