"""profitability: what a strategy's own simulated runs earn in a symbol."""

from __future__ import annotations

from collections.abc import Sequence

from liualgotrader.forecasts.base import MarketDay, Needs
from liualgotrader.forecasts.sampled import Missing, SampledForecast


class Profitability(SampledForecast):
    """The profit of a simulated day of the strategy, as a fraction of the most it had put in.

    Days on which it bought nothing do not count. The baseline is the symbol's mean so far.
    """

    strategy: str = "re_cycle"  # a class that is built in, or of `strategy_file`
    strategy_file: str = ""  # a path from where market_miner is run

    def needs(self) -> Needs:
        """Return whose runs are needed."""
        return Needs(minutes=False, strategy=self.strategy, filename=self.strategy_file)

    def target(self, symbol: str, day: MarketDay) -> float | Missing | None:
        """Return the day's profit."""
        if symbol not in day.profits:
            return Missing(f"no simulated run of {self.strategy}")
        return day.profits[symbol]

    def baseline(self, own: Sequence[float], everyone: float) -> float:
        """Return the mean so far."""
        return sum(own) / len(own)
