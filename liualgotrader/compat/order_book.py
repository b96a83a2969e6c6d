"""The orders of an old strategy, and what `trading_data` shows of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import pandas as pd

from liualgotrader.common.events import OrderEvent
from liualgotrader.compat.placed import FILLS, Placed
from liualgotrader.compat.served.types import Order


class OrderBook:
    """Its orders at work, by id."""

    def __init__(self, data: ModuleType, strategy: object) -> None:
        self._data = data
        self._strategy = strategy
        self._placed: dict[str, Placed] = {}

    def add(self, placed: Placed, now: pd.Timestamp) -> None:
        """Take in an order that is on its way."""
        symbol, data = placed.symbol, self._data
        self._placed[placed.order_id] = placed
        side = Order.FillSide.buy if placed.buy else Order.FillSide.sell
        data.open_orders[symbol] = Order(
            placed.order_id, symbol, Order.EventType.pending, now, side=side
        )
        data.open_order_strategy[symbol] = self._strategy
        data.last_used_strategy[symbol] = self._strategy
        if placed.buy:
            data.buy_time[symbol] = now

    def remove(self, placed: Placed) -> None:
        """Forget an order that is over."""
        self._placed.pop(placed.order_id, None)
        shown = self._data.open_orders.get(placed.symbol)
        if shown is not None and shown.order_id == placed.order_id:
            del self._data.open_orders[placed.symbol]
            self._data.open_order_strategy.pop(placed.symbol, None)

    def find(self, event: OrderEvent, *, rose: bool) -> Placed | None:
        """Return the order that an event is about; of one that the engine placed, say to liquidate, its fills.

        `rose`: whether the position is larger than it was before the event.
        """
        found = self._placed.get(event.order_id)
        if found is None and event.kind in FILLS:
            found = self._placed[event.order_id] = Placed(event.order_id, event.symbol, rose)
        return found

    def remarks(self, symbol: str, *, buy: bool) -> dict[str, Any]:
        """Take out what the strategy noted of its reasons, for the order that it asks for."""
        notes = self._data.buy_indicators if buy else self._data.sell_indicators
        found = notes.pop(symbol, None)
        if found is None:
            return {}
        return dict(found) if isinstance(found, Mapping) else {"value": found}
