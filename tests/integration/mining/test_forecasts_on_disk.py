"""Forecasts over a history on disk and the simulator: as over the same days in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
import pytest

from liualgotrader.common.bar_table import BarTable
from liualgotrader.common.events import Bar
from liualgotrader.data.finalising import keep_live, live_source
from liualgotrader.data.lake import Kind, Lake, Rows
from liualgotrader.data.lake.kept import Kept
from liualgotrader.forecasts.base import Forecast, MarketDay
from liualgotrader.forecasts.profitability import Profitability
from liualgotrader.mining.forecast_job import run_forecast
from liualgotrader.mining.history import BlindHistory
from liualgotrader.mining.simulator import LakeSimulator
from tests.every_forecast import forecast_classes, made
from tests.forecast_night import Night, Tables
from tests.generated_days import market, trading_days

NAMES = ("AAA", "BBB", "CCC", "DDD")
LAST = date(2024, 7, 5)
SOURCE = "alpaca/iex"


def days(count: int = 12) -> list[MarketDay]:
    return market(NAMES, count, days=trading_days(LAST, count + 25))


def rows(table: BarTable) -> Rows:
    return Rows(
        table.symbol,
        table.start,
        (table.open, table.high, table.low, table.close, table.volume),
    )


def lake_of(root: Path, known: Sequence[MarketDay]) -> Lake:
    """Return a history with the minutes of some days, and the day bars up to the last of them."""
    lake = Lake(root)
    lake.write_all(Kind.DAY, {name: rows(table) for name, table in known[-1].days.items()})
    for day in known:
        lake.write_all(Kind.MINUTE, {name: rows(table) for name, table in day.minutes.items()})
    return lake


def night(lake: Lake, known: Sequence[MarketDay], tables: Tables | None = None) -> Night:
    ctx = Night(known, NAMES, tables)
    ctx.history = BlindHistory(lake, ctx.day)  # type: ignore[assignment]  # the real ones
    ctx.simulator = LakeSimulator(lake, ctx.day)  # type: ignore[assignment]
    return ctx


@pytest.mark.parametrize("name", ["dip_10", "momentum", "rally", "volatility"])
async def test_a_history_tells_what_days_in_memory_tell(tmp_path: Path, name: str) -> None:
    ctx, same = night(lake_of(tmp_path, days()), days()), Night(days(), NAMES)
    for each in (ctx, same):
        await run_forecast(made(forecast_classes()[name], name), each)
    assert ctx.skipped == {}
    if name == "volatility":  # which has day bars from before the minutes too
        next_day = [key for key in same.tables.rows["forecasts"] if key[1] == ctx.next_day]
        assert set(next_day) <= set(ctx.tables.rows["forecasts"])
    else:
        assert ctx.tables.rows == same.tables.rows


async def test_profits_are_those_of_simulated_days(tmp_path: Path) -> None:
    ctx = night(lake_of(tmp_path, days()), days())
    forecast = Profitability()
    forecast.name, forecast.strategy = "profitability", "sma_cross"
    await run_forecast(forecast, ctx)
    runs = await ctx.simulator.runs("sma_cross", NAMES, days()[0].day, LAST)
    assert len(runs) == 12 * len(NAMES)
    assert sum(run.put_in > 0 for run in runs) > 20
    samples = ctx.tables.rows["forecast_samples"]
    for run in runs:
        gained = run.gain / run.put_in if run.put_in else None
        assert samples["profitability", run.symbol, run.day]["target"] == gained
    assert {key[2] for key in ctx.tables.rows["forecasts"] if key[1] == ctx.next_day} == set(NAMES)


async def test_minutes_that_were_heard_live_give_way_the_next_night(tmp_path: Path) -> None:
    *before, yesterday, today = days()
    lake = lake_of(tmp_path, before)
    lake.write_all(Kind.DAY, {name: rows(table) for name, table in today.days.items()})
    for name, table in yesterday.minutes.items():
        keep_live(lake, SOURCE, yesterday.day, _heard(name, table))
    tables = Tables()
    await run_forecast(_dip(), night(lake, [*before, yesterday], tables))
    key = ("dip_10", "AAA", yesterday.day)
    live = tables.rows["forecast_samples"][key]
    assert not live["is_final"]
    # What finalising does once the vendor has answered, and the day that came after.
    number = yesterday.day.toordinal()
    for table in yesterday.minutes.values():
        Kept(lake).fill(Kind.MINUTE, rows(table), SOURCE, (number, number))
    lake.write_all(Kind.MINUTE, {name: rows(table) for name, table in today.minutes.items()})
    assert Kept(lake).symbols(Kind.MINUTE, live_source(SOURCE), yesterday.day) == []
    await run_forecast(_dip(), night(lake, days(), tables))
    final = tables.rows["forecast_samples"][key]
    assert final["is_final"]
    assert final["target"] != live["target"]
    fresh = Night(days(), NAMES)
    await run_forecast(_dip(), fresh)
    for name in NAMES:
        told = ("dip_10", fresh.next_day, name)
        assert tables.rows["forecasts"][told] == fresh.tables.rows["forecasts"][told]


def _dip() -> Forecast:
    return made(forecast_classes()["dip_10"], "dip_10")


def _heard(symbol: str, table: BarTable) -> list[Bar]:
    """Return a day's minutes with lows that were not so low."""
    table = msgspec.structs.replace(table, low=np.minimum(table.open, table.close))
    columns = (table.open, table.high, table.low, table.close, table.volume)
    values = zip(table.start.tolist(), *(each.tolist() for each in columns), strict=True)
    return [Bar(symbol, *each) for each in values]
