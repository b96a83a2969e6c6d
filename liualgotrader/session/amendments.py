"""Executions that the broker took back while nobody listened: its list of fills does not have them any more."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal

from liualgotrader.common.events import OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.ports import BrokerFill, Trader
from liualgotrader.models.session_rows import ExecutionRow, OrderRow
from liualgotrader.models.session_store import SessionStore


async def taken_back(
    store: SessionStore,
    trader: Trader,
    *,
    batch_id: str,
    since: int,
    now: int,
    only: Collection[str] | None = None,
) -> list[OrderEvent]:
    """Return a bust for each execution that is booked and that the broker does not count, as of `now` (ns UTC).

    `only`: the orders to look at, None for the batch's. A fill may be told before it is listed, so an order counts
    only when what the broker lists adds up to what it says was filled: then the list is complete. What was corrected
    is listed under another name, and is a fill that was missed.
    """
    booked: dict[str, list[ExecutionRow]] = defaultdict(list)
    for row in await store.executions(batch_id):
        if row.order_id is not None and (only is None or row.order_id in only):
            booked[row.order_id].append(row)
    if not booked:
        return []
    orders = {row.order_id: row for row in await store.orders(batch_id)}
    fills = await trader.fills(after=since)
    events: list[OrderEvent] = []
    for order_id, rows in booked.items():
        broker_id = orders[order_id].broker_id
        gone = list(_unlisted(rows, [fill for fill in fills if fill.broker_id == broker_id]))
        if gone and await _is_complete(trader, order_id, orders, fills):
            events += [_bust(row, now) for row in gone]
    return events


def _unlisted(rows: Sequence[ExecutionRow], fills: Sequence[BrokerFill]) -> Iterator[ExecutionRow]:
    """Iterate over what is booked of an order and not listed: by name nor, under another one, by size and price."""
    names = {fill.execution_id for fill in fills}
    ours = {row.execution_id for row in rows}
    others = Counter((f.qty, f.price) for f in fills if f.execution_id not in ours)
    for row in rows:
        if row.execution_id in names:
            continue
        if others[row.qty, row.price]:
            others[row.qty, row.price] -= 1
        else:
            yield row


async def _is_complete(
    trader: Trader, order_id: str, orders: Mapping[str, OrderRow], fills: Sequence[BrokerFill]
) -> bool:
    """Tell whether the list has all that the broker counts of an order: it may be behind."""
    found = await trader.find(order_id)
    chain = _broker_ids(orders, order_id)
    listed = sum((fill.qty for fill in fills if fill.broker_id in chain), Decimal(0))
    return found is not None and listed == found.filled


def _broker_ids(orders: Mapping[str, OrderRow], order_id: str | None) -> set[str]:
    """Return the broker's ids of an order and of those it took over from: it counts their fills as its own."""
    found: set[str] = set()
    while order_id is not None and (order := orders.get(order_id)) is not None:
        if order.broker_id is not None:
            found.add(order.broker_id)
        order_id = order.replaces
    return found


def _bust(row: ExecutionRow, now: int) -> OrderEvent:
    return OrderEvent(
        row.order_id or "",
        Kind.TRADE_BUST,
        now,
        row.symbol,
        qty=row.qty,
        price=row.price,
        execution_id=row.execution_id,
        fee=row.fee,
        reason="the broker does not list it any more",
        side=row.operation,
    )
