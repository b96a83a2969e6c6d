import math

import numpy as np
import numpy.typing as npt
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

from liualgotrader.fincalcs import (
    VWAP,
    AnchoredVWAP,
    DailyVWAP,
    anchored_vwap,
    daily_vwap,
    typical_price,
)

Floats = npt.NDArray[np.float64]
Row = tuple[float, float, float, float, int]

# high, low, close, volume, minutes since the last bar
ROWS = st.lists(
    st.tuples(
        st.floats(0.01, 1e6),
        st.floats(0.01, 1e6),
        st.floats(0.01, 1e6),
        st.one_of(st.just(0.0), st.floats(1e-3, 1e9)),
        st.integers(1, 5),
    ),
    max_size=50,
)


def _columns(
    rows: list[Row],
) -> tuple[tuple[Floats, Floats, Floats, Floats], npt.NDArray[np.int64]]:
    high, low, close, volume, gaps = np.array(rows, dtype=float).reshape(-1, 5).T
    return (high, low, close, volume), np.cumsum(gaps.astype(np.int64))


def test_hand_worked_vwap() -> None:
    # typical 10, 12, 9; turnover 1000, 1000 + 3600, 4600 + 900; shares 100, 400, 500
    prices = daily_vwap([11, 13, 10], [9, 11, 8], [10, 12, 9], [100, 300, 100], [1, 1, 1])
    assert prices.tolist() == [10.0, 11.5, 11.0]


def test_each_session_starts_afresh() -> None:
    prices = daily_vwap([5, 7, 100], [5, 7, 100], [5, 7, 100], [1, 1, 3], [20, 20, 21])
    assert prices.tolist() == [5.0, 6.0, 100.0]


def test_day_with_huge_turnover_leaves_no_trace_in_the_next() -> None:
    high = [1e9, 0.1, 0.2]
    prices = daily_vwap(high, high, high, [1e12, 1.0, 1.0], [1, 2, 2])
    alone = daily_vwap(high[1:], high[1:], high[1:], [1.0, 1.0], [2, 2])
    np.testing.assert_array_equal(prices[1:], alone)


def test_bars_without_trades_say_nothing_and_then_change_nothing() -> None:
    price = [5.0, 6.0, 9.0]
    prices = daily_vwap(price, price, price, [0.0, 2.0, 0.0], [1, 1, 1])
    np.testing.assert_array_equal(prices, [math.nan, 6.0, 6.0])


def test_anchor_between_two_bars_takes_the_later() -> None:
    price = [1.0, 2.0, 4.0]
    prices = anchored_vwap(price, price, price, [1, 1, 1], [10, 20, 30], 11)
    np.testing.assert_array_equal(prices, [math.nan, 2.0, 3.0])
    late = anchored_vwap(price, price, price, [1, 1, 1], [10, 20, 30], 31)
    assert np.isnan(late).all()


@settings(deadline=None)
@given(rows=ROWS, length=st.integers(1, 20))
def test_batch_gives_the_bits_of_the_incremental_daily_vwap(rows: list[Row], length: int) -> None:
    columns, times = _columns(rows)
    sessions = times // length
    running = DailyVWAP()
    stepwise = [
        running.update(*row[:4], int(session)) for row, session in zip(rows, sessions, strict=True)
    ]
    np.testing.assert_array_equal(daily_vwap(*columns, sessions), stepwise)


@settings(deadline=None)
@given(rows=ROWS, anchor=st.integers(0, 100))
def test_batch_gives_the_bits_of_the_incremental_anchored_vwap(
    rows: list[Row], anchor: int
) -> None:
    columns, times = _columns(rows)
    running = AnchoredVWAP(anchor)
    stepwise = [running.update(*row[:4], int(time)) for row, time in zip(rows, times, strict=True)]
    np.testing.assert_array_equal(anchored_vwap(*columns, times, anchor), stepwise)


@settings(deadline=None)
@given(rows=ROWS)
def test_price_lies_within_the_typical_prices(rows: list[Row]) -> None:
    running = VWAP()
    typical = [sum(row[:3]) / 3 for row in rows if row[3]]
    for row in rows:
        running.update(*row[:4])
    assert running.ready is bool(typical)
    if typical:
        assert min(typical) * (1 - 1e-9) <= running.value <= max(typical) * (1 + 1e-9)


def test_typical_price_equals_talib(aapl: dict[str, Floats]) -> None:
    bars = [aapl[name] for name in ("high", "low", "close")]
    np.testing.assert_allclose(typical_price(*bars), talib.TYPPRICE(*bars), rtol=1e-15)


def test_reset_forgets() -> None:
    running = VWAP()
    running.update(9.0, 9.0, 9.0, 5.0)
    running.reset()
    assert math.isnan(running.value)
    assert running.update(4.0, 4.0, 4.0, 1.0) == 4.0


def test_times_that_are_floats_or_go_backwards_are_refused() -> None:
    price = [1.0, 2.0]
    with pytest.raises(ValueError, match="integer nanoseconds"):
        anchored_vwap(price, price, price, price, [1.0, 2.0], 0)
    with pytest.raises(ValueError, match="ascending"):
        anchored_vwap(price, price, price, price, [2, 1], 0)


def test_session_ids_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="session ids"):
        daily_vwap([1.0], [1.0], [1.0], [1.0], [1, 2])


def test_empty_history_gives_an_empty_answer() -> None:
    assert daily_vwap([], [], [], [], []).shape == (0,)
