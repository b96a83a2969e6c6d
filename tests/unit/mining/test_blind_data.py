"""A vendor's answers are cut at the end of the miner's day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from liualgotrader.common.events import Bar, CorporateAction, Quote, Trade
from liualgotrader.common.ports import Snapshot
from liualgotrader.mining.blind_data import BlindData
from liualgotrader.mining.night import Night
from liualgotrader.mining.split_data import SplitData
from tests.no_data import NoData

DAY = date(2024, 3, 6)
END = int(datetime.fromisoformat("2024-03-07T00:00:00-05:00").timestamp()) * 1_000_000_000
HOUR = 3_600_000_000_000
NIGHT = Night(day=DAY, next_day=date(2024, 3, 7), now=END + HOUR)


def bar(start: int, seconds: int = 86_400, close: float = 1.0) -> Bar:
    return Bar("A", start, close, close, close, close, 1.0, seconds)


class Careless(NoData):
    """Tells more than it is asked for, and notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []
        self.snapshot = Snapshot("A")

    async def snapshots(self, symbols: Sequence[str]) -> dict[str, Snapshot]:
        return {"A": self.snapshot}

    async def bars(
        self, symbols: Sequence[str], *, start: int, end: int, seconds: int
    ) -> dict[str, list[Bar]]:
        self.asked.append((start, end))
        return {"A": [bar(END - HOUR, seconds), bar(END, seconds)]}

    async def trades(
        self, symbols: Sequence[str], *, start: int, end: int
    ) -> dict[str, list[Trade]]:
        self.asked.append((start, end))
        return {"A": [Trade("A", END - 1, 1.0, 1.0), Trade("A", END, 1.0, 1.0)]}

    async def quotes(
        self, symbols: Sequence[str], *, start: int, end: int
    ) -> dict[str, list[Quote]]:
        self.asked.append((start, end))
        return {"A": [Quote("A", END - 1, 1, 2, 1, 1), Quote("A", END, 1, 2, 1, 1)]}

    async def corporate_actions(
        self, symbols: Sequence[str], *, start: date, end: date
    ) -> list[CorporateAction]:
        assert end <= DAY
        times = (END - 24 * HOUR, END)
        return [CorporateAction("A", time, ratio=Decimal(2)) for time in times]


async def test_nothing_of_a_later_day_is_asked_for_or_told() -> None:
    vendor = Careless()
    data = BlindData(vendor, NIGHT)
    start, late = END - 48 * HOUR, END + 48 * HOUR
    assert await data.bars(["A"], start=start, end=late, seconds=60) == {"A": [bar(END - HOUR, 60)]}
    trades = await data.trades(["A"], start=start, end=late)
    assert [trade.ts_event for trade in trades["A"]] == [END - 1]
    quotes = await data.quotes(["A"], start=start, end=late)
    assert [quote.ts_event for quote in quotes["A"]] == [END - 1]
    assert vendor.asked == [(start, END)] * 3
    actions = await data.corporate_actions(["A"], start=DAY, end=date(2024, 3, 8))
    assert [action.time for action in actions] == [END - 24 * HOUR]


async def test_of_later_days_alone_nobody_is_asked() -> None:
    vendor = Careless()
    data = BlindData(vendor, NIGHT)
    span = {"start": END, "end": END + HOUR}
    assert await data.bars(["A"], seconds=60, **span) == {"A": []}
    assert await data.trades(["A"], **span) == {"A": []}
    assert await data.quotes(["A"], **span) == {"A": []}
    assert await data.corporate_actions(["A"], start=NIGHT.next_day, end=NIGHT.next_day) == []
    assert vendor.asked == []


async def test_a_snapshot_is_what_it_was() -> None:
    vendor = Careless()
    data = BlindData(vendor, NIGHT)
    today, tomorrow = bar(END - 24 * HOUR), bar(END, close=9.0)
    vendor.snapshot = Snapshot(
        "A",
        trade=Trade("A", END + 1, 9.0, 1.0),
        quote=Quote("A", END - 1, 1, 2, 1, 1),
        minute=bar(END + HOUR, 60, 9.0),
        day=tomorrow,
        previous_day=today,
    )
    cut = (await data.snapshots(["A"]))["A"]
    assert (cut.trade, cut.minute, cut.day, cut.previous_day) == (None, None, today, None)
    assert cut.quote is not None
    vendor.snapshot = Snapshot("A", day=today, previous_day=bar(END - 48 * HOUR))
    assert (await data.snapshots(["A"]))["A"] == vendor.snapshot
    vendor.snapshot = Snapshot("A", day=bar(END + 24 * HOUR), previous_day=tomorrow)
    assert await data.snapshots(["A"]) == {}


class Raw(NoData):
    """Two days of raw bars, and a split on each day around them."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[str], date, date]] = []

    async def bars(
        self, symbols: Sequence[str], *, start: int, end: int, seconds: int
    ) -> dict[str, list[Bar]]:
        days = [bar(END - 48 * HOUR, close=80.0), bar(END - 24 * HOUR, close=44.0)]
        return {symbol: days if symbol == "A" else [] for symbol in symbols}

    async def corporate_actions(
        self, symbols: Sequence[str], *, start: date, end: date
    ) -> list[CorporateAction]:
        self.asked.append((list(symbols), start, end))
        return [
            CorporateAction("A", END - 24 * HOUR, ratio=Decimal(2)),
            CorporateAction("A", END - 24 * HOUR, cash=Decimal(1)),
            CorporateAction("A", END, ratio=Decimal(10)),
        ]


async def test_raw_bars_compare_with_those_of_the_day() -> None:
    vendor = Raw()
    data = SplitData(vendor, NIGHT)
    span = {"start": END - 48 * HOUR, "end": END}
    found = await data.bars(["A", "B"], seconds=86_400, **span)
    assert [(each.close, each.volume) for each in found["A"]] == [(40.0, 2.0), (44.0, 1.0)]
    assert found["B"] == []
    assert await data.bars(["A"], seconds=86_400, **span) == {"A": found["A"]}
    assert vendor.asked == [(["A"], date(2024, 3, 5), DAY)]
    await data.bars(["A"], start=END - 96 * HOUR, end=END, seconds=86_400)
    assert vendor.asked[1:] == [(["A"], date(2024, 3, 3), DAY)]
