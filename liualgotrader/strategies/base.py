"""The author's page: what a strategy is, and what it may ask for.

A strategy is plain synchronous code. It cannot await, so it cannot block the others, sleep, or look at anything
that was not admitted as an input; that is what makes a recorded session replay decision for decision.
"""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar, Protocol

from liualgotrader.common.clock import EngineClock
from liualgotrader.common.data_loader import DataLoader
from liualgotrader.common.events import (
    Bar,
    CorporateAction,
    FeedState,
    OrderEvent,
    Quote,
    TimerFired,
    Trade,
)
from liualgotrader.common.instruments import Instrument, Number
from liualgotrader.common.orders import Order, OrderClass, OrderType, TimeInForce


class StrategyType(Enum):
    """Whether positions may stay overnight. DAY_TRADE positions are liquidated before the close."""

    DAY_TRADE = 1
    SWING = 2


class Context(Protocol):
    """A strategy's view of the world at `clock.now()`: its own positions and orders, the admitted data."""

    @property
    def clock(self) -> EngineClock:
        """Engine time: `ctx.clock.now()` in ns UTC, `ctx.clock.datetime()`. Set timers with `ctx.call_at`."""

    @property
    def data(self) -> DataLoader:
        """Admitted history: `ctx.data["AAPL"].close[-1]`. Blind past now."""

    @property
    def cash(self) -> Decimal:
        """Cash of the whole account as of the last AccountUpdate, in dollars."""

    @property
    def buying_power(self) -> Decimal:
        """What the whole account could still buy as of the last AccountUpdate, in dollars."""

    @property
    def portfolio_value(self) -> Decimal:
        """The plan's `portfolio_value`, in dollars."""

    @property
    def risk(self) -> float:
        """The plan's `risk`: the fraction of portfolio_value to lose on one trade that goes wrong."""

    @property
    def session_open(self) -> int:
        """When today's session opens, ns UTC."""

    @property
    def session_close(self) -> int:
        """When today's session closes, ns UTC."""

    @property
    def warming_up(self) -> bool:
        """Whether the bar at hand is history, on which nothing can be bought or sold."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols this strategy is given here, in the order they came."""

    def last(self, symbol: str) -> float | None:
        """Return the last price admitted for a symbol (trade, else bar's close), or None."""

    def position(self, symbol: str) -> Decimal:
        """Return what this strategy holds of a symbol; short is negative, nothing is 0."""

    def positions(self) -> dict[str, Decimal]:
        """Return what this strategy holds, without the zeros."""

    def entry_price(self, symbol: str) -> Decimal | None:
        """Return the average price at which the position was opened, or None without one."""

    def pending(self, symbol: str) -> Decimal:
        """Return what open orders of this strategy would still buy (positive) or sell (negative)."""

    def orders(self, symbol: str | None = None) -> list[Order]:
        """Return this strategy's open orders, oldest first."""

    def forecast(self, symbol: str, name: str) -> float | None:
        """Return what market_miner expects of a symbol today, None when nothing is stored.

        Raises NotLoaded for a name that the class does not declare in `forecasts`.
        """

    def feed(self, symbol: str) -> FeedState:
        """What is known of a symbol's market data. Unless it is LIVE, entries are refused, exits are not."""

    def instrument(self, symbol: str) -> Instrument:
        """Return what the venue allows for a symbol."""

    def buy(
        self,
        symbol: str,
        qty: Number | None = None,
        *,
        notional: Number | None = None,
        type: OrderType | str | None = None,
        limit: Number | None = None,
        trigger: Number | None = None,
        trail_price: Number | None = None,
        trail_percent: Number | None = None,
        tif: TimeInForce | str = TimeInForce.DAY,
        extended_hours: bool = False,
        order_class: OrderClass | str = OrderClass.SIMPLE,
        take_profit: Number | None = None,
        stop_loss: Number | None = None,
        stop_loss_limit: Number | None = None,
        stop: Number | None = None,
        target: Number | None = None,
        reason: str = "",
        indicators: dict[str, Any] | None = None,
    ) -> str:
        """Ask to buy; return the order's id. What becomes of it is told by `on_order`.

        `type` follows from the prices when left out: market, `limit`, `trigger` (stop), both (stop-limit).
        `stop`, `target`, `reason` and `indicators` describe the plan and are stored with the trades. With
        `protective_stops = true` in the plan, `stop` also rests at the broker once the entry has filled.
        """

    def sell(
        self,
        symbol: str,
        qty: Number | None = None,
        *,
        notional: Number | None = None,
        type: OrderType | str | None = None,
        limit: Number | None = None,
        trigger: Number | None = None,
        trail_price: Number | None = None,
        trail_percent: Number | None = None,
        tif: TimeInForce | str = TimeInForce.DAY,
        extended_hours: bool = False,
        order_class: OrderClass | str = OrderClass.SIMPLE,
        take_profit: Number | None = None,
        stop_loss: Number | None = None,
        stop_loss_limit: Number | None = None,
        stop: Number | None = None,
        target: Number | None = None,
        reason: str = "",
        indicators: dict[str, Any] | None = None,
    ) -> str:
        """Ask to sell, or to sell short from flat; return the order's id. See `buy`."""

    def cancel(self, order_id: str, *, reason: str = "") -> None:
        """Ask to take an open order back."""

    def replace(
        self,
        order_id: str,
        *,
        qty: Number | None = None,
        limit: Number | None = None,
        trigger: Number | None = None,
        trail: Number | None = None,
    ) -> str:
        """Ask to change an open order; return the id that the changed order will have."""

    def close(self, symbol: str, *, reason: str = "") -> str | None:
        """Ask to flatten the position at the market; return the order's id, or None when flat."""

    def protect(self, symbol: str, stop: Number | None) -> None:
        """Move the protective stop of a position to another price; None takes it away.

        It rests at the broker, so that it works when nothing here does, if the plan has
        `protective_stops = true`; without that nothing happens. An entry's `stop` sets the first one.
        """

    def reject(self, symbol: str) -> None:
        """Give a symbol back for the rest of the session; its events stop once nobody wants them."""

    def call_at(self, ts: int, name: str) -> None:
        """Ask for `on_timer` with `name` at `ts` (ns UTC)."""

    def load(self, key: str) -> str | None:
        """Return a value kept in the keystore of this strategy and slot, across sessions."""

    def save(self, key: str, value: str) -> None:
        """Keep a value in the keystore of this strategy and slot."""

    def log(self, message: str, **fields: Any) -> None:
        """Write a line to the session's log."""


class Viability(Protocol):
    """A question to a strategy: is this symbol worth trading now?

    Round 1 comes when a symbol is picked, and only stored forecasts are there. Round 2 comes before
    every entry from flat, with the minutes of the last two hours. The first check that fails is what
    the log, the tables and the refused order tell.
    """

    @property
    def symbol(self) -> str:
        """What it is about."""

    @property
    def round(self) -> int:
        """1 when the symbol was picked, 2 before an entry."""

    @property
    def recent(self) -> tuple[Bar, ...] | None:
        """In round 2 the complete minutes of the last two hours, oldest first; None in round 1."""

    def forecast(self, name: str) -> float | None:
        """Return what market_miner expects of the symbol today, None when nothing is stored.

        Raises NotLoaded for a name that the class does not declare in `forecasts`.
        """

    def check(
        self, name: str, *, at_least: float | None = None, at_most: float | None = None
    ) -> bool:
        """Return whether a forecast lies within bounds, both included. One that is not stored does not."""

    def measure(
        self,
        name: str,
        value: float,
        *,
        at_least: float | None = None,
        at_most: float | None = None,
    ) -> bool:
        """Return whether a figure of the strategy's own, called `name`, lies within bounds."""


class Strategy:
    """Subclass this. Annotated class attributes are parameters; the plan may set them.

    ```python
    class BuyTheDip(Strategy):
        dip: float = 0.01

        def on_bar(self, ctx: Context, bar: Bar) -> None:
            if not ctx.position(bar.symbol) and bar.close < bar.open * (1 - self.dip):
                ctx.buy(bar.symbol, 100, reason="dip")
    ```
    """

    type: ClassVar[StrategyType] = StrategyType.DAY_TRADE
    warmup: ClassVar[int] = 0
    """How many complete minute bars of history `on_bar` is shown before the first live event of a symbol."""
    warmup_days: ClassVar[int] = 0
    """How many daily bars before today `ctx.data.daily[symbol]` holds."""
    forecasts: ClassVar[tuple[str, ...]] = ()
    """Which stored forecasts `ctx.forecast` and `is_viable` may ask for, by the names of `miner.toml`."""
    portfolio: ClassVar[bool] = False
    """Whether one instance gets all symbols, in one consumer, instead of one instance per consumer."""

    name: str
    """The name in the plan; set by the framework."""

    def is_viable(self, symbol: str, ctx: Viability) -> bool:
        """Say whether a symbol is worth trading: when it is picked, and before every entry from flat.

        ```python
        forecasts = ("volatility", "dip_10")

        def is_viable(self, symbol: str, ctx: Viability) -> bool:
            return ctx.check("volatility", at_least=0.015) and ctx.check("dip_10", at_least=-0.02)
        ```
        """
        return True

    def on_start(self, ctx: Context) -> None:
        """Begin an incarnation: positions and open orders are already known."""

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """See a bar that is complete."""

    def on_trade(self, ctx: Context, trade: Trade) -> None:
        """See a print."""

    def on_quote(self, ctx: Context, quote: Quote) -> None:
        """See a new best bid and ask."""

    def on_order(self, ctx: Context, event: OrderEvent) -> None:
        """Hear of one of this strategy's orders: fills, refusals, cancels."""

    def on_timer(self, ctx: Context, timer: TimerFired) -> None:
        """Hear that a moment asked for with `call_at` has come."""

    def on_corporate_action(self, ctx: Context, action: CorporateAction) -> None:
        """Hear of a split or a dividend. Positions, open orders and `ctx.data` are adjusted already.

        What the strategy itself keeps of prices is not. Heard only where an engine lives on over the
        ex-date, as it does with day bars; elsewhere strategies are new every morning.
        """

    def on_session_close(self, ctx: Context) -> None:
        """Hear that the session is over; nothing can be ordered any more."""

    def on_stop(self, ctx: Context) -> None:
        """End: the last call of an incarnation."""
