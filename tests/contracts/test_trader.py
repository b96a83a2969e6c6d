"""What every Trader keeps: orders of every kind arrive as they were meant, and what happened can be asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from liualgotrader.common.errors import BrokerRefused, BrokerUnavailable
from liualgotrader.common.ids import order_id
from liualgotrader.common.orders import (
    Approved,
    Cancel,
    OrderClass,
    OrderType,
    Replace,
    Side,
    StopLoss,
    Submit,
    TakeProfit,
    TimeInForce,
)
from liualgotrader.common.ports import Trader
from liualgotrader.trading.alpaca import AlpacaTrader
from tests.integration.exchange.box import (
    KEYS,
    OPEN,
    SECOND,
    quote,
    running,
    tape_of,
    trade,
)

BATCH = "c0ntract-0000"
D = Decimal

TAPE = tape_of(
    quote("AAPL", 0, 99.98, 100.0),
    trade("AAPL", SECOND, 100.0, 5_000.0),
    *(quote("AAPL", second * SECOND, 99.98, 100.0, 5_000.0) for second in range(2, 60)),
)


@dataclass
class Desk:
    """A trader, and the market behind it, which moves when a test says so."""

    trader: Trader
    move: Callable[[int], None]
    venue: Any
    number: int = 0

    def new(self, **terms: Any) -> Submit:
        """Return an order to buy ten AAPL at the market, unless said otherwise."""
        self.number += 1
        given: dict[str, Any] = {
            "side": Side.BUY,
            "type": OrderType.MARKET,
            "tif": TimeInForce.DAY,
            "qty": D(10),
        } | terms
        return Submit(
            order_id=order_id(BATCH, "A", self.number),
            strategy="s",
            symbol=given.pop("symbol", "AAPL"),
            decided_at=0,
            **given,
        )

    async def send(self, intent: Submit | Cancel | Replace) -> str | None:
        """Send something that was approved."""
        return await self.trader.send(Approved(intent))


@contextmanager
def alpaca() -> Iterator[Desk]:
    """The broker Alpaca, by its own SDK, at the exchange in a box."""
    with running(TAPE) as box:
        box.move(2 * SECOND)
        trader = AlpacaTrader(box.address.trading_url, key=KEYS.key, secret=KEYS.secret)
        try:
            yield Desk(trader, lambda seconds: box.move(seconds * SECOND), box.exchange.venue)
        finally:
            trader.close()


TRADERS: dict[str, Callable[[], AbstractContextManager[Desk]]] = {"alpaca": alpaca}


@pytest.fixture(params=TRADERS)
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """Return each trader in turn."""
    with TRADERS[request.param]() as desk:
        yield desk


async def test_an_order_is_sent_filled_and_found(desk: Desk) -> None:
    """Under our id and the broker's; its fill, its position and its money are told."""
    order = desk.new()
    broker_id = await desk.send(order)
    assert broker_id
    found = await desk.trader.find(order.order_id)
    assert found is not None
    assert (found.broker_id, found.symbol, found.side) == (broker_id, "AAPL", "buy")
    assert found.qty == 10
    assert [each.order_id for each in await desk.trader.open_orders()] == [order.order_id]
    desk.move(4)
    filled = await desk.trader.find_known(broker_id)
    assert filled is not None
    assert (filled.status, filled.filled, filled.filled_avg_price) == ("filled", D(10), D(100))
    assert await desk.trader.open_orders() == []
    (fill,) = await desk.trader.fills(after=OPEN)
    assert (fill.broker_id, fill.side, fill.qty, fill.price) == (broker_id, "buy", D(10), D(100))
    assert OPEN < fill.time <= OPEN + 4 * SECOND
    (held,) = await desk.trader.positions()
    assert (held.symbol, held.qty, held.avg_price) == ("AAPL", D(10), D(100))
    account = await desk.trader.account()
    assert account.cash == D(99_000)
    assert account.equity == D(100_000)


async def test_what_is_not_there_is_none(desk: Desk) -> None:
    """Neither under an id of ours nor under one of the broker's."""
    assert await desk.trader.find(order_id(BATCH, "A", 999)) is None
    assert await desk.trader.find_known("00000000-0000-0000-0000-000000000000") is None


KINDS: dict[str, dict[str, Any]] = {
    "market": {},
    "limit": {"type": OrderType.LIMIT, "limit": D("99.5")},
    "stop": {"type": OrderType.STOP, "trigger": D("104.5")},
    "stop-limit": {"type": OrderType.STOP_LIMIT, "trigger": D("104.5"), "limit": D("104.75")},
    "trailing by price": {"type": OrderType.TRAILING_STOP, "trail_price": D("1.5")},
    "trailing by percent": {"type": OrderType.TRAILING_STOP, "trail_percent": D(2)},
    "gtc": {"type": OrderType.LIMIT, "limit": D(90), "tif": TimeInForce.GTC},
    "ioc": {"type": OrderType.LIMIT, "limit": D(90), "tif": TimeInForce.IOC},
    "fok": {"type": OrderType.LIMIT, "limit": D(90), "tif": TimeInForce.FOK},
    "cls": {"tif": TimeInForce.CLS},
    "limit on close": {"type": OrderType.LIMIT, "limit": D(90), "tif": TimeInForce.CLS},
    "fractional": {"qty": D("0.123456789")},
    "notional": {"qty": None, "notional": D("250.55")},
    "extended hours": {"type": OrderType.LIMIT, "limit": D(90), "extended_hours": True},
    "short": {"side": Side.SELL},
    "bracket": {
        "order_class": OrderClass.BRACKET,
        "take_profit": TakeProfit(D(110)),
        "stop_loss": StopLoss(D(95), D("94.5")),
    },
    "oto": {"order_class": OrderClass.OTO, "stop_loss": StopLoss(D(95))},
}


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_of_order_arrives_as_it_was_meant(desk: Desk, kind: str) -> None:
    """To the last digit of each number."""
    order = desk.new(**KINDS[kind])
    await desk.send(order)
    there = desk.venue.order_by_client_id(order.order_id)
    if there is None:
        desk.move(3)
        there = desk.venue.order_by_client_id(order.order_id)
    told = (there.side, there.type, there.tif, there.order_class, there.extended_hours)
    meant = (order.side, order.type, order.tif, order.order_class, order.extended_hours)
    assert told == meant
    assert (there.limit, there.trail_price, there.trail_percent) == (
        order.limit,
        order.trail_price,
        order.trail_percent,
    )
    assert (there.qty, there.notional) == (order.qty, order.notional) or order.notional
    if order.type in (OrderType.STOP, OrderType.STOP_LIMIT):
        assert there.trigger == order.trigger
    legs = desk.venue.legs(there)
    meant_legs = [leg for leg in (order.take_profit, order.stop_loss) if leg is not None]
    assert len(legs) == len(meant_legs)


async def test_one_cancels_the_other(desk: Desk) -> None:
    """The legs alone, for a position that is there."""
    await desk.send(desk.new())
    desk.move(4)
    oco = desk.new(
        side=Side.SELL, type=OrderType.LIMIT, order_class=OrderClass.OCO,
        take_profit=TakeProfit(D(110)), stop_loss=StopLoss(D(95)),
    )  # fmt: skip
    await desk.send(oco)
    desk.move(6)
    there = desk.venue.order_by_client_id(oco.order_id)
    assert (there.order_class, there.limit) == (OrderClass.OCO, D(110))


async def test_an_order_is_changed_and_taken_back(desk: Desk) -> None:
    """The changed one has the id that was meant for it; a cancel by our id alone is enough."""
    order = desk.new(type=OrderType.LIMIT, limit=D(90))
    await desk.send(order)
    desk.move(4)
    new_id = order_id(BATCH, "A", 77)
    await desk.send(Replace(order.order_id, new_id, "s", "AAPL", 0, D(12), D(91)))
    desk.move(6)
    changed = await desk.trader.find(new_id)
    assert changed is not None
    assert changed.qty == 12
    old = await desk.trader.find(order.order_id)
    assert old is not None
    assert old.status == "replaced"
    await desk.send(Cancel(new_id, "s", "AAPL", 0))
    desk.move(8)
    gone = await desk.trader.find(new_id)
    assert gone is not None
    assert gone.status == "canceled"


async def test_a_refusal_is_the_broker_s_words(desk: Desk) -> None:
    """For one request, and the next is served."""
    with pytest.raises(BrokerRefused, match="buying power") as refused:
        await desk.send(desk.new(qty=D(100_000)))
    assert refused.value.status == 403
    with pytest.raises(BrokerRefused) as unknown:
        await desk.send(Cancel(order_id(BATCH, "A", 999), "s", "AAPL", 0))
    assert unknown.value.status == 404
    assert await desk.send(desk.new())


async def test_the_same_order_twice_is_one(desk: Desk) -> None:
    """The broker refuses the second, for its id is known: sending again is harmless."""
    order = desk.new()
    await desk.send(order)
    with pytest.raises(BrokerRefused, match="unique") as refused:
        await desk.send(order)
    assert refused.value.status == 422
    desk.move(5)
    assert len(await desk.trader.fills(after=OPEN)) == 1


async def test_fills_come_in_pages_and_once(desk: Desk) -> None:
    """Oldest first, and those after a moment alone when asked so."""
    orders = [desk.new(qty=D(1)) for _ in range(120)]
    for order in orders:
        await desk.send(order)
    desk.move(5)
    fills = await desk.trader.fills(after=OPEN)
    assert len({fill.execution_id for fill in fills}) == len(fills) == 120
    assert [fill.time for fill in fills] == sorted(fill.time for fill in fills)
    assert await desk.trader.fills(after=fills[-1].time) == []


async def test_activities_are_no_executions(desk: Desk) -> None:
    """Fees, dividends and transfers; on a first morning there are none."""
    await desk.send(desk.new())
    desk.move(5)
    assert await desk.trader.activities(since="2026-01-01") == []


async def test_silence_is_no_refusal() -> None:
    """Nobody knows whether what was sent has arrived."""
    trader = AlpacaTrader("http://127.0.0.1:9", key="PKTEST", secret="secret")
    try:
        with pytest.raises(BrokerUnavailable):
            await trader.account()
    finally:
        trader.close()
