"""What the built-in scanners propose of a market, and what they leave out."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan

import pytest

from liualgotrader.common.events import Bar, Trade
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.ports import DataAPI, Snapshot
from liualgotrader.common.recommendations import Recommendation
from liualgotrader.scanners.gap import Gap
from liualgotrader.scanners.momentum import Momentum
from liualgotrader.scanners.volume import Volume

DAY = 86_400


def snapshot(
    symbol: str,
    *,
    last: float = 10.0,
    opened: float = 10.0,
    before: float = 10.0,
    shares: float = 100_000,
    shares_before: float = 100_000,
) -> Snapshot:
    """Return a symbol that is whole."""
    return Snapshot(
        symbol,
        trade=Trade(symbol, 2, last, 100),
        day=Bar(symbol, 1, opened, max(opened, last), min(opened, last), last, shares, DAY),
        previous_day=Bar(symbol, 0, before, before, before, before, shares_before, DAY),
    )


def without(row: Snapshot, part: str) -> Snapshot:
    """Return a snapshot of which one part did not come."""
    parts = {
        "trade": row.trade,
        "quote": row.quote,
        "minute": row.minute,
        "day": row.day,
        "previous_day": row.previous_day,
    }
    return Snapshot(row.symbol, **{**parts, part: None})  # type: ignore[arg-type]


class Market:
    """A scan context over fixed snapshots."""

    now = session_open = session_close = 0

    def __init__(self, rows: Sequence[Snapshot]) -> None:
        self._rows = rows

    @property
    def data(self) -> DataAPI:
        """Not asked for by the built-in scanners."""
        raise NotImplementedError("the built-in scanners ask for snapshots only")

    async def assets(self) -> Sequence[Instrument]:
        """Return what can be traded."""
        return [Instrument(row.symbol) for row in self._rows]

    async def snapshots(self, symbols: Sequence[str] | None = None) -> dict[str, Snapshot]:
        """Return all rows."""
        return {row.symbol: row for row in self._rows}

    async def recommendations(self, strategy: str) -> Sequence[Recommendation]:
        """Not asked for here."""
        raise NotImplementedError("the built-in scanners ask for snapshots only")


async def test_momentum_scans_the_whole_market_best_first() -> None:
    market = Market([snapshot("UP5", last=10.5), snapshot("UP9", last=10.9), snapshot("FLAT")])
    assert list(await Momentum().scan(market)) == ["UP9", "UP5"]


async def test_gap_and_volume_scan_the_whole_market() -> None:
    market = Market([snapshot("AAA", opened=10.3), snapshot("BBB", opened=10.5, shares=200_000)])
    assert list(await Gap().scan(market)) == ["BBB", "AAA"]
    assert list(await Volume().scan(market)) == ["BBB", "AAA"]


def test_momentum_with_a_negative_change_proposes_the_greatest_fall_first() -> None:
    scanner = Momentum()
    scanner.today_change_percent = -3.0
    rows = [snapshot("UP", last=11.0), snapshot("DOWN4", last=9.6), snapshot("DOWN9", last=9.1)]
    assert scanner.choose(rows) == ["DOWN9", "DOWN4"]


def test_max_symbols_cuts_after_the_best() -> None:
    scanner = Momentum()
    scanner.max_symbols = 2
    rows = [snapshot(f"S{n}", last=10.4 + n / 10) for n in range(5)]
    assert scanner.choose(rows) == ["S4", "S3"]


def test_equal_moves_are_ordered_by_name() -> None:
    rows = [snapshot("BBB", last=11.0), snapshot("AAA", last=11.0)]
    assert Momentum().choose(rows) == ["AAA", "BBB"]


@pytest.mark.parametrize(
    "row",
    [
        snapshot("CHEAP", last=1.99, before=1.5),
        snapshot("DEAR", last=20.01, before=15.0),
        snapshot("QUIET", last=11.0, shares=29_999),
        snapshot("UNKNOWN", last=11.0, shares_before=49_999),
        snapshot("SLOW", last=10.34),
    ],
    ids=lambda row: row.symbol,
)
def test_momentum_leaves_out_what_misses_one_limit(row: Snapshot) -> None:
    assert Momentum().choose([row]) == []


def test_momentum_takes_what_meets_every_limit_exactly() -> None:
    row = snapshot("EXACT", last=20.0, before=16.0, shares=30_000, shares_before=31_250)
    scanner = Momentum()
    scanner.today_change_percent = 25.0
    assert scanner.choose([row]) == ["EXACT"]


@pytest.mark.parametrize("scanner", [Momentum(), Gap()], ids=["momentum", "gap"])
@pytest.mark.parametrize("before", [0.0, nan], ids=["zero", "nan"])
def test_without_a_previous_close_nothing_is_proposed(
    scanner: Momentum | Gap, before: float
) -> None:
    assert scanner.choose([snapshot("NEW", last=11.0, opened=11.0, before=before)]) == []


@pytest.mark.parametrize(
    ("scanner", "part", "symbols"),
    [
        (Momentum(), "trade", ["AAA"]),
        (Momentum(), "day", []),
        (Momentum(), "previous_day", []),
        (Gap(), "trade", ["AAA"]),
        (Gap(), "day", []),
        (Gap(), "previous_day", []),
        (Volume(), "trade", ["AAA"]),
        (Volume(), "day", []),
        (Volume(), "previous_day", ["AAA"]),
    ],
)
def test_a_missing_part_is_no_error(
    scanner: Momentum | Gap | Volume, part: str, symbols: list[str]
) -> None:
    row = without(snapshot("AAA", last=11.0, opened=11.0, shares=150_000), part)
    assert scanner.choose([row, Snapshot("NONE")]) == symbols


def test_momentum_without_a_trade_takes_the_price_of_the_day() -> None:
    assert Momentum().choose([without(snapshot("AAA", last=11.0), "trade")]) == ["AAA"]


def test_a_minute_is_newer_than_the_day() -> None:
    whole = snapshot("AAA", last=11.0)
    row = Snapshot(
        "AAA",
        minute=Bar("AAA", 1, 10.0, 10.0, 10.0, 10.0, 100),
        day=whole.day,
        previous_day=whole.previous_day,
    )
    assert Momentum().choose([row]) == []


def test_gap_looks_at_the_open_and_not_at_the_last_price() -> None:
    rows = [snapshot("FELL", opened=10.5, last=9.0), snapshot("ROSE", opened=10.0, last=11.0)]
    assert Gap().choose(rows) == ["FELL"]


def test_gap_with_a_negative_percent_proposes_gaps_down() -> None:
    scanner = Gap()
    scanner.percent = -2.0
    rows = [snapshot("UP", opened=10.5), snapshot("D3", opened=9.7), snapshot("D5", opened=9.5)]
    assert scanner.choose(rows) == ["D5", "D3"]


def test_volume_ranks_by_value_and_not_by_shares() -> None:
    rows = [snapshot("MANY", last=3.0, shares=500_000), snapshot("DEAR", last=90.0)]
    assert Volume().choose(rows) == ["DEAR", "MANY"]


def test_volume_can_ask_for_a_multiple_of_the_day_before() -> None:
    scanner = Volume()
    scanner.min_relative = 2.0
    rows = [
        snapshot("TWICE", shares=200_000),
        snapshot("LESS", shares=199_999),
        snapshot("FIRST_DAY", shares=900_000, shares_before=0.0),
    ]
    assert scanner.choose(rows) == ["TWICE"]
