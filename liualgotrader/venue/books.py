"""What a venue remembers, and the two ways in which it changes: an order moves, an order fills."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.instruments import AssetClass, Instrument
from liualgotrader.common.orders import Side, next_status
from liualgotrader.venue.account import Account, Unsettled
from liualgotrader.venue.orders import Execution, VenueEvent, VenueOrder
from liualgotrader.venue.rules import VenueRules
from liualgotrader.venue.sessions import Phase, SessionTimes
from liualgotrader.venue.store import OrderStore

Out = list[VenueEvent]

# The US went from two days to one (SEC Release 34-96930).
T_PLUS_ONE = date(2024, 5, 28)

_STAMPS = {
    Kind.FILL: "filled_at",
    Kind.CANCELED: "canceled_at",
    Kind.EXPIRED: "expired_at",
    Kind.REPLACED: "replaced_at",
    Kind.REJECTED: "failed_at",
}


class Books:
    """Account, orders, executions and market of one venue."""

    __slots__ = (
        "account",
        "executions",
        "ids",
        "instruments",
        "market",
        "rules",
        "sessions",
        "store",
        "uncharged",
    )

    def __init__(
        self,
        *,
        account: Account,
        instruments: Mapping[str, Instrument],
        sessions: SessionTimes,
        rules: VenueRules,
        ids: Callable[[], str],
    ) -> None:
        self.account = account
        self.market = account.market
        self.instruments = instruments
        self.sessions = sessions
        self.rules = rules
        self.ids = ids
        self.store = OrderStore()
        self.executions: list[Execution] = []
        self.uncharged: list[Execution] = []

    def phase(self, symbol: str, ts: int) -> Phase:
        """Return the part of the day for a symbol; crypto is always in regular hours."""
        if self.instruments[symbol].asset_class is AssetClass.CRYPTO:
            return Phase.REGULAR
        return self.sessions.phase(ts)

    def since(self, symbol: str, ts: int) -> int:
        """Return when the part of the day at `ts` began: older quotes and prints price nothing."""
        if self.instruments[symbol].asset_class is AssetClass.CRYPTO:
            return 0
        return self.sessions.phase_start(ts)

    def tell(
        self,
        out: Out,
        order: VenueOrder,
        kind: Kind,
        ts: int,
        *,
        execution: Execution | None = None,
        reason: str | None = None,
    ) -> None:
        """Move an order by one event and say so."""
        order.status = next_status(order.status, kind)
        order.updated_at = ts
        stamp = _STAMPS.get(kind)
        if stamp is not None:
            setattr(order, stamp, ts)
        if not order.is_open:
            self.store.retire(order)
        event = VenueEvent(kind=kind, order=order.snapshot(), ts=ts, reason=reason)
        out.append(event if execution is None else self._with_execution(event, execution))

    def fill(self, out: Out, order: VenueOrder, qty: Decimal, price: Decimal, ts: int) -> None:
        """Execute part or all of an order: move the money, then say so."""
        fee = self.rules.fees.fee(order.side, qty, price)
        self.account.book(order.symbol, order.side, qty, price, fee)
        order.filled_qty += qty
        order.filled_cost += qty * price
        execution = Execution(
            execution_id=self.ids(),
            order_id=order.id,
            client_id=order.client_id,
            symbol=order.symbol,
            side=order.side,
            qty=qty,
            price=price,
            fee=fee,
            ts=ts,
        )
        self.executions.append(execution)
        self.uncharged.append(execution)
        if order.side is Side.SELL:
            self._unsettled(execution)
        kind = Kind.PARTIAL_FILL if order.remaining else Kind.FILL
        self.tell(out, order, kind, ts, execution=execution)

    def charge_day(self, ts: int, day: date) -> None:
        """Take the fees that are summed by the day."""
        for kind, amount in self.rules.fees.daily(self.uncharged, day).items():
            self.account.charge(kind, amount, ts)
        self.uncharged.clear()

    def _unsettled(self, execution: Execution) -> None:
        days = self.rules.settlement_days
        if days is None:
            days = 1 if self.sessions.date_of(execution.ts) >= T_PLUS_ONE else 2
        if days:
            money = execution.qty * execution.price - execution.fee
            settles_at = self.sessions.settles_at(execution.ts, days)
            self.account.unsettled.append(Unsettled(money, settles_at))

    def _with_execution(self, event: VenueEvent, execution: Execution) -> VenueEvent:
        return VenueEvent(
            kind=event.kind,
            order=event.order,
            ts=event.ts,
            qty=execution.qty,
            price=execution.price,
            execution_id=execution.execution_id,
            position_qty=self.account.position_qty(execution.symbol),
            fee=execution.fee,
            reason=event.reason,
        )
