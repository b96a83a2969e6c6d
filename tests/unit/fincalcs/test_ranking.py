"""Momentum and sizes against numpy and TA-Lib on real bars, and what they must not depend on."""

from __future__ import annotations

import math

import numpy as np
import pytest
import talib

from liualgotrader.data.daily_history import real_daily_bars
from liualgotrader.fincalcs import average_range, momentum, shares_at_risk


@pytest.fixture(scope="module")
def bars() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return high, low and close of IBM, 3,000 days."""
    days = list(real_daily_bars()["IBM"].values())[:3_000]
    high, low, close = ([getattr(bar, name) for bar in days] for name in ("high", "low", "close"))
    return np.array(high), np.array(low), np.array(close)


@pytest.mark.parametrize("end", [200, 1_111, 3_000])
@pytest.mark.parametrize("days", [20, 90])
def test_the_line_is_that_of_numpy(
    bars: tuple[np.ndarray, np.ndarray, np.ndarray], end: int, days: int
) -> None:
    close = bars[2][:end]
    found = momentum(close, days=days)
    logs = np.log(close[-days:])
    slope = float(np.polynomial.Polynomial.fit(np.arange(days), logs, 1).convert().coef[1])
    r_squared = float(np.corrcoef(np.arange(days), logs)[0, 1] ** 2)
    assert found is not None
    assert found.slope == pytest.approx(slope, rel=1e-9)
    assert found.r_squared == pytest.approx(r_squared, rel=1e-9)
    assert found.annual == pytest.approx(math.expm1(slope * 250), rel=1e-9)
    assert found.score == found.annual * found.r_squared


def test_an_exponential_fits_itself() -> None:
    found = momentum(100 * 1.001 ** np.arange(90))
    assert found is not None
    assert found.slope == pytest.approx(math.log(1.001))
    assert found.r_squared == pytest.approx(1)
    assert found.annual == pytest.approx(1.001**250 - 1)


def test_a_price_that_never_moved_has_no_momentum() -> None:
    assert momentum([19.87] * 90) == (0.0, 0.0, 0.0, 0.0)


def test_older_bars_change_nothing(bars: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    high, low, close = bars
    assert momentum(close) == momentum(close[-90:])
    whole = average_range(high, low, close)
    assert whole == average_range(high[-600:], low[-600:], close[-600:])


def test_too_few_bars_are_none() -> None:
    assert momentum(np.arange(1.0, 90.0)) is None
    assert average_range(np.full(20, 2.0), np.full(20, 1.0), np.full(20, 1.5)) is None


def test_a_price_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        momentum([0.0] * 90)


def test_the_range_is_that_of_ta_lib(bars: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    high, low, close = bars
    for end in (21, 300, 2_000):
        expected = float(talib.ATR(high[:end], low[:end], close[:end], 20)[-1])
        assert average_range(high[:end], low[:end], close[:end]) == pytest.approx(
            expected, rel=1e-12
        )


@pytest.mark.parametrize(
    ("average", "shares"), [(2.106, 47), (1.375, 72), (100.0, 1), (100.5, 0), (0.0, 0), (5e-324, 0)]
)
def test_sizes(average: float, shares: int) -> None:
    assert shares_at_risk(100_000, 0.001, average) == shares
