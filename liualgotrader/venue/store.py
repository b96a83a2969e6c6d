"""Which orders there are, by id, by client's id, and by symbol those at work."""

from __future__ import annotations

from collections.abc import Iterable

from liualgotrader.venue.orders import VenueOrder


class OrderStore:
    """Orders in the order they came. `working` holds a symbol only while it has an open order."""

    __slots__ = ("_count", "by_client", "orders", "working")

    def __init__(self) -> None:
        self._count = 0
        self.orders: dict[str, VenueOrder] = {}
        self.by_client: dict[str, VenueOrder] = {}
        self.working: dict[str, dict[str, VenueOrder]] = {}

    def add(self, order: VenueOrder) -> None:
        """Keep a new order and put it to work."""
        order.arrival = self._count
        self._count += 1
        self.orders[order.id] = order
        self.by_client[order.client_id] = order
        self.working.setdefault(order.symbol, {})[order.id] = order

    def forget_ended(self) -> None:
        """Keep only open orders, and the groups that they belong to."""
        kept = {order.id: order for order in self.open_orders()}
        for order in list(kept.values()):
            for name in (order.parent, *order.legs):
                if name is not None and name in self.orders:
                    kept[name] = self.orders[name]
        self.orders = kept
        self.by_client = {order.client_id: order for order in kept.values()}

    def retire(self, order: VenueOrder) -> None:
        """Take an order that ended out of work; with the last one its symbol costs nothing."""
        at_work = self.working.get(order.symbol)
        if at_work is not None and at_work.pop(order.id, None) is not None and not at_work:
            del self.working[order.symbol]

    def of_symbol(self, symbol: str) -> list[VenueOrder]:
        """Return the open orders of a symbol, oldest first."""
        return list(self.working.get(symbol, {}).values())

    def open(self) -> Iterable[VenueOrder]:
        """Iterate over all open orders, by symbol."""
        return (order for at_work in self.working.values() for order in at_work.values())

    def open_orders(self) -> list[VenueOrder]:
        """Return all open orders, oldest first."""
        return sorted(self.open(), key=lambda order: order.arrival)

    def legs(self, order: VenueOrder) -> list[VenueOrder]:
        """Return the legs of an order."""
        return [self.orders[leg] for leg in order.legs]
