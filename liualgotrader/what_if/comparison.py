"""Two runs side by side: how many orders and fills, what they earned, and where they first part."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from liualgotrader.common.ids import parse_order_id
from liualgotrader.common.ledger_orders import Execution, LedgerOrder
from liualgotrader.trading.memory_ledger import Finished
from liualgotrader.what_if.clock_text import new_york_clock
from liualgotrader.what_if.living import Ran

Key = tuple[str, str]


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """What one run did with a strategy and symbol. `pnl`: dollars after the fees of fills, what is held at its mark."""

    orders: int = 0
    fills: int = 0
    pnl: Decimal = Decimal(0)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy and symbol in both runs; `first` is when their orders first differ, ns UTC, None where they do not."""

    strategy: str
    symbol: str
    unchanged: Side
    changed: Side
    first: int | None = None


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two runs. `first`: the first order that differs, as both have it, None when all orders and fills are equal."""

    rows: tuple[Row, ...]
    first: dict[str, Any] | None

    @property
    def identical(self) -> bool:
        """Whether both runs gave the same orders and fills."""
        return self.first is None


class Lived(msgspec.Struct, frozen=True):
    """An order with its fills, without what is different each time (the ids)."""

    decided_at: int
    slot: str
    strategy: str
    symbol: str
    side: str
    type: str
    tif: str
    qty: Decimal | None
    notional: Decimal | None
    limit: Decimal | None
    trigger: Decimal | None
    status: str
    filled: Decimal
    refusal: str | None
    fills: tuple[tuple[int, Decimal, Decimal, Decimal], ...]


def compare(unchanged: Ran, changed: Ran) -> Comparison:
    """Compare two runs over the same market."""
    before, after = lived_orders(unchanged.books), lived_orders(changed.books)
    sides = [_sides(ran) for ran in (unchanged, changed)]
    groups = [_by_key(orders) for orders in (before, after)]
    rows = []
    for key in sorted(sides[0].keys() | sides[1].keys()):
        pair = first_difference(*(group[key] for group in groups))
        rows.append(
            Row(
                strategy=key[0],
                symbol=key[1],
                unchanged=sides[0].get(key, Side()),
                changed=sides[1].get(key, Side()),
                first=_moment(pair) if pair is not None else None,
            )
        )
    pair = first_difference(before, after)
    return Comparison(rows=tuple(rows), first=_told(pair) if pair is not None else None)


def lived_orders(books: Finished) -> list[Lived]:
    """Return all orders with their fills, by when they were decided, then by consumer and number."""
    fills: defaultdict[str, list[Execution]] = defaultdict(list)
    for each in books.executions:
        fills[each.order_id].append(each)
    orders = sorted(books.orders, key=_place)
    return [_lived(order, fills[order.order_id]) for order in orders]


def first_difference(
    before: Sequence[Lived], after: Sequence[Lived]
) -> tuple[Lived | None, Lived | None] | None:
    """Return the first place at which two rows of orders differ; None for the run that has no more."""
    for index in range(max(len(before), len(after))):
        first, second = (rows[index] if index < len(rows) else None for rows in (before, after))
        if first != second:
            return first, second
    return None


def _by_key(orders: Sequence[Lived]) -> defaultdict[Key, list[Lived]]:
    found: defaultdict[Key, list[Lived]] = defaultdict(list)
    for order in orders:
        found[order.strategy, order.symbol].append(order)
    return found


def _place(order: LedgerOrder) -> tuple[int, str, int]:
    _, slot, number = parse_order_id(order.order_id)
    return order.decided_at, slot, number


def _lived(order: LedgerOrder, fills: Sequence[Execution]) -> Lived:
    return Lived(
        decided_at=order.decided_at,
        slot=parse_order_id(order.order_id)[1],
        strategy=order.strategy,
        symbol=order.symbol,
        side=order.side.value,
        type=order.type.value,
        tif=order.tif.value,
        qty=order.qty,
        notional=order.notional,
        limit=order.limit,
        trigger=order.trigger,
        status=order.status.value,
        filled=order.filled,
        refusal=order.refusal,
        fills=tuple((each.time, each.qty, each.price, each.fee) for each in fills),
    )


def _sides(ran: Ran) -> dict[Key, Side]:
    orders: defaultdict[Key, int] = defaultdict(int)
    fills: defaultdict[Key, int] = defaultdict(int)
    cash: defaultdict[Key, Decimal] = defaultdict(Decimal)
    held: defaultdict[Key, Decimal] = defaultdict(Decimal)
    for order in ran.books.orders:
        orders[order.strategy, order.symbol] += 1
    for each in ran.books.executions:
        key = (each.strategy, each.symbol)
        fills[key] += each.live
        if each.live:
            cash[key] += each.flow
            held[key] += each.signed_qty
    return {
        key: Side(
            orders=count,
            fills=fills[key],
            pnl=cash[key] + held[key] * ran.marks.get(key[1], Decimal(0)),
        )
        for key, count in orders.items()
    }


def _moment(pair: tuple[Lived | None, Lived | None]) -> int:
    return min(each.decided_at for each in pair if each is not None)


def _told(pair: tuple[Lived | None, Lived | None]) -> dict[str, Any]:
    """Return a pair as an object: which order of each run stands at the first place that differs."""
    unchanged, changed = (
        None if o is None else msgspec.to_builtins(o, builtin_types=(Decimal,)) for o in pair
    )
    return {
        "ts": _moment(pair),
        "time": f"{new_york_clock(_moment(pair))} New York",
        "unchanged": unchanged,
        "changed": changed,
    }
