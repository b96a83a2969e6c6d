"""What a session leaves at the broker: taken back, and what happened meanwhile booked.

The consumers are gone by now, so nobody attends an order that is still at work, and nobody hears of its fills.
"""

from __future__ import annotations

import asyncio
import logging

from liualgotrader.bootstrap import SessionConfig
from liualgotrader.common.errors import BrokerRefused
from liualgotrader.common.events import OpenOrder, OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import Approved, Cancel
from liualgotrader.common.ports import Trader
from liualgotrader.models.ledger import PostgresLedger
from liualgotrader.models.session_store import SessionStore
from liualgotrader.session.incarnation import missed_events

log = logging.getLogger(__name__)

_SECONDS = 3.0
_PAUSE = 0.1
_REASON = "the session ended"


async def settle(config: SessionConfig, store: SessionStore, trader: Trader) -> int:
    """Cancel what is open, book what the broker tells of it, and return how many orders stay open.

    In lockstep the tape stands still once its participants are gone, so nothing can arrive any more.
    """
    ledger = PostgresLedger(
        store.pool,
        batch_id=config.batch_id,
        account_id=config.account_id,
        limits=config.plan.limits,
    )
    asked: set[str] = set()
    end = asyncio.get_running_loop().time() + _SECONDS
    while True:
        left = await _catch_up(config, ledger, trader)
        if not left or config.lockstep or asyncio.get_running_loop().time() > end:
            break
        for order in left:
            if order.order_id not in asked:
                asked.add(order.order_id)
                await _take_back(trader, order)
        await asyncio.sleep(_PAUSE)
    await _book_unheard(config, store, ledger, trader)
    return len(left)


async def _book_unheard(
    config: SessionConfig, store: SessionStore, ledger: PostgresLedger, trader: Trader
) -> None:
    """Book the parts that nobody heard of of orders whose end was heard: told while a stream was away.

    A session that is stopped right after has no time to ask for them.
    """
    booked = {
        (each.order_id, each.execution_id) for each in await store.executions(config.batch_id)
    }
    orders = {each.broker_id: each.order_id for each in await store.orders(config.batch_id)}
    for fill in await trader.fills(after=config.session_open):
        order_id = orders.get(fill.broker_id)
        if order_id is None or (order_id, fill.execution_id) in booked:
            continue
        log.warning("a fill of %s was not heard of: %s", order_id, fill)
        await ledger.book(
            OrderEvent(
                order_id,
                Kind.PARTIAL_FILL,
                fill.time,
                fill.symbol,
                fill.qty,
                fill.price,
                fill.execution_id,
                fill.broker_id,
                fee=fill.fee,
            )
        )


async def _catch_up(
    config: SessionConfig, ledger: PostgresLedger, trader: Trader
) -> list[OpenOrder]:
    orders = await _open_orders(config, ledger)
    for event in await missed_events(trader, orders, since=config.session_open, now=0):
        await ledger.book(event)
    return await _open_orders(config, ledger)


async def _open_orders(config: SessionConfig, ledger: PostgresLedger) -> list[OpenOrder]:
    return [order for slot in config.slots for order in (await ledger.open_state(slot))[1]]


async def _take_back(trader: Trader, order: OpenOrder) -> None:
    try:
        intent = Cancel(order.order_id, order.strategy, order.symbol, 0, _REASON)
        await trader.send(Approved(intent))
    except BrokerRefused as exc:
        log.info("%s was not cancelled: %s", order.order_id, exc.message)
