"""What a venue remembers, and the two ways in which it changes: an order moves, an order fills."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.instruments import AssetClass, Instrument
from liualgotrader.common.orders import CLOSED, Side, next_status
from liualgotrader.venue.account import Account, Unsettled
from liualgotrader.venue.day_trading import DayTrading
from liualgotrader.venue.orders import Execution, VenueEvent, VenueOrder
from liualgotrader.venue.rules import VenueRules
from liualgotrader.venue.sessions import Phase, SessionTimes
from liualgotrader.venue.settlement import settles_at
from liualgotrader.venue.slippage import MeasuredSlippage, SlippageModel
from liualgotrader.venue.store import OrderStore

if TYPE_CHECKING:
    from liualgotrader.venue.price_bands import PriceBands
    from liualgotrader.venue.short_sale import PriceTest

_SELL = Side.SELL
_PARTIAL_FILL, _FILL = Kind.PARTIAL_FILL, Kind.FILL
_STAMPS = {
    Kind.FILL: "filled_at",
    Kind.CANCELED: "canceled_at",
    Kind.EXPIRED: "expired_at",
    Kind.REPLACED: "replaced_at",
}


class Books:
    """Account, orders, executions and market of one venue.

    `snapshots`: whether what is told shows order and position as they were then. Whoever reads it at once needs
    no copies.
    """

    __slots__ = (
        "_coins",
        "_settles",
        "account",
        "all_marginable",
        "bands",
        "day_trading",
        "executions",
        "halted",
        "ids",
        "instruments",
        "market",
        "price_test",
        "rules",
        "sessions",
        "slippage",
        "snapshots",
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
        self.slippage: Mapping[str, SlippageModel] = {}
        self.ids = ids
        self.snapshots = True
        self.store = OrderStore()
        self.day_trading = DayTrading(account, rules)
        self._settles: int | None = None
        self.price_test: PriceTest | None = None
        self.bands: PriceBands | None = None
        self.executions: list[Execution] = []
        self.uncharged: list[Execution] = []
        self.halted: frozenset[str] = frozenset()
        self._coins = frozenset(
            symbol for symbol, i in instruments.items() if i.asset_class is AssetClass.CRYPTO
        )
        self.all_marginable = not self._coins and all(i.marginable for i in instruments.values())

    def is_crypto(self, symbol: str) -> bool:
        """Whether a symbol is a coin."""
        return symbol in self._coins

    def phase(self, symbol: str, ts: int) -> Phase:
        """Return the part of the day for a symbol; crypto is always in regular hours."""
        if symbol in self._coins:
            return Phase.REGULAR
        return self.sessions.phase(ts)

    def since(self, symbol: str, ts: int) -> int:
        """Return when the part of the day at `ts` began: older quotes and prints price nothing."""
        if symbol in self._coins:
            return 0
        return self.sessions.phase_start(ts)

    def begin_day(self, ts: int) -> None:
        """Begin the trading day that `ts` belongs to, which is the next one from 20:00 on.

        All that is sold on it settles at one moment. What taking costs is as was measured before it.
        """
        today = self.sessions.current(ts)
        self.day_trading.begin(today)
        if isinstance(self.rules.slippage, MeasuredSlippage):
            self.slippage = self.rules.slippage.of_day(today.date)
        self._settles = settles_at(self.sessions, ts, self.rules.settlement_days)

    def charge_day(self, ts: int, day: date) -> None:
        """Take the fees that are summed by the day, and count its day trades."""
        self.day_trading.end(self.uncharged)
        for kind, amount in self.rules.fees.daily(self.uncharged, day).items():
            self.account.charge(kind, amount, ts)
        self.uncharged.clear()

    def await_charges(self, execution: Execution) -> None:
        """Note what the day's fees are worked out of, and when the money of a sale will be settled."""
        if execution.symbol in self._coins:
            return  # Coins settle at once and pay no fees to the SEC or FINRA.
        self.uncharged.append(execution)
        if execution.side is _SELL:
            self._await_settlement(execution)

    def forget_charges(self, execution: Execution) -> None:
        """Forget an execution that was taken back: it costs no fee, and brings no money to settle."""
        if execution in self.uncharged:
            self.uncharged.remove(execution)
        if execution.side is Side.SELL:
            money = execution.qty * execution.price - execution.fee
            waiting = self.account.unsettled
            found = next((each for each in waiting if each.amount == money), None)
            if found is not None:
                waiting.remove(found)

    def _await_settlement(self, execution: Execution) -> None:
        if self.rules.settlement_days != 0:
            money = execution.qty * execution.price - execution.fee
            self.account.unsettled.append(Unsettled(money, self._settles))


class Step:
    """One thing that happens to a venue: its books, its time (ns UTC), and what is told of it."""

    __slots__ = ("books", "out", "ts")

    def __init__(self, books: Books, ts: int, out: list[VenueEvent]) -> None:
        self.books = books
        self.ts = ts
        self.out = out

    def phase(self, symbol: str) -> Phase:
        """Return the part of the day it is for a symbol."""
        return self.books.phase(symbol, self.ts)

    def since(self, symbol: str) -> int:
        """Return when this part of the day began."""
        return self.books.since(symbol, self.ts)

    def tell(self, order: VenueOrder, kind: Kind) -> None:
        """Move an order by one event, which is no fill, and say so."""
        shown = self._moved(order, kind)
        self.out.append(VenueEvent(kind, shown, self.ts))

    def _moved(self, order: VenueOrder, kind: Kind) -> VenueOrder:
        """Move an order by one event; return it as it is shown."""
        ts, books = self.ts, self.books
        status = order.status = next_status(order.status, kind)
        order.updated_at = ts
        if status in CLOSED:
            stamp = _STAMPS.get(kind)
            if stamp is not None:
                setattr(order, stamp, ts)
            books.store.retire(order)
        return order.snapshot() if books.snapshots else order

    def fill(self, order: VenueOrder, qty: Decimal, price: Decimal) -> None:
        """Execute part or all of an order: move the money, then say so."""
        books = self.books
        fee = books.rules.fees.fee(order.side, qty, price)
        books.account.book(order.symbol, order.side, qty=qty, price=price, fee=fee)
        order.filled_qty += qty
        order.filled_cost += qty * price
        execution = Execution(  # by place: by name takes six times as long
            books.ids(),
            order.id,
            order.client_id,
            order.symbol,
            order.side,
            qty,
            price,
            fee,
            self.ts,
        )
        books.executions.append(execution)
        books.await_charges(execution)
        kind = _PARTIAL_FILL if order.remaining else _FILL
        shown = self._moved(order, kind)
        held = books.account.position_qty(order.symbol) if books.snapshots else None
        name = execution.execution_id
        self.out.append(VenueEvent(kind, shown, self.ts, qty, price, name, None, held, fee))
