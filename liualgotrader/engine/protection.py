"""Protective stops at the broker: a position whose consumer dies is not naked.

A strategy says with its entry, or by `ctx.protect`, at which price it wants to be out. As far as the plan
asks for it, a stop order for the whole position rests at the broker from the first fill on, and follows the
position. It is the engine's: strategies do not see it among their orders, and it closes nothing that they
count on.

A broker holds the shares that an open order would sell, so an exit waits until the stop is taken back: one
round trip. While an exit is at work there is no stop. Stop orders do not work outside regular hours.
"""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from liualgotrader.common.events import OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.instruments import AssetClass, Instrument
from liualgotrader.common.orders import (
    AMENDMENTS,
    FILLS,
    PROTECTIVE,
    Order,
    OrderStatus,
    OrderType,
    Side,
    Submit,
    TimeInForce,
)
from liualgotrader.engine.intents import Wish
from liualgotrader.strategies.base import StrategyType

if TYPE_CHECKING:
    from liualgotrader.engine.core import Engine
    from liualgotrader.engine.strategy_run import StrategyRun

_KEPT = "~protect "
# Coins have no stop orders, only stop-limits; so far beyond the trigger the limit still lets most falls fill.
_COIN_ROOM = Decimal("0.03")
_FILLS = FILLS | AMENDMENTS
_GONE = "the protective stop was filled first"
Place = tuple[str, str]


class Protection:
    """The stop levels of this consumer's positions, by strategy and symbol, and who waits for a stop to go.

    `wanted`: whether stops rest at the broker at all; without, there is nothing to protect.
    """

    def __init__(self, engine: Engine, *, wanted: bool) -> None:
        self._engine = engine
        self.wanted = wanted
        self._levels: dict[Place, Decimal] = {}
        self._parked: dict[Place, deque[Submit]] = {}

    # -- levels --------------------------------------------------------------------------------------------------

    def restore(self, run: StrategyRun) -> None:
        """Take up the levels that earlier lives kept, and guard what is held."""
        for key, kept in run.keystore.items():
            if self.wanted and key.startswith(_KEPT) and kept:
                symbol = key.removeprefix(_KEPT)
                self._levels[run.name, symbol] = Decimal(kept)
                self._tend(run, symbol)

    def set_level(self, run: StrategyRun, symbol: str, level: Decimal | None) -> None:
        """Want to be out of a symbol at a price; None wants no stop."""
        if not self.wanted or self._levels.get((run.name, symbol)) == level:
            return
        if level is None:
            del self._levels[run.name, symbol]
        else:
            self._levels[run.name, symbol] = level
        kept = "" if level is None else f"{level:f}"
        run.keystore[_KEPT + symbol] = kept
        self._engine.kept.append((run.name, _KEPT + symbol, kept))
        self._tend(run, symbol)

    # -- what happens --------------------------------------------------------------------------------------------

    def on_order(self, run: StrategyRun, event: OrderEvent, order: Order) -> None:
        """Follow a position after one of its orders, or the stop itself, has moved; only where stops are wanted."""
        place = (run.name, order.symbol)
        if order.order_id in self._engine.book.protective:
            self._on_stop(run, event, order)
        elif event.kind in _FILLS or not order.is_open:
            is_entry = event.kind in _FILLS and not order.exit
            if is_entry and order.stop is not None:
                self.set_level(run, order.symbol, order.stop)
            if place not in self._parked:
                self._tend(run, order.symbol)

    def _on_stop(self, run: StrategyRun, event: OrderEvent, order: Order) -> None:
        if order.is_open:
            return
        if event.kind is Kind.REJECTED:
            self._engine.warn(
                f"{run.name} {order.symbol}: no stop at the broker, it was refused: {event.reason}"
            )
            self._levels.pop((run.name, order.symbol), None)
        waiting = self._parked.pop((run.name, order.symbol), None)
        for intent in waiting or ():
            self._release(run, intent)
        if not waiting:
            self._tend(run, order.symbol)

    def on_position(self, run: StrategyRun, symbol: str) -> None:
        """Follow a position that changed without an order."""
        if self.wanted:
            self._tend(run, symbol)

    # -- the stop ------------------------------------------------------------------------------------------------

    def _tend(self, run: StrategyRun, symbol: str) -> None:
        """Let there be one stop for all that is held, or none."""
        engine = self._engine
        held = engine.book.qty(run.name, symbol)
        level = self._levels.get((run.name, symbol))
        stop = self._stop_at_work(run, symbol)
        if not held and level is not None:
            self.set_level(run, symbol, None)
            return
        is_fitting = (
            stop is not None
            and stop.remaining == abs(held)
            and stop.stop == level
            and stop.side.sign * held < 0
        )
        if is_fitting:
            return
        if stop is not None:
            if stop.status is not OrderStatus.PENDING_CANCEL:
                engine.propose_cancel(run, stop.order_id, "the position or its level has changed")
        elif level is not None and not self._is_leaving(run, symbol, held):
            engine.propose_stop(run, self._wish(run, symbol, held, level))

    def _is_leaving(self, run: StrategyRun, symbol: str, held: Decimal) -> bool:
        """Whether an order is at work that the broker holds the shares for."""
        if self._engine.is_closing(run, symbol):
            return True
        orders = self._engine.book.open_orders(run.name, symbol)
        return any(order.side.sign * held < 0 for order in orders)

    def _wish(self, run: StrategyRun, symbol: str, held: Decimal, level: Decimal) -> Wish:
        side = Side.SELL if held > 0 else Side.BUY
        instrument = self._engine.instruments.get(symbol) or Instrument(symbol)
        is_coin = instrument.asset_class is AssetClass.CRYPTO
        stays = run.strategy.type is StrategyType.SWING and not held % instrument.lot
        return Wish(
            symbol,
            side,
            abs(held),
            type=OrderType.STOP_LIMIT if is_coin else OrderType.STOP,
            trigger=level,
            limit=level * (1 + side.sign * _COIN_ROOM) if is_coin else None,
            tif=TimeInForce.GTC if stays or is_coin else TimeInForce.DAY,
            stop=level,
            reason=PROTECTIVE,
        )

    def _stop_at_work(self, run: StrategyRun, symbol: str) -> Order | None:
        book = self._engine.book
        orders = book.open_orders(run.name, symbol)
        return next((each for each in orders if each.order_id in book.protective), None)

    # -- exits that wait -----------------------------------------------------------------------------------------

    def parks(self, run: StrategyRun, order: Submit) -> bool:
        """Keep an order that would sell what the stop holds, until the stop is gone; True if it was kept.

        Only where stops are wanted.
        """
        stop = self._stop_at_work(run, order.symbol)
        if stop is None or stop.side is not order.side:
            return False
        self._parked.setdefault((run.name, order.symbol), deque()).append(order)
        if stop.status is not OrderStatus.PENDING_CANCEL:
            self._engine.propose_cancel(run, stop.order_id, f"{order.order_id} takes its shares")
        return True

    def drop(self, run: StrategyRun, order: Order) -> bool:
        """Forget an order that waits and was never sent; True if there was one."""
        waiting = self._parked.get((run.name, order.symbol), ())
        for intent in waiting:
            if intent.order_id == order.order_id:
                self._parked[run.name, order.symbol].remove(intent)
                self._engine.refuse_parked(run, intent, "taken back before it was sent")
                return True
        return False

    def waits(self, order: Order) -> bool:
        """Whether an order waits for a stop to go."""
        waiting = self._parked.get((order.strategy, order.symbol), ())
        return any(intent.order_id == order.order_id for intent in waiting)

    def _release(self, run: StrategyRun, intent: Submit) -> None:
        """Let an exit leave, dated now; what the stop has sold meanwhile cannot be sold again."""
        held = abs(self._engine.book.qty(run.name, intent.symbol))
        if intent.exit and intent.qty is not None and intent.qty > held:
            self._engine.refuse_parked(run, intent, _GONE)
            return
        now = self._engine.clock.now()
        self._engine.send_parked(msgspec.structs.replace(intent, decided_at=now))
