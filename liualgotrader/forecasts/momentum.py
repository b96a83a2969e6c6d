"""momentum: where the first 45 minutes of the session will lead."""

from __future__ import annotations

from collections.abc import Sequence

from liualgotrader.forecasts.base import MarketDay
from liualgotrader.forecasts.sampled import Missing, SampledForecast
from liualgotrader.forecasts.session_minutes import MINUTE, gap

MINUTES = 45


class Momentum(SampledForecast):
    """The return from the open to the close of minute 45. Its baseline expects none."""

    def target(self, symbol: str, day: MarketDay) -> float | Missing:
        """Return the return."""
        bars = day.minutes.get(symbol)
        if bars is None:
            return Missing("no minute bars")
        if reason := gap(bars, day):
            return Missing(reason)
        first = bars.between(day.open, day.open + MINUTES * MINUTE)
        return float(first.close[-1] / first.open[0] - 1)

    def baseline(self, own: Sequence[float], everyone: float) -> float:
        """Return that nothing is expected."""
        return 0.0
