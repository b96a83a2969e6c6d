"""What positions need to be kept: maintenance margin, by the broker's table of the day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

import msgspec

from liualgotrader.venue.margin_tables import (
    MAINTENANCE,
    SHORT_LEVERAGED,
    SHORT_MAINTENANCE,
    Maintenance,
)

ONE = Decimal(1)
ZERO = Decimal(0)


class Holding(msgspec.Struct, frozen=True):
    """A position, or what an order would open: signed quantity, price, turns of leverage of a fund."""

    qty: Decimal
    price: Decimal
    leverage: int = 1


def table_of(day: date) -> Maintenance:
    """Return the broker's table of a day."""
    return next(table for table in reversed(MAINTENANCE) if table.since <= day)


def requirement(table: Maintenance, holding: Holding) -> Decimal:
    """Return the maintenance margin of a holding, in dollars."""
    qty, price = holding.qty, holding.price
    if qty >= 0:
        return qty * price * long_rate(table, price, holding.leverage)
    row = next(row for row in SHORT_MAINTENANCE if price >= row.price)
    rate = max(row.rate, SHORT_LEVERAGED * holding.leverage if holding.leverage > 1 else ZERO)
    return -qty * max(row.a_share, price * rate)


def long_rate(table: Maintenance, price: Decimal, leverage: int = 1) -> Decimal:
    """Return which share of a long position's value it needs."""
    if price < table.cheap:
        return ONE
    plain = table.low_rate if table.low is not None and price <= table.low else table.rate
    if leverage == 1:
        return plain
    by_leverage: Mapping[int, Decimal] = {2: table.double, 3: table.triple}
    return max(plain, by_leverage.get(leverage, ZERO))


def maintenance(table: Maintenance, holdings: Iterable[Holding], debit: Decimal) -> Decimal:
    """Return what holdings need together; `debit` is what the account owes, in dollars."""
    held = list(holdings)
    if table.crowded is None or debit < table.debit:
        return sum([requirement(table, each) for each in held], ZERO)
    crowd = table.crowded * sum((abs(each.qty * each.price) for each in held), ZERO)
    return sum((_crowded(table, each, crowd) for each in held), ZERO)


def _crowded(table: Maintenance, holding: Holding, crowd: Decimal) -> Decimal:
    """Return what a holding needs where much is owed: more from `crowd` dollars on, most of the account."""
    needs = requirement(table, holding)
    value = abs(holding.qty * holding.price)
    return max(needs, value * table.crowded_rate) if value >= crowd else needs
