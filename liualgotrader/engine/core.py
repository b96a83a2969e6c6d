"""The engine: plain synchronous code that turns one input into verdicts.

No I/O, no clock but its own.

`process` is a function of the inputs admitted so far and nothing else; every mode runs it through
one loop.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from msgspec.structs import force_setattr

from liualgotrader.common.clock import MINUTE, EngineClock
from liualgotrader.common.data_loader import DataLoader
from liualgotrader.common.errors import InvariantError
from liualgotrader.common.events import (
    AccountUpdate,
    Adjusted,
    Bar,
    Command,
    CorporateAction,
    FeedStatus,
    HistoryLoaded,
    Input,
    OrderEvent,
    Picked,
    Quote,
    SessionBegan,
    Started,
    TimerFired,
    Trade,
)
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.ids import numbered, order_prefix
from liualgotrader.common.instruments import AssetClass, BadNumber, Instrument, Number
from liualgotrader.common.orders import (
    AMENDMENTS,
    FILLS,
    Approved,
    Cancel,
    Order,
    OrderStatus,
    OrderType,
    Refused,
    Replace,
    Side,
    Submit,
    TimeInForce,
    Verdict,
    next_status,
)
from liualgotrader.engine.book import Book
from liualgotrader.engine.changes import as_if_new, change, changed_order, only_shrinks
from liualgotrader.engine.context import StrategyContext
from liualgotrader.engine.feeds import Feeds
from liualgotrader.engine.flatten import AGAIN, Flattener
from liualgotrader.engine.intents import Wish, exact
from liualgotrader.engine.protection import Protection
from liualgotrader.engine.refusals import Chain, Refusals
from liualgotrader.engine.risk import Situation, gates_for, refusal
from liualgotrader.engine.settings import DAY_SECONDS, EngineSettings
from liualgotrader.engine.strategy_run import StrategyRun
from liualgotrader.engine.viability import Question, Viabilities
from liualgotrader.engine.warm_up import WarmUp
from liualgotrader.strategies.base import Strategy, StrategyType

log = logging.getLogger(__name__)

ZERO = Decimal(0)
_BUY = Side.BUY
_MAX_SPINS = 1000
_ON_ITS_WAY = (OrderStatus.PENDING_CANCEL, OrderStatus.PENDING_REPLACE)
_MOVES_POSITION = FILLS | AMENDMENTS
_REFUSED, _REPLACE_REJECTED = Kind.REFUSED, Kind.REPLACE_REJECTED
_REFUSALS = frozenset({_REFUSED, _REPLACE_REJECTED})
_LIQUIDATE = "liquidate"
_CLOSE = "close"
BEFORE_AUCTION = 15.0
"""So many minutes before the close at least, day bars are liquidated by orders for the closing auction."""


def rejects_key(batch_id: str) -> str:
    """Return the key under which a strategy's rejects of one batch are kept."""
    return f"~rejected {batch_id[:8]}"


Handler = tuple[StrategyRun, Callable[[StrategyContext, Any], None]]


class Engine:
    """One consumer's engine: book, risk and strategies over admitted inputs."""

    # What `let_go` deletes: compiled classes want to know.
    __deletable__ = ("_flattener", "_protection", "viabilities")

    def __init__(self, strategies: Sequence[Strategy], settings: EngineSettings) -> None:
        self.settings = settings
        self.clock = EngineClock()
        self.bar_seconds = settings.bar_seconds
        days = DataLoader(DAY_SECONDS)
        self.data = days if settings.on_day_bars else DataLoader(settings.bar_seconds, daily=days)
        self.book = Book()
        self.last: dict[str, float] = {}
        self.instruments: dict[str, Instrument] = {}
        self.cash = ZERO
        self.buying_power = ZERO
        self.session_open = 0
        self.session_close = 0
        self.halted = ""
        self.kept: list[tuple[str, str, str]] = []
        self.given_back: list[str] = []
        self.failures: list[tuple[str, str]] = []
        self.warnings: list[str] = []
        self.closing: set[str] = set()
        self.running: str = ""
        self.forecasts: dict[str, dict[str, float]] = {}
        self.viabilities = Viabilities(self)
        self._runs = {
            settings_.name: StrategyRun(self, strategy, settings_)
            for strategy, settings_ in zip(strategies, settings.strategies, strict=True)
        }
        self.feeds = Feeds()
        self._history = WarmUp(self.data, settings.bar_seconds)
        self._trades: dict[str, list[Handler]] = {}
        self._quotes: dict[str, list[Handler]] = {}
        self.bar_handlers: dict[str, list[Handler]] = {}
        self.verdicts: list[Verdict] = []
        self._refusals = Refusals()
        self._spins = (0, 0)
        self._next_order = 1
        self._prefix = order_prefix(settings.batch_id, settings.slot)
        self._gates = gates_for(settings, exits=False)
        self._gates_of_exits = gates_for(settings, exits=True)
        self._flattener = Flattener(self)
        self._protection = Protection(self, wanted=settings.protective_stops)
        self._liquidated = ""
        self._dispatch: dict[type, Callable[[Any], None]] = {
            Trade: self._on_trade,
            Quote: self._on_quote,
            Bar: self._on_bar,
            OrderEvent: self._on_order,
            TimerFired: self._on_timer,
            FeedStatus: self._on_feed,
            Command: self._on_command,
            Picked: self._on_picked,
            AccountUpdate: self._on_account,
            HistoryLoaded: self._on_history,
            Started: self._on_started,
            SessionBegan: self._on_session_began,
            CorporateAction: self._on_corporate_action,
            Adjusted: self._on_adjusted,
        }

    @property
    def runs(self) -> dict[str, StrategyRun]:
        """The strategies at work, by name, in the plan's order."""
        return self._runs

    @property
    def is_flat(self) -> bool:
        """Whether nothing is held and nothing is on its way to zero."""
        return self._flattener.is_idle and not self.book.positions()

    def process(self, event: Input) -> list[Verdict]:
        """Let one input happen; return what risk said of the orders it led to, as asked for."""
        self._dispatch[type(event)](event)
        return self.said() if self.verdicts else []

    def process_until_said(self, events: Sequence[Input], start: int) -> tuple[int, list[Verdict]]:
        """Let a row happen from `start` on, up to the first input that risk had something to say of.

        Return its index with the verdicts, or the length of the row without any. Nearly all market
        data leads to nothing: one call for a batch of it.
        """
        dispatch = self._dispatch
        for index in range(start, len(events)):
            event = events[index]
            dispatch[type(event)](event)
            if self.verdicts:
                return index, self.said()
        return len(events), []

    def process_stretch(
        self, events: Sequence[Input], stamps: Sequence[int], start: int, stop: int
    ) -> tuple[int, list[Verdict]]:
        """Let a row happen at its own stamps, from `start` to before `stop`, up to the first verdicts.

        Return the index behind the last input that happened, with what risk said of it. Ends early,
        without verdicts, where a timer is due before an input.
        """
        dispatch, clock = self._dispatch, self.clock
        now = clock.now()
        for index in range(start, stop):
            ts = stamps[index]
            if clock.due <= ts:
                return index, []
            if ts > now:
                clock.advance(now := ts)
            event = events[index]
            dispatch[type(event)](event)
            if self.verdicts:
                return index + 1, self.said()
        return stop, []

    def said(self) -> list[Verdict]:
        """Take out the verdicts, once the strategies know of the refusals among them."""
        if self._refusals:
            self._tell_refusals()
        verdicts, self.verdicts = self.verdicts, []
        return verdicts

    # -- market data -----------------------------------------------------------------------------

    def _on_trade(self, trade: Trade) -> None:
        self.last[trade.symbol] = trade.price
        for run, handler in self._trades.get(trade.symbol, ()):
            self.running = run.name
            try:
                handler(run.ctx, trade)
            except Exception as exc:  # noqa: BLE001 - the strategy guard: user code may raise anything
                self.fail(run, "on_trade", exc)

    def _on_quote(self, quote: Quote) -> None:
        for run, handler in self._quotes.get(quote.symbol, ()):
            self.running = run.name
            try:
                handler(run.ctx, quote)
            except Exception as exc:  # noqa: BLE001 - the strategy guard: user code may raise anything
                self.fail(run, "on_quote", exc)

    def _on_bar(self, bar: Bar) -> None:
        symbol = bar.symbol
        if bar.seconds == self.bar_seconds:
            self.data.admit(bar)
        if bar.correction:
            return
        self.last[symbol] = bar.close
        for run, handler in self.bar_handlers.get(symbol, ()):
            self.running = run.name
            try:
                handler(run.ctx, bar)
            except Exception as exc:  # noqa: BLE001 - the strategy guard: user code may raise anything
                self.fail(run, "on_bar", exc)

    def _on_history(self, history: HistoryLoaded) -> None:
        """Warm up.

        Strategies that declared it see the bars, and can do nothing with them but learn.
        """
        fresh = self._history.learn(history)
        for run in self._trading(history.symbol):
            self._warm_up(run, self._history.due(run, history, fresh))
        self._route(history.symbol)

    def _warm_up(self, run: StrategyRun, bars: Sequence[Bar]) -> None:
        ctx, handler = run.ctx, run.strategy.on_bar
        ctx.warming_up, self.running = True, run.name
        for bar in bars:
            if run.disabled:
                break
            try:
                handler(ctx, bar)
            except Exception as exc:  # noqa: BLE001 - the strategy guard: user code may raise anything
                self.fail(run, "on_bar", exc)
        ctx.warming_up = False

    # -- what the others say ---------------------------------------------------------------------

    def _on_started(self, started: Started) -> None:
        self.session_open, self.session_close = started.session_open, started.session_close
        self.cash, self.buying_power = started.cash, started.buying_power
        self.instruments.update((i.symbol, i) for i in started.instruments)
        self._next_order = started.next_order
        self.book.load(started.positions, started.orders)
        for name in started.disabled:
            self._runs[name].disabled = True
        self.halted = started.halted
        self.forecasts = started.forecasts
        for name, symbol in started.rejects:
            self._runs[name].rejected.add(symbol)
        for name, kept in started.keystore.items():
            if name in self._runs:
                self._runs[name].keystore.update(kept)
        for symbol, strategy in started.routes:
            self._assign(symbol, strategy)
        self._set_session_timers()
        for run in self._runs.values():
            self._call(run, "on_start")
            if run.name in started.disabled and self.settings.on_strategy_error == "flatten":
                self._flattener.start(run, f"{run.name} was disabled")
            self._protection.restore(run)

    def _set_session_timers(self) -> None:
        if self.settings.bypass_market_schedule:
            return
        minutes = self.settings.liquidation_minutes
        if self.settings.on_day_bars:
            # Orders for the closing auction are taken until ten minutes before the close.
            minutes = max(minutes, BEFORE_AUCTION)
        before = int(minutes * MINUTE)
        self.clock.call_at(self.session_close - before, "", _LIQUIDATE)
        self.clock.call_at(self.session_close, "", _CLOSE)

    def _on_session_began(self, session: SessionBegan) -> None:
        """Begin another day with what is there: what the day before had ended is allowed again."""
        self.session_open, self.session_close = session.session_open, session.session_close
        self.halted = self._liquidated = ""
        self.forecasts = session.forecasts
        self.viabilities.begin_session()
        self._flattener.relent()
        for run in self._runs.values():
            run.rejected.clear()
        self._set_session_timers()

    def _on_corporate_action(self, action: CorporateAction) -> None:
        """Adjust what is known of a symbol, then tell those who trade it."""
        symbol = action.symbol
        runs = self._trading(symbol)
        self.book.adjust(action, self.instruments.get(symbol) or Instrument(symbol))
        if action.ratio not in (0, 1):
            self.data.adjust(symbol, float(action.ratio))
            if symbol in self.last:
                self.last[symbol] /= float(action.ratio)
        for run in runs:
            self._call(run, "on_corporate_action", action)

    def _on_adjusted(self, adjusted: Adjusted) -> None:
        """Take over what the broker's books showed; a strategy sees it as its position."""
        self.book.adopt(adjusted)
        if adjusted.strategy in self._runs:
            self._protection.on_position(self._runs[adjusted.strategy], adjusted.symbol)
        self.warn(
            f"{adjusted.strategy}'s position in {adjusted.symbol} changed by {adjusted.qty:f} "
            f"without an order of ours: {adjusted.reason}"
        )

    def _on_picked(self, picked: Picked) -> None:
        self.instruments[picked.symbol] = picked.instrument
        self._assign(picked.symbol, picked.strategy)

    def _assign(self, symbol: str, strategy: str | None) -> None:
        passed_over = False
        for run in self._runs.values():
            if strategy not in (None, run.name) or symbol in run.rejected or symbol in run.symbols:
                continue
            if not self.viabilities.may_begin(run, symbol):
                passed_over = True
                continue
            run.symbols[symbol] = None
            self._history.expect(run, symbol)
        self._route(symbol)
        if passed_over:
            self._give_back(symbol)

    def _trading(self, symbol: str) -> list[StrategyRun]:
        return [r for r in self._runs.values() if symbol in r.symbols and not r.disabled]

    def _route(self, symbol: str) -> None:
        """Remember who hears of a symbol. A callback that was not overridden is never called."""
        runs = self._trading(symbol)
        for table, name in (
            (self._trades, "on_trade"),
            (self._quotes, "on_quote"),
            (self.bar_handlers, "on_bar"),
        ):
            table[symbol] = [
                (run, getattr(run.strategy, name))
                for run in runs
                if getattr(type(run.strategy), name) is not getattr(Strategy, name)
                and not self._history.waits(run, symbol)
            ]

    def _on_account(self, account: AccountUpdate) -> None:
        self.cash, self.buying_power = account.cash, account.buying_power

    def _on_feed(self, status: FeedStatus) -> None:
        self.feeds.learn(status)

    def _on_command(self, command: Command) -> None:
        match command.name:
            case "halt":
                self.halted = command.reason or "by command"
            case "resume":
                self._resume()
            case "flatten":
                self._flatten_by(command)
            case "disable":
                for run in self._meant(command):
                    self._disable(run, command.reason or "by command")
            case "reconcile":
                pass  # the consumer asks the broker; what it finds comes as order events
            case _:
                raise InvariantError(f"unknown command {command.name!r}")

    def _resume(self) -> None:
        """Lift a halt; what the clock has ended for today stays ended."""
        self.halted = self._liquidated
        if not self._liquidated:
            self._flattener.relent()

    def _meant(self, command: Command) -> list[StrategyRun]:
        """Return the strategies that a command names; the others' consumers get it as well."""
        if command.strategy is None:
            return list(self._runs.values())
        return [run for run in self._runs.values() if run.name == command.strategy]

    def _flatten_by(self, command: Command) -> None:
        """Close one strategy's positions, or all and enter nothing any more."""
        reason = command.reason or "flattened by command"
        if command.strategy is None:
            self.halted = reason
        for run in self._meant(command):
            self._flattener.start(run, reason)

    def call_at(self, run: StrategyRun, ts: int, name: str) -> None:
        """Set a strategy's timer. One that asks for `now` again and again is disabled."""
        now = self.clock.now()
        if ts <= now:
            self._spins = (now, self._spins[1] + 1 if self._spins[0] == now else 1)
            if self._spins[1] > _MAX_SPINS:
                self._disable(run, f"asked for more than {_MAX_SPINS} timers at one moment")
                return
        self.clock.call_at(ts, run.name, name)

    def _on_timer(self, timer: TimerFired) -> None:
        if timer.owner:
            self._call(self._runs[timer.owner], "on_timer", timer)
        elif timer.name == _LIQUIDATE:
            self._liquidate()
        elif timer.name == _CLOSE:
            self._close()
        elif timer.name.startswith(AGAIN):
            self._flattener.again(timer.name)

    def _liquidate(self) -> None:
        """Before the close.

        Nothing is entered any more, and what must not stay overnight is closed.
        """
        for run in self._runs.values():
            if run.strategy.type is StrategyType.DAY_TRADE:
                self._flattener.start(run, "liquidation before the close")
        self._liquidated = "liquidation before the close"
        self.halted = self.halted or self._liquidated

    def _close(self) -> None:
        for run in self._runs.values():
            self._call(run, "on_session_close")

    def stop(self) -> None:
        """End the incarnation: strategies hear of it, and nothing they order leaves any more."""
        self.halted = "the session is ending"
        for run in self._runs.values():
            self._call(run, "on_stop")
        self.verdicts.clear()
        self._refusals.clear()

    def let_go(self) -> None:
        """Let go of what refers back to this engine, which takes no input any more.

        So it goes with the last one who holds it, and what it knows of a day with it. What refers to itself in
        circles stays until the collector looks for it.
        """
        self._dispatch.clear()
        del self._flattener, self._protection, self.viabilities
        for run in self._runs.values():
            del run.ctx

    # -- orders ----------------------------------------------------------------------------------

    def _on_order(self, event: OrderEvent) -> None:
        book, asked_as = self.book, event.order_id
        if event.kind is _REPLACE_REJECTED:
            changed = book.replacement(asked_as)
            asked_as = asked_as if changed is None else changed.order_id
        order = book.apply(event)
        if order is None:
            return
        run, kind = self._runs[order.strategy], event.kind
        is_told = run.hears_orders or self._refusals.chains or kind in _REFUSALS
        if is_told and (kind in _MOVES_POSITION or order.order_id not in book.protective):
            self._tell(run, event, asked_as)
        if self._flattener.watches:
            self._flattener.on_order(run, event)
        if self.closing and not order.is_open:
            self.closing.discard(order.order_id)
        if self._protection.wanted:
            self._protection.on_order(run, event, order)
        if run.rejected and event.symbol in run.rejected and event.symbol in run.symbols:
            self.reject(run, event.symbol)

    def _tell(self, run: StrategyRun, event: OrderEvent, asked_as: str) -> None:
        """Tell a strategy what became of an order. Whoever answers refusals for ever is disabled."""
        refusals = self._refusals
        chain = refusals.chain(asked_as)
        if event.kind in _REFUSALS:
            chain = chain or Chain()
            if chain.never_ends:
                self._disable(run, f"answered a refusal with {chain.answers} new orders")
            refusals.answering = chain
        if run.hears_orders:
            self._call(run, "on_order", event)
        refusals.answering = None

    def _new_id(self) -> str:
        number, self._next_order = self._next_order, self._next_order + 1
        return numbered(self._prefix, number)

    @property
    def next_order(self) -> int:
        """The number of the next order."""
        return self._next_order

    def propose(self, run: StrategyRun, wish: Wish, *, closing: bool = False) -> str:
        """Take a strategy's wish to buy or sell, make it exact and let risk judge it."""
        new_id = self._new_id()
        if closing:
            self.closing.add(new_id)
        else:
            self._refusals.asked(new_id)
        try:
            order = self._exact(run, wish, new_id)
        except BadNumber as exc:
            self._refuse(run, self._bare(run, wish, new_id), str(exc))
            return new_id
        held = self.book.qty(run.name, order.symbol)
        if self._is_exit(order, held):
            force_setattr(order, "exit", True)  # nobody else has seen it yet
        reason = self._judge(run, order, held, closing=closing)
        if reason is not None:
            self._refuse(run, order, reason)
            return new_id
        self.book.open(order)
        if not (self._protection.wanted and self._protection.parks(run, order)):
            self.verdicts.append(Approved(order))
        return new_id

    def _exact(self, run: StrategyRun, wish: Wish, new_id: str) -> Submit:
        """Return a wish as an order, as of now. Raises BadNumber for what no venue could take."""
        symbol = wish.symbol
        instrument = self.instruments.get(symbol) or Instrument(symbol)
        return exact(wish, instrument, new_id, run.name, self.clock.now(), self.last.get(symbol))

    # -- protective stops ------------------------------------------------------------------------

    def is_closing(self, run: StrategyRun, symbol: str) -> bool:
        """Whether a position is being brought to zero for good."""
        return self._flattener.refusal(run, symbol) is not None

    def protect(self, run: StrategyRun, symbol: str, level: Number | None) -> None:
        """Take a strategy's wish to be out at a price. Raises BadNumber for what is none."""
        instrument = self.instruments.get(symbol) or Instrument(symbol)
        self._protection.set_level(run, symbol, None if level is None else instrument.price(level))

    def propose_stop(self, run: StrategyRun, wish: Wish) -> None:
        """Have a stop for a whole position rest at the broker. It only ever closes, so no gate is asked."""
        order = self._exact(run, wish, self._new_id())
        force_setattr(order, "exit", True)  # nobody else has seen it yet
        self.book.open(order)
        self.verdicts.append(Approved(order))

    def send_parked(self, order: Submit) -> None:
        """Let an exit leave that has waited for a stop to go."""
        self.verdicts.append(Approved(order))

    def refuse_parked(self, run: StrategyRun, order: Submit, reason: str) -> None:
        """Refuse an order that waited and was never sent."""
        event = OrderEvent(
            order.order_id, Kind.REFUSED, self.clock.now(), order.symbol, reason=reason
        )
        self.book.apply(event)
        self._refuse(run, order, reason)

    def propose_close(self, run: StrategyRun, symbol: str, reason: str) -> str:
        """Close a position at the market, even if its strategy is disabled."""
        held = self.book.qty(run.name, symbol)
        side = Side.SELL if held > 0 else Side.BUY
        wish = Wish(symbol, side, abs(held), tif=self._last_tif(symbol), reason=reason)
        return self.propose(run, wish, closing=True)

    def _last_tif(self, symbol: str) -> TimeInForce:
        """Return how long an order works that closes a position for good."""
        if self.lasts(symbol) is TimeInForce.GTC:
            return TimeInForce.GTC
        # Day bars do not show the day: what is to end with it is closed in the closing auction.
        return TimeInForce.CLS if self.settings.on_day_bars else TimeInForce.DAY

    def lasts(self, symbol: str) -> TimeInForce:
        """Return for how long a plain order for a symbol works: coins know no day orders."""
        instrument = self.instruments.get(symbol)
        is_coin = instrument is not None and instrument.asset_class is AssetClass.CRYPTO
        return TimeInForce.GTC if is_coin else TimeInForce.DAY

    def _bare(self, run: StrategyRun, wish: Wish, new_id: str) -> Submit:
        """An order to show in a refusal, when its numbers could not be made exact."""
        return Submit(
            order_id=new_id,
            strategy=run.name,
            symbol=wish.symbol,
            side=wish.side,
            type=OrderType.MARKET,
            tif=TimeInForce.DAY,
            decided_at=self.clock.now(),
            reason=str(wish.reason),
        )

    def _judge(
        self,
        run: StrategyRun,
        order: Submit,
        held: Decimal,
        *,
        closing: bool = False,
        without: Order | None = None,
    ) -> str | None:
        """Return why an order may not leave, or None. `without` is an order that it replaces."""
        idle = closing or self._flattener.is_idle
        reason = None if idle else self._flattener.refusal(run, order.symbol)
        now = self._situation(run, order.symbol, held, closing=closing)
        if without is not None:
            rest = without.remaining * without.side.sign
            now = msgspec.structs.replace(now, pending=now.pending - rest)
        gates = self._gates_of_exits if order.exit else self._gates
        reason = reason or refusal(order, now, gates)
        is_new = not closing and without is None
        if reason is None and run.asks_viability and is_new and _opens(order, now):
            return self.viabilities.refusal(run, order.symbol)
        return reason

    def _is_exit(self, order: Submit, held: Decimal, *, without: str = "") -> bool:
        """An exit brings the position towards zero and, with the exits at work, not beyond it."""
        if not held or order.qty is None or (held > 0) is (order.side is _BUY):
            return False
        leaving = self.book.leaving(order.strategy, order.symbol, order.side, without=without)
        return leaving is not None and order.qty + leaving <= abs(held)

    def _situation(
        self, run: StrategyRun, symbol: str, held: Decimal, *, closing: bool
    ) -> Situation:
        now = self.clock.now()
        return Situation(
            self.settings,
            run.settings,
            self.instruments.get(symbol) or (Instrument(symbol) if closing else None),
            now - self.session_open,
            self.session_close - now,
            self.feeds.of(symbol),
            self.halted,
            run.disabled and not closing,
            symbol in run.rejected,
            run.ctx.warming_up and not closing,
            held,
            self.book.pending(run.name, symbol),
            self.last.get(symbol),
        )

    def propose_cancel(self, run: StrategyRun, order_id: str, reason: str) -> None:
        """Take a wish to cancel; an order that is not open any more needs none."""
        order = self._own(run, order_id)
        if order is None or not order.is_open or order.status is OrderStatus.PENDING_CANCEL:
            return
        if self._protection.drop(run, order):
            return
        order.status = next_status(order.status, Kind.PENDING_CANCEL)
        intent = Cancel(order_id, run.name, order.symbol, self.clock.now(), reason)
        self.verdicts.append(Approved(intent))

    def propose_replace(
        self,
        run: StrategyRun,
        order_id: str,
        *,
        qty: Number | None,
        limit: Number | None,
        trigger: Number | None,
        trail: Number | None,
    ) -> str:
        """Take a wish to change an order; return the id the changed one will have."""
        new_id = self._new_id()
        self._refusals.asked(new_id)
        order = self._own(run, order_id)
        if order is None:
            raise ValueError(f"{run.name} has no order {order_id}")
        intent = Replace(order_id, new_id, run.name, order.symbol, self.clock.now())
        try:
            intent = change(
                intent,
                self.instruments.get(order.symbol) or Instrument(order.symbol),
                buy=order.side is Side.BUY,
                qty=qty,
                limit=limit,
                trigger=trigger,
                trail=trail,
            )
        except BadNumber as exc:
            self._refuse(run, intent, str(exc))
            return new_id
        changed = changed_order(order, intent)
        reason = self._judge_change(run, order, changed, intent)
        if reason is not None:
            self._refuse(run, intent, reason)
            return new_id
        order.status = next_status(order.status, Kind.PENDING_REPLACE)
        self.book.await_replacement(order, changed)
        self.verdicts.append(Approved(intent))
        return new_id

    def _judge_change(
        self, run: StrategyRun, order: Order, changed: Order, intent: Replace
    ) -> str | None:
        """Return why an order may not be changed, or None. What it becomes is judged like a new one."""
        if not order.is_open or order.status in _ON_ITS_WAY:
            return f"the order is {order.status}"
        if order.qty is None:
            return "an order for an amount cannot be changed"
        if self._protection.waits(order):
            return "it waits for the protective stop to be taken back"
        if order.order_id in self.closing:
            return "it closes the position"
        if not changed.remaining:
            return "nothing would be left of it"
        asked, held = as_if_new(changed, intent), self.book.qty(run.name, order.symbol)
        changed.exit = self._is_exit(asked, held, without=order.order_id)
        asked = msgspec.structs.replace(asked, exit=changed.exit)
        if only_shrinks(order, intent):
            return None
        return self._judge(run, asked, held, without=order)

    def _own(self, run: StrategyRun, order_id: str) -> Order | None:
        order = self.book.order(order_id)
        return order if order is not None and order.strategy == run.name else None

    def _refuse(self, run: StrategyRun, intent: Submit | Replace, reason: str) -> None:
        self.verdicts.append(Refused(intent, reason))
        kind, asked_as = Kind.REFUSED, intent.order_id
        if isinstance(intent, Replace):
            kind, asked_as = Kind.REPLACE_REJECTED, intent.new_id
        event = OrderEvent(intent.order_id, kind, self.clock.now(), intent.symbol, reason=reason)
        self._refusals.add(run, event, asked_as)

    def _tell_refusals(self) -> None:
        """Tell strategies what was refused, and what their answers to that came to."""
        while self._refusals:
            run, event, asked_as = self._refusals.next()
            self._tell(run, event, asked_as)
            if self._flattener.watches:
                self._flattener.on_order(run, event)
            if event.kind is _REFUSED:
                self.closing.discard(event.order_id)

    # -- strategies that misbehave or give up ----------------------------------------------------

    def reject(self, run: StrategyRun, symbol: str) -> None:
        """Stop a symbol for one strategy; report it once nobody here wants it."""
        if symbol not in run.rejected:
            run.rejected.add(symbol)
            # A later life of this session must know; a later session must not.
            self.kept.append(
                (run.name, rejects_key(self.settings.batch_id), " ".join(run.rejected))
            )
        if (
            symbol not in run.symbols
            or self.book.qty(run.name, symbol)
            or self.book.open_orders(run.name, symbol)
        ):
            return
        self._leave(run, symbol)

    def _leave(self, run: StrategyRun, symbol: str) -> None:
        run.symbols.pop(symbol, None)
        self._route(symbol)
        self._give_back(symbol)

    def _give_back(self, symbol: str) -> None:
        """Tell that a symbol's events are not needed, if nobody here wants them."""
        if not any(symbol in other.symbols for other in self._runs.values()):
            self.given_back.append(symbol)

    def ask(self, run: StrategyRun, symbol: str, question: Question) -> bool:
        """Return what a strategy says of a symbol; one that raises is disabled, and has said nothing."""
        before, self.running = self.running, run.name
        try:
            return bool(run.strategy.is_viable(symbol, question))
        except Exception as exc:  # noqa: BLE001 - the strategy guard: user code may raise anything
            self.fail(run, "is_viable", exc)
            return True
        finally:
            self.running = before

    def _call(self, run: StrategyRun, name: str, *args: object) -> None:
        if run.disabled:
            return
        self.running = run.name
        try:
            getattr(run.strategy, name)(run.ctx, *args)
        except Exception as exc:  # noqa: BLE001 - the strategy guard: user code may raise anything
            self.fail(run, name, exc)

    def fail(self, run: StrategyRun, where: str, exc: Exception) -> None:
        if isinstance(exc, InvariantError):
            raise exc  # ours, not the strategy's
        log.error("strategy %s raised in %s", run.name, where, exc_info=exc)
        self._disable(run, f"raised in {where}: {type(exc).__name__}: {exc}")

    def _disable(self, run: StrategyRun, reason: str) -> None:
        """Take a strategy out.

        Its entries are cancelled, its positions handled by the plan's policy.
        """
        if run.disabled:
            return
        run.disabled = True
        self.failures.append((run.name, reason))
        for symbol in run.symbols:
            self._route(symbol)
        if self.settings.on_strategy_error == "flatten":
            self._flattener.start(run, f"{run.name} was disabled")
            return
        for order in self.book.open_orders(run.name):
            if not order.exit:
                self.propose_cancel(run, order.order_id, f"{run.name} was disabled")

    def warn(self, message: str) -> None:
        """Tell the operator."""
        log.warning(message)
        self.warnings.append(message)


def _opens(order: Submit, now: Situation) -> bool:
    """Whether an order begins a position: nothing is held, and nothing is on its way."""
    return not (order.exit or now.position or now.pending)
