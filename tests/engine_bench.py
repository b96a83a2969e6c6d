"""An engine on the bench: inputs in, verdicts out, strategies that write down what they hear."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from liualgotrader.common.clock import MINUTE, SECOND
from liualgotrader.common.events import (
    Bar,
    Command,
    FeedState,
    FeedStatus,
    HistoryLoaded,
    Input,
    OpenOrder,
    OpenPosition,
    OrderEvent,
    Picked,
    Started,
    TimerFired,
    Trade,
)
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import Approved, Cancel, Refused, Replace, Submit, Verdict
from liualgotrader.engine.core import Engine
from liualgotrader.engine.settings import EngineSettings, StrategySettings, Window
from liualgotrader.strategies.base import Context, Strategy, StrategyType

OPEN = 1_700_000_000 * SECOND
CLOSE = OPEN + 390 * MINUTE


class Told(Strategy):
    """Writes down everything it hears, and does what `does[callback]` says."""

    def __init__(self, name: str = "told", **does: Callable[..., object]) -> None:
        self.name = name
        self.does = does
        self.heard: list[tuple[str, Any, int]] = []

    def _hear(self, what: str, ctx: Context, *args: Any) -> None:
        self.heard.append((what, args[0] if args else None, ctx.clock.now()))
        if what in self.does:
            self.does[what](ctx, *args)

    def on_start(self, ctx: Context) -> None:
        self._hear("start", ctx)

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        self._hear("bar", ctx, bar)

    def on_trade(self, ctx: Context, trade: Trade) -> None:
        self._hear("trade", ctx, trade)

    def on_order(self, ctx: Context, event: OrderEvent) -> None:
        self._hear("order", ctx, event)

    def on_timer(self, ctx: Context, timer: TimerFired) -> None:
        self._hear("timer", ctx, timer)

    def on_session_close(self, ctx: Context) -> None:
        self._hear("close", ctx)

    def on_stop(self, ctx: Context) -> None:
        self._hear("stop", ctx)

    def kinds(self) -> list[Kind]:
        """Return what it heard of orders."""
        return [event.kind for what, event, _ in self.heard if what == "order"]

    def reasons(self) -> list[str | None]:
        """Return the reasons it heard."""
        return [event.reason for what, event, _ in self.heard if what == "order"]

    def bars(self) -> list[int]:
        """Return the minutes since the open of the bars it was shown."""
        return [(bar.start - OPEN) // MINUTE for what, bar, _ in self.heard if what == "bar"]


class Swinger(Told):
    """Keeps its positions overnight."""

    type = StrategyType.SWING


class Warm(Told):
    """Wants to be shown three minutes before it begins."""

    warmup = 3


class Bench:
    """One engine with an ear for everything it says."""

    def __init__(
        self,
        *strategies: Told,
        symbols: tuple[str, ...] = ("A",),
        windows: tuple[Window, ...] = (),
        start: Started | None = None,
        **settings: Any,
    ) -> None:
        named = tuple(StrategySettings(s.name, windows=windows) for s in strategies)
        self.engine = Engine(
            strategies, EngineSettings("batch123", "A", strategies=named, **settings)
        )
        self.strategies = strategies
        self.verdicts: list[Verdict] = []
        self._executions = 0
        self.now = OPEN
        self.engine.clock.advance(OPEN)
        self.feed(start or started())
        for symbol in symbols:
            self.feed(Picked(symbol, "scanner", OPEN, Instrument(symbol)))

    def feed(self, *inputs: Input) -> list[Verdict]:
        """Let inputs happen now; return the verdicts."""
        verdicts = [v for event in inputs for v in self.engine.process(event)]
        self.verdicts += verdicts
        return verdicts

    def at(self, minutes: float) -> None:
        """Move to so many minutes after the open; timers that are due fire."""
        clock = self.engine.clock
        clock.advance(OPEN + int(minutes * MINUTE))
        for timer in clock.pop_due(clock.now()):
            self.feed(timer)

    def trade(self, price: float = 10.0, symbol: str = "A") -> list[Verdict]:
        """Let a trade happen now."""
        return self.feed(Trade(symbol, self.engine.clock.now(), price, 100))

    def order(self, order_id: str, kind: Kind, **more: Any) -> list[Verdict]:
        """Let something happen to an order now."""
        order = self.engine.book.order(order_id)
        symbol = order.symbol if order is not None else "A"
        return self.feed(OrderEvent(order_id, kind, self.engine.clock.now(), symbol, **more))

    def fill(
        self, order_id: str, qty: object = None, *, price: object = 10, part: bool = False
    ) -> list[Verdict]:
        """Fill an order, or a part of it."""
        order = self.engine.book.order(order_id)
        assert order is not None
        self._executions += 1
        return self.order(
            order_id,
            Kind.PARTIAL_FILL if part else Kind.FILL,
            qty=order.remaining if qty is None else Decimal(str(qty)),
            price=Decimal(str(price)),
            execution_id=f"e{self._executions}",
        )

    def held(self, symbol: str = "A", name: str | None = None) -> Decimal:
        """Return what a strategy holds."""
        return self.engine.book.qty(name or self.strategies[0].name, symbol)


def started(
    *,
    positions: tuple[OpenPosition, ...] = (),
    orders: tuple[OpenOrder, ...] = (),
    **more: Any,
) -> Started:
    """Return the first input of an incarnation."""
    return Started(
        time=OPEN,
        slot="A",
        incarnation=1,
        next_order=more.pop("next_order", 1),
        session_open=OPEN,
        session_close=CLOSE,
        cash=Decimal(1000),
        buying_power=Decimal(2000),
        positions=positions,
        orders=orders,
        **more,
    )


def bar(minute: int, close: float = 10.0, *, symbol: str = "A", correction: bool = False) -> Bar:
    """Return the bar that began so many minutes after the open."""
    start = OPEN + minute * MINUTE
    return Bar(symbol, start, close, close, close, close, 100, correction=correction)


def history(*minutes: int, gap: bool = False, symbol: str = "A") -> HistoryLoaded:
    """Return minute bars that were loaded."""
    return HistoryLoaded(symbol, OPEN, tuple(bar(m, symbol=symbol) for m in minutes), gap)


def submits(verdicts: list[Verdict]) -> list[Submit]:
    """Return the approved new orders."""
    return [v.intent for v in verdicts if isinstance(v, Approved) and isinstance(v.intent, Submit)]


def cancels(verdicts: list[Verdict]) -> list[str]:
    """Return the ids of the orders that are cancelled."""
    return [
        v.intent.order_id
        for v in verdicts
        if isinstance(v, Approved) and isinstance(v.intent, Cancel)
    ]


def replaces(verdicts: list[Verdict]) -> list[Replace]:
    """Return the approved changes."""
    return [v.intent for v in verdicts if isinstance(v, Approved) and isinstance(v.intent, Replace)]


def refused(verdicts: list[Verdict]) -> list[str]:
    """Return the reasons of the refusals."""
    return [v.reason for v in verdicts if isinstance(v, Refused)]


def command(name: str, strategy: str | None = None, reason: str = "") -> Command:
    """Return an operator's command."""
    return Command(name, OPEN, reason, strategy)


def feed_is(state: FeedState, *symbols: str) -> FeedStatus:
    """Return a change of the feed."""
    return FeedStatus(state, OPEN, symbols)
