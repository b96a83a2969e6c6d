"""moving_averages.csv against other arithmetic: TA-Lib for exact means, sums of floats for TA-Lib."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import numpy as np
import pytest
import talib
from numpy.typing import NDArray

from tests.facts.make import averages as script
from tests.facts.make.bars import FOLDER, SERIES, bars_of, floats

Floats = NDArray[np.float64]


def _rows(symbol: str, prices: str) -> Iterator[dict[str, str]]:
    with (FOLDER / "moving_averages.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if (row["symbol"], row["prices"]) == (symbol, prices):
                yield row


def _same(symbol: str, prices: str, column: str, numbers: Floats, tolerance: float) -> int:
    """Compare a column with numbers by bar, and return how many there are."""
    given = 0
    for row in _rows(symbol, prices):
        number = float(numbers[int(row["bar"])])
        if np.isnan(number):
            assert row[column] == ""
        else:
            assert float(row[column]) == pytest.approx(number, abs=tolerance), row["day"]
            given += 1
    return given


def _after(first: int, seed: float, numbers: Floats, share: float) -> Floats:
    """Return an exponential average which is `seed` on bar `first`; NaN before."""
    found = np.full(len(numbers), np.nan)
    found[first] = seed
    for i in range(first + 1, len(numbers)):
        found[i] = found[i - 1] + (numbers[i] - found[i - 1]) * share
    return found


def _rsi(close: Floats, n: int) -> Floats:
    move = np.diff(close, prepend=close[0])
    gains, losses = np.maximum(move, 0), np.maximum(-move, 0)
    up, down = (_after(n, side[1 : n + 1].mean(), side, 1 / n) for side in (gains, losses))
    return 100 * up / (up + down)


def _atr(high: Floats, low: Floats, close: Floats, n: int) -> Floats:
    before = np.roll(close, 1)
    ranges = np.maximum(high, before) - np.minimum(low, before)
    return _after(n, ranges[1 : n + 1].mean(), ranges, 1 / n)


def _macd(close: Floats) -> tuple[Floats, Floats]:
    fast = _after(25, close[14:26].mean(), close, 2 / 13)
    line = fast - _after(25, close[:26].mean(), close, 2 / 27)
    signal = _after(33, line[25:34].mean(), line, 2 / 10)
    line[:33] = np.nan
    return line, signal


@pytest.mark.parametrize(("symbol", "prices"), SERIES)
def test_means_by_talib(symbol: str, prices: str) -> None:
    closes = floats(bars_of(symbol, prices).close)
    assert _same(symbol, prices, "close", closes, 1e-9) == 40
    for window in script.WINDOWS:
        # TA-Lib adds and takes away along thousands of bars: its own rounding is what is allowed for.
        assert _same(symbol, prices, f"sma{window}", talib.SMA(closes, window), 1e-9) > 25


@pytest.mark.parametrize(("symbol", "prices"), SERIES)
def test_indicators_by_their_recursions(symbol: str, prices: str) -> None:
    bars = bars_of(symbol, prices)
    high, low, close = floats(bars.high), floats(bars.low), floats(bars.close)
    line, signal = _macd(close)
    columns = (_rsi(close, 14), _atr(high, low, close, 14), line, signal, line - signal)
    for name, numbers in zip(script.TALIB, columns, strict=True):
        assert _same(symbol, prices, name, numbers, 2e-9) > 30


def test_the_script_makes_the_file() -> None:
    """Not to the letter: the last digits of TA-Lib's numbers are the machine's."""
    made = list(csv.reader(script.text().splitlines()))
    kept = list(
        csv.reader((FOLDER / "moving_averages.csv").read_text(encoding="utf-8").splitlines())
    )
    exact = script.COLUMNS.index("rsi14")
    assert [row[:exact] for row in made] == [row[:exact] for row in kept]
    assert made[0] == kept[0]
    for ours, theirs in zip(made[1:], kept[1:], strict=True):
        numbers = [float(cell or "nan") for cell in ours[exact:]]
        assert numbers == pytest.approx(
            [float(cell or "nan") for cell in theirs[exact:]], abs=2e-9, nan_ok=True
        )
