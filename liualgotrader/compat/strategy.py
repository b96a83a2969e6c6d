"""An old strategy at work: the engine's strategy that drives its coroutines and does what they return."""

from __future__ import annotations

from typing import Any

from liualgotrader.common.clock import SECOND
from liualgotrader.common.events import Bar, CorporateAction, OrderEvent, TimerFired
from liualgotrader.common.orders import Order
from liualgotrader.compat.actions import Action, read_action, read_run
from liualgotrader.compat.admitted import DAY_SECONDS, AdmittedBars
from liualgotrader.compat.calls import call
from liualgotrader.compat.driving import drive
from liualgotrader.compat.errors import BadAction, NothingLoaded
from liualgotrader.compat.frames import frame_of, timestamp
from liualgotrader.compat.memory import Memory
from liualgotrader.compat.numbers import level, plain
from liualgotrader.compat.order_book import OrderBook
from liualgotrader.compat.placed import Placed, ends
from liualgotrader.compat.purse import Purse
from liualgotrader.compat.served.data_loader import DataLoader
from liualgotrader.compat.served.strategies_base import Strategy as OldBase
from liualgotrader.compat.served.trader import Trader
from liualgotrader.compat.trades import TradeRows
from liualgotrader.compat.world import World
from liualgotrader.strategies.base import Context, Strategy

ALL = "run_all"
_SETTLING = 2 * SECOND
"""So long after the first bar of a minute the others are waited for, before run_all sees them."""
_LINGERS = 60 * SECOND
"""So long a limit order works, as in 0.4."""
_TROUBLES = 60
"""After so many bars in a row it is no want of history."""
_PASSED_OVER = (ValueError, LookupError, ArithmeticError)
"""What a class raises while its history is too short; 0.4 wrote it into the log and went on."""


class OldStrategy(Strategy):
    """Drives one instance of an old class. `portfolio` says whether by `run_all`."""

    _bars: AdmittedBars
    _memory: Memory
    _purse: Purse
    _trades: TradeRows
    _book: OrderBook

    def __init__(self, old: OldBase, world: World, loader: DataLoader) -> None:
        self.old = old
        self._world = world
        self._loader = loader
        self._sleeps = False
        self._given_back: set[str] = set()
        self._troubled: dict[str, int] = {}
        self._stops: dict[str, float] = {}
        self._period = -1

    # -- a life --------------------------------------------------------------------------------------

    def on_start(self, ctx: Context) -> None:
        """Show what is held, then call `create`. One that returns False sleeps on."""
        world, facts = self._world, self._world.facts
        world.ctx = ctx
        world.source = self._bars = AdmittedBars(
            ctx, facts.name, minutes=self.warmup, days=self.warmup_days
        )
        world.purse = self._purse = Purse(ctx)
        world.trades = self._trades = TradeRows(facts.name, facts.batch_id)
        self._show_session(ctx)
        now = timestamp(ctx.clock.now())
        for symbol, qty in ctx.positions().items():
            self._trades.open(symbol, qty, ctx.entry_price(symbol) or 0, now)
            world.trading_data.last_used_strategy[symbol] = self.old
        self._memory = Memory(world.trading_data, ctx)
        self._book = OrderBook(world.trading_data, self.old)
        for order in ctx.orders():
            self._take_up(ctx, order)
        self._memory.restore()
        with world.active():
            self._sleeps = self._drive(self.old.create(), "create()") is False
        if self._sleeps:
            ctx.log("create() returned False: this strategy is not executed here")

    def _show_session(self, ctx: Context) -> None:
        config: Any = self._world.config
        config.market_open = timestamp(ctx.session_open)
        config.market_close = timestamp(ctx.session_close)

    def _take_up(self, ctx: Context, order: Order) -> None:
        placed = Placed(order.order_id, order.symbol, order.side.sign > 0)
        self._book.add(placed, timestamp(ctx.clock.now()))
        if order.limit is not None and not self._by_day(ctx):
            ctx.call_at(ctx.clock.now() + _LINGERS, order.order_id)

    def on_corporate_action(self, ctx: Context, action: CorporateAction) -> None:
        """Restate what the strategy wrote of prices."""
        if action.ratio:
            self._memory.split(action.symbol, action.ratio)
        self._memory.show()

    # -- decisions -----------------------------------------------------------------------------------

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Call `run` with a bar of the session, or `run_all` once all of its minute or day are in."""
        if self._sleeps or ctx.warming_up or bar.seconds != ctx.data.seconds:
            return
        if not self._by_day(ctx):
            if not self._in_session(ctx, bar):
                return
        elif self._period < bar.ts_event:
            self._show_session(ctx)
            self._given_back.clear()
        if not self.portfolio:
            if bar.symbol not in self._given_back:
                self._run(ctx, bar)
        elif self._period < bar.ts_event:
            ctx.call_at(ctx.clock.now() + (1 if self._by_day(ctx) else _SETTLING), ALL)
        self._period = max(self._period, bar.ts_event)

    def on_timer(self, ctx: Context, timer: TimerFired) -> None:
        """Call `run_all`, or take an order back that has lingered."""
        if timer.name == ALL:
            self._run_all(ctx)
        else:
            ctx.cancel(timer.name, reason="not filled within a minute")

    def _run(self, ctx: Context, bar: Bar) -> None:
        symbol = bar.symbol
        if ctx.orders(symbol):
            return  # 0.4 kept one order of a symbol at work
        self._memory.show_one(symbol)
        work = call(
            self.old.run,
            symbol,
            ctx.instrument(symbol).shortable,
            plain(ctx.position(symbol)),
            now=timestamp(bar.ts_event),
            minute_history=frame_of(ctx.data[symbol]),
            portfolio_value=float(ctx.portfolio_value),
            trading_api=Trader(),
            debug=False,
            backtesting=self._world.facts.past,
        )
        try:
            answer = self._drive(work, "run()")
        except NothingLoaded:
            raise
        except _PASSED_OVER as exc:
            self._pass_over(ctx, symbol, exc)
            return
        self._troubled.pop(symbol, None)
        action = read_run(symbol, answer)
        if action is False:
            self._given_back.add(symbol)
            ctx.reject(symbol)
        elif isinstance(action, Action):
            self._place(ctx, action)
        self._settle(ctx)

    def _settle(self, ctx: Context) -> None:
        """Let what the strategy wrote take effect: stops of what is held are moved, and all of it is kept."""
        stops = self._world.trading_data.stop_prices
        for symbol in ctx.positions():
            stop = level(stops.get(symbol))
            if stop is not None and stop != self._stops.get(symbol):
                self._stops[symbol] = stop
                ctx.protect(symbol, stop)
        self._memory.keep()

    def _pass_over(self, ctx: Context, symbol: str, exc: Exception) -> None:
        """Leave a bar out whose `run` raised. Raises what cannot be for want of history, or leaves a position alone."""
        self._troubled[symbol] = times = self._troubled.get(symbol, 0) + 1
        if not isinstance(exc, ValueError) and (times >= _TROUBLES or ctx.position(symbol)):
            raise exc
        text = f"run() of {symbol} raised {type(exc).__name__}: {exc}; its bar is passed over"
        if text not in self._world.said:
            self._world.said.add(text)
            ctx.log(text)

    def _run_all(self, ctx: Context) -> None:
        self._memory.show()
        work = call(
            self.old.run_all,
            symbols_position=dict(self._world.trading_data.positions),
            data_loader=self._loader,
            now=timestamp(self._period),
            portfolio_value=float(ctx.portfolio_value),
            trader=Trader(),
            trading_api=Trader(),
            debug=False,
            backtesting=self._world.facts.past,
            fee_buy_percentage=0.0,
            fee_sell_percentage=0.0,
        )
        answer = self._drive(work, "run_all()") or {}
        if not isinstance(answer, dict):
            raise BadAction(f"run_all() returned {answer!r}: return a dict of symbol to action")
        actions = [read_action(symbol, each) for symbol, each in answer.items() if each]
        for action in sorted(actions, key=lambda each: each.buy):  # sales first, as in 0.4
            self._place(ctx, action)
        self._settle(ctx)

    def _drive(self, work: Any, what: str) -> Any:
        with self._world.active():
            answer = drive(work, self._world.files, what)
        if self._bars.undeclared is not None:
            raise self._bars.undeclared
        return answer

    # -- orders --------------------------------------------------------------------------------------

    def _place(self, ctx: Context, action: Action) -> None:
        symbol = action.symbol if action.symbol in ctx.symbols else action.symbol.upper()
        if ctx.orders(symbol):
            ctx.log(f"{symbol}: an order is at work, so no other one is placed")
            return
        remarks = self._book.remarks(symbol, buy=action.buy)
        held = ctx.position(symbol)
        is_entry = held >= 0 if action.buy else held <= 0
        data = self._world.trading_data
        stop = level(data.stop_prices.get(symbol)) if is_entry else None
        target = level(data.target_prices.get(symbol)) if is_entry else None
        order_id = (ctx.buy if action.buy else ctx.sell)(
            symbol, action.qty, limit=action.limit, stop=stop, target=target, indicators=remarks
        )
        placed = Placed(order_id, symbol, action.buy, stop=stop, target=target, indicators=remarks)
        self._book.add(placed, timestamp(ctx.clock.now()))
        if action.limit is not None and not self._by_day(ctx):
            ctx.call_at(ctx.clock.now() + _LINGERS, order_id)

    def on_order(self, ctx: Context, event: OrderEvent) -> None:
        """Follow an order; once it is over, tell the strategy what was bought or sold."""
        shown = self._world.trading_data.positions.get(event.symbol, 0)
        placed = self._book.find(event, rose=ctx.position(event.symbol) > shown)
        if placed is not None:
            self._purse.flow(placed.hear(event))
            if ends(event):
                self._book.remove(placed)
                if placed.filled and not self._sleeps:
                    self._tell(ctx, placed)
            self._purse.settled()
        self._memory.show()

    def _tell(self, ctx: Context, placed: Placed) -> None:
        now = timestamp(ctx.clock.now())
        self._trades.add(placed, now)
        callback = self.old.buy_callback if placed.buy else self.old.sell_callback
        work = call(
            callback,
            placed.symbol,
            float(placed.price),
            plain(placed.filled),
            now=now,
            trade_fee=float(placed.fee),
        )
        with self._purse.telling(placed.flow):
            self._drive(work, f"{callback.__name__}()")
        self._memory.keep()

    # -- moments -------------------------------------------------------------------------------------

    def _by_day(self, ctx: Context) -> bool:
        return ctx.data.seconds == DAY_SECONDS

    def _in_session(self, ctx: Context, bar: Bar) -> bool:
        """Whether something can be traded on a bar: 0.4's backtests knew no others."""
        if self._world.facts.bypass_market_schedule:
            return True
        return ctx.session_open <= bar.start and bar.ts_event < ctx.session_close
