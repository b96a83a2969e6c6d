"""Trade two companies against each other: sell the one that is dear beside the other, buy the cheap one."""

from __future__ import annotations

from decimal import Decimal
from math import log
from typing import ClassVar

import msgspec

from liualgotrader.common.clock import SECOND
from liualgotrader.common.events import Bar, CorporateAction, FeedState, OrderEvent, TimerFired
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.fincalcs import Line
from liualgotrader.strategies.base import Context, Strategy, StrategyType
from liualgotrader.strategies.pair_window import PairWindow

_KEY = "pair"
_ENDS = (Kind.FILL, Kind.CANCELED, Kind.EXPIRED, Kind.REFUSED, Kind.REJECTED)


class PairTrade(msgspec.Struct):
    """One trade. `first` and `second`: signed shares; `until`: when the entry must be complete, ns UTC.

    `slope`, `intercept`, `error`: the line of the entry, by which the trade is judged to its end.
    `leaving`: why it is being closed, "" while it is not.
    """

    first: Decimal
    second: Decimal
    until: int
    slope: float
    intercept: float
    error: float
    leaving: str = ""

    def spread(self, first: float, second: float) -> float:
        """Return how far log prices are from the line, in its errors: the z-score."""
        line = Line(self.slope, self.intercept, 0.0, self.error)
        return line.off(second, first) / self.error


class PairMemory(msgspec.Struct):
    """What outlives an incarnation. `armed`: the spread has been back since the last trade."""

    armed: bool = True
    trade: PairTrade | None = None


class Pair(Strategy):
    """Two symbols, one position: as many dollars of the one bought as of the other sold short.

    The log prices of `first` are fitted to a line over those of `second`, by least squares over
    `lookback` bars; its slope is the hedge ratio. The spread is how far the newest point is off the
    line, in standard errors. It is entered at `entry` errors and left at `exit` or `stop`, both
    measured by the line of the entry: one that moves on would call every lasting gap normal in the
    end. After a trade nothing is entered before the spread has been within `exit`. Where the slope is
    not positive the two do not move together, and nothing is entered.

    Both legs or neither: when one is refused, or not filled in whole `patience` seconds after both
    were sent (or the session has opened), what there is of both is taken back. `weight`: the fraction
    of portfolio_value in each leg.

    Decides on bars that both symbols have, minutes or days. Positions stay overnight; derive a class
    with `type = StrategyType.DAY_TRADE` to have them closed in the evening.
    """

    type: ClassVar[StrategyType] = StrategyType.SWING
    portfolio: ClassVar[bool] = True
    warmup: ClassVar[int] = 250

    first: str
    second: str
    lookback: int = 60
    entry: float = 2.0
    exit: float = 0.5
    stop: float = 4.0
    patience: float = 180.0
    weight: float = 0.2

    # -- what happens ------------------------------------------------------------------------------

    def on_start(self, ctx: Context) -> None:
        """Take up the trade of the life before, if there is one.

        Raises ValueError for thresholds in another order than exit, entry, stop, and for one symbol.
        """
        if self.first == self.second:
            raise ValueError(f"first and second are both {self.first}: name two symbols")
        if not 0 <= self.exit < self.entry < self.stop or self.lookback < 3:
            raise ValueError(
                f"exit = {self.exit}, entry = {self.entry} and stop = {self.stop} must grow, from 0"
                f" on, and lookback = {self.lookback} be 3 at least"
            )
        self._names = (self.first, self.second)
        self._window = PairWindow(self.lookback)
        self._entries: set[str] = set()
        kept = ctx.load(_KEY)
        self._memory = msgspec.json.decode(kept, type=PairMemory) if kept else PairMemory()

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Learn from a bar; when both symbols have it, decide."""
        if bar.seconds != ctx.data.seconds or bar.symbol not in self._names:
            return
        aligned = self._window.learn(self._names.index(bar.symbol), bar.start, bar.close)
        if ctx.warming_up:
            return
        trade = self._memory.trade
        if trade is not None:
            self._look_after(ctx, trade, aligned=aligned)
        elif aligned:
            self._consider(ctx)

    def on_order(self, ctx: Context, event: OrderEvent) -> None:
        """Go on leaving when an order has ended, and begin to when an entry has failed.

        An exit that ended short of its end is asked for again by the next bar.
        """
        trade = self._memory.trade
        if trade is None or event.kind not in _ENDS:
            return
        if not trade.leaving:
            if event.kind is not Kind.FILL:
                self._take_back(
                    ctx, trade, f"{event.symbol} was {event.kind}: {event.reason or ''}"
                )
        elif event.kind is Kind.FILL or event.order_id in self._entries:
            self._leave(ctx, trade)

    def on_timer(self, ctx: Context, timer: TimerFired) -> None:
        """Take both legs back if one is not complete by now."""
        trade = self._memory.trade
        if trade is not None and not trade.leaving:
            self._judge(ctx, trade, aligned=False)

    def on_corporate_action(self, ctx: Context, action: CorporateAction) -> None:
        """Restate prices and the trade for a split; without the old shares there is no pair."""
        if action.symbol not in self._names:
            return
        leg, trade = self._names.index(action.symbol), self._memory.trade
        if action.new_symbol or not action.ratio:
            if trade is not None:
                self._take_back(ctx, trade, f"{action.symbol} is gone")
        elif action.ratio != 1:
            self._window.shift(leg, float(action.ratio))
            if trade is not None:
                self._restate(ctx, trade, leg, log(action.ratio))

    # -- entering ----------------------------------------------------------------------------------

    def _consider(self, ctx: Context) -> None:
        line, memory = self._window.line(), self._memory
        if line is None or not line.slope > 0 or not line.error > 0:
            return
        first, second = self._window.newest
        spread = line.off(second, first) / line.error
        if abs(spread) <= self.exit and not memory.armed:
            memory.armed = True
            self._keep(ctx)
        if memory.armed and self.entry <= abs(spread) < self.stop:
            self._enter(ctx, line, spread)

    def _enter(self, ctx: Context, line: Line, spread: float) -> None:
        sides = (-1, 1) if spread > 0 else (1, -1)
        shares = [self._shares(ctx, name) for name in self._names]
        if not all(shares) or not self._is_possible(ctx, self._names[sides.index(-1)]):
            return
        until = max(ctx.clock.now(), ctx.session_open) + int(self.patience * SECOND)
        self._memory.trade = PairTrade(
            Decimal(shares[0] * sides[0]),
            Decimal(shares[1] * sides[1]),
            until,
            line.slope,
            line.intercept,
            line.error,
        )
        self._keep(ctx)
        figures = {"spread": spread, "slope": line.slope, "r_squared": line.r_squared}
        for name, side, qty in zip(self._names, sides, shares, strict=True):
            order = ctx.buy if side > 0 else ctx.sell
            self._entries.add(order(name, qty, reason="spread", indicators=figures))
        ctx.call_at(until, "complete?")

    def _shares(self, ctx: Context, symbol: str) -> int:
        """Return how many shares a leg has, in whole lots, as short sales need them."""
        price = ctx.last(symbol) or 0.0
        lot = float(ctx.instrument(symbol).lot) if symbol in ctx.symbols else 1.0
        worth = float(ctx.portfolio_value) * self.weight
        return int(worth / price // lot * lot) if price > 0 else 0

    def _is_possible(self, ctx: Context, short: str) -> bool:
        """Whether no gate is known to refuse one of the legs."""
        if any(name not in ctx.symbols or ctx.orders(name) for name in self._names):
            return False
        instrument = ctx.instrument(short)
        is_live = all(ctx.feed(name) is FeedState.LIVE for name in self._names)
        return is_live and instrument.shortable and instrument.easy_to_borrow

    # -- looking after a trade ---------------------------------------------------------------------

    def _look_after(self, ctx: Context, trade: PairTrade, *, aligned: bool) -> None:
        if trade.leaving:
            self._leave(ctx, trade)
        else:
            self._judge(ctx, trade, aligned=aligned)

    def _judge(self, ctx: Context, trade: PairTrade, *, aligned: bool) -> None:
        """Leave when the spread says so, or when a leg is not as it was ordered and should be by now."""
        if (ctx.position(self.first), ctx.position(self.second)) != (trade.first, trade.second):
            if ctx.clock.now() >= trade.until:
                self._take_back(ctx, trade, "a leg is not complete")
        elif aligned:
            spread = trade.spread(*self._window.newest)
            # What was bought of the first leg at a low spread is done when it is no more so low.
            towards = spread if trade.first > 0 else -spread
            if towards >= -self.exit:
                self._take_back(ctx, trade, "the spread is back")
            elif towards <= -self.stop:
                self._take_back(ctx, trade, "stop")

    def _restate(self, ctx: Context, trade: PairTrade, leg: int, by: float) -> None:
        """Move the line with a split, and take over what the shares have become."""
        if leg == 0:
            trade.first = ctx.position(self.first)
            trade.intercept -= by
        else:
            trade.second = ctx.position(self.second)
            trade.intercept += trade.slope * by
        self._keep(ctx)

    # -- leaving -----------------------------------------------------------------------------------

    def _take_back(self, ctx: Context, trade: PairTrade, reason: str) -> None:
        trade.leaving = reason
        self._keep(ctx)
        self._leave(ctx, trade)

    def _leave(self, ctx: Context, trade: PairTrade) -> None:
        """Close both legs, each once no entry of it is at work: brokers refuse opposite orders."""
        for symbol in dict.fromkeys((*self._names, *ctx.positions())):
            entries = [order for order in ctx.orders(symbol) if not order.exit]
            for order in entries:
                ctx.cancel(order.order_id, reason=trade.leaving)
            if not entries and ctx.position(symbol):
                ctx.close(symbol, reason=trade.leaving)
        if not ctx.positions() and not ctx.orders():
            self._memory = PairMemory(armed=False)
            self._entries.clear()
            self._keep(ctx)

    def _keep(self, ctx: Context) -> None:
        ctx.save(_KEY, msgspec.json.encode(self._memory).decode())
