"""How a break-out is traded, whichever way: entries that do not wait for ever, exits that end.

A subclass says which way, where the level is, whether the move is strong, and where it was wrong.
"""

from __future__ import annotations

from math import isnan
from typing import ClassVar

from liualgotrader.common.clock import MINUTE, SECOND
from liualgotrader.common.events import Bar, OrderEvent, TimerFired
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import Order
from liualgotrader.strategies.aim import Aim, Memory, recall, shares
from liualgotrader.strategies.base import Context, Strategy
from liualgotrader.strategies.readings import Readings

_FILLS = (Kind.PARTIAL_FILL, Kind.FILL)
_TURNED_DOWN = (Kind.REFUSED, Kind.REJECTED)
_ENDS = (Kind.CANCELED, Kind.EXPIRED, Kind.FILL)
_STOP = "stop"


class Watch:
    """What an incarnation knows of one symbol."""

    __slots__ = (
        "attempt", "chased", "entries", "leaving", "memory", "patience_ends", "readings",
        "rejections",
        "unfit",
    )  # fmt: skip

    def __init__(self, readings: Readings, memory: Memory) -> None:
        self.readings = readings
        self.memory = memory
        self.entries: set[str] = set()
        self.leaving = ""
        self.attempt = 0
        self.patience_ends = 0
        self.chased = False
        self.rejections = 0
        self.unfit = False


class Breakout(Strategy):
    """Enter with a limit when a minute closes beyond the level; leave at the stop or in two steps.

    At most one entry is at work per symbol, and nothing leaves a position before the entry has
    ended, because a broker refuses opposite orders of one account. Times in minutes unless named
    otherwise, fractions of the price or of portfolio_value.

    `range_minutes`: length of the opening range. `reach`: how far beyond the level an entry is
    still made. `offset`: how far beyond the close its limit is; a negative one waits for prices to
    come back a little. `patience`: seconds until an entry that did not fill is moved, once, or
    taken back. `min_stop`, `max_stop`: the least and greatest distance of the stop.
    `first_multiple`, `risk_multiple`: where half and all is taken, in multiples of that distance.
    `cool_down`: pause after a stop or a refusal. `last_entry`: no entries later than this before
    the close. `weight`: the most to put into one symbol.
    """

    warmup: ClassVar[int] = 390
    direction: ClassVar[int]
    max_rejections: ClassVar[int] = 3

    range_minutes: int = 15
    rsi_period: int = 20
    reach: float = 0.01
    offset: float = -0.0003
    patience: float = 60.0
    min_stop: float = 0.003
    max_stop: float = 0.02
    first_multiple: float = 1.5
    risk_multiple: float = 3.0
    cool_down: float = 5.0
    last_entry: float = 30.0
    weight: float = 0.1

    # -- what a subclass says ----------------------------------------------------------------------

    def suits(self, ctx: Context, symbol: str) -> bool:
        """Say whether the symbol can be traded this way at all."""
        return True

    def level(self, readings: Readings) -> float:
        """Return the price to break; NaN while unknown."""
        raise NotImplementedError(f"{type(self).__name__} must define level()")

    def extreme(self, readings: Readings) -> float:
        """Return the session's furthest price: the level after a first position was closed."""
        raise NotImplementedError(f"{type(self).__name__} must define extreme()")

    def turning_point(self, readings: Readings) -> float:
        """Return where the stop belongs; NaN while unknown."""
        raise NotImplementedError(f"{type(self).__name__} must define turning_point()")

    def is_strong(self, readings: Readings) -> bool:
        """Say whether the indicators agree with an entry."""
        raise NotImplementedError(f"{type(self).__name__} must define is_strong()")

    def is_spent(self, readings: Readings) -> bool:
        """Say whether the move is over, whatever the price."""
        raise NotImplementedError(f"{type(self).__name__} must define is_spent()")

    # -- what happens ------------------------------------------------------------------------------

    def on_start(self, ctx: Context) -> None:
        """Take over positions, and take back entries: nobody knows how long they have waited."""
        self._watches: dict[str, Watch] = {}
        for order in ctx.orders():
            if self._is_entry(ctx, order):
                self._watch(ctx, order.symbol).entries.add(order.order_id)
                ctx.cancel(order.order_id, reason="from the incarnation before")

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Learn from a minute, then look after the position, the entry at work, or the level."""
        if bar.seconds != 60:
            return
        watch = self._watch(ctx, bar.symbol)
        if not watch.readings.learn(bar) or ctx.warming_up:
            return
        if ctx.position(bar.symbol):
            self._look_after(ctx, bar, watch)
        elif entries := self._entries(ctx, bar.symbol):
            self._overdue(ctx, entries, watch)
        elif not ctx.orders(bar.symbol) and self._may_enter(ctx, bar.symbol, watch):
            self._consider(ctx, bar, watch)

    def on_order(self, ctx: Context, event: OrderEvent) -> None:
        """Keep the plan in step with what the broker did."""
        watch = self._watch(ctx, event.symbol)
        is_entry = event.order_id in watch.entries
        if event.kind in _FILLS and not ctx.position(event.symbol):
            self._flat(ctx, event.symbol, watch)
        elif is_entry and event.kind in _TURNED_DOWN:
            self._turned_down(ctx, event, watch)
        # Only the end of an entry frees an exit here. An exit that ended is asked for again by the
        # next bar, or else a liquidation that cancels it would be answered with another one.
        if watch.leaving and is_entry and event.kind in _ENDS:
            self._leave(ctx, event.symbol, watch)
        if not ctx.position(event.symbol) and not ctx.orders(event.symbol):
            watch.entries.clear()

    def on_timer(self, ctx: Context, timer: TimerFired) -> None:
        """Lose patience with an entry."""
        symbol, _, attempt = timer.name.rpartition("#")
        watch = self._watches.get(symbol)
        if watch is None or int(attempt) != watch.attempt:
            return
        for order in self._entries(ctx, symbol):
            self._lose_patience(ctx, order, watch)

    # -- entering ----------------------------------------------------------------------------------

    def _watch(self, ctx: Context, symbol: str) -> Watch:
        watch = self._watches.get(symbol)
        if watch is None:
            readings = Readings(
                ctx.session_open, range_minutes=self.range_minutes, rsi_period=self.rsi_period
            )
            memory = recall(ctx.load(f"memory/{symbol}"), ctx.session_open)
            watch = self._watches[symbol] = Watch(readings, memory)
            if not self.suits(ctx, symbol):
                self._give_back(ctx, symbol, watch)
        return watch

    def _give_back(self, ctx: Context, symbol: str, watch: Watch) -> None:
        watch.unfit = True
        ctx.reject(symbol)

    def _keep(self, ctx: Context, symbol: str, watch: Watch) -> None:
        ctx.save(f"memory/{symbol}", watch.memory.text())

    def _level(self, watch: Watch) -> float:
        level = watch.memory.level
        return self.level(watch.readings) if level is None else level

    def _may_enter(self, ctx: Context, symbol: str, watch: Watch) -> bool:
        now = ctx.clock.now()
        if watch.unfit or not watch.readings.range_is_complete or now < watch.memory.quiet_until:
            return False
        if now >= ctx.session_close - int(self.last_entry * MINUTE):
            return False
        if not watch.readings.has_opening_range:
            # What did not trade in its first minutes has no level today.
            self._give_back(ctx, symbol, watch)
            return False
        return True

    def _consider(self, ctx: Context, bar: Bar, watch: Watch) -> None:
        level = self._level(watch)
        if not self._is_beyond(bar.close, level) or not self.is_strong(watch.readings):
            return
        limit = bar.close * (1 + self.direction * self.offset)
        aim = Aim.of(
            limit,
            self._stop(limit, watch.readings),
            first=self.first_multiple,
            target=self.risk_multiple,
        )
        qty = self._shares(ctx, limit, aim.stop)
        if qty:
            self._enter(ctx, bar.symbol, watch, qty=qty, limit=limit, aim=aim, level=level)

    def _is_beyond(self, price: float, level: float) -> bool:
        way = self.direction * (price - level)
        return 0 < way <= level * self.reach

    def _stop(self, entry: float, readings: Readings) -> float:
        """Return the turning point, moved to where it is neither too near nor too far."""
        turn = self.turning_point(readings)
        distance = self.max_stop if isnan(turn) else self.direction * (entry - turn) / entry
        distance = min(max(distance, self.min_stop), self.max_stop)
        return entry * (1 - self.direction * distance)

    def _shares(self, ctx: Context, entry: float, stop: float) -> int:
        return shares(
            worth=float(ctx.portfolio_value),
            money=float(ctx.cash if self.direction > 0 else ctx.buying_power),
            risk=ctx.risk,
            weight=self.weight,
            entry=entry,
            stop=stop,
        )

    def _enter(
        self,
        ctx: Context,
        symbol: str,
        watch: Watch,
        *,
        qty: int,
        limit: float,
        aim: Aim,
        level: float,
    ) -> None:
        order = ctx.buy if self.direction > 0 else ctx.sell
        order_id = order(
            symbol,
            qty,
            limit=limit,
            stop=aim.stop,
            target=aim.target,
            reason="break-out",
            indicators={**watch.readings.figures(), "level": level},
        )
        watch.memory.aim = aim
        watch.chased = False
        self._keep(ctx, symbol, watch)
        self._wait(ctx, symbol, order_id, watch)

    def _wait(self, ctx: Context, symbol: str, order_id: str, watch: Watch) -> None:
        watch.entries.add(order_id)
        watch.attempt += 1
        watch.patience_ends = ctx.clock.now() + int(self.patience * SECOND)
        ctx.call_at(watch.patience_ends, f"{symbol}#{watch.attempt}")

    def _is_entry(self, ctx: Context, order: Order) -> bool:
        """Say whether an order opens or adds: it does not lead what is held towards zero."""
        return ctx.position(order.symbol) * order.side.sign >= 0

    def _entries(self, ctx: Context, symbol: str) -> list[Order]:
        return [order for order in ctx.orders(symbol) if self._is_entry(ctx, order)]

    def _overdue(self, ctx: Context, entries: list[Order], watch: Watch) -> None:
        """Take back what is still at work after its end: the timer or the first cancel was lost."""
        if ctx.clock.now() > watch.patience_ends + MINUTE:
            for order in entries:
                ctx.cancel(order.order_id, reason="overdue")

    def _lose_patience(self, ctx: Context, order: Order, watch: Watch) -> None:
        """Follow the price once while the entry would still be made, else take the order back."""
        price, aim = ctx.last(order.symbol), watch.memory.aim
        if price is not None and aim is not None and not (watch.chased or watch.leaving):
            limit = price * (1 + self.direction * self.offset)
            qty = min(self._shares(ctx, limit, aim.stop), int(order.remaining))
            wanted = self._is_beyond(price, self._level(watch))
            # A fill may be under way while an order is changed, so only an untouched one is.
            if wanted and qty and not order.filled:
                watch.chased = True
                order_id = ctx.replace(order.order_id, qty=qty, limit=limit)
                self._wait(ctx, order.symbol, order_id, watch)
                return
        ctx.cancel(order.order_id, reason="not filled in time")

    def _turned_down(self, ctx: Context, event: OrderEvent, watch: Watch) -> None:
        """Leave it for a while, and for good when the broker keeps saying no."""
        watch.memory.quiet_until = ctx.clock.now() + int(self.cool_down * MINUTE)
        self._keep(ctx, event.symbol, watch)
        if event.kind is Kind.REJECTED:
            watch.rejections += 1
            if watch.rejections >= self.max_rejections:
                self._give_back(ctx, event.symbol, watch)

    # -- leaving -----------------------------------------------------------------------------------

    def _flat(self, ctx: Context, symbol: str, watch: Watch) -> None:
        """Forget the position. The next one must go beyond everything the session has seen."""
        memory = watch.memory
        if watch.leaving == _STOP:
            memory.quiet_until = ctx.clock.now() + int(self.cool_down * MINUTE)
        extreme = self.extreme(watch.readings)
        memory.level = None if isnan(extreme) else extreme
        memory.aim = None
        watch.leaving = ""
        self._keep(ctx, symbol, watch)

    def _look_after(self, ctx: Context, bar: Bar, watch: Watch) -> None:
        aim = self._aim(ctx, bar.symbol, watch)
        watch.leaving = watch.leaving or self._reason_to_leave(ctx, bar, aim, watch)
        if watch.leaving:
            self._leave(ctx, bar.symbol, watch)
        elif self.direction * (bar.close - aim.first) >= 0:
            self._scale_out(ctx, bar.symbol, aim)
        else:
            self._overdue(ctx, self._entries(ctx, bar.symbol), watch)
        self._secure(ctx, bar.symbol, aim, watch)

    def _aim(self, ctx: Context, symbol: str, watch: Watch) -> Aim:
        """Return the plan of the position, made anew when there is none that can be its own."""
        held = abs(float(ctx.position(symbol)))
        entry = float(ctx.entry_price(symbol) or 0)
        aim = watch.memory.aim
        if aim is None or self.direction * (aim.target - entry) <= 0:
            aim = watch.memory.aim = Aim.of(
                entry,
                entry * (1 - self.direction * self.max_stop),
                first=self.first_multiple,
                target=self.risk_multiple,
            )
        if held > aim.size:
            aim.size = held
            self._keep(ctx, symbol, watch)
        return aim

    def _reason_to_leave(self, ctx: Context, bar: Bar, aim: Aim, watch: Watch) -> str:
        if ctx.position(bar.symbol) * self.direction < 0:
            return "held the wrong way"
        # Pessimistic: a touch is enough for the stop, the target needs a close.
        worst = bar.low if self.direction > 0 else bar.high
        if self.direction * (worst - aim.stop) <= 0:
            return _STOP
        if self.direction * (bar.close - aim.target) >= 0:
            return "target"
        return "the move is spent" if self.is_spent(watch.readings) else ""

    def _leave(self, ctx: Context, symbol: str, watch: Watch) -> None:
        """Close what no exit at work closes already, once no entry is at work any more."""
        held = abs(ctx.position(symbol))
        if held and not self._take_back_entries(ctx, symbol):
            self._reduce(ctx, symbol, float(held), watch.leaving)

    def _scale_out(self, ctx: Context, symbol: str, aim: Aim) -> None:
        """Sell down to the half that stays; what an order did not fill is asked for again."""
        surplus = abs(float(ctx.position(symbol))) - aim.kept
        if surplus > 0 and not self._take_back_entries(ctx, symbol):
            self._reduce(ctx, symbol, surplus, "first target")

    def _take_back_entries(self, ctx: Context, symbol: str) -> bool:
        entries = self._entries(ctx, symbol)
        for order in entries:
            ctx.cancel(order.order_id, reason="leaving")
        return bool(entries)

    def _reduce(self, ctx: Context, symbol: str, qty: float, reason: str) -> None:
        leaving = sum(float(order.remaining) for order in ctx.orders(symbol))
        if qty > leaving:
            order = ctx.sell if ctx.position(symbol) > 0 else ctx.buy
            order(symbol, qty - leaving, reason=reason)

    def _secure(self, ctx: Context, symbol: str, aim: Aim, watch: Watch) -> None:
        """Once half is out, the rest must not become a loss."""
        entry = float(ctx.entry_price(symbol) or 0)
        scaled = abs(float(ctx.position(symbol))) <= aim.kept < aim.size
        if scaled and self.direction * (entry - aim.stop) > 0:
            aim.stop = entry
            self._keep(ctx, symbol, watch)
