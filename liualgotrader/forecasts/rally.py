"""rally: how likely a strong rally is, by a small neural network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline

from liualgotrader.forecasts.base import MarketDay
from liualgotrader.forecasts.robust import robust_inputs
from liualgotrader.forecasts.sampled import Missing, SampledForecast
from liualgotrader.forecasts.session_minutes import MINUTE, gap, strongest_rise


class Rally(SampledForecast):
    """The probability that a price rises by `rise` or more from a low, after the session's first minutes.

    The baseline is how often that happened in all symbols together.
    """

    rise: float = 0.03  # from a running low to a later high, as a fraction
    from_market_open: int = 45  # minutes of the session that do not count

    is_probability = True

    def target(self, symbol: str, day: MarketDay) -> float | Missing:
        """Return whether there was one: 1 or 0."""
        bars = day.minutes.get(symbol)
        if bars is None:
            return Missing("no minute bars")
        if reason := gap(bars, day):
            return Missing(reason)
        late = bars.between(day.open + self.from_market_open * MINUTE, day.close)
        return float(strongest_rise(late) >= self.rise)

    def model(self) -> Any:
        """Return a network with six hidden units, held back (alpha) from learning samples by heart."""
        network = MLPClassifier((6,), solver="lbfgs", alpha=10.0, max_iter=100, random_state=1)
        return make_pipeline(*robust_inputs(), network)

    def baseline(self, own: Sequence[float], everyone: float) -> float:
        """Return the base rate."""
        return everyone
