"""A strategy for pairs of currencies: fractions of coins, around the clock."""

from __future__ import annotations

from liualgotrader.common.events import Bar
from liualgotrader.strategies.base import Context, Strategy, StrategyType


class CoinCross(Strategy):
    """Holds what is above its average of the last twenty minutes."""

    type = StrategyType.SWING

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Buy for five thousand dollars, or sell all."""
        close = ctx.data[bar.symbol].close
        if len(close) < 20 or ctx.orders(bar.symbol):
            return
        above = bar.close > close[-20:].mean()
        if above and not ctx.position(bar.symbol):
            ctx.buy(bar.symbol, 5_000 / bar.close, tif="gtc")
        elif not above and ctx.position(bar.symbol):
            ctx.close(bar.symbol)
