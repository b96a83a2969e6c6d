"""Writes crossings.toml: python -m tests.facts.make.crossings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import talib
from numpy.typing import NDArray

from tests.facts.make.bars import FOLDER, SERIES, averages, bars_of, floats, rounded

BURN_IN = 250
Crossings = list[tuple[int, str]]

_HEAD = """\
# When moving averages and MACD crossed, on real day bars. FACTS.md says how it was worked out.
# Made by `python -m tests.facts.make.crossings`. Real bars have no ties: ties.toml has.
#
# Up on day t: fast(t) > slow(t) and fast(t-1) <= slow(t-1). Down: fast(t) < slow(t) and fast(t-1) >= slow(t-1).
# sma: SMA(7) against SMA(21); the third word is where the close of that day stands against SMA(50): above, below,
#   equal, or unknown where there are not yet 50 closes.
# macd: the line of MACD(12,26,9) against its signal. both: from bar 250 on (counted from 0), by pandas and TA-Lib
#   alike. only_*: from bar 250 on, by one of them. early_*: before bar 250, where the seeds still matter.
# nearest: the smallest distance between fast and slow on any day, and the day: how far from a tie all of it is.
"""


def crossings(difference: Sequence[Any]) -> Crossings:
    """Return (bar, "up" or "down") where a difference changes its sign; None and NaN are unknown."""
    found: Crossings = []
    for i in range(1, len(difference)):
        before, now = difference[i - 1], difference[i]
        if before is None or now is None:
            continue
        if now > 0 and before <= 0:
            found.append((i, "up"))
        elif now < 0 and before >= 0:
            found.append((i, "down"))
    return found


def sma_difference(closes: list[Fraction], fast: int, slow: int) -> list[Fraction | None]:
    """Return fast average less slow average, exactly."""
    pairs = zip(averages(closes, fast), averages(closes, slow), strict=True)
    return [f - s if f is not None and s is not None else None for f, s in pairs]


def macd_pandas(closes: NDArray[np.float64]) -> list[float]:
    """Return line less signal; every average begins with its first number, at bar 0."""
    series = pd.Series(closes)
    line = series.ewm(span=12, adjust=False).mean() - series.ewm(span=26, adjust=False).mean()
    return (line - line.ewm(span=9, adjust=False).mean()).tolist()


def macd_talib(closes: NDArray[np.float64]) -> list[float]:
    """Return line less signal by TA-Lib; NaN up to bar 32."""
    line, signal, _ = talib.MACD(closes, 12, 26, 9)
    return [float(difference) for difference in line - signal]


def standing(close: Fraction, average: Fraction | None) -> str:
    """Return where a close stands against an average."""
    if average is None:
        return "unknown"
    return "above" if close > average else "below" if close < average else "equal"


def _rows(
    name: str, days: list[date], found: Crossings, more: list[str] | None = None
) -> list[str]:
    rows = [[str(days[i]), way, *([more[i]] if more else [])] for i, way in found]
    texts = ["[" + ", ".join(f'"{cell}"' for cell in row) + "]" for row in rows]
    per_line = 3
    lines = [", ".join(texts[i : i + per_line]) for i in range(0, len(texts), per_line)]
    return [f"{name} = [", *(f"  {line}," for line in lines), "]"] if rows else [f"{name} = []"]


def _series(symbol: str, prices: str) -> list[str]:
    bars = bars_of(symbol, prices)
    fifty = [standing(c, a) for c, a in zip(bars.close, averages(bars.close, 50), strict=True)]
    difference = sma_difference(bars.close, 7, 21)
    known = [(abs(d), i) for i, d in enumerate(difference) if d is not None]
    least, at = min(known)
    closes = floats(bars.close)
    by_pandas, by_talib = crossings(macd_pandas(closes)), crossings(macd_talib(closes))
    late = [[c for c in found if c[0] >= BURN_IN] for found in (by_pandas, by_talib)]
    early = [[c for c in found if c[0] < BURN_IN] for found in (by_pandas, by_talib)]
    return [
        "[[series]]",
        f'symbol = "{symbol}"',
        f'prices = "{prices}"',
        f"bars = {len(bars.days)}",
        f'first = "{bars.days[0]}"',
        f'last = "{bars.days[-1]}"',
        f'nearest = ["{rounded(least, 12)}", "{bars.days[at]}"]',
        *_rows("sma", bars.days, crossings(difference), fifty),
        *_rows("macd_both", bars.days, [c for c in late[0] if c in late[1]]),
        *_rows("macd_only_pandas", bars.days, [c for c in late[0] if c not in late[1]]),
        *_rows("macd_only_talib", bars.days, [c for c in late[1] if c not in late[0]]),
        *_rows("macd_early_pandas", bars.days, early[0]),
        *_rows("macd_early_talib", bars.days, early[1]),
    ]


def text() -> str:
    """Return what the file holds."""
    return _HEAD + "".join("\n" + "\n".join(_series(*series)) + "\n" for series in SERIES)


if __name__ == "__main__":
    (FOLDER / "crossings.toml").write_text(text(), encoding="utf-8")
