"""The way out, against a broker that answers badly: nothing is sent twice, nothing is lost."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import repeat

import pytest

from liualgotrader.common.errors import BrokerBusy, BrokerRefused, BrokerUnavailable
from liualgotrader.common.events import OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import (
    Approved,
    Cancel,
    OrderIntent,
    OrderType,
    Replace,
    Side,
    Submit,
    TimeInForce,
)
from liualgotrader.common.ports import (
    BrokerAccount,
    BrokerActivity,
    BrokerFill,
    BrokerOrder,
    BrokerPosition,
    Trader,
)
from liualgotrader.engine.desk import AnyTurn, SessionDesk
from liualgotrader.trading.memory_ledger import MemoryLedger

ORDER = "0a1b2c3d-A-0000001"
HEIR = "0a1b2c3d-A-0000002"
NOW = 1_000
LOST = BrokerUnavailable("no answer")


def busy(seconds: float = 0.0) -> BrokerBusy:
    return BrokerBusy("too often", retry_after=seconds)


def refused(status: int = 422) -> BrokerRefused:
    return BrokerRefused(status, 40010001, "no")


@dataclass
class Broker(Trader):
    """Answers each request as it is told to; None is well."""

    answers: deque[Exception | None] = field(default_factory=deque)
    known: deque[str | Exception] = field(default_factory=deque)
    sent: list[OrderIntent] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)

    async def send(self, approved: Approved) -> str | None:
        self.sent.append(approved.intent)
        answer = self.answers.popleft() if self.answers else None
        if answer is not None:
            raise answer
        return None

    async def find(self, order_id: str) -> BrokerOrder | None:
        self.looked_up.append(order_id)
        answer = self.known.popleft() if self.known else ""
        if isinstance(answer, Exception):
            raise answer
        if not answer:
            return None
        return BrokerOrder("b", order_id, "A", "buy", answer, None, Decimal(0), None, NOW)

    async def account(self) -> BrokerAccount:
        raise NotImplementedError

    async def positions(self) -> list[BrokerPosition]:
        raise NotImplementedError

    async def open_orders(self) -> list[BrokerOrder]:
        raise NotImplementedError

    async def fills(self, *, after: int) -> list[BrokerFill]:
        raise NotImplementedError

    async def activities(self, *, since: str) -> list[BrokerActivity]:
        raise NotImplementedError

    async def find_known(self, broker_id: str) -> BrokerOrder | None:
        raise NotImplementedError


def submit() -> Submit:
    return Submit(
        ORDER,
        "trend",
        "A",
        Side.BUY,
        OrderType.MARKET,
        TimeInForce.DAY,
        NOW,
        qty=Decimal(10),
        reference_price=Decimal(10),
    )


CANCEL = Cancel(ORDER, "trend", "A", NOW)
CHANGE = Replace(ORDER, HEIR, "trend", "A", NOW, limit=Decimal(9))


def no_waits() -> Iterator[float]:
    return repeat(0.0)


def desk_of(
    broker: Broker, waits: Callable[[], Iterator[float]] = no_waits
) -> tuple[SessionDesk, list[OrderEvent]]:
    heard: list[OrderEvent] = []
    ledger = MemoryLedger(cash=Decimal(10_000))
    desk = SessionDesk(
        ledger, broker, now=lambda: NOW, inbox=heard.append, turn=AnyTurn(), waits=waits
    )
    return desk, heard


async def sent_by(broker: Broker, intent: OrderIntent) -> list[tuple[Kind, str]]:
    desk, heard = desk_of(broker)
    sending = asyncio.create_task(desk.send_all())
    desk._queue.put_nowait(Approved(intent))
    async with asyncio.timeout(10):
        await desk.drained()
    assert not sending.done()
    sending.cancel()
    return [(event.kind, event.reason or "") for event in heard]


@pytest.mark.parametrize("known", [["new"], [LOST, busy(), "pending_new"]])
async def test_an_order_whose_answer_was_lost_is_looked_up_and_not_sent_again(
    known: list[str | Exception],
) -> None:
    broker = Broker(deque([LOST]), deque(known))
    assert await sent_by(broker, submit()) == []
    assert len(broker.sent) == 1
    assert broker.looked_up == [ORDER] * len(known)


async def test_an_order_that_did_not_arrive_is_sent_again() -> None:
    broker = Broker(deque([LOST, LOST]))
    assert await sent_by(broker, submit()) == []
    assert len(broker.sent) == 3
    assert broker.looked_up == [ORDER, ORDER]


async def test_a_double_that_is_refused_did_arrive() -> None:
    broker = Broker(deque([LOST, refused()]), deque(["", "new"]))
    assert await sent_by(broker, submit()) == []
    assert len(broker.sent) == 2


async def test_too_often_is_not_looked_up_and_waits_as_long_as_it_is_told() -> None:
    broker = Broker(deque([busy(0.5), busy()]))
    began = asyncio.get_running_loop().time()
    assert await sent_by(broker, submit()) == []
    assert asyncio.get_running_loop().time() - began >= 0.5
    assert (len(broker.sent), broker.looked_up) == (3, [])


async def test_what_is_given_up_may_come_to_life_when_nobody_knows() -> None:
    kinds = await sent_by(Broker(deque([LOST] * 8)), submit())
    assert kinds == [(Kind.NEVER_SENT, "given up: no answer")]
    kinds = await sent_by(Broker(deque([busy()] * 8)), submit())
    assert kinds == [(Kind.REJECTED, "given up: too often")]


@pytest.mark.parametrize("status", ["pending_cancel", "canceled"])
async def test_a_cancel_whose_answer_was_lost_is_not_taken_for_refused(status: str) -> None:
    broker = Broker(deque([LOST, refused()]), deque([status]))
    assert await sent_by(broker, CANCEL) == []
    assert len(broker.sent) == 2


@pytest.mark.parametrize(
    ("answers", "known"),
    [([refused()], []), ([LOST, refused()], ["filled"]), ([LOST, refused(404)], [])],
)
async def test_a_cancel_that_is_refused_is_told(
    answers: list[Exception | None], known: list[str | Exception]
) -> None:
    told = await sent_by(Broker(deque(answers), deque(known)), CANCEL)
    assert told == [(Kind.CANCEL_REJECTED, "no")]


async def test_a_change_whose_answer_was_lost_is_looked_up_by_its_new_id() -> None:
    broker = Broker(deque([LOST]), deque(["accepted"]))
    assert await sent_by(broker, CHANGE) == []
    assert broker.looked_up == [HEIR]
    broker = Broker(deque([LOST, refused()]), deque(["", "new"]))
    assert await sent_by(broker, CHANGE) == []
    assert await sent_by(Broker(deque([refused()])), CHANGE) == [(Kind.REPLACE_REJECTED, "no")]


def execution(kind: Kind, name: str, time: int, amends: str | None = None) -> OrderEvent:
    price = Decimal(10) if amends is None else Decimal(9)
    return OrderEvent(ORDER, kind, time, "A", Decimal(10), price, name, amends=amends)


async def test_an_amendment_that_overtakes_its_execution_follows_it() -> None:
    desk, heard = desk_of(Broker())
    assert await desk.submit([Approved(submit())]) == []
    early = execution(Kind.TRADE_CORRECT, "x2", NOW, amends="x1")
    assert await desk.book(early) is None
    assert heard == []
    assert await desk.book(execution(Kind.FILL, "x1", NOW + 5)) is not None
    (follows,) = heard
    assert (follows.kind, follows.time) == (Kind.TRADE_CORRECT, NOW + 5)
    updates = await desk.book(follows)
    assert updates is not None
    assert updates[0].cash == 10_000 - 10 * 9
