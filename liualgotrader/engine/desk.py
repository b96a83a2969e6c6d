"""The desk of a session: intents are admitted in the ledger, then sent in order by one task.

What the broker refuses becomes an input. What it does not answer is looked up by our id before
anything is sent again; the id makes sending again harmless, the look-up makes it rare. Whoever says
"too often" is left alone for as long as it wants.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Protocol, TypeVar

import msgspec

from liualgotrader.common.errors import (
    BrokerBusy,
    BrokerDisagrees,
    BrokerRefused,
    BrokerUnavailable,
    InvariantError,
    StoreError,
)
from liualgotrader.common.events import AccountUpdate, OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import (
    AMENDMENTS,
    FILLS,
    Approved,
    Cancel,
    OrderIntent,
    OrderStatus,
    Replace,
    Submit,
)
from liualgotrader.common.ports import BrokerOrder, Ledger, Trader

log = logging.getLogger(__name__)

_REFUSED_AS = {Submit: Kind.REJECTED, Cancel: Kind.CANCEL_REJECTED, Replace: Kind.REPLACE_REJECTED}
# What was asked in vain may have arrived after all, and then the order must be able to come to life.
_GIVEN_UP_AS = _REFUSED_AS | {Submit: Kind.NEVER_SENT}
_DUPLICATE = 422
_TAKEN_BACK = (OrderStatus.PENDING_CANCEL, OrderStatus.CANCELED)
_MOST_TRIES = 8
# With waits of up to 5 s: about two minutes for a database to come back.
_MOST_TRIES_STORE = 30

T = TypeVar("T")


class Turn(Protocol):
    """In lockstep, whose turn it is at the account; at other times everybody's."""

    async def wait(self, ts: int) -> None:
        """Return once nobody can act at the account before `ts` any more."""


class AnyTurn:
    """It is always one's turn: the database decides who came first."""

    async def wait(self, ts: int) -> None:
        """Return at once."""


class SessionDesk:
    """Admits, books and sends for one consumer."""

    def __init__(
        self,
        ledger: Ledger,
        trader: Trader,
        *,
        now: Callable[[], int],
        inbox: Callable[[OrderEvent], None],
        turn: Turn,
        waits: Callable[[], Iterator[float]],
        latency: int | None = None,
    ) -> None:
        """`latency`: in lockstep, when after its decision the broker's answer to an order is heard, ns."""
        self._latency = latency
        self._ledger = ledger
        self._trader = trader
        self._now = now
        self._inbox = inbox
        self._turn = turn
        self._waits = waits
        self._queue: asyncio.Queue[Approved] = asyncio.Queue()
        self.decided: list[tuple[str, str, int]] = []
        self.sent = 0
        self._lost_answers = 0
        self._early: dict[tuple[str, str | None], OrderEvent] = {}
        self.checkpoint: Callable[[str], Awaitable[None]] | None = None

    async def submit(self, approved: Sequence[Approved]) -> Sequence[OrderEvent]:
        """Admit the intents of one input together and queue what may leave; return the refusals."""
        await self._turn.wait(self._now())
        await self._at("verdict")
        admitted, refusals = await self._stored(lambda: self._ledger.admit(approved))
        await self._at("commit")
        for item in admitted:
            self.decided.append(_decision(item.intent))
            self._queue.put_nowait(item)
        return refusals

    async def book(self, event: OrderEvent) -> Sequence[AccountUpdate] | None:
        """Record an order event; None when it was recorded before or is not ours."""
        if event.kind in (Kind.REFUSED,):
            return ()
        await self._turn.wait(self._now())
        lost = self._lost_answers
        try:
            account = await self._stored(lambda: self._ledger.book(event))
        except BrokerDisagrees as exc:
            if event.kind not in AMENDMENTS:
                raise
            log.warning("kept until its execution is told: %s", exc)
            self._early[event.order_id, event.amended_id] = event
            return None
        if event.kind in FILLS:
            self._tell_early(event)
        if account is None and self._lost_answers > lost:
            # It was booked by the try whose answer was lost with the connection: the engine has not seen it yet.
            account = await self._stored(lambda: self._ledger.standing(event.time))
        return None if account is None else (account,)

    def _tell_early(self, fill: OrderEvent) -> None:
        """Let an amendment that overtook its execution follow it."""
        amendment = self._early.pop((fill.order_id, fill.execution_id), None)
        if amendment is not None:
            self._inbox(msgspec.structs.replace(amendment, time=max(amendment.time, fill.time)))

    async def _stored(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do something in the ledger. While the database is away everything waits: nothing leaves unrecorded.

        Asking again is safe, because the ledger answers what it has decided before. Raises StoreError when the
        database does not come back.
        """
        for attempt, wait in enumerate(self._waits()):
            try:
                return await work()
            except StoreError as exc:
                if attempt + 1 >= _MOST_TRIES_STORE:
                    raise
                self._lost_answers += 1
                log.warning("waiting for the database: %s", exc)
                await asyncio.sleep(wait)
        raise InvariantError("the waits ended")

    async def drained(self) -> None:
        """Return once everything admitted so far was sent and answered."""
        await self._queue.join()

    @property
    def unsent(self) -> int:
        """How many admitted intents wait to be sent."""
        return self._queue.qsize()

    async def _at(self, point: str) -> None:
        """A named moment at which tests kill this process."""
        if self.checkpoint is not None:
            await self.checkpoint(point)

    async def send_all(self) -> None:
        """Send what is queued, in order, for ever."""
        while True:
            item = await self._queue.get()
            try:
                await self._send(item)
            finally:
                self._queue.task_done()

    async def _send(self, item: Approved) -> None:
        intent, unanswered = item.intent, False
        for attempt, wait in enumerate(self._waits()):
            try:
                await self._trader.send(item)
            except BrokerRefused as exc:
                if not await self._known_after_all(intent, exc, unanswered=unanswered):
                    self._inbox(_refusal(intent, self._heard_at(intent), exc.message))
                break
            except BrokerUnavailable as exc:
                log.warning("%s: %s", intent.order_id, exc)
                if not isinstance(exc, BrokerBusy):
                    unanswered = True
                    if await self._arrived(intent):
                        break
                if attempt + 1 >= _MOST_TRIES:
                    self._give_up(intent, f"given up: {exc}", unanswered=unanswered)
                    break
                await asyncio.sleep(max(wait, exc.retry_after))
            else:
                break
        self.sent += 1
        await self._at("send")

    def _give_up(self, intent: OrderIntent, reason: str, *, unanswered: bool) -> None:
        kinds = _GIVEN_UP_AS if unanswered else _REFUSED_AS
        kind = kinds[type(intent)]
        self._inbox(_refusal(intent, self._heard_at(intent), reason, kind=kind))

    def _heard_at(self, intent: OrderIntent) -> int:
        return self._now() if self._latency is None else intent.decided_at + self._latency

    async def _known_after_all(
        self, intent: OrderIntent, exc: BrokerRefused, *, unanswered: bool
    ) -> bool:
        """A double is refused because the first did arrive: then all is well.

        A change or a cancel that was answered each time was refused for itself.
        """
        if exc.status != _DUPLICATE or not (unanswered or isinstance(intent, Submit)):
            return False
        if isinstance(intent, Cancel):
            return await self._is_taken_back(intent)
        return await self._arrived(intent)

    async def _is_taken_back(self, intent: Cancel) -> bool:
        found = await self._found(intent.order_id)
        return found is not None and found.status in _TAKEN_BACK

    async def _arrived(self, intent: OrderIntent) -> bool:
        """Ask the broker for the id of a new order, until it says yes or no."""
        wanted = intent.new_id if isinstance(intent, Replace) else intent.order_id
        if isinstance(intent, Cancel):
            return False
        return await self._found(wanted) is not None

    async def _found(self, order_id: str) -> BrokerOrder | None:
        for wait in self._waits():
            try:
                return await self._trader.find(order_id)
            except BrokerUnavailable as exc:
                await asyncio.sleep(max(wait, exc.retry_after))
        raise InvariantError("the waits ended")


def _decision(intent: OrderIntent) -> tuple[str, str, int]:
    match intent:
        case Submit():
            return intent.order_id, "submit", intent.decided_at
        case Cancel():
            return intent.order_id, "cancel", intent.decided_at
        case Replace():
            return intent.order_id, "replace", intent.decided_at


def _refusal(intent: OrderIntent, now: int, reason: str, *, kind: Kind | None = None) -> OrderEvent:
    kind = kind or _REFUSED_AS[type(intent)]
    return OrderEvent(intent.order_id, kind, now, intent.symbol, reason=reason)
