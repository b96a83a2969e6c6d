"""crossings.toml and ties.toml against other arithmetic: pandas, TA-Lib, decimals of 50 digits."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
import talib
from numpy.typing import NDArray

from tests.facts.make import crossings as script
from tests.facts.make.bars import FOLDER, Bars, bars_of, floats

Case = dict[str, Any]

_SERIES: list[Case] = tomllib.loads((FOLDER / "crossings.toml").read_text())["series"]
_TIES: list[Case] = tomllib.loads((FOLDER / "ties.toml").read_text())["case"]
_NAMES = [f"{case['symbol']}-{case['prices']}" for case in _SERIES]

each_series = pytest.mark.parametrize("case", _SERIES, ids=_NAMES)


def _bars(case: Case) -> Bars:
    return bars_of(case["symbol"], case["prices"])


def _found(
    days: Sequence[Any], fast: NDArray[np.float64], slow: NDArray[np.float64]
) -> list[list[str]]:
    """Return [day, up or down], by comparisons of whole columns."""
    f, s = pd.Series(fast), pd.Series(slow)
    up, down = (f > s) & (f.shift() <= s.shift()), (f < s) & (f.shift() >= s.shift())
    return [[str(days[i]), "up" if up[i] else "down"] for i in np.flatnonzero(up | down).tolist()]


@each_series
def test_sma_crossings_by_pandas_and_talib(case: Case) -> None:
    bars = _bars(case)
    closes = floats(bars.close)
    rolling = pd.Series(closes).rolling
    expected = [row[:2] for row in case["sma"]]
    by_pandas = _found(bars.days, *(rolling(n).mean().to_numpy() for n in (7, 21)))
    assert by_pandas == expected
    assert _found(bars.days, talib.SMA(closes, 7), talib.SMA(closes, 21)) == expected
    # Directions take turns where nothing is tied.
    assert all(a[1] != b[1] for a, b in pairwise(expected))


@each_series
def test_where_the_close_stands_by_talib(case: Case) -> None:
    bars = _bars(case)
    closes = floats(bars.close)
    fifty = dict(zip(map(str, bars.days), closes - talib.SMA(closes, 50), strict=True))
    words = {1.0: "above", -1.0: "below", 0.0: "equal"}
    for day, _, standing in case["sma"]:
        assert words.get(float(np.sign(fifty[day])), "unknown") == standing, day


def _ema(numbers: Sequence[Decimal], span: int) -> list[Decimal]:
    """Return the exponential average that begins with the first number."""
    found = [numbers[0]]
    for number in numbers[1:]:
        found.append(found[-1] + (number - found[-1]) * 2 / (span + 1))
    return found


def _seeded(numbers: Sequence[Decimal], span: int) -> list[Decimal]:
    """Return it begun with the mean of the first `span` numbers; shorter by `span` - 1."""
    return _ema([sum(numbers[:span], Decimal(0)) / span, *numbers[span:]], span)


def _macd_from_the_first(closes: list[Decimal]) -> list[Decimal]:
    line = [f - s for f, s in zip(_ema(closes, 12), _ema(closes, 26), strict=True)]
    return [m - s for m, s in zip(line, _ema(line, 9), strict=True)]


def _macd_from_means(closes: list[Decimal]) -> list[Decimal | None]:
    # Both averages begin on bar 25, so that the fast one does not know bars 0 to 13.
    line = [f - s for f, s in zip(_seeded(closes[14:], 12), _seeded(closes, 26), strict=True)]
    signal = _seeded(line, 9)
    return [None] * 33 + [m - s for m, s in zip(line[8:], signal, strict=True)]


@each_series
def test_macd_crossings_by_decimals(case: Case) -> None:
    bars = _bars(case)
    with localcontext(prec=50):
        closes = [Decimal(c.numerator) / c.denominator for c in bars.close]
        first, means = _macd_from_the_first(closes), _macd_from_means(closes)
    for difference, name in ((first, "pandas"), (means, "talib")):
        rows = [[str(bars.days[i]), way] for i, way in script.crossings(difference)]
        assert rows == sorted(
            case[f"macd_early_{name}"] + case["macd_both"] + case[f"macd_only_{name}"]
        )


@each_series
def test_macd_seeds_are_forgotten_after_the_burn_in(case: Case) -> None:
    closes = floats(_bars(case).close)
    apart = np.array(script.macd_pandas(closes)) - np.array(script.macd_talib(closes))
    assert case["macd_only_pandas"] == case["macd_only_talib"] == []
    assert np.abs(apart[script.BURN_IN :]).max() < 1e-6 < np.abs(apart[33:60]).max()
    assert min(row[0] for row in case["macd_both"]) >= str(_bars(case).days[script.BURN_IN])


@pytest.mark.parametrize("case", _TIES, ids=lambda case: case["name"])
def test_ties(case: Case) -> None:
    closes = [Fraction(text) for text in case["closes"]]
    exact = [list(row) for row in script.crossings(script.sma_difference(closes, 2, 3))]
    assert exact == case["crossings"]
    numbers = [float(text) for text in case["closes"]]
    plain: list[float | None] = [None, None]
    for i in range(2, len(numbers)):
        plain.append(sum(numbers[i - 1 : i + 1]) / 2 - sum(numbers[i - 2 : i + 1]) / 3)
    assert [list(row) for row in script.crossings(plain)] == case.get("naive", case["crossings"])


def test_the_script_makes_the_file() -> None:
    assert script.text() == (FOLDER / "crossings.toml").read_text(encoding="utf-8")
