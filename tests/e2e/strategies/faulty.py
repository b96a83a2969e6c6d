"""Strategies that do what no strategy should, after they have bought something."""

from __future__ import annotations

from liualgotrader.common.events import Bar
from liualgotrader.strategies.base import Context, Strategy, StrategyType


class Raises(Strategy):
    """Buys, and fails some bars later."""

    type = StrategyType.SWING
    bars: int = 4

    def on_start(self, ctx: Context) -> None:
        """Begin to count."""
        self._seen = 0

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Buy a little until it is time."""
        self._seen += 1
        if self._seen > self.bars * len(ctx.symbols):
            raise ZeroDivisionError("as planned")
        ctx.buy(bar.symbol, 2)


class Spins(Strategy):
    """Buys, and never returns from a bar of one symbol."""

    type = StrategyType.SWING
    bars: int = 4
    symbol: str = "AAPL"

    def on_start(self, ctx: Context) -> None:
        """Begin to count."""
        self._seen = 0

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Buy a little until it is time."""
        if bar.symbol == self.symbol:
            self._seen += 1
        while self._seen > self.bars:
            pass
        ctx.buy(bar.symbol, 2)


class Steady(Strategy):
    """Buys every other bar and sells on the next."""

    type = StrategyType.SWING

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Buy or sell."""
        if ctx.position(bar.symbol) > 0:
            ctx.close(bar.symbol)
        else:
            ctx.buy(bar.symbol, 5)
