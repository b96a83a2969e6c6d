"""What the strategies of one consumer hold and have at work, as their order events tell it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from liualgotrader.common.corporate_actions import Terms, adjusted, ends_orders, split_qty
from liualgotrader.common.errors import InvariantError
from liualgotrader.common.events import (
    Adjusted,
    CorporateAction,
    OpenOrder,
    OpenPosition,
    OrderEvent,
)
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import (
    AMENDMENTS,
    CLOSED,
    FILLS,
    PROTECTIVE,
    Order,
    OrderStatus,
    Side,
    Submit,
)
from liualgotrader.engine.holdings import Execution, Holding, Position

ZERO = Decimal(0)
_BUY = Side.BUY
_CHANGES_POSITION = FILLS | AMENDMENTS
_REPLACED, _REPLACE_REJECTED = Kind.REPLACED, Kind.REPLACE_REJECTED


def _adjust(order: Order, action: CorporateAction, instrument: Instrument) -> None:
    terms = adjusted(
        Terms(qty=order.qty, filled=order.filled, limit=order.limit, trigger=None),
        action,
        side=order.side,
        kind=order.type,
        instrument=instrument,
    )
    order.qty, order.filled, order.limit = terms.qty, terms.filled, terms.limit


class Book:
    """Positions by strategy and symbol, and orders by id.

    Every change comes from one input: an order's event, a corporate action, an adopted difference.
    """

    def __init__(self) -> None:
        self._holdings: dict[str, dict[str, Holding]] = {}
        self._open: dict[tuple[str, str], dict[str, Order]] = {}
        self._orders: dict[str, Order] = {}
        self._waiting: dict[str, Order] = {}
        self._heirs: dict[str, Order] = {}
        self._seen: set[tuple[str, str]] = set()
        self.protective: set[str] = set()
        self.cash_flow = ZERO
        self.fees = ZERO

    def load(self, positions: Iterable[OpenPosition], orders: Sequence[OpenOrder]) -> None:
        """Begin with what the ledger knows."""
        for held in positions:
            holdings = self.holdings(held.strategy)
            holdings[held.symbol] = Holding(Position(held.qty, held.avg_price))
        found = {known.order_id: (self._known(known), known.replaces or "") for known in orders}
        self.protective.update(each.order_id for each in orders if each.reason == PROTECTIVE)
        for order, replaces in found.values():
            if replaces in found:
                self.await_replacement(found[replaces][0], order)
            else:
                self.add(order)

    def _known(self, known: OpenOrder) -> Order:
        side = Side(known.side)
        return Order(
            order_id=known.order_id,
            strategy=known.strategy,
            symbol=known.symbol,
            side=side,
            qty=known.qty,
            status=OrderStatus(known.status),
            filled=known.filled,
            limit=known.limit,
            stop=known.stop,
            target=known.target,
            exit=self.qty(known.strategy, known.symbol) * side.sign < 0,
        )

    def adjust(self, action: CorporateAction, instrument: Instrument) -> None:
        """Let a corporate action change positions and open orders; orders that it ends hear so themselves.

        Executions before it can be taken back no more: the broker has settled them.
        """
        symbol = action.symbol
        for holdings in self._holdings.values():
            if symbol not in holdings or not holdings[symbol].position.qty:
                continue
            old = holdings[symbol].position
            qty = split_qty(old.qty, action, instrument)
            avg = old.avg_price / action.ratio if qty else ZERO
            realised = (
                old.realised if qty else old.realised + old.qty * (action.cash - old.avg_price)
            )
            holdings[action.new_symbol or symbol] = Holding(Position(qty, avg, realised))
            if action.new_symbol:
                del holdings[symbol]
            self.cash_flow += old.qty * action.cash
        for (_, name), orders in self._open.items():
            if name == symbol and not ends_orders(action):
                for order in orders.values():
                    _adjust(order, action, instrument)

    def adopt(self, adjusted: Adjusted) -> None:
        """Let a position change by what the ledger has adopted from the broker's books."""
        holding = self.holdings(adjusted.strategy).setdefault(adjusted.symbol, Holding())
        name = f"adopted {len(holding.executions)}"
        self._flow(adjusted.qty, adjusted.price, ZERO)
        holding.add("", Execution(name, adjusted.qty, adjusted.price))

    def open(self, intent: Submit) -> Order:
        """Take in an approved intent."""
        order = Order.of(intent)
        if intent.reason == PROTECTIVE:
            self.protective.add(intent.order_id)
        self.add(order)
        return order

    def add(self, order: Order) -> None:
        """Take in an order that is at work."""
        self._orders[order.order_id] = order
        if order.is_open:
            self._open.setdefault((order.strategy, order.symbol), {})[order.order_id] = order

    def await_replacement(self, old: Order, new: Order) -> None:
        """Remember the order that `old` will become; until then only `old` is at work."""
        self._orders[new.order_id] = new
        self._waiting[old.order_id] = new
        self._heirs[old.order_id] = new

    def replacement(self, order_id: str) -> Order | None:
        """Return what an order will become, while the broker has not said yes or no."""
        return self._waiting.get(order_id)

    def order(self, order_id: str) -> Order | None:
        """Return an order by id, whatever became of it."""
        return self._orders.get(order_id)

    def open_orders(self, strategy: str, symbol: str | None = None) -> list[Order]:
        """Return a strategy's orders at work, oldest first."""
        if symbol is not None:
            return list(self._open.get((strategy, symbol), {}).values())
        return [
            order
            for (owner, _), orders in self._open.items()
            if owner == strategy
            for order in orders.values()
        ]

    def holdings(self, strategy: str) -> dict[str, Holding]:
        """Return what a strategy holds or has held, by symbol: what it will hold comes in there."""
        return self._holdings.setdefault(strategy, {})

    def position(self, strategy: str, symbol: str) -> Position | None:
        """Return what a strategy holds of a symbol, or None if it never held any."""
        holding = self.holdings(strategy).get(symbol)
        return holding.position if holding else None

    def qty(self, strategy: str, symbol: str) -> Decimal:
        """Return the signed quantity a strategy holds of a symbol."""
        holdings = self._holdings.get(strategy)
        holding = None if holdings is None else holdings.get(symbol)
        return ZERO if holding is None else holding.position.qty

    def pending(self, strategy: str, symbol: str) -> Decimal:
        """Return the signed quantity that open orders may still add, a protective stop apart."""
        orders = self._open.get((strategy, symbol))
        if not orders:
            return ZERO
        if self.protective:
            orders = {name: orders[name] for name in orders.keys() - self.protective}
        return sum((order.remaining * order.side.sign for order in orders.values()), ZERO)

    def leaving(
        self, strategy: str, symbol: str, side: Side, *, without: str = ""
    ) -> Decimal | None:
        """Return what open orders of one side may still fill, but for the order `without` and a protective stop.

        An order that is being changed counts with the larger of its two quantities. None when an
        order's quantity is not known, as that of a notional one.
        """
        at_work = self._open.get((strategy, symbol))
        if not at_work:
            return ZERO
        total = ZERO
        for order in at_work.values():
            if order.side is not side or order.order_id == without:
                continue
            if order.order_id in self.protective:
                continue
            if order.qty is None:
                return None
            heir = self._waiting.get(order.order_id)
            total += max(order.remaining, heir.remaining if heir else ZERO)
        return total

    def positions(self) -> list[OpenPosition]:
        """Return all positions that are not flat."""
        return [
            OpenPosition(strategy, symbol, holding.position.qty, holding.position.avg_price)
            for strategy, holdings in self._holdings.items()
            for symbol, holding in holdings.items()
            if holding.position.qty
        ]

    @property
    def realised(self) -> Decimal:
        """What closing positions has brought so far, before fees."""
        held = (each for holdings in self._holdings.values() for each in holdings.values())
        return sum((holding.position.realised for holding in held), ZERO)

    def apply(self, event: OrderEvent) -> Order | None:
        """Let an event happen.

        Returns its order, or None for an unknown order or an execution seen before. Raises
        InvariantError when an unknown order's event would change a position: the ledger has booked
        it, so the books differ, and only a new incarnation reads them again.
        """
        order = self._orders.get(event.order_id)
        if order is None:
            if event.kind in _CHANGES_POSITION:
                raise InvariantError(f"not an order of this incarnation: {event}")
            return None
        kind, was_open = event.kind, order.status not in CLOSED
        if kind in FILLS:
            if not self._fill(order, event):
                return None
        elif kind in AMENDMENTS:
            self._amend(order, event)
        else:
            order.apply(event)
            if kind is _REPLACED:
                self._replaced(order)
            elif kind is _REPLACE_REJECTED:
                self._not_replaced(order)
        if self._waiting or (order.status not in CLOSED) is not was_open:
            self._keep_open(order)
        return order

    def _keep_open(self, order: Order) -> None:
        """Keep the row of open orders: one that recovery gave up for unsent may come to life.

        One that waits to take the place of another is in the row from its own first word on.
        """
        key = (order.strategy, order.symbol)
        at_work = self._open.get(key)
        if order.status not in CLOSED:
            self._open.setdefault(key, {})[order.order_id] = order
        elif at_work is not None:
            at_work.pop(order.order_id, None)

    def _replaced(self, old: Order) -> None:
        new = self._waiting.pop(old.order_id, None)
        if new is not None:
            self.add(new)

    def _not_replaced(self, old: Order) -> None:
        new = self._waiting.pop(old.order_id, None)
        if new is not None:
            new.status = OrderStatus.REJECTED
            del self._heirs[old.order_id]

    def _inherit(self, order: Order, qty: Decimal) -> None:
        """What is filled of an order counts as filled of what it became, too (FIX: CumQty)."""
        heir = self._heirs.get(order.order_id)
        while heir is not None:
            heir.filled += qty
            heir = self._heirs.get(heir.order_id)

    def _fill(self, order: Order, event: OrderEvent) -> bool:
        if event.execution_id is None or event.qty is None or event.price is None:
            raise InvariantError(f"a fill without execution id, quantity or price: {event}")
        seen = (event.order_id, event.execution_id)
        if seen in self._seen:
            return False
        order.apply(event)
        self._seen.add(seen)
        if self._heirs:
            self._inherit(order, event.qty)
        price, signed = event.price, event.qty if order.side is _BUY else -event.qty
        self._flow(signed, price, event.fee)
        holdings = self.holdings(order.strategy)
        holding = holdings.get(order.symbol)
        if holding is None:
            holding = holdings[order.symbol] = Holding()
        holding.executions[seen] = Execution(event.execution_id, signed, price, event.fee)
        holding.position.apply(signed, price)
        return True

    def _flow(self, qty: Decimal, price: Decimal, fee: Decimal) -> None:
        self.cash_flow -= qty * price + fee
        if fee:
            self.fees += fee

    def _amend(self, order: Order, event: OrderEvent) -> None:
        """Take an execution out (bust), or put another in its place (correction)."""
        holding = self.holdings(order.strategy).get(order.symbol)
        old, new = (
            (order.order_id, event.amended_id or ""),
            (order.order_id, event.execution_id or ""),
        )
        if holding is None or old not in self._seen:
            raise InvariantError(f"an amendment of an execution that is not known: {event}")
        # One that was taken back before is not there any more: the broker's list told of it.
        if (known := holding.executions.pop(old, None)) is not None:
            self._flow(-known.qty, known.price, -known.fee)
            order.filled -= abs(known.qty)
            self._inherit(order, -abs(known.qty))
        if event.kind is Kind.TRADE_CORRECT and new not in holding.executions:
            if event.qty is None or event.price is None:
                raise InvariantError(f"a correction without quantity or price: {event}")
            signed = event.qty * order.side.sign
            order.filled += event.qty
            self._inherit(order, event.qty)
            self._flow(signed, event.price, event.fee)
            holding.executions[new] = Execution(new[1], signed, event.price, event.fee)
            self._seen.add(new)
        holding.rebuild()
