"""Hold a symbol while its fast moving average is above its slow one."""

from __future__ import annotations

from typing import ClassVar

from liualgotrader.common.events import Bar, CorporateAction
from liualgotrader.fincalcs import SMA
from liualgotrader.strategies.base import Context, Strategy


class Averages:
    """The two averages of one symbol."""

    __slots__ = ("_fast", "_last_start", "_slow", "is_above", "was_above")

    def __init__(self, fast: int, slow: int) -> None:
        self._fast, self._slow = SMA(fast), SMA(slow)
        self._last_start = -1
        self.is_above: bool | None = None
        self.was_above: bool | None = None

    def learn(self, bar: Bar) -> bool:
        """Take the next bar; say whether it was new and both averages are known."""
        if bar.start <= self._last_start:
            return False
        self._last_start = bar.start
        self._fast.update(bar.close)
        self._slow.update(bar.close)
        if not (self._fast.ready and self._slow.ready):
            return False
        self.was_above, self.is_above = self.is_above, self._fast.value > self._slow.value
        return True

    @property
    def crossed_up(self) -> bool:
        """Whether the fast average was not above the slow one before this bar, and is now."""
        return self.is_above is True and self.was_above is False

    def figures(self) -> dict[str, float]:
        """Return both, to be stored with an order."""
        return {"fast": self._fast.value, "slow": self._slow.value}


class SmaCross(Strategy):
    """Buy when the fast average of closes crosses above the slow one, sell when below.

    `weight`: the fraction of portfolio_value to put into one symbol, in whole shares. One order at
    a time per symbol: while one is at work nothing is asked for. A refused entry is not tried again
    before the next crossing; an exit is tried on every bar until flat.
    """

    warmup: ClassVar[int] = 60

    fast: int = 10
    slow: int = 30
    weight: float = 0.1

    def on_start(self, ctx: Context) -> None:
        """Begin without averages: history brings them back. Positions are the context's."""
        self._averages: dict[str, Averages] = {}

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Decide on a complete minute."""
        if bar.seconds != ctx.data.seconds:
            return
        averages = self._averages.get(bar.symbol)
        if averages is None:
            averages = self._averages[bar.symbol] = Averages(self.fast, self.slow)
        if averages.learn(bar) and not ctx.warming_up and not ctx.orders(bar.symbol):
            self._decide(ctx, bar, averages)

    def on_corporate_action(self, ctx: Context, action: CorporateAction) -> None:
        """Work the averages out again, of prices as they compare with today's."""
        averages = self._averages[action.symbol] = Averages(self.fast, self.slow)
        if action.symbol in ctx.data:
            known = ctx.data[action.symbol]
            for index in range(max(0, len(known) - self.slow - 1), len(known)):
                averages.learn(known.bar(index))

    def _decide(self, ctx: Context, bar: Bar, averages: Averages) -> None:
        if ctx.position(bar.symbol):
            if not averages.is_above:
                ctx.close(bar.symbol, reason="the fast average is not above the slow one")
        elif averages.crossed_up:
            qty = int(float(ctx.portfolio_value) * self.weight / bar.close)
            if qty:
                ctx.buy(bar.symbol, qty, reason="crossed up", indicators=averages.figures())
