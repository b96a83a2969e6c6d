"""A forecast's night: what is read, what is stored, and that it is the same however often it is done."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from datetime import date
from functools import lru_cache
from typing import Any

import msgspec
import pytest

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.plan_classes import BUILT_IN
from liualgotrader.engine.loading import configure, parameter_types, source_of
from liualgotrader.forecasts.base import Check, Forecast, MarketDay
from liualgotrader.forecasts.momentum import Momentum
from liualgotrader.forecasts.profitability import Profitability
from liualgotrader.mining.forecast_days import ForecastDays
from liualgotrader.mining.forecast_job import code_version, run_forecast
from liualgotrader.mining.plan_file import parse_miner_plan
from tests.every_forecast import forecast_classes, made
from tests.forecast_night import Night, Tables
from tests.generated_days import halted, market, trading_days, without

NAMES = ("AAA", "BBB", "CCC", "DDD")
LAST = date(2024, 7, 5)
"""The day after a half day and a holiday."""
EVERY = pytest.mark.parametrize("cls", forecast_classes().values(), ids=forecast_classes())


@lru_cache
def days(count: int = 26) -> list[MarketDay]:
    return market(NAMES, count, days=trading_days(LAST, count + 25))


def small(cls: type[Forecast], name: str = "one") -> Forecast:
    forecast = made(cls, name)
    forecast.days, forecast.past = 10, 5
    return forecast


async def night(
    cls: type[Forecast],
    known: Sequence[MarketDay],
    tables: Tables | None = None,
    symbols: Sequence[str] = NAMES,
) -> tuple[Night, int]:
    ctx = Night(known, symbols, tables)
    return ctx, await run_forecast(small(cls), ctx)


def test_all_that_there_are_can_be_named_in_miner_toml() -> None:
    assert BUILT_IN["forecast"] == {
        name: cls.__module__ for name, cls in forecast_classes().items()
    }


@EVERY
def test_no_parameter_has_the_name_of_a_key_of_miner_toml(cls: Any) -> None:
    assert not parameter_types(cls).keys() & {"after", "class_name", "filename", "name"}


def test_profitability_may_have_a_strategy_of_ones_own() -> None:
    text = '[forecasts.profitability]\nstrategy = "Mine"\nstrategy_file = "mine.py"\ndays = 5\n'
    (job,) = parse_miner_plan(text, sources=source_of).jobs
    forecast = configure(Profitability, job.name, job.parameters)
    assert (forecast.needs().strategy, forecast.needs().filename) == ("Mine", "mine.py")


@EVERY
async def test_a_night_tells_of_the_next_day_and_of_days_that_are_over(
    cls: type[Forecast],
) -> None:
    ctx, changed = await night(cls, days())
    told = ctx.tables.rows["forecasts"]
    next_day = date(2024, 7, 8)
    past = [day.day for day in days()[-5:]]
    assert set(told) == {("one", day, name) for day in (*past, next_day) for name in NAMES}
    assert set(ctx.tables.rows["forecast_samples"]) == {
        ("one", name, day.day) for day in days()[-25:] for name in NAMES
    }
    ((_, checked_day),) = ctx.tables.rows["forecast_checks"]
    assert checked_day == LAST
    assert changed == sum(map(len, ctx.tables.rows.values()))
    assert ctx.skipped == {}
    assert "its naive baseline" in ctx.lines[-1]
    forecast = small(cls)
    for day in days()[-25:]:
        forecast.feed(day)
    for (_, day, name), row in told.items():
        assert row["value"] == forecast.value(name, day)
        assert row["naive"] == forecast.naive(name, day)
        assert row["trained_through"] < day
        assert row["code_version"] == code_version(forecast)
        basis = forecast.basis(day)
        assert basis and row["data_version"] == basis.data_version
    check = ctx.tables.rows["forecast_checks"]["one", LAST]
    assert check["samples"] == 5 * len(NAMES)
    assert check["error"] == forecast.check().error
    assert check["beats_naive"] == forecast.check().beats_naive


@EVERY
async def test_done_again_it_changes_nothing(cls: type[Forecast]) -> None:
    ctx, _ = await night(cls, days())
    before = deepcopy(ctx.tables.rows)
    again, changed = await night(cls, days(), ctx.tables)
    assert changed == 0
    assert again.tables.rows == before


@EVERY
async def test_killed_anywhere_and_done_again_the_rows_are_the_same(cls: type[Forecast]) -> None:
    whole, _ = await night(cls, days())
    for writes in range(3):
        tables = Tables(left=writes)
        with pytest.raises(KeyboardInterrupt):
            await night(cls, days(), tables)
        tables.left = None
        await night(cls, days(), tables)
        assert tables.rows == whole.tables.rows


@EVERY
async def test_the_next_night_reads_its_day_only(cls: type[Forecast]) -> None:
    tables = Tables()
    await night(cls, days()[:-1], tables)
    told = deepcopy(tables.rows["forecasts"])
    ctx, changed = await night(cls, days(), tables)
    assert ctx.history.reads <= len(NAMES)
    assert {each[:2] for each in ctx.history.simulated} <= {(LAST, LAST)}
    # Samples, values of the next day, and the check of this one.
    assert changed == 2 * len(NAMES) + 1
    assert told.items() <= tables.rows["forecasts"].items()
    fresh, _ = await night(cls, days())
    key = ("one", date(2024, 7, 8), "AAA")
    assert tables.rows["forecasts"][key] == fresh.tables.rows["forecasts"][key]
    assert (
        tables.rows["forecast_checks"]["one", LAST]
        == fresh.tables.rows["forecast_checks"]["one", LAST]
    )


@pytest.mark.parametrize("name", ["dip_10", "dip_45", "momentum", "rally"])
async def test_final_bars_take_the_place_of_live_ones_the_next_night(name: str) -> None:
    cls = forecast_classes()[name]
    *before, yesterday, today = days()
    heard = msgspec.structs.replace(
        yesterday,
        live=frozenset(NAMES),
        minutes={
            name: msgspec.structs.replace(table.cut(0, 210), start=yesterday.minutes[name].start)
            for name, table in today.minutes.items()
        },
    )
    tables = Tables()
    await night(cls, [*before, heard], tables)
    assert not tables.rows["forecast_samples"]["one", "AAA", yesterday.day]["is_final"]
    said = deepcopy(tables.rows["forecasts"])
    ctx, _ = await night(cls, [*before, yesterday, today], tables)
    assert ctx.history.reads <= 2 * len(NAMES)
    fresh, _ = await night(cls, days())
    assert tables.rows["forecast_samples"] == fresh.tables.rows["forecast_samples"] | {
        key: row for key, row in tables.rows["forecast_samples"].items() if key[2] < days()[-25].day
    }
    stale, _ = await night(cls, [*before, heard, today], None)
    key = ("one", date(2024, 7, 8), "AAA")
    assert tables.rows["forecasts"][key] == fresh.tables.rows["forecasts"][key]
    assert tables.rows["forecasts"][key] != stale.tables.rows["forecasts"][key]
    # What was told stays as it was told, and still counts as that.
    assert said.items() <= tables.rows["forecasts"].items()


@EVERY
async def test_a_day_that_comes_late_is_learnt_from_when_it_is_there(cls: type[Forecast]) -> None:
    *before, yesterday, today = days()
    tables = Tables()
    first, _ = await night(cls, [*before, without(yesterday, "AAA")], tables)
    assert "AAA" in first.skipped
    assert tables.rows["forecast_samples"]["one", "AAA", yesterday.day]["target"] is None
    await night(cls, days(), tables)
    fresh, _ = await night(cls, days())
    for sampled in (yesterday, today):
        key = ("one", "AAA", sampled.day)
        assert tables.rows["forecast_samples"][key] == fresh.tables.rows["forecast_samples"][key]


async def test_a_delisted_symbol_is_not_looked_for_every_night() -> None:
    gone = [without(day, "AAA") if day.day > days()[-5].day else day for day in days()]
    tables = Tables()
    for count in (-2, -1):
        ctx, _ = await night(Momentum, gone[:count], tables)
    assert "AAA" in ctx.skipped
    assert ctx.history.reads == len(NAMES) - 1


@pytest.mark.parametrize(("learnt", "past"), [(0, 5), (5, -1)])
async def test_days_that_cannot_be_are_named(learnt: int, past: int) -> None:
    forecast = made(Momentum)
    forecast.days, forecast.past = learnt, past
    with pytest.raises(ConfigError, match=rf"days = {learnt}, past = {past}: days must be 1"):
        await run_forecast(forecast, Night(days(), NAMES))


async def test_no_past_is_no_past() -> None:
    forecast = made(Momentum)
    forecast.days, forecast.past = 10, 0
    ctx = Night(days(), NAMES)
    await run_forecast(forecast, ctx)
    assert {key[1] for key in ctx.tables.rows["forecasts"]} == {ctx.next_day}
    assert ctx.tables.rows["forecast_checks"]["one", LAST]["samples"] == 0


async def test_still_live_bars_are_not_read_again() -> None:
    *before, yesterday, today = days()
    yesterday = msgspec.structs.replace(yesterday, live=frozenset(["AAA"]))
    tables = Tables()
    await night(Momentum, [*before, yesterday], tables)
    ctx, _ = await night(Momentum, [*before, yesterday, today], tables)
    assert ctx.history.reads == len(NAMES)


async def test_another_version_of_the_code_is_made_anew() -> None:
    class Other(Momentum):
        version = 2

    ctx, _ = await night(Momentum, days())
    again, changed = await night(Other, days(), ctx.tables)
    assert changed == sum(map(len, ctx.tables.rows.values()))
    assert again.history.reads == 25 * len(NAMES)


def test_a_parameter_is_part_of_the_version_of_the_code() -> None:
    one, other, more = (small(Momentum) for _ in range(3))
    other.days, more.past = 11, 50
    assert code_version(one) != code_version(other)
    assert code_version(one) == code_version(more)
    assert code_version(one).startswith("Momentum:1 ")
    assert "scikit-learn 1." in code_version(one)


async def test_since_works_anew_from_a_day_on() -> None:
    ctx, _ = await night(Momentum, days())
    again = Night(days(), NAMES, ctx.tables)
    again.since = days()[-3].day
    assert await run_forecast(small(Momentum), again) == 0
    assert again.history.reads == 3 * len(NAMES)


async def test_what_cannot_be_foretold_is_skipped_by_name_and_the_rest_done() -> None:
    *before, today = days()
    before = [without(day, "BBB") if day.day < days()[-2].day else day for day in before]
    today = halted(without(today, "CCC"), "DDD", 100, 200)
    ctx, _ = await night(Momentum, [*before, today], symbols=(*NAMES, "GONE"))
    assert ctx.skipped == {
        "CCC": "no minute bars",
        "DDD": "no trades from minute 100 to 200 of the session",
        "GONE": "no minute bars up to 2024-07-05",
    }
    told = [key[2] for key in ctx.tables.rows["forecasts"] if key[1] == ctx.next_day]
    assert sorted(told) == ["AAA", "BBB", "CCC", "DDD"]


async def test_a_universe_of_one_symbol() -> None:
    ctx, _ = await night(Momentum, days(), symbols=["AAA"])
    assert ctx.skipped["AAA"].startswith("there are not yet 20 samples of 5 days")
    forecast = made(Momentum)
    ctx = Night(days(40), ["AAA"])
    await run_forecast(forecast, ctx)
    assert ctx.skipped == {}
    assert ctx.tables.rows["forecasts"]["one", ctx.next_day, "AAA"]["value"] is not None


async def test_a_universe_without_any_data() -> None:
    ctx, changed = await night(Momentum, days(), symbols=["GONE"])
    assert ctx.skipped == {"GONE": "no minute bars up to 2024-07-05"}
    assert changed == 1
    assert ctx.tables.rows["forecast_checks"]["one", LAST]["samples"] == 0
    assert "nobody knows how good it is" in ctx.lines[-1]


async def test_a_symbol_that_comes_later_gets_values_of_days_that_are_over_too() -> None:
    tables = Tables()
    await night(Momentum, days(), tables, symbols=NAMES[:3])
    told = deepcopy(tables.rows["forecasts"])
    await night(Momentum, days(), tables)
    assert {key for key in tables.rows["forecasts"] if key[2] == "DDD"} == {
        ("one", day, "DDD") for day in (*(day.day for day in days()[-5:]), date(2024, 7, 8))
    }
    over = {key: row for key, row in told.items() if key[1] <= LAST}
    assert over.items() <= tables.rows["forecasts"].items()


async def test_runs_that_bought_nothing_are_not_simulated_again() -> None:
    idle = [msgspec.structs.replace(day, profits={**day.profits, "AAA": None}) for day in days()]
    ctx, _ = await night(Profitability, idle)
    assert ctx.skipped["AAA"] == "no day before 2024-07-08 that can be learnt from"
    assert ctx.history.simulated == [(day.day, day.day, len(NAMES)) for day in days()[-25:]]
    again, _ = await night(Profitability, idle, ctx.tables)
    assert again.history.simulated == [(LAST, LAST, len(NAMES))]


class LastClose(Forecast):
    """Keeps nothing but what it is fed, and gives no samples."""

    def __init__(self) -> None:
        self.closes: dict[tuple[str, date], float] = {}

    def feed(self, day: MarketDay) -> None:
        for symbol, bars in day.minutes.items():
            self.closes[symbol, day.day] = float(bars.close[-1])

    def value(self, symbol: str, day: date) -> float | None:
        before = [key for key in self.closes if key[0] == symbol and key[1] < day]
        return self.closes[max(before)] if before else None

    def check(self) -> Check:
        return Check(0, None, None, ())


async def test_three_methods_are_enough_for_a_forecast() -> None:
    ctx, changed = await night(LastClose, days())
    assert changed == len(NAMES) * 6 + 1
    row = ctx.tables.rows["forecasts"]["one", date(2024, 7, 8), "AAA"]
    assert row["value"] == days()[-1].minutes["AAA"].close[-1]
    assert (row["naive"], row["trained_through"]) == (None, LAST)
    over = ctx.tables.rows["forecasts"]["one", LAST, "AAA"]
    assert over["value"] == days()[-2].minutes["AAA"].close[-1]
    assert over["data_version"] != row["data_version"]
    _, changed = await night(LastClose, days(), ctx.tables)
    assert changed == 0


def test_days_are_read_together_as_long_as_the_same_symbols_lack() -> None:
    known = [without(day, "BBB") if day.day < days()[6].day else day for day in days()]
    source = ForecastDays(Night(known, NAMES), Momentum().needs())
    found = source.lacking([day.day for day in known], {})
    assert [(len(each.days), len(each.symbols)) for each in found] == [(6, 3), (20, 4)]


def test_the_half_day_is_one() -> None:
    half: Any = next(day for day in days() if day.day == date(2024, 7, 3))
    assert (half.close - half.open) // 60_000_000_000 == 210
