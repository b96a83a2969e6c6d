"""A strategy that asks stored forecasts and the last two hours before it trades."""

from __future__ import annotations

from typing import ClassVar

from liualgotrader.common.events import Bar
from liualgotrader.strategies.base import Context, Strategy, Viability


class Choosy(Strategy):
    """Buys in one minute and closes in the next, where it is calm by forecast and by the last bars."""

    forecasts: ClassVar[tuple[str, ...]] = ("calm",)
    widest: float = 0.0006

    def is_viable(self, symbol: str, ctx: Viability) -> bool:
        """Ask the forecast, then how wide the last three minutes were."""
        if not ctx.check("calm", at_least=0.5):
            return False
        if ctx.recent is None or len(ctx.recent) < 3:
            return True
        last = ctx.recent[-3:]
        width = max(bar.high for bar in last) / min(bar.low for bar in last) - 1
        return ctx.measure("width", width, at_most=self.widest)

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Be in or out."""
        if ctx.position(bar.symbol) or ctx.orders(bar.symbol):
            ctx.close(bar.symbol, reason="in and out")
        else:
            ctx.buy(bar.symbol, 7, reason="calm")
