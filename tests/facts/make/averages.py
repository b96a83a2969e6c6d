"""Writes moving_averages.csv: python -m tests.facts.make.averages."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import talib
from numpy.typing import NDArray

from tests.facts.make.bars import FOLDER, SERIES, averages, bars_of, floats, rounded

Floats = NDArray[np.float64]

WINDOWS = (7, 21, 50, 100, 200)
TALIB = ("rsi14", "atr14", "macd", "macd_signal", "macd_histogram")
COLUMNS = ("symbol", "prices", "day", "bar", "close", *(f"sma{n}" for n in WINDOWS), *TALIB)
_FIRSTS = (5, 6, 13, 14, 20, 32, 33, 49, 99, 198, 199)
_SPLITS = {"AAPL": ("2000-06-21", "2005-02-28"), "MSFT": ("2003-02-18",), "IBM": ()}
_SAMPLED = 40


def sampled(symbol: str, days: list[str]) -> list[int]:
    """Return 40 bars: where windows fill up, the days around splits, and others at even distances."""
    bars = set(_FIRSTS)
    for split in _SPLITS[symbol]:
        bars |= {days.index(split) + shift for shift in (-1, 0, 1)}
    others = _SAMPLED - len(bars)
    first, last = 240, len(days) - 1
    bars |= {first + (last - first) * i // (others - 1) for i in range(others)}
    return sorted(bars)


def _cell(value: float) -> str:
    return "" if value != value else f"{value:.10f}"


def indicators(high: Floats, low: Floats, close: Floats) -> list[Floats]:
    """Return what TA-Lib gives for the columns of `TALIB`, (n,) each."""
    return [talib.RSI(close, 14), talib.ATR(high, low, close, 14), *talib.MACD(close, 12, 26, 9)]


def _lines(symbol: str, prices: str) -> Iterator[str]:
    bars = bars_of(symbol, prices)
    days = [str(day) for day in bars.days]
    exact = [averages(bars.close, window) for window in WINDOWS]
    by_talib = indicators(floats(bars.high), floats(bars.low), floats(bars.close))
    for i in sampled(symbol, days):
        smas = ["" if (sma := column[i]) is None else rounded(sma, 12) for column in exact]
        rest = [_cell(float(column[i])) for column in by_talib]
        yield ",".join([symbol, prices, days[i], str(i), rounded(bars.close[i], 6), *smas, *rest])


def text() -> str:
    """Return what the file holds."""
    lines = [line for series in SERIES for line in _lines(*series)]
    return "\n".join([",".join(COLUMNS), *lines]) + "\n"


if __name__ == "__main__":
    (FOLDER / "moving_averages.csv").write_text(text(), encoding="utf-8")
