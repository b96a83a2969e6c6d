"""An account over all consumers: what it holds, what its open orders claim, what that leaves.

Claims are asked for with every order and every event of one, and an order moves only those of its own strategy and
symbol. So they are kept by strategy and symbol, and worked out anew only where something has moved.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Context, Decimal
from functools import reduce

import msgspec

from liualgotrader.common.events import AccountUpdate
from liualgotrader.common.frozen import Frozen
from liualgotrader.common.ledger_orders import FLAT, ZERO, Holding, LedgerOrder
from liualgotrader.common.orders import OrderType, Side

ONE = Decimal(1)
CUSHION = Decimal("1.03")
_BUY = Side.BUY
_LIMITED = (OrderType.LIMIT, OrderType.STOP_LIMIT)
# Wide enough that sums of dollars are exact, so that what was added can be taken off again.
_EXACT = Context(prec=200)
_exact_sum, _exact_difference = _EXACT.add, _EXACT.subtract


class PortfolioView(msgspec.Struct):
    """A sum set aside: `balance` is its cash, `credit_line` how far that may go below zero."""

    portfolio_id: str
    balance: Decimal
    credit_line: Decimal = ZERO


class Claim(Frozen, frozen=True):
    """What an open order may still take: a quantity, and dollars for the part of it that opens.

    `closable`: how much of the position the orders before it had left for it to close.
    """

    order: LedgerOrder
    qty: Decimal
    dollars: Decimal
    closable: Decimal


class Group(msgspec.Struct):
    """The open orders of one strategy in one symbol, oldest first, and what they claim.

    `claims`: None until they are asked for, of an order that is alone.
    """

    orders: dict[str, LedgerOrder]
    claims: list[Claim] | None = None
    dollars: Decimal = ZERO


class AccountView:
    """The account over all consumers, as of now.

    `holdings` by (strategy, symbol); `orders`: all that are open, by id, oldest first;
    `recent_orders`: how many were admitted within the last minute, where a limit asks for it;
    `halted`: why no entry may leave, or ""; `portfolios` by strategy. `multiplier`: dollars of
    positions per dollar of equity.
    Whoever changes an order or a holding in place says so by `moved`.
    """

    __slots__ = (
        "_claimed", "_groups", "_stale", "_worth", "cash", "halted", "holdings", "multiplier", "orders",
        "portfolios", "recent_orders", "shorting",
    )  # fmt: skip

    def __init__(
        self,
        cash: Decimal,
        multiplier: Decimal = ONE,
        shorting: bool = False,
        holdings: dict[tuple[str, str], Holding] | None = None,
        orders: dict[str, LedgerOrder] | None = None,
        recent_orders: int = 0,
        halted: str = "",
        portfolios: dict[str, PortfolioView] | None = None,
    ) -> None:
        self.cash = cash
        self.multiplier = multiplier
        self.shorting = shorting
        self.holdings = {} if holdings is None else holdings
        self.orders = {} if orders is None else orders
        self.recent_orders = recent_orders
        self.halted = halted
        self.portfolios = {} if portfolios is None else portfolios
        self._groups: dict[tuple[str, str], Group] | None = None
        self._stale: set[tuple[str, str]] = set()
        self._claimed: Decimal | None = None
        self._worth: tuple[Decimal, Decimal] | None = None

    # -- changes -------------------------------------------------------------------------------

    def open(self, order: LedgerOrder) -> None:
        """Take in an order that is open."""
        self.orders[order.order_id] = order
        if self._groups is not None:
            key = (order.strategy, order.symbol)
            group = self._groups.get(key)
            if group is None:
                group = self._groups[key] = Group({})
            group.orders[order.order_id] = order
            self.moved(key)

    def take_in(self, order: LedgerOrder) -> None:
        """Take in an order that was admitted: alone, it claims what it was just found to be worth."""
        self.recent_orders += 1
        groups, key = self._groups, (order.strategy, order.symbol)
        if groups is None or key in groups:
            self.open(order)
            return
        self.orders[order.order_id] = order
        groups[key] = Group({order.order_id: order}, None, order.reserved)
        if self._claimed is not None:
            self._claimed = _exact_sum(self._claimed, order.reserved)

    def close(self, order: LedgerOrder) -> None:
        """Take out an order that is open no more."""
        if self.orders.pop(order.order_id, None) is None or self._groups is None:
            return
        key = (order.strategy, order.symbol)
        group = self._groups[key]
        if len(group.orders) > 1:
            del group.orders[order.order_id]
            self.moved(key)
            return
        del self._groups[key]
        if self._claimed is not None:
            rest = _exact_difference(self._claimed, group.dollars) if self._groups else ZERO
            self._claimed = rest

    def hold(self, key: tuple[str, str], holding: Holding) -> None:
        """Put a holding in the place of the old one."""
        if self._worth is not None:
            net, gross = self._worth
            if (old := self.holdings.get(key)) is not None:
                net, gross = (
                    _exact_difference(net, old.value),
                    _exact_difference(gross, abs(old.value)),
                )
            if holding.qty:
                net, gross = _exact_sum(net, holding.value), _exact_sum(gross, abs(holding.value))
            self._worth = net, gross
        if holding.qty:
            self.holdings[key] = holding
        else:
            self.holdings.pop(key, None)
        if self._groups and key in self._groups:
            self.moved(key)

    def moved(self, key: tuple[str, str]) -> None:
        """Learn that an order or a holding of a strategy and symbol has changed."""
        self._claimed = None
        self._stale.add(key)

    def without(self, order: LedgerOrder) -> AccountView:
        """Return the account as it would be if an order were gone."""
        others = {key: each for key, each in self.orders.items() if key != order.order_id}
        return self.with_orders(others)

    def with_orders(self, orders: dict[str, LedgerOrder]) -> AccountView:
        """Return the account as it would be with these orders open."""
        other = AccountView(
            self.cash,
            self.multiplier,
            self.shorting,
            self.holdings,
            orders,
            self.recent_orders,
            self.halted,
            self.portfolios,
        )
        other._worth = self._worth
        return other

    # -- what it bears -------------------------------------------------------------------------

    def held(self, order: LedgerOrder) -> Decimal:
        """Return what an order's strategy holds of its symbol."""
        return self.holdings.get((order.strategy, order.symbol), FLAT).qty

    def groups(self) -> dict[tuple[str, str], Group]:
        """Return the open orders by strategy and symbol, their claims being up to date."""
        if self._groups is None:
            self._groups = {}
            for order in self.orders.values():
                group = self._groups.setdefault((order.strategy, order.symbol), Group({}))
                group.orders[order.order_id] = order
            self._stale.update(self._groups)
        if self._stale:
            self._catch_up(self._groups)
        return self._groups

    def _catch_up(self, groups: dict[tuple[str, str], Group]) -> None:
        for key in self._stale:
            if (moved := groups.get(key)) is not None:
                held = self.holdings.get(key, FLAT).qty
                moved.claims = claims = _claims(moved.orders.values(), held)
                moved.dollars = claimed(claims)
        self._stale.clear()

    def closable(self, order: LedgerOrder) -> Decimal:
        """Return how much of its position a new order could close beside those that are open."""
        key, side = (order.strategy, order.symbol), order.side
        left = closable_by(side, self.holdings.get(key, FLAT).qty)
        group = self.groups().get(key) if self.orders else None
        if group is not None:
            for claim in self.claims_of(key, group):
                if claim.order.side is side:
                    left -= claim.qty
        return left

    def claims_of(self, key: tuple[str, str], group: Group) -> list[Claim]:
        """Return the claims of the orders of a strategy and symbol."""
        if group.claims is None:
            group.claims = _claims(group.orders.values(), self.holdings.get(key, FLAT).qty)
        return group.claims

    def claimed(self) -> Decimal:
        """Return the dollars that all open orders claim."""
        if self._claimed is None:
            self._claimed = ZERO
            for group in self.groups().values():
                self._claimed += group.dollars
        return self._claimed

    def power(self) -> Decimal:
        """Return the buying power, open orders not counted."""
        if self._worth is None:
            self._worth = _net_and_gross(self.holdings)
        net, gross = self._worth
        return self.multiplier * (self.cash + net) - gross


def _net_and_gross(holdings: Mapping[tuple[str, str], Holding]) -> tuple[Decimal, Decimal]:
    values = [held.value for held in holdings.values()]
    return reduce(_EXACT.add, values, ZERO), reduce(_EXACT.add, map(Decimal.copy_abs, values), ZERO)


def buying_power(
    cash: Decimal, multiplier: Decimal, holdings: Mapping[tuple[str, str], Holding]
) -> Decimal:
    """Return the dollars that could still be put into positions, open orders not counted.

    Multiplier times equity, less what is held long and short. A cash account's is its cash; the
    proceeds of a short sale are in the cash but are owed, so they buy nothing.
    """
    net, gross = _net_and_gross(holdings)
    return multiplier * (cash + net) - gross


def account_update(view: AccountView, time: int) -> AccountUpdate:
    """Return the account as strategies hear of it: what open entries claim is not to be spent."""
    return AccountUpdate(time, view.cash, view.power() - view.claimed())


# -- claims ---------------------------------------------------------------------------------------


def claims(view: AccountView) -> list[Claim]:
    """Return what each open order claims.

    Claims follow from the positions as they are, so an order that was to close a position which
    another has closed since claims the money of opening one.
    """
    groups = view.groups()
    return [claim for key, group in groups.items() for claim in view.claims_of(key, group)]


def _claims(orders: Collection[LedgerOrder], held: Decimal) -> list[Claim]:
    """Return the claims of one strategy's orders in one symbol, oldest first."""
    if len(orders) == 1:
        (order,) = orders
        return [_claim(order, closable_by(order.side, held))]
    found: dict[str, Claim] = {}
    closable = {Side.BUY: closable_by(Side.BUY, held), Side.SELL: closable_by(Side.SELL, held)}
    for order in orders:
        old = found.get(order.replaces) if order.replaces else None
        left = closable[order.side]
        claim = _claim(order, left) if old is None else _beyond(order, old)
        found[order.order_id] = claim
        closable[order.side] = max(left - claim.qty, ZERO)
    return list(found.values())


def closable_by(side: Side, held: Decimal) -> Decimal:
    """Return how much of a signed position an order of one side could close."""
    if not held or (held > 0) is (side is _BUY):
        return ZERO
    return abs(held)


def _claim(order: LedgerOrder, closable: Decimal) -> Claim:
    qty = order.remaining
    opening = qty - closable if closable else qty
    return Claim(order, qty, value_of(order, opening if opening > 0 else ZERO), closable)


def _beyond(order: LedgerOrder, old: Claim) -> Claim:
    """A replacement and what it replaces never both fill: it claims only what it adds."""
    whole = _claim(order, old.closable)
    return Claim(
        order,
        max(whole.qty - old.qty, ZERO),
        max(whole.dollars - old.dollars, ZERO),
        old.closable,
    )


def claimed(claims: Iterable[Claim]) -> Decimal:
    """Return the dollars of claims together."""
    return sum((claim.dollars for claim in claims), ZERO)


def worst_price(order: LedgerOrder) -> Decimal | None:
    """Return the price at which an entry is valued, or None when no price is known at all."""
    seen, trigger = order.reference_price, order.trigger
    if trigger is not None and (seen is None or trigger > seen):
        seen = trigger
    market = None if seen is None else seen * CUSHION
    if order.limit is None or order.type not in _LIMITED:
        return market
    if order.side is _BUY or market is None:
        return order.limit
    return max(order.limit, market)


def value_of(order: LedgerOrder, opening: Decimal) -> Decimal:
    """Return the dollars of the opening part. An amount of dollars to buy for is worth itself."""
    if not opening:
        return ZERO
    if order.notional is not None and order.side is _BUY:
        return opening * (order.limit or order.reference_price or ZERO)
    return opening * (worst_price(order) or ZERO)
