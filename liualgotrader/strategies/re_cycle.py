"""Buy small dips, and offer what was bought again and again, ever less greedily, above a stop."""

from __future__ import annotations

from typing import ClassVar

from liualgotrader.common.clock import MINUTE, SECOND
from liualgotrader.common.events import Bar, OrderEvent, TimerFired
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import Order, Side
from liualgotrader.fincalcs import SMA
from liualgotrader.strategies.aim import shares
from liualgotrader.strategies.base import Context, Strategy
from liualgotrader.strategies.offers import Offers

_ENDS = (Kind.FILL, Kind.CANCELED, Kind.EXPIRED)


class Watch:
    """What an incarnation knows of one symbol.

    `stage` is the offer whose turn it is, `offered` the one at work, `attempt` counts the timers, of
    which only the newest counts. `sales` are the orders to sell that were placed here, `stop_id` the
    newest stop among them, `taking_back` what was cancelled here.
    """

    __slots__ = (
        "attempt", "baseline", "entry_ends", "last_start", "offered", "quiet_until", "sales", "stage",
        "stop_id", "taking_back",
    )  # fmt: skip

    def __init__(self, minutes: int, quiet_until: int) -> None:
        self.baseline = SMA(minutes)
        self.last_start = -1
        self.entry_ends = 0
        self.quiet_until = quiet_until
        self.stage = 0
        self.offered = -1
        self.attempt = 0
        self.sales: set[str] = set()
        self.stop_id = ""
        self.taking_back: set[str] = set()

    def learn(self, bar: Bar) -> bool:
        """Take the next minute; say whether it was new."""
        if bar.start <= self.last_start:
            return False
        self.last_start = bar.start
        self.baseline.update(bar.close)
        return True


class ReCycleStrategy(Strategy):
    """Buy `dip` below the baseline with a limit; above a stop, cycle through offers to sell.

    The baseline is the average close of the last `baseline` minutes. A limit is placed once a minute
    closes half way down to it (`approach`), and taken back when the price is back at the baseline.
    Below `max_dip` it is no dip but a fall, and nothing is bought.

    A broker holds the shares of an open sale, so there is one order to sell at a time: while a minute
    closes no more than `near` below the purchase it is an offer, else the stop, `stop` below the
    purchase, until half of the way back is made. Offers follow each other by `gains` and `minutes`,
    and begin again after the last. What is left shortly before the close is closed by the engine.

    A backtest by minute bars fills only what is at work for a whole bar, and an order is under way
    when a minute begins: an offer that is left open less than two minutes is never taken there.

    Decides on minute bars, order events and timers alone: prints would change nothing but how soon
    the stop takes the place of an offer, and cost a thousand times as many calls. Fractions are of
    the price, `weight` of portfolio_value; times in minutes, `patience` in seconds: how long a limit
    that was filled in part may wait for the rest. `after_open`, `before_close`: no entries before
    and after. `cool_down`: pause after a loss or a refusal.
    """

    warmup: ClassVar[int] = 60

    baseline: int = 30
    dip: float = 0.003
    approach: float = 0.5
    max_dip: float = 0.01
    stop: float = 0.005
    near: float = 0.002
    gains: tuple[float, ...] = (0.005, 0.004, 0.003, 0.002, 0.001)
    minutes: tuple[float, ...] = (2.0, 3.0, 5.0, 8.0, 13.0)
    patience: float = 60.0
    after_open: float = 60.0
    before_close: float = 60.0
    cool_down: float = 15.0
    weight: float = 0.1

    # -- what happens ------------------------------------------------------------------------------

    def on_start(self, ctx: Context) -> None:
        """Take over positions, and take back all orders: nobody knows how long they have been open.

        Raises ValueError for offers that are in no order, and a stop that is above `near`.
        """
        self._offers = Offers(self.gains, self.minutes)
        if not 0 <= self.near < self.stop < 1:
            raise ValueError(f"near = {self.near} must be less than stop = {self.stop}")
        self._watches: dict[str, Watch] = {}
        for order in ctx.orders():
            self._take_back(ctx, order, "from the incarnation before")

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Learn from a minute, then look after the position, the entry at work, or the dip."""
        if bar.seconds != ctx.data.seconds:
            return
        watch = self._watch(ctx, bar.symbol)
        if not watch.learn(bar) or ctx.warming_up:
            return
        if ctx.position(bar.symbol):
            self._tend(ctx, bar.symbol, watch, bar.close)
        elif orders := ctx.orders(bar.symbol):
            self._review(ctx, orders, bar, watch)
        elif self._may_enter(ctx, watch):
            self._consider(ctx, bar, watch)

    def on_order(self, ctx: Context, event: OrderEvent) -> None:
        """Place what comes next when an order has ended, and wait when one is not wanted."""
        symbol, kind = event.symbol, event.kind
        watch = self._watch(ctx, symbol)
        if kind is Kind.PARTIAL_FILL:
            self._wait_for_the_rest(ctx, symbol, watch)
        elif kind in _ENDS:
            self._ended(ctx, event, watch)
        elif kind in (Kind.REFUSED, Kind.REJECTED):
            self._turned_down(ctx, event, watch)
        elif kind is Kind.REPLACE_REJECTED:
            for order in ctx.orders(symbol):
                if order.order_id in watch.sales:
                    self._take_back(ctx, order, "could not be changed")

    def on_timer(self, ctx: Context, timer: TimerFired) -> None:
        """Turn to the next offer, or lose patience with the rest of an entry."""
        symbol, _, attempt = timer.name.rpartition("#")
        watch = self._watches.get(symbol)
        if watch is None or int(attempt) != watch.attempt:
            return
        if watch.offered >= 0:
            watch.stage = self._offers.after(watch.offered)
        price = ctx.last(symbol)
        if ctx.position(symbol) and price is not None:
            self._tend(ctx, symbol, watch, price)

    # -- entering ----------------------------------------------------------------------------------

    def first_entry(self, ctx: Context) -> int:
        """Return when the first entry may be made, ns UTC."""
        return ctx.session_open + int(self.after_open * MINUTE)

    def last_entry(self, ctx: Context) -> int:
        """Return when no entry is made any more, ns UTC."""
        return ctx.session_close - int(self.before_close * MINUTE)

    def _watch(self, ctx: Context, symbol: str) -> Watch:
        watch = self._watches.get(symbol)
        if watch is None:
            quiet_until = int(ctx.load(f"quiet_until/{symbol}") or 0)
            watch = self._watches[symbol] = Watch(self.baseline, quiet_until)
        return watch

    def _may_enter(self, ctx: Context, watch: Watch) -> bool:
        now = ctx.clock.now()
        is_time = self.first_entry(ctx) <= now < self.last_entry(ctx)
        return is_time and now >= watch.quiet_until and watch.baseline.ready

    def _consider(self, ctx: Context, bar: Bar, watch: Watch) -> None:
        baseline = watch.baseline.value
        fall = 1 - bar.close / baseline
        if not self.dip * self.approach <= fall <= self.max_dip:
            return
        limit = baseline * (1 - self.dip)
        stop = limit * (1 - self.stop)
        qty = shares(
            worth=float(ctx.portfolio_value),
            money=float(ctx.cash),
            risk=ctx.risk,
            weight=self.weight,
            entry=limit,
            stop=stop,
        )
        if qty:
            watch.stage, watch.offered, watch.entry_ends = 0, -1, 0
            watch.sales.clear()
            figures = {"baseline": baseline}
            ctx.buy(bar.symbol, qty, limit=limit, stop=stop, reason="dip", indicators=figures)

    def _review(self, ctx: Context, orders: list[Order], bar: Bar, watch: Watch) -> None:
        """Take an entry back when the dip is over, has become a fall, or it is too late for one."""
        is_late = ctx.clock.now() >= self.last_entry(ctx)
        fall = 1 - bar.close / watch.baseline.value
        if is_late or not 0 < fall <= self.max_dip:
            for order in orders:
                self._take_back(ctx, order, "too late" if is_late else "the dip is over")

    def _wait_for_the_rest(self, ctx: Context, symbol: str, watch: Watch) -> None:
        if not watch.entry_ends and self._entries(ctx, symbol):
            watch.entry_ends = ctx.clock.now() + int(self.patience * SECOND)
            self._call(ctx, symbol, watch, watch.entry_ends)

    def _entries(self, ctx: Context, symbol: str) -> list[Order]:
        return [order for order in ctx.orders(symbol) if order.side is Side.BUY]

    def _turned_down(self, ctx: Context, event: OrderEvent, watch: Watch) -> None:
        """Wait after a refused entry. A stop that the broker refuses is a price that is below it already.

        What else is refused is asked for again by the next minute.
        """
        if not ctx.position(event.symbol):
            self._be_quiet(ctx, event.symbol, watch)
        elif event.kind is Kind.REJECTED and event.order_id == watch.stop_id:
            self._sell_at_once(ctx, event.symbol, watch, "the stop was refused")

    def _be_quiet(self, ctx: Context, symbol: str, watch: Watch) -> None:
        watch.quiet_until = ctx.clock.now() + int(self.cool_down * MINUTE)
        ctx.save(f"quiet_until/{symbol}", str(watch.quiet_until))

    # -- leaving -----------------------------------------------------------------------------------

    def _ended(self, ctx: Context, event: OrderEvent, watch: Watch) -> None:
        """Go on after an order that was filled, or that was taken back here.

        What somebody else took back, as the liquidation before the close does, is not answered.
        """
        symbol = event.symbol
        was_ours = event.order_id in watch.taking_back
        watch.taking_back.discard(event.order_id)
        if not ctx.position(symbol):
            if event.kind is Kind.FILL and watch.offered < 0:
                self._be_quiet(ctx, symbol, watch)
        elif event.kind is Kind.FILL and not ctx.orders(symbol):
            self._place_stop(ctx, symbol, watch)
        elif was_ours and (price := ctx.last(symbol)) is not None:
            self._tend(ctx, symbol, watch, price)

    def _tend(self, ctx: Context, symbol: str, watch: Watch, price: float) -> None:
        """Let the one order be at work that fits the price: an offer near the purchase, else the stop.

        What the engine has placed, to close the position for good, is let be.
        """
        entries = self._entries(ctx, symbol)
        room = self.near if entries or watch.offered >= 0 else self.near / 2
        is_near = price >= float(ctx.entry_price(symbol) or 0) * (1 - room)
        if entries:
            if not is_near or ctx.clock.now() >= watch.entry_ends:
                for order in entries:
                    self._take_back(ctx, order, "not filled in time")
            return
        orders = ctx.orders(symbol)
        if any(order.order_id not in watch.sales for order in orders):
            return
        if not orders:
            (self._place_offer if is_near else self._place_stop)(ctx, symbol, watch)
        elif is_near and watch.offered >= 0:
            self._change_offer(ctx, orders[0], watch)
        elif is_near or watch.offered >= 0:
            for order in orders:
                self._take_back(ctx, order, "near" if is_near else "not near any more")

    def _take_back(self, ctx: Context, order: Order, reason: str) -> None:
        self._watch(ctx, order.symbol).taking_back.add(order.order_id)
        ctx.cancel(order.order_id, reason=reason)

    def _place_stop(self, ctx: Context, symbol: str, watch: Watch) -> None:
        """Let the stop rest, or leave at once when the price is below it already."""
        watch.offered = -1
        watch.attempt += 1
        trigger = float(ctx.entry_price(symbol) or 0) * (1 - self.stop)
        price = ctx.last(symbol)
        if price is not None and price <= trigger:
            self._sell_at_once(ctx, symbol, watch, "below the stop")
        else:
            held = ctx.position(symbol)
            watch.stop_id = ctx.sell(symbol, held, trigger=trigger, reason="stop")
            watch.sales.add(watch.stop_id)

    def _sell_at_once(self, ctx: Context, symbol: str, watch: Watch, reason: str) -> None:
        if order_id := ctx.close(symbol, reason=reason):
            watch.sales.add(order_id)

    def _place_offer(self, ctx: Context, symbol: str, watch: Watch) -> None:
        limit = self._offers.price(float(ctx.entry_price(symbol) or 0), watch.stage)
        held, reason = ctx.position(symbol), f"offer {watch.stage + 1}"
        watch.sales.add(ctx.sell(symbol, held, limit=limit, reason=reason))
        self._leave_open(ctx, symbol, watch)

    def _change_offer(self, ctx: Context, order: Order, watch: Watch) -> None:
        """Turn the offer at work into the one whose turn it is."""
        if watch.offered != watch.stage:
            limit = self._offers.price(float(ctx.entry_price(order.symbol) or 0), watch.stage)
            watch.sales.add(ctx.replace(order.order_id, limit=limit))
            self._leave_open(ctx, order.symbol, watch)

    def _leave_open(self, ctx: Context, symbol: str, watch: Watch) -> None:
        watch.offered = watch.stage
        self._call(ctx, symbol, watch, ctx.clock.now() + self._offers.lasts(watch.stage))

    def _call(self, ctx: Context, symbol: str, watch: Watch, ts: int) -> None:
        watch.attempt += 1
        ctx.call_at(ts, f"{symbol}#{watch.attempt}")
