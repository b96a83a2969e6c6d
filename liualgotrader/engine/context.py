"""What one strategy holds in its hands: the `Context` of strategies/base.py, over one engine."""

from __future__ import annotations

import logging
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from liualgotrader.common.clock import EngineClock
from liualgotrader.common.data_loader import DataLoader
from liualgotrader.common.events import FeedState
from liualgotrader.common.instruments import Instrument, Number
from liualgotrader.common.orders import Order, OrderClass, OrderType, Side, TimeInForce
from liualgotrader.engine.intents import Wish
from liualgotrader.engine.viability import forecast_of

if TYPE_CHECKING:
    from liualgotrader.engine.core import Engine
    from liualgotrader.engine.strategy_run import StrategyRun

log = logging.getLogger(__name__)

ZERO = Decimal(0)
_BUY, _SELL = Side.BUY, Side.SELL


class StrategyContext:
    """One strategy's view. Everything it changes goes through the engine as an intent."""

    __slots__ = ("_engine", "_holdings", "_run", "clock", "data", "warming_up")

    def __init__(self, engine: Engine, run: StrategyRun) -> None:
        self._engine = engine
        self._run = run
        self._holdings = engine.book.holdings(run.name)
        self.clock: EngineClock = engine.clock
        self.data: DataLoader = engine.data
        self.warming_up = False

    @property
    def cash(self) -> Decimal:
        """The account's cash as of the last AccountUpdate."""
        return self._engine.cash

    @property
    def buying_power(self) -> Decimal:
        """What the account could still buy as of the last AccountUpdate."""
        return self._engine.buying_power

    @property
    def portfolio_value(self) -> Decimal:
        """The plan's portfolio_value."""
        return self._engine.settings.portfolio_value

    @property
    def risk(self) -> float:
        """The plan's risk."""
        return self._engine.settings.risk

    @property
    def session_open(self) -> int:
        """When today's session opens, ns UTC."""
        return self._engine.session_open

    @property
    def session_close(self) -> int:
        """When today's session closes, ns UTC."""
        return self._engine.session_close

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols this strategy is given here."""
        return tuple(self._run.symbols)

    def last(self, symbol: str) -> float | None:
        """Return the last price admitted for a symbol."""
        return self._engine.last.get(symbol)

    def position(self, symbol: str) -> Decimal:
        """Return the signed quantity held."""
        holding = self._holdings.get(symbol)
        return ZERO if holding is None else holding.position.qty

    def positions(self) -> dict[str, Decimal]:
        """Return what is held, without the zeros."""
        return {
            p.symbol: p.qty for p in self._engine.book.positions() if p.strategy == self._run.name
        }

    def entry_price(self, symbol: str) -> Decimal | None:
        """Return the average price of the position, or None when flat."""
        held = self._engine.book.position(self._run.name, symbol)
        return held.avg_price if held is not None and held.qty else None

    def pending(self, symbol: str) -> Decimal:
        """Return the signed quantity that open orders may still add."""
        return self._engine.book.pending(self._run.name, symbol)

    def orders(self, symbol: str | None = None) -> list[Order]:
        """Return open orders, oldest first; a protective stop is the engine's."""
        book = self._engine.book
        orders = book.open_orders(self._run.name, symbol)
        if not book.protective:
            return orders
        return [order for order in orders if order.order_id not in book.protective]

    def forecast(self, symbol: str, name: str) -> float | None:
        """Return what is expected of a symbol today, or None when nothing is."""
        return forecast_of(self._engine.forecasts, self._run, symbol, name)

    def feed(self, symbol: str) -> FeedState:
        """Return what is known of a symbol's market data."""
        return self._engine.feeds.of(symbol)

    def instrument(self, symbol: str) -> Instrument:
        """Return what the venue allows for a symbol."""
        return self._engine.instruments[symbol]

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
        """Ask to buy; return the order's id."""
        wish = Wish(
            symbol, _BUY, qty, notional, type, limit, trigger, trail_price, trail_percent, tif,
            extended_hours, order_class, take_profit, stop_loss, stop_loss_limit, stop, target,
            reason, indicators,
        )  # fmt: skip
        return self._engine.propose(self._run, wish)

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
        """Ask to sell, or to sell short from flat; return the order's id."""
        wish = Wish(
            symbol, _SELL, qty, notional, type, limit, trigger, trail_price, trail_percent, tif,
            extended_hours, order_class, take_profit, stop_loss, stop_loss_limit, stop, target,
            reason, indicators,
        )  # fmt: skip
        return self._engine.propose(self._run, wish)

    def cancel(self, order_id: str, *, reason: str = "") -> None:
        """Ask to take an open order back."""
        self._engine.propose_cancel(self._run, order_id, str(reason))

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
        return self._engine.propose_replace(
            self._run, order_id, qty=qty, limit=limit, trigger=trigger, trail=trail
        )

    def close(self, symbol: str, *, reason: str = "") -> str | None:
        """Ask to flatten the position at the market, less what open orders already close."""
        engine, held = self._engine, self.position(symbol)
        side = _SELL if held > 0 else _BUY
        qty = abs(held) - (engine.book.leaving(self._run.name, symbol, side) or ZERO)
        if qty <= 0:
            return None
        wish = Wish(symbol, side, qty, tif=engine.lasts(symbol), reason=reason)
        return engine.propose(self._run, wish)

    def protect(self, symbol: str, stop: Number | None) -> None:
        """Want to be out of a symbol at a price."""
        self._engine.protect(self._run, symbol, stop)

    def reject(self, symbol: str) -> None:
        """Give a symbol back for the rest of the session."""
        self._engine.reject(self._run, symbol)

    def call_at(self, ts: int, name: str) -> None:
        """Ask for on_timer(name) at `ts`."""
        self._engine.call_at(self._run, int(ts), str(name))

    def load(self, key: str) -> str | None:
        """Return a kept value."""
        return self._run.keystore.get(key)

    def save(self, key: str, value: str) -> None:
        """Keep a value."""
        self._run.keystore[key] = value
        self._engine.kept.append((self._run.name, key, value))

    def log(self, message: str, **fields: Any) -> None:
        """Write a line to the session's log."""
        log.info("%s: %s", self._run.name, message, extra={"fields": fields})
