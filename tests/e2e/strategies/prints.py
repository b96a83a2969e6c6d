"""A strategy that orders by the prints alone: for sessions at the speed of the world, which see few minutes."""

from __future__ import annotations

from liualgotrader.common.events import Trade
from liualgotrader.strategies.base import Context, Strategy, StrategyType


class ByPrints(Strategy):
    """Buys, changes, cancels and sells in turn, every so many prints of a symbol."""

    type = StrategyType.SWING
    size: int = 10
    every: int = 4

    def on_start(self, ctx: Context) -> None:
        """Count from the beginning."""
        self._prints: dict[str, int] = {}

    def on_trade(self, ctx: Context, trade: Trade) -> None:
        """Order by the print's turn."""
        symbol = trade.symbol
        count = self._prints[symbol] = self._prints.get(symbol, 0) + 1
        if count % self.every:
            return
        match count // self.every % 4:
            case 0:
                ctx.buy(symbol, self.size, reason="market")
            case 1:
                ctx.buy(symbol, self.size, limit=trade.price * 0.97, reason="far away")
            case 2:
                for order in ctx.orders(symbol):
                    ctx.cancel(order.order_id)
            case _:
                ctx.sell(symbol, self.size, reason="market")


class Holder(Strategy):
    """Buys twenty, and sells all that it has once that has become less, or when it is to leave."""

    type = StrategyType.SWING
    leave: bool = False

    def on_trade(self, ctx: Context, trade: Trade) -> None:
        """Order by what is held."""
        held = ctx.position(trade.symbol)
        if ctx.orders(trade.symbol):
            return
        if not held and not ctx.load("bought"):
            ctx.save("bought", "yes")
            ctx.buy(trade.symbol, 20)
        elif held and (self.leave or held < 20):
            ctx.close(trade.symbol)
