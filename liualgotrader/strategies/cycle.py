"""The cycle of offers, where forecasts say that it pays: mild dips, lively days, profits in simulated runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median
from typing import ClassVar

from liualgotrader.common.clock import MINUTE
from liualgotrader.common.events import Bar
from liualgotrader.strategies.base import Context, Viability
from liualgotrader.strategies.re_cycle import ReCycleStrategy

_FILTERS = ("dip_10", "dip_45", "volatility", "momentum", "profitability", "rally")
_DIPS = {"dip_10": 10, "dip_45": 45}


class CycleStrategy(ReCycleStrategy):
    """ReCycleStrategy with a time to enter and six filters, asked of the forecasts of `market_miner`.

    Entries from `after_open` to `until`, in minutes after the open. A symbol is traded when all of
    `filters` let it pass:

    * `dip_10`, `dip_45`: the strongest fall expected within 10 and 45 minutes after a purchase, a
      negative fraction, is not beyond `strongest_dip_10` and `strongest_dip_45`, half of the way to
      the stop and all of it;
    * `volatility`: the days' average spread, (high - low) / open, is at least `min_volatility`;
    * `momentum`: the expected return of the first 45 minutes lies between `min_momentum` and
      `max_momentum`, positive and not too strong;
    * `profitability`: its own simulated runs gain at least `min_profitability` each, on average;
    * `rally`: a strong rally has at least the probability `min_rally`; of many symbols about every
      tenth day has one.

    Before an entry the dips of the last two hours, found in the same way, are held against these bounds
    as well, with `room` times as much room. A forecast that is not there lets nothing pass;
    `filters = []` asks for none.
    """

    forecasts: ClassVar[tuple[str, ...]] = _FILTERS

    after_open: float = 45.0
    until: float = 150.0
    filters: tuple[str, ...] = _FILTERS
    strongest_dip_10: float = -0.0025
    strongest_dip_45: float = -0.005
    min_volatility: float = 0.015
    min_momentum: float = 0.0005
    max_momentum: float = 0.01
    min_profitability: float = 0.0005
    min_rally: float = 0.1
    room: float = 1.5

    def on_start(self, ctx: Context) -> None:
        """Begin as ReCycleStrategy does. Raises ValueError for a filter that there is not."""
        if unknown := [name for name in self.filters if name not in _FILTERS]:
            raise ValueError(
                f"filters: there is no {', '.join(unknown)}, but {', '.join(_FILTERS)}"
            )
        super().on_start(ctx)

    def is_viable(self, symbol: str, ctx: Viability) -> bool:
        """Ask the filters, and before an entry whether it fell about as little of late."""
        for name, least, most in self._bounds():
            if not ctx.check(name, at_least=least, at_most=most):
                return False
            if name in _DIPS and ctx.recent is not None:
                fall = typical_fall(ctx.recent, _DIPS[name])
                if not ctx.measure(f"recent {name}", fall, at_least=least * self.room):
                    return False
        return True

    def last_entry(self, ctx: Context) -> int:
        """Return when no entry is made any more, ns UTC."""
        return min(super().last_entry(ctx), ctx.session_open + int(self.until * MINUTE))

    def _bounds(self) -> Iterator[tuple[str, float, float | None]]:
        bounds = {
            "dip_10": (self.strongest_dip_10, None),
            "dip_45": (self.strongest_dip_45, None),
            "volatility": (self.min_volatility, None),
            "momentum": (self.min_momentum, self.max_momentum),
            "profitability": (self.min_profitability, None),
            "rally": (self.min_rally, None),
        }
        return ((name, *bounds[name]) for name in self.filters)


def typical_fall(bars: Sequence[Bar], minutes: int) -> float:
    """Return the median of the strongest falls within `minutes` bars after each bar's close.

    A fraction, 0 or less, as the forecasts of dips are. Only bars with so many after them count; 0
    without any.
    """
    falls = [
        min(0.0, min(after.low for after in bars[place + 1 : place + 1 + minutes]) / bar.close - 1)
        for place, bar in enumerate(bars[: max(len(bars) - minutes, 0)])
    ]
    return median(falls) if falls else 0.0
