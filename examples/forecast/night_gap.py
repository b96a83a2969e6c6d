"""A forecast of one's own: how far the price will jump over night."""

from collections.abc import Sequence

from liualgotrader.forecasts.base import MarketDay, Needs
from liualgotrader.forecasts.sampled import Missing, SampledForecast


class NightGap(SampledForecast):
    """The open of the day to the close of the day before it, as a fraction. The baseline expects none."""

    # Annotated attributes are parameters: miner.toml may set them, [forecasts.NightGap] most = 0.2
    most: float = 0.1  # what is further is news that no chart foretells, and is not learnt from

    def needs(self) -> Needs:
        """Day bars are enough; with minutes too, the night would take longer."""
        return Needs(minutes=False)

    def target(self, symbol: str, day: MarketDay) -> float | Missing:
        """Say what came of a day. What was known before it is looked after: see SampledForecast.features."""
        bars = day.days[symbol]
        if len(bars) < 2 or day.open - bars.start[-1] > 86_400_000_000_000:
            return Missing("no day bar")
        gap = float(bars.open[-1] / bars.close[-2] - 1)
        return gap if abs(gap) <= self.most else Missing(f"a gap of {gap:.0%}")

    def baseline(self, own: Sequence[float], everyone: float) -> float:
        """Say what somebody expects who knows nothing; `own` are the symbol's targets, oldest first."""
        return 0.0
