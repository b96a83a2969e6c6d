"""One life of a consumer: what it starts from, its journal, and what it may have missed.

A start is a recovery with nothing behind it. An order without an answer is looked up by our id; if the broker does
not know it, it is marked never_sent, never sent late.
"""

from __future__ import annotations

import logging
import platform
import sys
from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

import msgspec

from liualgotrader import __version__
from liualgotrader.bootstrap import (
    SessionConfig,
    declared_forecasts,
    engine_settings,
    plans_of,
)
from liualgotrader.common.calendar import trade_date
from liualgotrader.common.events import OpenOrder, OrderEvent, Started
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import OrderStatus
from liualgotrader.common.plan import Mode, plan_to_json
from liualgotrader.common.portfolio_note import PORTFOLIO_KEY, PortfolioNote, note_text
from liualgotrader.common.ports import BrokerFill, BrokerOrder, Trader
from liualgotrader.common.reconciliation import Booked, unheard
from liualgotrader.engine.core import rejects_key
from liualgotrader.engine.viability import PassedOver
from liualgotrader.models.journal import Header, Journal
from liualgotrader.models.ledger import PostgresLedger
from liualgotrader.models.portfolio import PortfolioStore
from liualgotrader.models.reconciliation_store import ReconciliationStore
from liualgotrader.models.session_store import SessionStore
from liualgotrader.session.amendments import taken_back
from liualgotrader.session.patience import patiently

log = logging.getLogger(__name__)

# How long a life's beginning and end wait for a database that is away.
_STORE_SECONDS = 120.0

# The broker's last word on an order, as the event that we did not hear.
_ENDS = {
    "filled": None,
    "canceled": Kind.CANCELED,
    "expired": Kind.EXPIRED,
    "rejected": Kind.REJECTED,
    "replaced": Kind.REPLACED,
    "done_for_day": Kind.DONE_FOR_DAY,
}
_ALIVE = {"new": Kind.NEW, "accepted": Kind.ACCEPTED, "partially_filled": None, "held": Kind.HELD}


class ClosingTrader(Trader, Protocol):
    """A trader that holds something to be given back."""

    def close(self) -> None:
        """Give it back."""


class Incarnation:
    """What a consumer is given at its start, and gives back at its end."""

    def __init__(
        self,
        *,
        config: SessionConfig,
        slot: str,
        number: int,
        store: SessionStore,
        ledger: PostgresLedger,
        trader: ClosingTrader,
        journal: Journal,
        started: Started,
        missed: Sequence[OrderEvent],
    ) -> None:
        self._config = config
        self._slot = slot
        self._number = number
        self._store = store
        self.ledger = ledger
        self.trader = trader
        self.journal = journal
        self.started = started
        self.missed = missed

    async def open_orders(self) -> Sequence[OpenOrder]:
        """Return this slot's orders at work, as the ledger knows them."""
        return (await self.ledger.open_state(self._slot))[1]

    async def missed_events(self, orders: Sequence[OpenOrder], now: int) -> list[OrderEvent]:
        """Return what the broker says happened to orders of this slot and nobody told us."""
        config, books = self._config, ReconciliationStore(self._store.pool)
        since = config.session_open
        gone = await taken_back(
            self._store,
            self.trader,
            batch_id=config.batch_id,
            since=since,
            now=now,
            only={order.order_id for order in orders},
        )
        missed = await missed_events(self.trader, books, orders, since=since, now=now, sending=True)
        return [*gone, *missed]

    async def keep(self, kept: Sequence[tuple[str, str, str]]) -> None:
        """Write what strategies keep: (strategy, key, value)."""
        await self._store.save_keys(key_slot(self._config, self._slot), kept)

    async def pass_over(self, passed: Sequence[PassedOver]) -> None:
        """Write down which symbols strategies did not want."""
        await self._store.pass_over(self._config.batch_id, passed)

    async def close(self, reason: str, failures: Sequence[tuple[str, str]]) -> None:
        """End this life in the database, once its journal is closed."""
        await patiently(
            lambda: self._store.end_incarnation(
                self._config.batch_id,
                self._slot,
                self._number,
                reason=reason,
                journals=[str(path) for path in self.journal.paths],
                failures=dict(failures),
            ),
            seconds=_STORE_SECONDS,
        )
        await self._store.close()


def key_slot(config: SessionConfig, slot: str) -> str:
    """Return the keystore's slot. A simulated session begins with an empty one, as it does with a new account:

    else the second run of the same day would remember the first.
    """
    simulated = config.plan.session.mode is Mode.SIMULATED
    return f"{config.batch_id[:8]}/{slot}" if simulated else slot


async def open_incarnation(
    config: SessionConfig, slot: str, *, trader: ClosingTrader, disabled: tuple[str, ...]
) -> Incarnation:
    """Begin a life: load what is known, ask the broker for what is not, open the journal."""
    store = await patiently(
        lambda: SessionStore.open(config.dsn, max_size=3), seconds=_STORE_SECONDS
    )
    batch = config.batch_id
    ledger = PostgresLedger(
        store.pool, batch_id=batch, account_id=config.account_id, limits=config.plan.limits
    )
    number = await store.begin_incarnation(batch, slot)
    for part in plans_of(config, slot):
        await store.begin_run(
            batch,
            strategy=part.name,
            slot=slot,
            parameters=part.parameters,
            portfolio_id=part.portfolio_id,
        )
    started = await patiently(
        lambda: _started(config, slot, number, store, ledger, trader, disabled)
    )
    books = ReconciliationStore(store.pool)
    missed = await patiently(
        lambda: missed_events(trader, books, started.orders, since=config.session_open, now=0)
    )
    path = config.journals / f"{slot}-{number}.journal"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    journal = Journal(path, journal_header(config, slot, number))
    await store.open_journal(batch, slot, incarnation=number, path=str(path))
    return Incarnation(
        config=config,
        slot=slot,
        number=number,
        store=store,
        ledger=ledger,
        trader=trader,
        journal=journal,
        started=started,
        missed=missed,
    )


async def _started(
    config: SessionConfig,
    slot: str,
    number: int,
    store: SessionStore,
    ledger: PostgresLedger,
    trader: Trader,
    disabled: tuple[str, ...],
) -> Started:
    positions, orders, next_number = await ledger.open_state(slot)
    picks = [
        p for p in await store.load_picks(config.batch_id) if p.slot == slot and not p.given_back
    ]
    account = await trader.account()
    kept = await store.load_keys(key_slot(config, slot))
    await note_portfolios(config, slot, store, kept)
    rejected = rejects_key(config.batch_id)
    names, today = declared_forecasts(config, slot), trade_date(config.session_open)
    return Started(
        time=config.session_open if config.lockstep else 0,
        slot=slot,
        incarnation=number,
        next_order=next_number,
        session_open=config.session_open,
        session_close=config.session_close,
        cash=account.cash,
        buying_power=account.buying_power,
        instruments=tuple({p.symbol: p.picked.instrument for p in picks}.values()),
        positions=tuple(positions),
        orders=tuple(orders),
        disabled=disabled,
        halted=(await store.find_batch(config.batch_id)).halted or "",
        rejects=tuple((s, symbol) for s in kept for symbol in kept[s].get(rejected, "").split()),
        routes=tuple((p.symbol, p.picked.strategy) for p in picks),
        keystore=kept,
        forecasts=(await store.forecasts(names, today, today)).get(today, {}),
    )


async def note_portfolios(
    config: SessionConfig, slot: str, store: SessionStore, kept: dict[str, dict[str, str]]
) -> None:
    """Add to what strategies kept what their portfolios hold now."""
    portfolios = PortfolioStore(store.pool)
    for part in plans_of(config, slot):
        if part.portfolio_id is not None:
            row = await portfolios.portfolio(part.portfolio_id)
            note = PortfolioNote(row.size, row.balance, row.credit_line)
            kept.setdefault(part.name, {})[PORTFOLIO_KEY] = note_text(note)


def journal_header(config: SessionConfig, slot: str, number: int) -> Header:
    """Return what a replay needs to know before the first input."""
    return Header(
        batch_id=config.batch_id,
        slot=slot,
        incarnation=number,
        settings=msgspec.msgpack.encode(engine_settings(config, slot)),
        plan=plan_to_json(config.plan).decode(),
        sources=config.sources,
        versions={
            "liualgotrader": __version__,
            "python": platform.python_version(),
            "hash": str(sys.flags.hash_randomization),
        },
    )


async def missed_events(
    trader: Trader,
    books: ReconciliationStore,
    orders: Sequence[OpenOrder],
    *,
    since: int,
    now: int,
    sending: bool = False,
) -> list[OrderEvent]:
    """Return what happened to open orders according to the broker, as the events we should have heard.

    `sending`: who sends them is alive, so what the broker does not know yet it may be told at any moment.
    """
    if not orders:
        return []
    # First how each order stands, then the fills: what fills in between is told, and not twice.
    standing = [(order, await trader.find(order.order_id)) for order in orders]
    fills = await trader.fills(after=since)
    booked = await books.booked([order.order_id for order in orders])
    events: list[OrderEvent] = []
    for order, found in standing:
        if found is None:
            if order.status == OrderStatus.ADMITTED and not sending:
                log.warning("order %s never reached the broker", order.order_id)
                reason = "the broker does not know it; it was not sent before the crash"
                events.append(
                    OrderEvent(order.order_id, Kind.NEVER_SENT, now, order.symbol, reason=reason)
                )
            continue
        of_order = [fill for fill in fills if fill.broker_id == found.broker_id]
        events += _story(order, found, of_order, booked.get(order.order_id, []))
    return events


def _story(
    order: OpenOrder, found: BrokerOrder, listed: list[BrokerFill], booked: Sequence[Booked]
) -> list[OrderEvent]:
    """Tell one order's life as far as the broker knows it; what was booked before is not told again."""
    events = []
    alive = _ALIVE.get(found.status)
    if alive is not None and order.status == OrderStatus.ADMITTED:
        events.append(_event(order, found, alive))
    total = sum((each.qty for each in booked), Decimal(0))
    fills = unheard(listed, booked)
    for fill in fills:
        total += fill.qty
        # Of an early part the end may have been heard: it is no second one, though with it all is filled.
        is_last = fill is listed[-1]
        done = is_last and (total == found.qty or found.status == "filled")
        events.append(
            OrderEvent(
                order.order_id,
                Kind.FILL if done else Kind.PARTIAL_FILL,
                fill.time,
                order.symbol,
                fill.qty,
                fill.price,
                fill.execution_id,
                found.broker_id,
                fee=fill.fee,
            )
        )
    end = _ENDS.get(found.status)
    if found.status == "filled" and found.qty is not None and total < found.qty:
        # Executions of it were taken back: it is over, and nothing else says so.
        end = Kind.CANCELED
    if end is not None:
        events.append(_event(order, found, end))
    return events


def _event(order: OpenOrder, found: BrokerOrder, kind: Kind) -> OrderEvent:
    return OrderEvent(
        order.order_id,
        kind,
        found.updated_at,
        order.symbol,
        broker_id=found.broker_id,
        reason="learnt from the broker after a restart",
    )
