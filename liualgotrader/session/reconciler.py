"""Holds the broker's books beside the ledger: when a session starts, when a stream came back, every minute, at the end.

What the broker's lists explain is booked: fills that nobody told us of, trades of the account's owner, fees,
dividends, transfers, splits. What nothing explains is adopted, or it stops entries, as the plan says. All of it is
reported and kept in `reconciliations`.

While a session runs, an execution may be in one book and not yet in the other. So nothing is believed that was not
there in two looks, the same to the share and to the cent.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import os
from collections.abc import Callable, Sequence
from typing import Protocol

from liualgotrader.bootstrap import SessionConfig
from liualgotrader.common.errors import (
    BrokerRefused,
    BrokerUnavailable,
    ConfigError,
    InvariantError,
    StoreError,
)
from liualgotrader.common.events import AccountUpdate, Adjusted, Command, OpenOrder, OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.ids import BadOrderId, parse_order_id
from liualgotrader.common.orders import PROTECTIVE
from liualgotrader.common.plan import Reconcile
from liualgotrader.common.ports import BrokerFill, Trader
from liualgotrader.common.reconciliation import (
    MANUAL,
    Difference,
    DifferenceKind,
    Key,
    Ours,
    Theirs,
    compare,
)
from liualgotrader.models.ledger import PostgresLedger
from liualgotrader.models.reconciliation_store import ReconciliationStore
from liualgotrader.models.session_store import SessionStore
from liualgotrader.session.amendments import taken_back
from liualgotrader.session.incarnation import missed_events
from liualgotrader.session.routing import slot_of
from liualgotrader.session.settling import take_back

log = logging.getLogger(__name__)

_SECOND = 1_000_000_000
# What was listed a moment ago is asked for again: the broker's lists may be a little behind its streams.
_MARGIN = 60 * _SECOND
_LIST_DAYS = 5
# A test cannot wait so long.
_EVERY_SECONDS = float(os.environ.get("LIU_RECONCILE_SECONDS", "60"))
_AGAIN_SECONDS = _EVERY_SECONDS / 12
_LEAST_SECONDS = 1.0
_MOST_ORDERS_LISTED = 500
_STOPS_SECONDS = 10.0
_PAUSE_SECONDS = 0.2


class Session(Protocol):
    """What the reconciler needs of the supervisor."""

    reconnected: asyncio.Event

    def warn(self, text: str) -> None:
        """Tell the user."""

    def tell(self, event: OrderEvent | AccountUpdate | Adjusted, slot: str = "") -> None:
        """Have a consumer hear something."""

    def command(self, command: Command) -> None:
        """Command all consumers."""


class Reconciler:
    """One account's books, ours and the broker's."""

    def __init__(
        self,
        config: SessionConfig,
        store: SessionStore,
        trader: Trader,
        *,
        now: Callable[[], int],
        warn: Callable[[str], None],
    ) -> None:
        self._config = config
        self._account_id = config.account_id
        self._session_store = store
        self._store = ReconciliationStore(store.pool)
        self._trader = trader
        self._now = now
        self._warn = warn
        self._ledger = PostgresLedger(
            store.pool,
            batch_id=config.batch_id,
            account_id=config.account_id,
            limits=config.plan.limits,
        )
        self._since = config.session_open
        self._others: dict[str, str | None] = {}
        self._suspects: set[Key] = set()
        self._lost: set[str] = set()
        self._gone: set[tuple[str, str | None]] = set()
        self._refused: set[Key] = set()
        self._told: set[str] = set()
        self._failing = False

    # -- before and after a session ------------------------------------------------------------------------------

    async def start(self) -> None:
        """Compare before anybody trades. Raises ConfigError for what nothing explains, unless the plan adopts it."""
        known = await self._store.reconciled_at(self._account_id)
        self._since = known if known is not None else self._now()
        for event in await self._missed(await self._ledger.strays()):
            await self._ledger.book(event)
        await self._take_back_stops()
        began = self._now()
        differences = await self._settled(is_new=known is None)
        unknown = [each for each in differences if each.kind is DifferenceKind.UNKNOWN]
        if unknown and not self._adopts:
            for each in unknown:
                await self._book(each, "refused")
            told = "\n  ".join(map(str, unknown))
            raise ConfigError(
                f"the broker's books and ours differ, and nothing explains it:\n  {told}\n"
                'If the broker is right, start once with session.reconcile = "adopt".'
            )
        for each in differences:
            await self._book(each, self._outcome(each))
        await self._note(began)

    async def _take_back_stops(self) -> None:
        """Cancel the stops that guarded positions overnight: today's engines set their own."""
        asked: set[str] = set()
        end = asyncio.get_running_loop().time() + _STOPS_SECONDS
        while stops := [s for s in await self._ledger.strays() if s.reason == PROTECTIVE]:
            if asyncio.get_running_loop().time() > end:
                raise BrokerUnavailable(
                    f"{len(stops)} protective stops of an earlier session are not cancelled yet"
                )
            for stop in stops:
                if stop.order_id not in asked:
                    asked.add(stop.order_id)
                    await take_back(self._trader, stop, "a new session guards its positions itself")
            await asyncio.sleep(_PAUSE_SECONDS)
            for event in await self._missed(stops):
                await self._ledger.book(event)

    async def finish(self) -> None:
        """Compare after everybody has gone; what nothing explains is left for the summary to tell."""
        began = self._now()
        for each in await self._settled(is_new=False):
            if each.kind is not DifferenceKind.UNKNOWN or self._adopts:
                await self._book(each, self._outcome(each))
        await self._note(began)

    async def _settled(self, *, is_new: bool) -> list[Difference]:
        """Book the fills that were missed, nobody else being there to do it, and return the other differences."""
        differences = await self._differences(is_new=is_new)
        if differences and (gone := await self._taken_back()):
            for bust in gone:
                await self._ledger.book(bust)
                self._tell_taken_back(bust)
            differences = await self._differences(is_new=is_new)
        missed = [each for each in differences if each.kind is DifferenceKind.MISSED_FILL]
        if not missed:
            return differences
        for each in missed:
            await self._ledger.book(_fill_event(each))
            await self._tell_healed(each)
        return [
            each
            for each in await self._differences(is_new=is_new)
            if each.kind is not DifferenceKind.MISSED_FILL
        ]

    @property
    def _adopts(self) -> bool:
        return self._config.plan.session.reconcile is Reconcile.ADOPT

    def _outcome(self, difference: Difference) -> str:
        return "adopted" if difference.kind is DifferenceKind.UNKNOWN else "healed"

    # -- while it runs -------------------------------------------------------------------------------------------

    async def run(self, session: Session) -> None:
        """Look every minute of the session's time, and when a stream came back, until cancelled."""
        speed = self._config.plan.session.speed
        pace = 1.0 if isinstance(speed, str) else speed
        while True:
            every = _AGAIN_SECONDS if self._suspects or self._lost else _EVERY_SECONDS
            await _first(session.reconnected, max(_LEAST_SECONDS, every / pace))
            try:
                await self._look(session)
            except (BrokerUnavailable, BrokerRefused, StoreError) as exc:
                log.warning("the books were not compared: %s", exc)
                if not self._failing:
                    self._warn(f"the books are not compared with the broker's: {exc}")
                self._failing = True
            else:
                self._failing = False

    async def _look(self, session: Session) -> None:
        began = self._now()
        await self._look_for_lost_orders(session)
        differences = await self._differences(is_new=False)
        confirmed = [each for each in differences if each.key in self._suspects]
        self._suspects = {each.key for each in differences} - self._refused
        if differences and await self._heal_taken_back(session):
            return  # the rest is judged once these are booked
        missed = [each for each in confirmed if each.kind is DifferenceKind.MISSED_FILL]
        for each in missed:
            await self._heal(session, each)
        if any(each.kind is DifferenceKind.MISSED_FILL for each in differences):
            return  # the rest is judged once these are booked
        for each in confirmed:
            await self._settle(session, each)
        if not self._suspects:
            await self._note(began)

    async def _look_for_lost_orders(self, session: Session) -> None:
        """Find orders that are open in the ledger and not at the broker: their end was told to nobody."""
        listed = await self._trader.open_orders()
        if len(listed) >= _MOST_ORDERS_LISTED:
            return
        at_work = {order.order_id for order in listed}
        ours = await self._open_orders()
        lost = {order_id for order_id in ours if order_id not in at_work}
        sure = lost & self._lost
        self._lost = lost - sure
        orders = [ours[order_id] for order_id in sorted(sure)]
        for event in await self._missed(orders, sending=True):
            log.warning("learnt from the broker's books: %s", event)
            await self._deliver(session, event)

    async def _taken_back(self) -> list[OrderEvent]:
        return await taken_back(
            self._session_store,
            self._trader,
            batch_id=self._config.batch_id,
            since=self._config.session_open,
            now=self._now(),
        )

    async def _heal_taken_back(self, session: Session) -> bool:
        """Let owners hear of executions that the broker counts no more; True while there are any."""
        gone = {(event.order_id, event.execution_id): event for event in await self._taken_back()}
        for key in gone.keys() & self._gone:
            await self._deliver(session, gone[key])
            self._tell_taken_back(gone[key])
        self._gone = gone.keys() - self._gone
        return bool(gone)

    def _tell_taken_back(self, bust: OrderEvent) -> None:
        self._warn(
            f"healed: the broker has taken back an execution of order {bust.order_id}: "
            f"{bust.qty:f} {bust.symbol} at {bust.price:f}"
        )

    async def _missed(
        self, orders: Sequence[OpenOrder], *, sending: bool = False
    ) -> list[OrderEvent]:
        return await missed_events(
            self._trader, self._store, orders, since=self._since, now=self._now(), sending=sending
        )

    async def _open_orders(self) -> dict[str, OpenOrder]:
        own = [o for slot in self._config.slots for o in (await self._ledger.open_state(slot))[1]]
        return {order.order_id: order for order in [*own, *await self._ledger.strays()]}

    async def _heal(self, session: Session, difference: Difference) -> None:
        """Have a fill booked by its order's owner. One who is being replaced does not hear, so it is told again."""
        await self._deliver(session, _fill_event(difference))
        if difference.reference not in self._told:
            self._told.add(difference.reference)
            await self._tell_healed(difference)

    async def _deliver(self, session: Session, event: OrderEvent) -> None:
        """Let an order's owner hear what happened; what an earlier batch left is booked here."""
        try:
            prefix, _, _ = parse_order_id(event.order_id)
        except BadOrderId:
            raise InvariantError(f"not an order of ours: {event}") from None
        if self._config.batch_id.startswith(prefix):
            session.tell(event)
            return
        account = await self._ledger.book(event)
        if account is None or event.qty is None or event.price is None:
            return
        strategy, side = await self._store.owner(event.order_id)
        signed = event.qty if side == "buy" else -event.qty
        why = f"order {event.order_id} of an earlier session"
        self._adjust(
            session, Adjusted(strategy, event.symbol, event.time, signed, event.price, why)
        )
        session.tell(account)

    def _adjust(self, session: Session, adjusted: Adjusted) -> None:
        slot = slot_of(
            adjusted.strategy, adjusted.symbol, self._config.slots, self._config.portfolios
        )
        session.tell(adjusted, slot)

    async def _settle(self, session: Session, difference: Difference) -> None:
        """Book what is explained; adopt or refuse the rest."""
        if difference.kind is DifferenceKind.UNKNOWN and not self._adopts:
            if difference.key not in self._refused:
                self._refused.add(difference.key)
                await self._book(difference, "refused")
                reason = f"the books differ, {difference}"
                await self._session_store.halt(self._config.batch_id, reason)
                session.command(Command("halt", 0, reason))
            return
        if not await self._book(difference, self._outcome(difference)):
            return
        for change in difference.changes:
            if change.strategy != MANUAL:
                event = Adjusted(
                    change.strategy, change.symbol, self._now(), change.qty, change.price,
                    difference.why,
                )  # fmt: skip
                self._adjust(session, event)
        session.tell(await self._ledger.standing(self._now()))

    # -- looking -------------------------------------------------------------------------------------------------

    async def _differences(self, *, is_new: bool) -> list[Difference]:
        theirs = await self._theirs()
        if is_new:
            # What is listed by now is in the books that the account begins with.
            listed = [each.activity_id for each in theirs.activities]
            listed += [fill.execution_id for fill in theirs.fills]
            await self._store.note_known(self._account_id, listed)
        return compare(await self._ours(theirs, is_new=is_new), theirs)

    async def _theirs(self) -> Theirs:
        day = dt.datetime.fromtimestamp(self._since / 1e9, dt.UTC).date()
        return Theirs(
            cash=(await self._trader.account()).cash,
            positions=await self._trader.positions(),
            fills=await self._trader.fills(after=self._since - _MARGIN),
            activities=await self._trader.activities(
                since=(day - dt.timedelta(days=_LIST_DAYS)).isoformat()
            ),
        )

    async def _ours(self, theirs: Theirs, *, is_new: bool) -> Ours:
        """Return our books. Read after the broker's: what is in both by then is no difference."""
        references = [each.activity_id for each in theirs.activities]
        references += [f"{each}#shares" for each in references]
        references += [fill.execution_id for fill in theirs.fills]
        ours = await self._store.books(
            self._account_id,
            broker_ids={fill.broker_id for fill in theirs.fills},
            references=references,
            is_new=is_new,
        )
        await self._learn_orders(ours, theirs.fills)
        return ours

    async def _learn_orders(self, ours: Ours, fills: Sequence[BrokerFill]) -> None:
        """Ask whose the orders are that we know by no id of the broker's: sent, and never heard of again."""
        for broker_id in {fill.broker_id for fill in fills} - ours.orders.keys():
            if broker_id not in self._others:
                found = await self._trader.find_known(broker_id)
                mine = found and await self._store.ours_among(self._account_id, [found.order_id])
                self._others[broker_id] = found.order_id if found and mine else None
            order_id = self._others[broker_id]
            if order_id is not None:
                ours.orders[broker_id] = order_id

    # -- telling -------------------------------------------------------------------------------------------------

    async def _book(self, difference: Difference, outcome: str) -> bool:
        booked = await self._store.book_difference(
            self._account_id, self._config.batch_id, difference, outcome=outcome, ts=self._now()
        )
        if booked and difference.kind is not DifferenceKind.HELD_BEFORE:
            self._warn(f"{outcome}: {difference}")
        return booked

    async def _tell_healed(self, difference: Difference) -> None:
        await self._store.note_healed(self._account_id, self._config.batch_id, difference)
        self._warn(f"healed: {difference}")

    async def _note(self, began: int) -> None:
        self._since = began
        await self._store.note_reconciled(self._account_id, began)


def _fill_event(difference: Difference) -> OrderEvent:
    """Return a missed fill as the event that was not heard. Whether it was the last one its order tells."""
    fill = difference.fill
    if fill is None:
        raise InvariantError(f"no fill is missing in {difference}")
    return OrderEvent(
        difference.order_id,
        Kind.PARTIAL_FILL,
        fill.time,
        fill.symbol,
        fill.qty,
        fill.price,
        fill.execution_id,
        fill.broker_id,
        fee=fill.fee,
    )


async def _first(event: asyncio.Event, seconds: float) -> None:
    """Return when an event happens, which is then cleared, or after so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
    event.clear()
