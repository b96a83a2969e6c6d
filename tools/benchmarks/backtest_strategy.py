"""Long while the fast average is above the slow one: the workload's strategy as its author would write it here."""

from __future__ import annotations

from typing import ClassVar

from liualgotrader import Bar, Context, Strategy
from liualgotrader.fincalcs import SMA
from liualgotrader.strategies.base import StrategyType


class Sma(Strategy):
    """Market orders for a fixed quantity; positions stay overnight."""

    type: ClassVar[StrategyType] = StrategyType.SWING
    warmup: ClassVar[int] = 30

    fast: int = 10
    slow: int = 30
    quantity: int = 100

    def on_start(self, ctx: Context) -> None:
        """Begin without averages; the last bars of the day before bring them back."""
        self._averages: dict[str, tuple[SMA, SMA]] = {}

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Take a bar into both averages and compare them."""
        symbol, close = bar.symbol, bar.close
        averages = self._averages.get(symbol)
        if averages is None:
            averages = self._averages[symbol] = (SMA(self.fast), SMA(self.slow))
        fast, slow = averages[0].update(close), averages[1].update(close)
        if ctx.warming_up or fast == slow:
            return
        if fast > slow:
            if not ctx.position(symbol):
                ctx.buy(symbol, self.quantity)
        elif fast < slow and ctx.position(symbol):
            ctx.close(symbol)
