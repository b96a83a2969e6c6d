"""What the built-in scanners ask of a snapshot, any part of which may be missing.

A figure that cannot be known is None, and a symbol that cannot be judged is not proposed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import isfinite

from liualgotrader.common.ports import Snapshot

Score = Callable[[Snapshot], float | None]
"""How good a symbol is, greater is better; None when it does not pass or cannot be judged."""


def best(rows: Iterable[Snapshot], score: Score, *, most: int) -> list[str]:
    """Return at most `most` symbols, the greatest score first, ties by name."""
    scored = [(score(row), row.symbol) for row in rows]
    passed = [(-value, symbol) for value, symbol in scored if value is not None]
    return [symbol for _, symbol in sorted(passed)[: max(most, 0)]]


def last_price(row: Snapshot) -> float | None:
    """Return the newest price known, in dollars: a trade's, else a minute's, else the day's."""
    for price in (
        row.trade.price if row.trade else None,
        row.minute.close if row.minute else None,
        row.day.close if row.day else None,
    ):
        if _positive(price):
            return price
    return None


def previous_close(row: Snapshot) -> float | None:
    """Return the close of the day before, in dollars. Vendors send 0 for what was never traded."""
    close = row.previous_day.close if row.previous_day else None
    return close if _positive(close) else None


def change_percent(row: Snapshot) -> float | None:
    """Return how far the last price is from the previous close, in per cent."""
    return _percent(last_price(row), previous_close(row))


def gap_percent(row: Snapshot) -> float | None:
    """Return how far today's open is from the previous close, in per cent."""
    opened = row.day.open if row.day else None
    return _percent(opened if _positive(opened) else None, previous_close(row))


def volume(row: Snapshot) -> float:
    """Return the shares traded today so far; 0 when nothing is known."""
    return _amount(row.day.volume if row.day else None)


def last_dollar_volume(row: Snapshot) -> float:
    """Return the value traded on the day before, in dollars; 0 when nothing is known."""
    day = row.previous_day
    return _amount(day.volume * day.close) if day else 0.0


def fits(row: Snapshot, *, low: float, high: float, shares: float, last_dv: float) -> bool:
    """Say whether price (dollars, both ends included), volume and the day before's value do."""
    price = last_price(row)
    if price is None or not low <= price <= high:
        return False
    return volume(row) >= shares and last_dollar_volume(row) >= last_dv


def towards(moved: float | None, wanted: float) -> float | None:
    """Return how far something moved in the direction of `wanted`, None when less than wanted.

    A positive `wanted` asks for at least such a rise, a negative one for at least such a fall.
    """
    if moved is None:
        return None
    moved, wanted = (-moved, -wanted) if wanted < 0 else (moved, wanted)
    return moved if moved >= wanted else None


def _percent(price: float | None, base: float | None) -> float | None:
    return None if price is None or base is None else 100.0 * (price - base) / base


def _positive(price: float | None) -> bool:
    return price is not None and isfinite(price) and price > 0


def _amount(value: float | None) -> float:
    return value if value is not None and isfinite(value) else 0.0
