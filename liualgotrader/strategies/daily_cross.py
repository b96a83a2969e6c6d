"""How a crossing of daily indicators is traded: decided once a day, held for days.

A subclass says what is followed of a symbol, and what crosses.
"""

from __future__ import annotations

from typing import ClassVar, Protocol

from liualgotrader.common.data_loader import SymbolData
from liualgotrader.common.events import Bar, CorporateAction
from liualgotrader.strategies.base import Context, Strategy, StrategyType


class Crossing(Protocol):
    """Two lines of one symbol, day by day, at the same cost for each day."""

    def learn(self, bar: Bar) -> None:
        """Take the next day."""

    @property
    def is_above(self) -> bool | None:
        """Whether the first line is above the second; None while one of them is unknown."""

    @property
    def confirms(self) -> bool:
        """Whether what else is asked of an entry holds on the newest day."""

    def figures(self) -> dict[str, float]:
        """Return what is to be stored with an order."""


class Watch:
    """What an incarnation knows of one symbol: the lines, and the days they have seen."""

    __slots__ = ("crossing", "last_start", "was_above")

    def __init__(self, crossing: Crossing) -> None:
        self.crossing = crossing
        self.last_start = -1
        self.was_above: bool | None = None

    def catch_up(self, days: SymbolData, most: int) -> bool:
        """Take the days that are new, of many the last `most`; say whether there were any."""
        starts = days.starts
        if starts[-1] <= self.last_start:
            return False
        first = len(starts) - 1
        while first and starts[first - 1] > self.last_start and len(starts) - first < most:
            first -= 1
        for place in range(first, len(starts)):
            self.was_above = self.crossing.is_above
            self.crossing.learn(days.bar(place))
        self.last_start = starts[-1]
        return True

    @property
    def crossed_up(self) -> bool:
        """Whether the first line was not above the second before the newest day, and is now."""
        return self.crossing.is_above is True and self.was_above is False


class DailyCross(Strategy):
    """Buy a symbol when its lines cross up, sell it when the first is not above the second any more.

    Decides on complete days: with day bars when one is over, with minute bars at the first of a
    session, on the days before. Whole shares, worth the fraction `weight` of portfolio_value. One
    order at a time per symbol. A refused entry is not tried again before the next crossing; an exit
    is tried on every bar until flat.
    """

    type: ClassVar[StrategyType] = StrategyType.SWING
    warmup_days: ClassVar[int] = 260

    weight: float = 0.1

    # -- what a subclass says ----------------------------------------------------------------------

    def crossing(self) -> Crossing:
        """Return the lines of a symbol, knowing nothing yet."""
        raise NotImplementedError(f"{type(self).__name__} must define crossing()")

    def days_needed(self) -> int:
        """Return how many days it takes until both lines are known, and one more."""
        raise NotImplementedError(f"{type(self).__name__} must define days_needed()")

    # -- what happens ------------------------------------------------------------------------------

    def on_start(self, ctx: Context) -> None:
        """Begin without lines: the days before bring them back. Positions are the context's.

        Raises ValueError when the lines need more days than the strategy asks for.
        """
        if self.days_needed() > self.warmup_days:
            raise ValueError(
                f"{self.name} needs {self.days_needed()} days and asks for {self.warmup_days}: choose"
                " shorter periods, or derive a class with a larger warmup_days"
            )
        self._watches: dict[str, Watch] = {}

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Decide, if the days before have told anything new."""
        symbol, days = bar.symbol, ctx.data.daily
        if bar.seconds != ctx.data.seconds or symbol not in days:
            return
        watch = self._watches.get(symbol)
        if watch is None:
            watch = self._watches[symbol] = Watch(self.crossing())
        is_new = watch.catch_up(days[symbol], self.warmup_days)
        if not ctx.orders(symbol):
            self._decide(ctx, bar, watch, is_new=is_new)

    def on_corporate_action(self, ctx: Context, action: CorporateAction) -> None:
        """Work the lines out again, of prices as they compare with today's."""
        if action.ratio != 1:
            self._watches.pop(action.symbol, None)

    def _decide(self, ctx: Context, bar: Bar, watch: Watch, *, is_new: bool) -> None:
        crossing = watch.crossing
        if ctx.position(bar.symbol):
            if crossing.is_above is False:
                ctx.close(bar.symbol, reason="crossed down")
        elif is_new and watch.crossed_up and crossing.confirms:
            qty = int(float(ctx.portfolio_value) * self.weight / bar.close)
            if qty:
                ctx.buy(bar.symbol, qty, reason="crossed up", indicators=crossing.figures())
