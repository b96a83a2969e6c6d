"""volatility: how far apart the day's high and low will be."""

from __future__ import annotations

from liualgotrader.forecasts.base import MarketDay, Needs
from liualgotrader.forecasts.sampled import Missing, SampledForecast

DAY = 86_400_000_000_000


class Volatility(SampledForecast):
    """(high - low) / open of the day. Its baseline is the mean of the last five days."""

    lowest = 0.0

    def needs(self) -> Needs:
        """Return that day bars are enough."""
        return Needs(minutes=False)

    def target(self, symbol: str, day: MarketDay) -> float | Missing:
        """Return the day's spread."""
        bars = day.days[symbol].between(day.close - DAY, day.close)
        if not len(bars):
            return Missing("no day bar")
        return float((bars.high[-1] - bars.low[-1]) / bars.open[-1])
