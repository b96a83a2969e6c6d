"""Exact numbers as an old class gets them, and its numbers as the framework takes them."""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from typing import Any


def plain(value: Decimal) -> int | float:
    """Return a quantity: whole ones as int, so that their text is that of a quantity."""
    return int(value) if value == value.to_integral_value() else float(value)


def level(value: Any) -> float | None:
    """Return what stands for a price in `stop_prices` and `target_prices`, or None: 0, NaN and text are none."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if isfinite(number) and number > 0 else None
