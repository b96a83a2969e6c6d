"""What dip_10 and dip_45 have in common: how far a price falls soon after a purchase."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from liualgotrader.forecasts.base import MarketDay
from liualgotrader.forecasts.sampled import Missing, SampledForecast
from liualgotrader.forecasts.session_minutes import falls, gap

LEAST_PURCHASES = 30


class Dip(SampledForecast):
    """The strongest fall within `minutes` after a purchase, as a negative fraction.

    Of a day it is the median over purchases at the close of each minute, see `falls`.
    """

    minutes: ClassVar[int]
    highest = 0.0

    def target(self, symbol: str, day: MarketDay) -> float | Missing:
        """Return the day's median fall."""
        bars = day.minutes.get(symbol)
        if bars is None:
            return Missing("no minute bars")
        if reason := gap(bars, day):
            return Missing(reason)
        found = falls(bars, day, self.minutes)
        if len(found) < LEAST_PURCHASES:
            return Missing(f"only {len(found)} minutes with {self.minutes} after them")
        return float(np.median(found))
