"""What a forecast's job does in a night."""

from __future__ import annotations

from liualgotrader.common.errors import ConfigError
from liualgotrader.forecasts.base import Forecast
from liualgotrader.miners.base import MinerContext


async def run_forecast(forecast: Forecast, ctx: MinerContext) -> int:
    """Feed a forecast the days up to `ctx.day`, and store what it expects of `ctx.next_day`.

    `forecast` is configured and has its name. All that it is fed comes from `ctx`. Returns how many
    rows are new or changed; done twice, the second time changes nothing. What it raises is the
    job's outcome.
    """
    raise ConfigError(
        f"[forecasts.{forecast.name}]: this version can read forecasts, and cannot make them yet"
    )
