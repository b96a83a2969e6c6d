import math

import numpy as np
import numpy.typing as npt
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

from liualgotrader.fincalcs import ATR, RSI, atr, rsi, true_range

Floats = npt.NDArray[np.float64]

SERIES = st.lists(st.floats(-1e6, 1e6), max_size=60)
PERIODS = st.integers(1, 13)
BARS = st.lists(
    st.tuples(st.floats(1, 1e6), st.floats(0, 1e3), st.floats(0, 1)).map(
        lambda bar: (bar[0] + bar[1], bar[0], bar[0] + bar[1] * bar[2])
    ),
    max_size=60,
)


@settings(deadline=None)
@given(values=SERIES, period=PERIODS)
def test_batch_gives_the_bits_of_the_incremental_rsi(values: list[float], period: int) -> None:
    index = RSI(period)
    stepwise = [index.update(value) for value in values]
    np.testing.assert_array_equal(rsi(values, period), stepwise)


@settings(deadline=None)
@given(bars=BARS, period=PERIODS)
def test_batch_gives_the_bits_of_the_incremental_atr(
    bars: list[tuple[float, float, float]], period: int
) -> None:
    average = ATR(period)
    stepwise = [average.update(*bar) for bar in bars]
    high, low, close = np.array(bars).reshape(-1, 3).T
    np.testing.assert_array_equal(atr(high, low, close, period=period), stepwise)


@settings(deadline=None)
@given(values=SERIES, period=PERIODS)
def test_rsi_stays_between_0_and_100(values: list[float], period: int) -> None:
    index = rsi(values, period)[period:]
    assert ((index >= 0.0) & (index <= 100.0)).all()


@pytest.mark.parametrize("period", [2, 14, 100])
def test_rsi_equals_talib_from_its_first_value(
    period: int, walk: Floats, aapl: dict[str, Floats]
) -> None:
    for series in (walk, aapl["close"]):
        np.testing.assert_allclose(rsi(series, period), talib.RSI(series, period), rtol=1e-12)


@pytest.mark.parametrize("period", [1, 2, 14, 100])
def test_ranges_of_daily_bars_equal_talib(period: int, aapl: dict[str, Floats]) -> None:
    high, low, close = aapl["high"], aapl["low"], aapl["close"]
    np.testing.assert_array_equal(true_range(high, low, close), talib.TRANGE(high, low, close))
    ours = atr(high, low, close, period=period)
    np.testing.assert_allclose(ours, talib.ATR(high, low, close, period), rtol=1e-12)


def test_hand_worked_rsi() -> None:
    # changes +2 -1 | +3: gain (2 + 0) / 2 = 1, loss 0.5; then gain (1 + 3) / 2 = 2, loss 0.25
    np.testing.assert_allclose(rsi([10, 12, 11, 14], 2)[2:], [100 / 1.5, 200 / 2.25])


def test_hand_worked_true_range_counts_the_gap() -> None:
    assert true_range([5, 9, 9, 4], [4, 8, 7, 3], [4.5, 8.5, 8, 3.5])[1:].tolist() == [4.5, 2, 5]


def test_price_that_never_moves_is_neither_strong_nor_weak() -> None:
    index = RSI(3)
    assert [index.update(7.0) for _ in range(6)][3:] == [50.0] * 3
    assert rsi([7.0] * 6, 3)[3:].tolist() == [50.0] * 3


def test_only_gains_give_100_and_only_losses_0() -> None:
    assert rsi(np.arange(10.0), 3)[-1] == 100.0
    assert rsi(-np.arange(10.0), 3)[-1] == 0.0


def test_both_are_ready_one_bar_after_the_period() -> None:
    index, average = RSI(3), ATR(3)
    ready = []
    for value in (1.0, 2.0, 3.0, 4.0):
        silent = math.isnan(index.update(value)) and math.isnan(average.update(value, value, value))
        ready.append((silent, index.ready))
    assert ready == [(True, False)] * 3 + [(False, True)]


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        atr([1.0, 2.0], [1.0], [1.0])
