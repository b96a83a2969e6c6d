"""The broker's books held beside ours: every difference found, explained where the broker's lists explain it.

Pure: two snapshots go in, differences with what would make the books agree come out. Who looks, and
what is done about a difference, is decided above.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from itertools import combinations

import msgspec

from liualgotrader.common.ledger_orders import ZERO, Holding
from liualgotrader.common.ports import BrokerActivity, BrokerFill, BrokerPosition

MANUAL = "(manual)"
"""Who holds in our books what no strategy bought: positions of the account's owner."""

CENT = Decimal("0.01")
_MOST_SUBSETS_OF = 12
Key = tuple[str, str, str, Decimal]
_MOVES_SHARES = ("SPLIT", "SPIN", "MA", "NC", "REORG", "SC", "SSO", "SSP", "ACATS", "JNLS")


class DifferenceKind(StrEnum):
    """Why the books differ."""

    MISSED_FILL = "missed fill"
    MANUAL_TRADE = "manual trade"
    CORPORATE_ACTION = "corporate action"
    CASH_ACTIVITY = "cash activity"
    HELD_BEFORE = "held before"
    UNKNOWN = "unknown"


class Change(msgspec.Struct, frozen=True):
    """A signed quantity that a strategy's position gains, at a price in dollars."""

    strategy: str
    symbol: str
    qty: Decimal
    price: Decimal


class Difference(msgspec.Struct, frozen=True):
    """One difference. `symbol` is "" for cash; `ledger` and `broker` are shares, or dollars of cash.

    `changes` and `cash` are what makes the books agree. `reference` is the broker's id of what
    explains it, which is booked once. A missed fill is booked as an event of its order, `order_id`.
    """

    kind: DifferenceKind
    symbol: str
    ledger: Decimal
    broker: Decimal
    why: str
    changes: tuple[Change, ...] = ()
    cash: Decimal = ZERO
    reference: str = ""
    order_id: str = ""
    fill: BrokerFill | None = None

    @property
    def key(self) -> Key:
        """What makes two looks see the same difference."""
        return self.kind, self.symbol, self.reference, self.broker - self.ledger

    def __str__(self) -> str:
        what = self.symbol or "cash"
        return f"{what}: the ledger has {self.ledger:f}, the broker {self.broker:f} ({self.kind}: {self.why})"


class Booked(msgspec.Struct, frozen=True):
    """An execution in our books."""

    execution_id: str
    qty: Decimal
    price: Decimal


class Ours(msgspec.Struct):
    """Our books of one account.

    `holdings` by (strategy, symbol). `orders`: our ids of orders by the broker's; `executions`: what
    is booked of each order, by our id. `references`: ids of the broker's activities and of
    executions of others that are booked. `is_new`: the account was never seen before.
    """

    cash: Decimal
    holdings: dict[tuple[str, str], Holding] = {}
    orders: dict[str, str] = {}
    executions: dict[str, list[Booked]] = {}
    references: set[str] = set()
    is_new: bool = False


class Theirs(msgspec.Struct):
    """The broker's books: as they stand, and what it lists since our last look."""

    cash: Decimal
    positions: Sequence[BrokerPosition] = ()
    fills: Sequence[BrokerFill] = ()
    activities: Sequence[BrokerActivity] = ()


def unheard(fills: Iterable[BrokerFill], booked: Iterable[Booked]) -> list[BrokerFill]:
    """Return the fills of one order that are not among its booked executions.

    A broker's list may name an execution otherwise than its stream did, so what has no namesake is
    matched by quantity and price: an execution must never count twice.
    """
    known = {each.execution_id: each for each in booked}
    fresh = []
    for fill in fills:
        if known.pop(fill.execution_id, None) is None:
            fresh.append(fill)
    unnamed = Counter((each.qty, each.price) for each in known.values())
    left = []
    for fill in fresh:
        if unnamed[fill.qty, fill.price] > 0:
            unnamed[fill.qty, fill.price] -= 1
        else:
            left.append(fill)
    return left


def allocate(held: Mapping[str, Decimal], delta: Decimal) -> dict[str, Decimal]:
    """Share out a signed quantity that nobody of ours traded among the holders of a symbol.

    It first takes from what is held the other way: the owner's own, then the largest strategy's.
    What is left is the owner's.
    """
    shares: dict[str, Decimal] = {}
    for name in sorted(held, key=lambda name: (name != MANUAL, -abs(held[name]), name)):
        if held[name] * delta >= 0:
            continue
        part = min(abs(delta), abs(held[name])) * (1 if delta > 0 else -1)
        shares[name], delta = part, delta - part
    if delta:
        shares[MANUAL] = shares.get(MANUAL, ZERO) + delta
    return shares


class _Comparison:
    """Our books as they would be with every explanation found so far, and the differences explained."""

    def __init__(self, ours: Ours) -> None:
        self.cash = ours.cash
        self.held: dict[str, dict[str, Decimal]] = defaultdict(dict)
        for (strategy, symbol), holding in ours.holdings.items():
            self.held[symbol][strategy] = holding.qty
        self.found: list[Difference] = []

    def total(self, symbol: str) -> Decimal:
        return sum(self.held.get(symbol, {}).values(), ZERO)

    def explain(self, difference: Difference) -> None:
        self.found.append(difference)
        self.cash += difference.cash
        for change in difference.changes:
            held = self.held[change.symbol]
            held[change.strategy] = held.get(change.strategy, ZERO) + change.qty


def compare(ours: Ours, theirs: Theirs) -> list[Difference]:
    """Return every difference, those that the broker's lists explain before what stays unknown."""
    seen = _Comparison(ours)
    _fills(seen, ours, theirs)
    _activities(seen, ours, theirs)
    _positions(seen, ours, theirs)
    _cash(seen, ours, theirs)
    return seen.found


def _fills(seen: _Comparison, ours: Ours, theirs: Theirs) -> None:
    of_orders: dict[str, list[BrokerFill]] = defaultdict(list)
    for fill in theirs.fills:
        order_id = ours.orders.get(fill.broker_id)
        if order_id is not None:
            of_orders[order_id].append(fill)
        elif fill.execution_id not in ours.references and not ours.is_new:
            _manual(seen, fill)
    for order_id, fills in of_orders.items():
        for fill in unheard(fills, ours.executions.get(order_id, ())):
            _missed(seen, order_id, fill)


def _missed(seen: _Comparison, order_id: str, fill: BrokerFill) -> None:
    before = seen.total(fill.symbol)
    change = Change(f"order {order_id}", fill.symbol, _signed(fill), fill.price)
    why = f"{fill.side} {fill.qty:f} at {fill.price:f} of order {order_id}"
    seen.explain(
        Difference(
            DifferenceKind.MISSED_FILL, fill.symbol, before, before + change.qty, why,
            changes=(change,), cash=_flow(fill), reference=fill.execution_id, order_id=order_id, fill=fill,
        )
    )  # fmt: skip


def _manual(seen: _Comparison, fill: BrokerFill) -> None:
    before, signed = seen.total(fill.symbol), _signed(fill)
    why = f"{fill.side} {fill.qty:f} at {fill.price:f}, not an order of ours"
    seen.explain(
        Difference(
            DifferenceKind.MANUAL_TRADE, fill.symbol, before, before + signed, why,
            changes=_changes(seen, fill.symbol, signed, fill.price), cash=_flow(fill),
            reference=fill.execution_id,
        )
    )  # fmt: skip


def _changes(seen: _Comparison, symbol: str, signed: Decimal, price: Decimal) -> tuple[Change, ...]:
    shares = allocate(seen.held.get(symbol, {}), signed)
    return tuple(Change(name, symbol, qty, price) for name, qty in shares.items())


def _signed(fill: BrokerFill) -> Decimal:
    return fill.qty if fill.side == "buy" else -fill.qty


def _flow(fill: BrokerFill) -> Decimal:
    return -_signed(fill) * fill.price - fill.fee


def _activities(seen: _Comparison, ours: Ours, theirs: Theirs) -> None:
    """Take as many of the activities for an explanation of the cash as are needed, and no more.

    They carry a date and no time, so some may be in the cash that we began with.
    """
    if ours.is_new:
        return
    fresh = [a for a in theirs.activities if a.amount and a.activity_id not in ours.references]
    for activity in _that_sum_to(fresh, theirs.cash - seen.cash):
        before = seen.cash
        seen.explain(
            Difference(
                DifferenceKind.CASH_ACTIVITY, "", before, before + activity.amount,
                _words(activity), cash=activity.amount, reference=activity.activity_id,
            )
        )  # fmt: skip


def _that_sum_to(
    activities: Sequence[BrokerActivity], wanted: Decimal
) -> Collection[BrokerActivity]:
    """Return the most of the activities that explain a difference to the cent; all, if no part does."""
    if abs(wanted) < CENT:
        return ()
    if len(activities) <= _MOST_SUBSETS_OF:
        for count in range(len(activities), 0, -1):
            for some in combinations(activities, count):
                if abs(sum((each.amount for each in some), ZERO) - wanted) < CENT:
                    return some
    return activities


def _positions(seen: _Comparison, ours: Ours, theirs: Theirs) -> None:
    held = {position.symbol: position for position in theirs.positions}
    moved = {
        activity.symbol: activity
        for activity in theirs.activities
        if activity.kind in _MOVES_SHARES and _of_shares(activity) not in ours.references
    }
    for symbol in sorted(held.keys() | seen.held.keys()):
        position = held.get(symbol)
        broker = ZERO if position is None else position.qty
        ledger = seen.total(symbol)
        if broker == ledger:
            continue
        price = _price(ours, symbol, position)
        changes = _changes(seen, symbol, broker - ledger, price)
        if ours.is_new:
            kind, why = DifferenceKind.HELD_BEFORE, "the account held it when it was first seen"
        elif symbol in moved:
            kind, why = DifferenceKind.CORPORATE_ACTION, _words(moved[symbol])
            changes = _scaled(seen, symbol, broker, ledger) or changes
        else:
            kind, why = DifferenceKind.UNKNOWN, "nothing in the broker's lists explains it"
        is_action = kind is DifferenceKind.CORPORATE_ACTION
        reference = _of_shares(moved[symbol]) if is_action else ""
        seen.explain(Difference(kind, symbol, ledger, broker, why, changes, reference=reference))


def _of_shares(activity: BrokerActivity) -> str:
    """Return the reference of what an activity did to shares; its cash is booked by its id alone."""
    return f"{activity.activity_id}#shares"


def _words(activity: BrokerActivity) -> str:
    return f"{activity.kind} {activity.description} of {activity.date}".replace("  ", " ")


def _price(ours: Ours, symbol: str, position: BrokerPosition | None) -> Decimal:
    if position is not None:
        return position.avg_price
    ours_of = [h.avg_price for (_, name), h in ours.holdings.items() if name == symbol]
    return ours_of[0] if ours_of else ZERO


def _scaled(seen: _Comparison, symbol: str, broker: Decimal, ledger: Decimal) -> tuple[Change, ...]:
    """Let every holder of a symbol gain in proportion, as a split does; () when nobody held any."""
    if not ledger:
        return ()
    ratio = broker / ledger
    gains = {name: qty * ratio - qty for name, qty in seen.held[symbol].items() if qty}
    return tuple(Change(name, symbol, gain, ZERO) for name, gain in gains.items() if gain)


def _cash(seen: _Comparison, ours: Ours, theirs: Theirs) -> None:
    difference = theirs.cash - seen.cash
    if abs(difference) < CENT:
        return
    kind = DifferenceKind.HELD_BEFORE if ours.is_new else DifferenceKind.UNKNOWN
    why = (
        "the account had it when it was first seen"
        if ours.is_new
        else "nothing in the broker's lists explains it"
    )
    seen.explain(Difference(kind, "", seen.cash, theirs.cash, why, cash=difference))
