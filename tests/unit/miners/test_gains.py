"""Gains and round trips of past batches: the facts, what is repaired, what is left alone."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from liualgotrader.analytics.past import PastBatch, Traded
from liualgotrader.analytics.round_trips import Adjustment
from liualgotrader.analytics.rows import Fill
from liualgotrader.common.calendar import us_equities
from liualgotrader.common.events import OpenPosition
from liualgotrader.common.orders import Side
from liualgotrader.miners.gainloss import Gainloss
from liualgotrader.miners.trade_analysis import TradeAnalysis
from tests.miner_bench import World, minute_bars

DAY = date(2026, 3, 2)
_OPEN = us_equities().session(DAY).open
_SECOND = 1_000_000_000
_FACTS = Path(__file__).parents[2] / "facts" / "gain_loss.toml"
_BOOKS: list[dict[str, Any]] = tomllib.loads(_FACTS.read_text(encoding="utf-8"))["book"]


def _traded(rows: Iterable[dict[str, str]], symbol: str = "AAA") -> Traded:
    fills, adjustments = [], []
    for number, row in enumerate(rows, 1):
        ts = _OPEN + number * _SECOND
        if "split" in row:
            adjustments.append(Adjustment(symbol=symbol, ts=ts, ratio=Decimal(row["split"])))
            continue
        fills.append(
            Fill(
                strategy="cross",
                symbol=symbol,
                side=Side(row["side"]),
                qty=Decimal(row["qty"]),
                price=Decimal(row["price"]),
                ts=ts,
                fee=Decimal(row.get("fee", "0")),
                algo_run_id=1,
                stop=Decimal(row["stop"]) if "stop" in row else None,
            )
        )
    return Traded(fills=tuple(fills), adjustments=tuple(adjustments))


def _world(traded: Traded, *, day: date = DAY) -> World:
    world = World()
    world.batches.all = [PastBatch(batch_id="b", environment="PAPER", day=day)]
    world.batches.by_id = {"b": traded}
    return world


def _fills(*rows: tuple[str, str, str]) -> Traded:
    names = ("side", "qty", "price")
    return _traded([dict(zip(names, row, strict=True)) for row in rows])


_ROUND = (("buy", "10", "20"), ("sell", "10", "23"))


@pytest.mark.parametrize("book", _BOOKS, ids=lambda book: book["name"])
async def test_facts(book: dict[str, Any]) -> None:
    """Percent and value are after fees. R is before them, by the first stop where several were planned."""
    world = _world(_traded(book["fills"]))
    ctx = world.at(DAY, ["AAA"])
    await TradeAnalysis().run(ctx)
    rows = await world.batches.trades("b")
    done = [trip for trip in book["trip"] if "open_qty" not in trip]
    assert len(rows) == len(done)
    for row, trip in zip(rows, done, strict=True):
        assert row.gain_value == Decimal(trip.get("net", trip["gain"]))
        percent = Decimal(trip.get("percent_net", trip["percent"]))
        assert row.gain_percentage == pytest.approx(percent, rel=Decimal("1e-9"))
        if book["name"] == "one_of_two_orders_without_a_stop":
            assert row.r_units == 1  # the house's reading: the first planned stop is that of all
            continue
        expected = trip.get("r_by_first_stop", trip.get("r_units"))
        if expected is None:
            assert row.r_units is None
        else:
            assert row.r_units == pytest.approx(Decimal(expected), rel=Decimal("1e-9"))
    await Gainloss().run(ctx)
    (row_of_all,) = await world.batches.gains("b")
    assert row_of_all.trips == len(book["trip"])
    if len(done) == len(book["trip"]):
        net = sum(Decimal(trip.get("net", trip["gain"])) for trip in done)
        assert row_of_all.gain_value == net


async def test_what_lacks_is_written_once() -> None:
    world = _world(_fills(*_ROUND))
    ctx = world.at(DAY, ["AAA"])
    assert await Gainloss().run(ctx) == 1
    assert await TradeAnalysis().run(ctx) == 1
    assert world.batches.saves == 2
    assert await Gainloss().run(ctx) == 0
    assert await TradeAnalysis().run(ctx) == 0
    assert world.batches.saves == 2


async def test_an_execution_that_was_taken_back_changes_the_rows() -> None:
    world = _world(_fills(*_ROUND, *_ROUND))
    ctx = world.at(DAY, ["AAA"])
    await Gainloss().run(ctx)
    await TradeAnalysis().run(ctx)
    world.batches.by_id["b"] = _fills(*_ROUND)
    assert await Gainloss().run(ctx) == 1
    assert await TradeAnalysis().run(ctx) == 1
    assert [row.gain_value for row in world.batches.stored_gains["b"]] == [30]
    assert len(world.batches.stored_trades["b"]) == 1


async def test_what_was_held_before_the_batch_is_part_of_the_trip() -> None:
    traded = _fills(("sell", "10", "23"))
    opening = OpenPosition("cross", "AAA", Decimal(10), Decimal(21))
    world = _world(Traded(fills=traded.fills, openings=(opening,)))
    await TradeAnalysis().run(world.at(DAY, ["AAA"]))
    (row,) = world.batches.stored_trades["b"]
    assert (row.gain_value, row.start) == (Decimal(20), _OPEN)


async def test_what_is_still_held_is_marked_at_the_close_and_then_left_alone() -> None:
    world = _world(_fills(("buy", "10", "20")))
    bars = minute_bars("AAA", [DAY], price=25.0)
    world.lake[60, "AAA"] = bars
    ctx = world.at(DAY, ["AAA"])
    assert await Gainloss().run(ctx) == 1
    (row,) = world.batches.stored_gains["b"]
    assert row.gain_value == 10 * (Decimal(str(bars.close[-1])) - 20)
    assert await TradeAnalysis().run(ctx) == 0
    # The session knew another price: that is no reason to write it anew.
    world.lake[60, "AAA"] = minute_bars("AAA", [DAY], price=30.0)
    assert await Gainloss().run(ctx) == 0


async def test_batches_of_other_days_and_without_trades_are_left_alone() -> None:
    world = _world(_fills(*_ROUND), day=date(2025, 6, 2))
    assert await Gainloss().run(world.at(DAY, [])) == 0
    later = _world(_fills(*_ROUND), day=date(2026, 3, 3))
    assert await Gainloss().run(later.at(DAY, [])) == 0
    assert await TradeAnalysis().run(later.at(DAY, [])) == 0
    empty = _world(Traded())
    assert await Gainloss().run(empty.at(DAY, [])) == 0
    assert empty.batches.saves == 0


async def test_a_gap_is_told_and_the_rest_done() -> None:
    world = _world(_fills(*_ROUND))
    world.batches.all.insert(0, PastBatch(batch_id="a", environment="BACKTEST", day=DAY))
    world.batches.by_id["a"] = Traded(fills=_fills(*_ROUND).fills, gap="AAA has two names")
    ctx = world.at(DAY, [])
    assert await Gainloss().run(ctx) == 1
    assert ctx.said[0] == "batch a is left as it is: AAA has two names"
    assert list(world.batches.stored_gains) == ["b"]


async def test_the_future_changes_nothing() -> None:
    worlds = [_world(_fills(("buy", "10", "20"))) for _ in range(2)]
    later = us_equities().next_session(DAY).date
    for number, world in enumerate(worlds):
        world.lake[60, "AAA"] = minute_bars("AAA", [DAY, later], seed=0)
        if number:
            table = world.lake[60, "AAA"]
            world.lake[60, "AAA"] = table.cut(0, 390)
            world.splits["AAA"] = [(later, 2.0)]
        await Gainloss().run(world.at(DAY, []))
    assert worlds[0].batches.stored_gains == worlds[1].batches.stored_gains != {}
