"""Day trades come to the same number whenever they are counted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from liualgotrader.common.orders import Side
from liualgotrader.venue.account import Account
from liualgotrader.venue.day_trading import DayTrading
from liualgotrader.venue.orders import ZERO, Execution
from liualgotrader.venue.rules import VenueRules
from liualgotrader.venue.sessions import Session

MONDAY = date(2024, 3, 4)
# Of each day the fills: bought (+) or sold (-), in that order. One share is held over each night.
DAYS: tuple[list[int], ...] = (
    [1, 1, -1],
    [1, -1, 1, -1],
    [],
    [1, 1, -2],
    [1, -1],
    [1, -1, 1, -1, 1, -1],
    [-1, 1],
)


def session(number: int) -> Session:
    """Return a day's hours."""
    day = MONDAY + timedelta(days=number)
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 10**9
    return Session(day, midnight + 1, midnight + 2, midnight + 3, midnight + 4)


def lived(asked: set[int]) -> list[int]:
    """Live through the days; return the window after them. It is asked for on some days, too, and in their middle."""
    account = Account(Decimal(100_000))
    trading = DayTrading(account, VenueRules(day_trading=True))
    for number, trades in enumerate(DAYS):
        trading.begin(session(number))
        fills: list[Execution] = []
        for place, qty in enumerate(trades):
            side = Side.BUY if qty > 0 else Side.SELL
            size, price = Decimal(abs(qty)), Decimal(10)
            account.book("A", side, qty=size, price=price, fee=ZERO)
            fills.append(Execution(f"x{place}", "o", "c", "A", side, size, price, ZERO, place))
            if number in asked and place == 1:
                trading.read(fills)
        trading.end(fills)
        fills.clear()
        if number in asked:
            assert trading.count >= 0
    return list(trading.window)


@pytest.mark.parametrize("asked", [set(), {0}, {1, 5}, {6}, set(range(7))])
def test_the_window_is_the_same_whenever_it_is_asked_for(asked: set[int]) -> None:
    # From what is held overnight on: sold before anything is bought is no day trade.
    assert lived(asked) == [1, 1, 3, 0]
