import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

from liualgotrader.fincalcs import EMA, MACD, SMA, WMA, ema, macd, sma, wma

Floats = npt.NDArray[np.float64]
Batch = Callable[[npt.ArrayLike, int], Floats]

SERIES = st.lists(st.floats(-1e6, 1e6), max_size=60)
PERIODS = st.integers(1, 13)
PAIRS: list[tuple[type[SMA | EMA | WMA], Batch]] = [(SMA, sma), (EMA, ema), (WMA, wma)]
ORACLES: list[tuple[Batch, Callable[..., Floats]]] = [
    (sma, talib.SMA),
    (ema, talib.EMA),
    (wma, talib.WMA),
]


@pytest.mark.parametrize(("indicator", "batch"), PAIRS)
@settings(deadline=None)
@given(values=SERIES, period=PERIODS)
def test_batch_gives_the_bits_of_the_incremental_average(
    indicator: type[SMA | EMA | WMA], batch: Batch, values: list[float], period: int
) -> None:
    average = indicator(period)
    stepwise = [average.update(value) for value in values]
    np.testing.assert_array_equal(batch(values, period), stepwise)


@settings(deadline=None)
@given(
    values=SERIES,
    fast=st.integers(1, 5),
    more=st.integers(1, 6),
    signal=st.integers(1, 6),
)
def test_batch_gives_the_bits_of_the_incremental_macd(
    values: list[float], fast: int, more: int, signal: int
) -> None:
    line = MACD(fast=fast, slow=fast + more, signal=signal)
    steps = [(line.update(value), line.signal, line.histogram) for value in values]
    batch = macd(values, fast=fast, slow=fast + more, signal=signal)
    np.testing.assert_array_equal(np.column_stack(batch), np.array(steps).reshape(-1, 3))


@pytest.mark.parametrize(("batch", "oracle"), ORACLES)
@pytest.mark.parametrize("period", [2, 3, 14, 20, 200])
def test_averages_of_random_walks_equal_talib(
    batch: Batch, oracle: Callable[..., Floats], period: int, walk: Floats
) -> None:
    np.testing.assert_allclose(batch(walk, period), oracle(walk, period), rtol=1e-12)


@pytest.mark.parametrize(("batch", "oracle"), ORACLES)
@pytest.mark.parametrize("period", [2, 20, 200])
def test_averages_of_daily_bars_equal_talib(
    batch: Batch, oracle: Callable[..., Floats], period: int, aapl: dict[str, Floats]
) -> None:
    close = aapl["close"]
    np.testing.assert_allclose(batch(close, period), oracle(close, period), rtol=1e-12)


@pytest.mark.parametrize(("fast", "slow", "signal"), [(12, 26, 9), (3, 10, 16), (5, 6, 1)])
def test_macd_equals_talib_from_its_first_value(
    fast: int, slow: int, signal: int, walk: Floats, aapl: dict[str, Floats]
) -> None:
    for series in (walk, aapl["close"]):
        ours = macd(series, fast=fast, slow=slow, signal=signal)
        theirs = talib.MACD(series, fast, slow, signal)
        np.testing.assert_allclose(np.column_stack(ours), np.column_stack(theirs), atol=1e-9)


def test_macd_is_ready_when_its_signal_is() -> None:
    line = MACD(fast=2, slow=4, signal=3)
    ready = [(math.isnan(line.update(float(i * i))), line.ready) for i in range(7)]
    assert ready == [(True, False)] * 5 + [(False, True)] * 2


def test_hand_worked_averages() -> None:
    assert sma([1, 2, 3, 6], 2)[1:].tolist() == [1.5, 2.5, 4.5]
    assert ema([1, 2, 6, 4], 3)[2:].tolist() == [3.0, 3.5]
    assert wma([1, 2, 6, 4], 3)[2:].tolist() == [(1 + 4 + 18) / 6, (2 + 12 + 12) / 6]


@pytest.mark.parametrize(("indicator", "_batch"), PAIRS)
def test_nothing_is_said_before_the_window_is_full(
    indicator: type[SMA | EMA | WMA], _batch: Batch
) -> None:
    average = indicator(3)
    assert [math.isnan(average.update(5.0)) for _ in range(4)] == [True, True, False, False]
    assert average.ready
    assert average.value == 5.0


@pytest.mark.parametrize("indicator", [SMA, WMA])
def test_a_spike_is_forgotten_once_it_has_left_the_window(indicator: type[SMA | WMA]) -> None:
    clean, spiked = indicator(5), indicator(5)
    for average, first in ((clean, 1.0), (spiked, 1e17)):
        for value in [first, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]:
            average.update(value)
    assert spiked.value == clean.value


def test_simple_average_of_a_million_values_has_not_drifted() -> None:
    values = np.random.default_rng(7).normal(100.0, 30.0, 1_000_000)
    last = sma(values, 20)[-1]
    assert last == pytest.approx(math.fsum(values[-20:]) / 20, rel=1e-15)


def test_series_shorter_than_the_window_gives_only_nan() -> None:
    for batch in (sma, ema, wma):
        assert batch([], 3).shape == (0,)
        assert np.isnan(batch([1.0, 2.0], 3)).all()
    assert np.isnan(macd([1.0] * 25).macd).all()


def test_input_array_is_left_as_it_was() -> None:
    values = np.arange(10.0)
    for batch in (sma, ema, wma):
        batch(values, 3)
    macd(values, fast=2, slow=3, signal=2)
    np.testing.assert_array_equal(values, np.arange(10.0))


@pytest.mark.parametrize("make", [SMA, EMA, WMA, lambda n: sma([1.0], n), lambda n: ema([1.0], n)])
def test_period_below_one_is_refused(make: Callable[[int], object]) -> None:
    with pytest.raises(ValueError, match="period must be at least 1"):
        make(0)


def test_macd_whose_fast_average_is_not_faster_is_refused() -> None:
    with pytest.raises(ValueError, match="must be shorter"):
        MACD(fast=26, slow=26)


def test_table_instead_of_a_series_is_refused() -> None:
    with pytest.raises(ValueError, match="one-dimensional"):
        sma([[1.0, 2.0]], 1)
