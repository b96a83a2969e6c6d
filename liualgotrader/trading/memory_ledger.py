"""The ledger of a backtest: the rules of admission and booking, on dictionaries.

It keeps what PostgreSQL would, so that all rows of a backtest can be written at its end at once.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from liualgotrader.common.account_view import AccountView, PortfolioView, account_update
from liualgotrader.common.admission import MINUTE, Decision, decide, judge, outcome
from liualgotrader.common.corporate_actions import Terms, adjusted, ends_orders, split_qty
from liualgotrader.common.errors import BrokerDisagrees
from liualgotrader.common.events import (
    AccountUpdate,
    CorporateAction,
    OpenOrder,
    OpenPosition,
    OrderEvent,
)
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.frozen import Frozen
from liualgotrader.common.ids import parse_order_id
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.ledger_orders import (
    FLAT,
    Execution,
    Holding,
    LedgerOrder,
    added_up,
    identity,
    open_order,
)
from liualgotrader.common.orders import (
    AMENDMENTS,
    CLOSED,
    FILLS,
    Approved,
    Cancel,
    OrderStatus,
    Replace,
    Submit,
)
from liualgotrader.common.plan import Limits

log = logging.getLogger(__name__)

NO_LIMITS = Limits()


class Finished(Frozen, frozen=True):
    """What a ledger gives away to be kept: rows of orders, events, executions and flows of cash."""

    orders: list[LedgerOrder]
    events: list[OrderEvent]
    executions: list[Execution]
    flows: list[tuple[int, Decimal]]


class MemoryLedger:
    """Implements `ports.Ledger`.

    `orders` by id, `events` and `executions` in the order they were booked; `flows` are the changes
    of cash as (ns UTC, dollars). `foreign` counts events of orders that were never admitted here.
    """

    def __init__(
        self,
        *,
        cash: Decimal,
        multiplier: Decimal = Decimal(1),
        shorting: bool = False,
        limits: Limits = NO_LIMITS,
        portfolios: Mapping[str, PortfolioView] | None = None,
    ) -> None:
        self.view = AccountView(
            cash=cash,
            multiplier=multiplier,
            shorting=shorting,
            portfolios=dict(portfolios or {}),
        )
        self.limits = limits
        self.orders: dict[str, LedgerOrder] = {}
        self.events: list[OrderEvent] = []
        self.executions: list[Execution] = []
        self.flows: list[tuple[int, Decimal]] = []
        self.foreign = 0
        self._slots: dict[tuple[str, str], str] = {}
        self._numbers: dict[str, int] = {}
        self._booked: dict[str, set[tuple[object, ...]]] = {}
        self._decided: deque[int] = deque()

    # -- admission -----------------------------------------------------------------------------

    async def admit(self, approved: Sequence[Approved]) -> tuple[list[Approved], list[OrderEvent]]:
        """Admit the intents of one input together; asking again gives the same answer."""
        return self.admit_now(approved)

    def admit_now(self, approved: Sequence[Approved]) -> tuple[list[Approved], list[OrderEvent]]:
        """Do what `admit` does, for a caller in this process."""
        now = max((each.intent.decided_at for each in approved), default=0)
        fresh = [each for each in approved if self._row(each) is None]
        self._forget_before(now - MINUTE)
        decided = {
            id(each.approved): each for each in judge(self.view, fresh, now=now, limits=self.limits)
        }
        decisions = [decided.get(id(each)) or self._known(each) for each in approved]
        for decision in decided.values():
            self._record(decision)
        return outcome(decisions)

    def admit_one(self, approved: Approved) -> OrderEvent | None:
        """Admit an intent that comes alone, as nearly all do; return its refusal, or None."""
        intent = approved.intent
        if type(intent) is not Submit or intent.order_id in self.orders:
            _, refusals = self.admit_now((approved,))
            return refusals[0] if refusals else None
        now = intent.decided_at
        self._forget_before(now - MINUTE)
        decision = decide(self.view, approved, now, self.limits)
        self._record(decision)
        return decision.refusal

    def _row(self, approved: Approved) -> LedgerOrder | None:
        intent = approved.intent
        if isinstance(intent, Cancel):
            return None
        return self.orders.get(intent.new_id if isinstance(intent, Replace) else intent.order_id)

    def _known(self, approved: Approved) -> Decision:
        order = self._row(approved)
        if order is None or order.status is not OrderStatus.REFUSED:
            return Decision(approved)
        event = OrderEvent(
            order.order_id, Kind.REFUSED, order.decided_at, order.symbol, reason=order.refusal
        )
        return Decision(approved, event)

    def _forget_before(self, moment: int) -> None:
        if self.limits.orders_per_minute is None:
            return  # nobody counts them
        decided = self._decided
        while decided and decided[0] <= moment:
            decided.popleft()
        self.view.recent_orders = len(decided)

    def _record(self, decision: Decision) -> None:
        order = decision.order
        if decision.refusal is not None:
            self.events.append(decision.refusal)
            self._remember(decision.refusal)
        if order is None:
            return
        self.orders[order.order_id] = order
        _, slot, number = order.order_id.split("-")  # ours: made by common/ids.py
        self._numbers[slot] = max(int(number), self._numbers.get(slot, 0))
        if decision.refusal is None and self.limits.orders_per_minute is not None:
            self._decided.append(order.decided_at)

    # -- booking -------------------------------------------------------------------------------

    async def book(self, event: OrderEvent) -> AccountUpdate | None:
        """Record what happened to an order, once; None when it was before, or is not ours."""
        return self.book_now(event)

    def book_now(self, event: OrderEvent) -> AccountUpdate | None:
        """Do what `book` does, for a caller in this process."""
        order_id = event.order_id
        order = self.orders.get(order_id)
        if order is None:
            self.foreign += 1
            log.warning("not an order of this ledger: %s", event)
            return None
        kind, key = event.kind, identity(event)
        booked = self._booked.get(order_id)
        if booked is None:
            booked = self._booked[order_id] = set()
        elif key in booked:
            return None
        if kind in FILLS:
            order.apply(event)
            self._fill(order, Execution.of(order, event))
        elif kind in AMENDMENTS:
            self._amend(order, event)
            if kind is Kind.TRADE_CORRECT and event.execution_id is not None:
                # What is told of it as a fill later counts no more.
                booked.add(identity(msgspec.structs.replace(event, kind=Kind.FILL)))
        else:
            order.apply(event)
            if kind is Kind.REPLACE_REJECTED:
                self._reject_replacement(order, event)
        booked.add(key)
        self.events.append(event)
        if (order_id in self.view.orders) is (order.status in CLOSED):
            self._keep_open(order)
        return account_update(self.view, event.time)

    def _remember(self, event: OrderEvent) -> None:
        self._booked.setdefault(event.order_id, set()).add(identity(event))

    def take_finished(self) -> Finished:
        """Return what is over and forget it: orders that ended with all that happened to them, and flows.

        An order that changes one which is still open waits for it: a row may name only rows before it.
        """
        waits = {o.order_id for o in self.orders.values() if o.is_open}
        waits |= {o.order_id for o in self.orders.values() if o.replaces in waits}
        orders = [order for key, order in self.orders.items() if key not in waits]
        finished = Finished(
            orders=orders,
            events=[event for event in self.events if event.order_id not in waits],
            executions=[each for each in self.executions if each.order_id not in waits],
            flows=self.flows,
        )
        self.events = [event for event in self.events if event.order_id in waits]
        self.executions = [each for each in self.executions if each.order_id in waits]
        self.flows = []
        for order in orders:
            del self.orders[order.order_id]
            self._booked.pop(order.order_id, None)
        return finished

    def take_all(self) -> Finished:
        """Return everything that has not been taken, open orders too: the end of a run."""
        finished = Finished(list(self.orders.values()), self.events, self.executions, self.flows)
        self.orders, self.events, self.executions, self.flows = {}, [], [], []
        return finished

    def adjust(self, action: CorporateAction, instrument: Instrument) -> None:
        """Let a corporate action change holdings and open orders; money is a flow at its moment."""
        symbol = action.new_symbol or action.symbol
        for (strategy, held_symbol), held in list(self.view.holdings.items()):
            if held_symbol != action.symbol:
                continue
            if action.cash:
                self._flow(strategy, action.time, held.qty * action.cash)
            slot = self._slots.pop((strategy, held_symbol))
            self.view.hold((strategy, held_symbol), FLAT)
            if qty := split_qty(held.qty, action, instrument):
                self.view.hold((strategy, symbol), Holding(qty, held.avg_price / action.ratio))
                self._slots[strategy, symbol] = slot
        if ends_orders(action):
            return
        for order in self.view.orders.values():
            if order.symbol == action.symbol:
                _adjust(order, action, instrument)
                self.view.moved((order.strategy, order.symbol))

    def _keep_open(self, order: LedgerOrder) -> None:
        if order.status in CLOSED:
            self.view.close(order)
        elif order.order_id not in self.view.orders:
            self.view.open(order)

    def _fill(self, order: LedgerOrder, execution: Execution) -> None:
        view, key = self.view, (order.strategy, order.symbol)
        if len(view.orders) > 1:
            for replacement in self._replacements(order):
                replacement.filled += execution.qty
        if order.status in CLOSED:
            view.close(order)
        self._add(execution)
        held = view.holdings.get(key, FLAT).after(execution.signed_qty, execution.price)
        self._hold(key, order, held)

    def _add(self, execution: Execution) -> None:
        self.executions.append(execution)
        self._flow(execution.strategy, execution.time, execution.flow)

    def _flow(self, strategy: str, time: int, amount: Decimal) -> None:
        view = self.view
        view.cash += amount
        self.flows.append((time, amount))
        if view.portfolios and (purse := view.portfolios.get(strategy)) is not None:
            purse.balance += amount

    def charge(self, time: int, amount: Decimal) -> None:
        """Take a fee that belongs to no single execution from the account's cash."""
        self.view.cash -= amount
        self.flows.append((time, -amount))

    def _hold(self, key: tuple[str, str], order: LedgerOrder, holding: Holding) -> None:
        self.view.hold(key, holding)
        if not holding.qty:
            self._slots.pop(key, None)
        elif key not in self._slots:
            self._slots[key] = parse_order_id(order.order_id)[1]

    def _replacements(self, order: LedgerOrder) -> list[LedgerOrder]:
        return [each for each in self.view.orders.values() if each.replaces == order.order_id]

    def _reject_replacement(self, order: LedgerOrder, event: OrderEvent) -> None:
        for replacement in self._replacements(order):
            if replacement.status is OrderStatus.ADMITTED:
                replacement.status = OrderStatus.REJECTED
                replacement.refusal = event.reason
                self._keep_open(replacement)

    def _amend(self, order: LedgerOrder, event: OrderEvent) -> None:
        """Take an execution back (bust), and put another in its place (correction)."""
        known = self._named(order.order_id, event.amended_id)
        if not known:
            raise BrokerDisagrees(f"{event.kind} of an execution that was never booked: {event}")
        for old in known:
            if old.live:
                old.live = False
                self._change_filled(order, -old.qty)
                self._flow(old.strategy, event.time, -old.flow)
        if event.kind is Kind.TRADE_CORRECT and not any(
            each.live for each in self._named(order.order_id, event.execution_id)
        ):
            new = Execution.of(order, event)
            self._change_filled(order, new.qty)
            self._add(new)
        fills = [
            (each.signed_qty, each.price)
            for each in self.executions
            if each.live and (each.strategy, each.symbol) == (order.strategy, order.symbol)
        ]
        self._hold((order.strategy, order.symbol), order, added_up(fills))

    def _named(self, order_id: str, execution_id: str | None) -> list[Execution]:
        """Return what was booked under an execution's name, what was taken back among it."""
        name = (order_id, execution_id)
        return [each for each in self.executions if identity_of(each) == name]

    def _change_filled(self, order: LedgerOrder, qty: Decimal) -> None:
        """Change what is filled of an order, and of what is to take over from it (FIX: CumQty)."""
        order.filled += qty
        for replacement in self._replacements(order):
            replacement.filled += qty

    # -- what a new incarnation starts from ------------------------------------------------------

    async def standing(self, time: int) -> AccountUpdate:
        """Return the account as it stands."""
        return account_update(self.view, time)

    async def open_state(
        self, slot: str
    ) -> tuple[Sequence[OpenPosition], Sequence[OpenOrder], int]:
        """Return a slot's positions, its open orders, and the number of its next order."""
        positions = [
            OpenPosition(strategy, symbol, held.qty, held.avg_price)
            for (strategy, symbol), held in sorted(self.view.holdings.items())
            if self._slots[strategy, symbol] == slot
        ]
        orders = [open_order(each) for each in self._open_of(slot)]
        return positions, orders, self._numbers.get(slot, 0) + 1

    async def unanswered(self, slot: str) -> list[OpenOrder]:
        """Return the orders that were admitted and of which no broker has said a word."""
        waiting = (o for o in self._open_of(slot) if o.status is OrderStatus.ADMITTED)
        return [open_order(each) for each in waiting]

    def _open_of(self, slot: str) -> list[LedgerOrder]:
        return [
            each for each in self.view.orders.values() if parse_order_id(each.order_id)[1] == slot
        ]


def _adjust(order: LedgerOrder, action: CorporateAction, instrument: Instrument) -> None:
    terms = adjusted(
        Terms(
            qty=order.qty,
            filled=order.filled,
            limit=order.limit,
            trigger=order.trigger,
            trail_price=order.trail_price,
        ),
        action,
        side=order.side,
        kind=order.type,
        instrument=instrument,
    )
    order.qty, order.filled = terms.qty, terms.filled
    order.limit, order.trigger = terms.limit, terms.trigger
    order.trail_price = terms.trail_price
    if order.reference_price is not None:
        order.reference_price = order.reference_price / action.ratio


def identity_of(execution: Execution) -> tuple[str, str | None]:
    """Return what an amendment names an execution by."""
    return execution.order_id, execution.execution_id
