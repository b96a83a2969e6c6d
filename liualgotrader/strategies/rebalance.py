"""Hold the best of many, as many dollars of each as its daily moves allow, and look again now and then."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from liualgotrader.common.clock import SECOND
from liualgotrader.common.events import Bar, CorporateAction, TimerFired
from liualgotrader.fincalcs import atr, momentum
from liualgotrader.strategies.base import Context, Strategy, StrategyType

_KEY = "rebalanced"
_DAY = 86_400 * SECOND
_SETTLE = 30 * SECOND
"""Bars of one moment come one by one; so long after the first of them all are there."""


class Ranked(msgspec.Struct, frozen=True):
    """A symbol that may be held: its momentum (see `fincalcs.momentum`), and how many shares."""

    symbol: str
    momentum: float
    qty: int


class Rebalance(Strategy):
    """Rank symbols by momentum, hold the `top` ones, sell first, buy with what is there then.

    Momentum is the annualised exponential slope of the last `days` closes times R squared (Clenow,
    2015); what has none above 0 is not held. Each position gets so many shares that a usual day's
    move, the average true range of `atr_days`, is the fraction `risk_factor` of portfolio_value.

    Every `interval` calendar days, counted in the keystore. Sales come first: what is not among the
    top is closed, what has grown beyond its size is cut. Once no order is at work, with the next bar
    (by day bars: the next day), what is missing is bought, best first, as far as the account's cash
    goes; `reserve` is the fraction kept for prices that rise until then. Differences of less than
    the fraction `band` of a position's size are let be. What did not trade on the newest day is left
    alone.
    """

    type: ClassVar[StrategyType] = StrategyType.SWING
    portfolio: ClassVar[bool] = True
    warmup_days: ClassVar[int] = 260

    days: int = 90
    top: int = 10
    interval: int = 7
    risk_factor: float = 0.001
    atr_days: int = 20
    band: float = 0.1
    reserve: float = 0.01

    # -- what happens ------------------------------------------------------------------------------

    def on_start(self, ctx: Context) -> None:
        """Begin with nothing planned. Raises ValueError for days that are not loaded, or too few."""
        if not 2 <= self.atr_days < self.days < self.warmup_days:
            raise ValueError(
                f"atr_days = {self.atr_days} must be less than days = {self.days}, and those less"
                f" than the {self.warmup_days} that are loaded"
            )
        self._session = self._ranked_in = -1
        self._is_asked = False
        self._wanted: list[Ranked] | None = None

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Ask for a moment to decide, when it is time to rank or to buy."""
        if bar.seconds != ctx.data.seconds or self._is_asked:
            return
        begins = ctx.session_open != self._session
        self._session = ctx.session_open
        if self._wanted is not None or (begins and self._is_due(ctx)):
            self._is_asked = True
            ctx.call_at(ctx.clock.now() + _SETTLE, _KEY)

    def on_timer(self, ctx: Context, timer: TimerFired) -> None:
        """Rank and sell, or buy."""
        self._is_asked = False
        if self._wanted is not None:
            self._buy(ctx, self._wanted)
        elif known := self._known(ctx):
            self._wanted, self._ranked_in = self._ranked(ctx, known), self._session
            self._sell(ctx, known, self._wanted)
            self._buy(ctx, self._wanted)

    def on_corporate_action(self, ctx: Context, action: CorporateAction) -> None:
        """Forget how many shares were wanted of what is split now."""
        if self._wanted is not None and action.ratio != 1:
            self._wanted = [each for each in self._wanted if each.symbol != action.symbol]

    # -- ranking -----------------------------------------------------------------------------------

    def _is_due(self, ctx: Context) -> bool:
        last = ctx.load(_KEY)
        # Half a day less: sessions begin an hour earlier or later when the clocks change.
        return last is None or ctx.session_open - int(last) > self.interval * _DAY - _DAY // 2

    def _known(self, ctx: Context) -> list[str]:
        """Return the symbols that have enough days, the newest day among them."""
        daily = ctx.data.daily
        known = [symbol for symbol in ctx.symbols if symbol in daily]
        newest = max((daily[symbol].starts[-1] for symbol in known), default=0)
        return [
            symbol
            for symbol in known
            if len(daily[symbol]) > self.days and daily[symbol].starts[-1] == newest
        ]

    def _ranked(self, ctx: Context, symbols: list[str]) -> list[Ranked]:
        """Return what is to be held, best first."""
        found = [self._measured(ctx, symbol) for symbol in symbols]
        rising = [each for each in found if each.momentum > 0 and each.qty > 0]
        return sorted(rising, key=lambda each: (-each.momentum, each.symbol))[: self.top]

    def _measured(self, ctx: Context, symbol: str) -> Ranked:
        days = ctx.data.daily[symbol]
        # Wilder's average remembers its first bar for long; over all that is loaded it has forgotten it.
        since = -self.warmup_days
        high, low, close = days.high[since:], days.low[since:], days.close[since:]
        move = float(atr(high, low, close, period=self.atr_days)[-1])
        qty = int(float(ctx.portfolio_value) * self.risk_factor / move) if move > 0 else 0
        found = momentum(close, days=self.days)
        return Ranked(symbol, found.score if found is not None else 0.0, qty)

    # -- trading -----------------------------------------------------------------------------------

    def _sell(self, ctx: Context, known: list[str], wanted: list[Ranked]) -> None:
        """Close what is not among the best any more, and cut what has become too much."""
        sizes = {each.symbol: each.qty for each in wanted}
        for symbol, held in ctx.positions().items():
            if symbol not in known or ctx.orders(symbol):
                continue
            size = sizes.get(symbol, 0)
            if not size:
                ctx.close(symbol, reason="not among the best")
            elif held > size * (1 + self.band):
                ctx.sell(symbol, held - size, reason="more than its size")

    def _buy(self, ctx: Context, wanted: list[Ranked]) -> None:
        """Buy what is missing, unless a sale is still at work."""
        if ctx.orders():
            return
        money = float(ctx.cash)
        for each in wanted:
            missing = each.qty - float(ctx.position(each.symbol))
            price = (ctx.last(each.symbol) or 0.0) * (1 + self.reserve)
            if missing <= each.qty * self.band or not price:
                continue
            qty = int(min(missing, max(money, 0.0) / price))
            if qty:
                money -= qty * price
                figures = {"momentum": each.momentum}
                ctx.buy(each.symbol, qty, reason="among the best", indicators=figures)
        self._wanted = None
        ctx.save(_KEY, str(self._ranked_in))
