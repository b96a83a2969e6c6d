import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction

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


def exact_mean(window: Sequence[float]) -> Fraction:
    """Return the mean of the decimals that the floats stand for."""
    return sum((Fraction(Decimal(repr(value))) for value in window), Fraction()) / len(window)


@st.composite
def tick_prices(draw: st.DrawFn, *, size: int = 45) -> list[float]:
    """Prices around a level, a few ticks apart, so that averages tie now and then."""
    places = draw(st.integers(0, 9))
    level = draw(st.integers(1, 10 ** min(9 + places, 12)))
    offsets = draw(st.lists(st.integers(0, draw(st.integers(0, 9))), min_size=1, max_size=size))
    return [float(Decimal(level + offset).scaleb(-places)) for offset in offsets]


@settings(deadline=None)
@given(prices=tick_prices(), fast=st.integers(1, 10), slow=st.integers(1, 30))
def test_averages_compare_as_the_exact_ones_do(prices: list[float], fast: int, slow: int) -> None:
    averages = SMA(fast), SMA(slow)
    batches = sma(prices, fast), sma(prices, slow)
    for end, price in enumerate(prices, 1):
        left, right = (average.update(price) for average in averages)
        if end < max(fast, slow):
            continue
        exact = exact_mean(prices[end - fast : end]) - exact_mean(prices[end - slow : end])
        sign = (exact > 0) - (exact < 0)
        assert (left > right) - (left < right) == sign
        left, right = (float(batch[end - 1]) for batch in batches)
        assert (left > right) - (left < right) == sign


@settings(deadline=None)
@given(prices=tick_prices(), period=PERIODS)
def test_average_is_the_exact_mean_rounded_once(prices: list[float], period: int) -> None:
    expected = [
        float(exact_mean(prices[end - period : end])) for end in range(period, len(prices) + 1)
    ]
    assert sma(prices, period)[period - 1 :].tolist() == expected


def test_a_tie_of_ten_and_thirty_prices_is_a_tie() -> None:
    """Ten prices of 10.0001, twenty of which ten are a tick lower and ten a tick higher."""
    prices = [10.0, 10.0002] * 10 + [10.0001] * 10
    fast, slow = SMA(10), SMA(30)
    for price in prices:
        fast.update(price)
        slow.update(price)
    assert fast.value == slow.value == sma(prices, 10)[-1] == sma(prices, 30)[-1] == 10.0001
    assert sum(prices) / 30 != sum(prices[-10:]) / 10, "which sums of floats do not find"


ODD = st.one_of(
    st.sampled_from([0.1 + 0.2, 1 / 3, -0.0, 1e-10, 1e-300, 2.0**21, 2.0**53, 1e17, 1e300]),
    st.floats(-1e12, 1e12),
)
TICKS = st.integers(-(10**11), 10**11).map(lambda count: count / 10_000)
LARGE = st.integers(-(10**16), 10**16).map(lambda count: float(Decimal(count).scaleb(-4)))


@settings(deadline=None)
@given(
    values=st.lists(st.one_of(TICKS, LARGE), max_size=40),
    more=st.lists(st.one_of(TICKS, ODD), max_size=40),
    period=PERIODS,
)
def test_batch_gives_the_same_bits_where_a_series_ceases_to_be_of_ticks(
    values: list[float], more: list[float], period: int
) -> None:
    average = SMA(period)
    stepwise = [average.update(value) for value in values + more]
    np.testing.assert_array_equal(sma(values + more, period), stepwise)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_forgotten_once_it_has_left_the_window(value: float) -> None:
    series = [10.01, 10.02, value, 10.03, 10.04, 10.05, 10.06]
    average = SMA(3)
    stepwise = [average.update(each) for each in series]
    assert not any(math.isfinite(each) for each in stepwise[2:5])
    assert stepwise[5:] == pytest.approx([10.04, 10.05], rel=1e-15)
    np.testing.assert_array_equal(sma(series, 3), stepwise)


@pytest.mark.parametrize("period", [10, 200])
def test_averages_of_volumes_are_exact(period: int, aapl: dict[str, Floats]) -> None:
    volume = aapl["volume"]
    average = SMA(period)
    stepwise = [average.update(value) for value in volume.tolist()]
    np.testing.assert_array_equal(sma(volume, period), stepwise)
    whole = [int(value) for value in volume]
    assert stepwise[-1] == sum(whole[-period:]) / period


def test_averages_of_cents_near_the_largest_prices_are_exact() -> None:
    prices = [8_999_999_999.99, 8_999_999_999.97] * 20
    assert sma(prices, 30)[-1] == last_sma(prices, 30) == 8_999_999_999.98
    million = [1_234_567.89, 1_234_567.87] * 200
    assert sma(million, 300)[-1] == last_sma(million, 300) == 1_234_567.88


def last_sma(values: list[float], period: int) -> float:
    average = SMA(period)
    return [average.update(value) for value in values][-1]


def test_whole_numbers_of_python_and_numpy_are_values_too() -> None:
    assert last_sma([1, 2, 4, 3_000_000], 2) == 1_500_002
    assert last_sma([np.float64(0.1), np.float64(0.2)], 2) == last_sma([0.1, 0.2], 2) == 0.15


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
