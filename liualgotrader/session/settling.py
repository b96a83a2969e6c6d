"""What a session leaves at the broker: taken back, and what happened meanwhile booked.

The consumers are gone by now, so nobody attends an order that is still at work, and nobody hears of its fills.
"""

from __future__ import annotations

import asyncio
import logging

from liualgotrader.bootstrap import SessionConfig
from liualgotrader.common.errors import BrokerRefused
from liualgotrader.common.events import OpenOrder
from liualgotrader.common.orders import PROTECTIVE, Approved, Cancel
from liualgotrader.common.plan import Mode
from liualgotrader.common.ports import Trader
from liualgotrader.models.ledger import PostgresLedger
from liualgotrader.models.reconciliation_store import ReconciliationStore
from liualgotrader.models.session_store import SessionStore
from liualgotrader.session.incarnation import missed_events

log = logging.getLogger(__name__)

_SECONDS = 3.0
_PAUSE = 0.1
_REASON = "the session ended"


async def settle(config: SessionConfig, store: SessionStore, trader: Trader) -> int:
    """Cancel what is open, book what the broker tells of it, and return how many orders stay open.

    Protective stops stay at the broker: they guard what is held overnight.

    In lockstep the tape stands still once its participants are gone, so nothing can arrive any more.
    """
    ledger = PostgresLedger(
        store.pool,
        batch_id=config.batch_id,
        account_id=config.account_id,
        limits=config.plan.limits,
    )
    books = ReconciliationStore(store.pool)
    asked: set[str] = set()
    end = asyncio.get_running_loop().time() + _SECONDS
    while True:
        left = await _catch_up(config, books, ledger, trader)
        if not left or config.lockstep or asyncio.get_running_loop().time() > end:
            break
        for order in left:
            if order.order_id not in asked:
                asked.add(order.order_id)
                await take_back(trader, order, _REASON)
        await asyncio.sleep(_PAUSE)
    return len(left)


async def _catch_up(
    config: SessionConfig, books: ReconciliationStore, ledger: PostgresLedger, trader: Trader
) -> list[OpenOrder]:
    orders = await _open_orders(config, ledger)
    for event in await missed_events(trader, books, orders, since=config.session_open, now=0):
        await ledger.book(event)
    return await _open_orders(config, ledger)


async def _open_orders(config: SessionConfig, ledger: PostgresLedger) -> list[OpenOrder]:
    orders = [order for slot in config.slots for order in (await ledger.open_state(slot))[1]]
    if config.plan.session.mode is Mode.SIMULATED:
        return orders
    return [order for order in orders if order.reason != PROTECTIVE]


async def take_back(trader: Trader, order: OpenOrder, reason: str) -> None:
    """Cancel an order that nobody attends; one that has ended meanwhile needs none."""
    try:
        intent = Cancel(order.order_id, order.strategy, order.symbol, 0, reason)
        await trader.send(Approved(intent))
    except BrokerRefused as exc:
        log.info("%s was not cancelled: %s", order.order_id, exc.message)
