"""The bundled day bars as exact numbers, for the scripts of this folder and the tests beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from liualgotrader.data.lake.bundled import bundled_actions, bundled_rows
from liualgotrader.data.lake.rows import Rows

FOLDER = Path(__file__).resolve().parents[1]
SYMBOLS = ("AAPL", "IBM", "MSFT")
SERIES = (("AAPL", "raw"), ("AAPL", "split"), ("IBM", "raw"), ("MSFT", "raw"), ("MSFT", "split"))
"""Of IBM, which had no split in these years, both would be the same."""

_NEW_YORK = ZoneInfo("America/New_York")


class Bars(NamedTuple):
    """Day bars, oldest first: dollars a share, exactly as the file's decimals have them."""

    days: list[date]
    high: list[Fraction]
    low: list[Fraction]
    close: list[Fraction]


@lru_cache
def bars_of(symbol: str, prices: str, as_of: date = date.max) -> Bars:
    """Return a symbol's bars up to `as_of`.

    `prices`: "raw", or "split" for prices divided by every later split that had begun by `as_of`.
    """
    rows = _bundled()[symbol]
    days = [
        datetime.fromtimestamp(ns // 10**9, UTC).astimezone(_NEW_YORK).date()
        for ns in rows.start.tolist()
    ]
    end = sum(day <= as_of for day in days)
    ratios = _ratios(symbol, days, as_of) if prices == "split" else [Fraction(1)] * len(days)
    # The shortest text of a float is the text that it was read from.
    columns = (
        [
            Fraction(repr(price)) / ratio
            for price, ratio in zip(column.tolist()[:end], ratios, strict=False)
        ]
        for column in (rows.high, rows.low, rows.close)
    )
    return Bars(days[:end], *columns)


@lru_cache
def _bundled() -> dict[str, Rows]:
    return bundled_rows()


def _ratios(symbol: str, days: list[date], as_of: date) -> list[Fraction]:
    ratios = [Fraction(1)] * len(days)
    for action in bundled_actions():
        if action.symbol == symbol and action.kind == "split" and action.ex_date <= as_of:
            assert action.value is not None
            value = Fraction(action.value)
            ratios = [
                r * value if d < action.ex_date else r for r, d in zip(ratios, days, strict=True)
            ]
    return ratios


def floats(numbers: Sequence[Fraction]) -> NDArray[np.float64]:
    """Return the nearest floats, (n,)."""
    return np.array([float(number) for number in numbers], np.float64)


def averages(numbers: Sequence[Fraction], window: int) -> list[Fraction | None]:
    """Return the exact mean of the last `window` numbers at each; None before there are as many."""
    found: list[Fraction | None] = []
    total = Fraction(0)
    for i, number in enumerate(numbers):
        total += number - (numbers[i - window] if i >= window else 0)
        found.append(total / window if i >= window - 1 else None)
    return found


def rounded(number: Fraction | Decimal, places: int) -> str:
    """Return the decimals of a number, half to even, without zeros at the end."""
    with localcontext(prec=60):
        exact = (
            Decimal(number.numerator) / number.denominator
            if isinstance(number, Fraction)
            else number
        )
        text = f"{exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN):f}"
    text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
