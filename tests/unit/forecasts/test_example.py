"""The example of a forecast of one's own: it loads as miner.toml says, and does what it says."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from liualgotrader.engine.loading import configure, load_class
from liualgotrader.forecasts.base import Forecast
from liualgotrader.forecasts.sampled import Missing, SampledForecast
from liualgotrader.mining.forecast_job import run_forecast
from liualgotrader.mining.plan_reading import read_miner_plan
from tests.forecast_night import Night
from tests.generated_days import market, trading_days, without

PLAN = Path(__file__).parents[3] / "examples" / "forecast" / "miner.toml"
NAMES = ("AAA", "BBB", "CCC")


def night_gap() -> SampledForecast:
    """Return the example as its plan configures it."""
    job = next(each for each in read_miner_plan(PLAN).jobs if each.name == "NightGap")
    cls = load_class(job.filename, job.class_name, Forecast)
    forecast = configure(cls, job.name, job.parameters)
    assert isinstance(forecast, SampledForecast)
    return forecast


async def test_it_tells_of_the_next_day_after_a_night() -> None:
    days = market(NAMES, 20, days=trading_days(date(2024, 7, 5), 45))
    ctx = Night(days, NAMES)
    await run_forecast(night_gap(), ctx)
    told = ctx.tables.rows["forecasts"]
    assert {key[2] for key in told if key[1] == date(2024, 7, 8)} == set(NAMES)
    assert {row["naive"] for row in told.values()} == {0.0}
    assert ctx.history.reads == 0
    assert ctx.skipped == {}


def test_a_gap_is_from_close_to_open() -> None:
    day = market(NAMES, 2)[-1]
    bars = day.days["AAA"]
    bars.open[-1] = 1.05 * bars.close[-2]
    assert night_gap().target("AAA", day) == pytest.approx(0.05)
    bars.open[-1] = 1.3 * bars.close[-2]
    assert night_gap().target("AAA", day) == Missing("a gap of 30%")
    assert night_gap().target("AAA", without(day, "AAA")) == Missing("no day bar")
