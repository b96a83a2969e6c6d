"""Values are the same bits however much history came before, and those of TA-Lib and pandas on real bars."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import talib

from liualgotrader.data.daily_history import real_daily_bars
from liualgotrader.fincalcs import atr, macd, rsi, sma
from liualgotrader.fincalcs.arrays import FloatArray
from liualgotrader.fincalcs.bounded import (
    bounded_atr,
    bounded_macd,
    bounded_rsi,
    bounded_sma,
    macd_memory,
    rsi_memory,
)

Bars = tuple[FloatArray, FloatArray, FloatArray]
_PERIODS = (7, 21, 50, 100, 200)


def _bars(symbol: str, ratio: float = 1.0) -> Bars:
    """Return high, low and close of 1,500 days, divided by a ratio of splits."""
    days = list(real_daily_bars()[symbol].values())[300:1_800]
    high, low, close = ([getattr(bar, name) for bar in days] for name in ("high", "low", "close"))
    return np.array(high) / ratio, np.array(low) / ratio, np.array(close) / ratio


def _average(period: int) -> tuple[int, Callable[[Bars, int], FloatArray]]:
    return period, lambda bars, since: bounded_sma(bars[2], period, since=since)


_FUNCTIONS: dict[str, tuple[int, Callable[[Bars, int], FloatArray]]] = {
    **{f"sma{period}": _average(period) for period in _PERIODS},
    "rsi": (rsi_memory(14), lambda b, since: bounded_rsi(b[2], since=since)),
    "atr": (rsi_memory(14), lambda b, since: bounded_atr(*b, since=since)),
    "macd": (macd_memory(26, 9), lambda b, since: bounded_macd(b[2], since=since).macd),
    "signal": (macd_memory(26, 9), lambda b, since: bounded_macd(b[2], since=since).signal),
}


@pytest.mark.parametrize("ratio", [1.0, 2.0, 7.0])
@pytest.mark.parametrize("name", _FUNCTIONS)
def test_a_night_gives_the_bits_of_the_whole(name: str, ratio: float) -> None:
    memory, function = _FUNCTIONS[name]
    bars = _bars("AAPL", ratio)
    whole = function(bars, 0)
    for end in [*range(1, 1_500, 97), 1_500]:
        for nights in (1, 3, 20):
            since = max(0, end - nights)
            tail = max(0, since - memory + 1)
            night = function(
                (bars[0][tail:end], bars[1][tail:end], bars[2][tail:end]), since - tail
            )
            assert np.array_equal(night, whole[since:end], equal_nan=True), (end, nights)


@pytest.mark.parametrize("symbol", ["AAPL", "IBM", "MSFT"])
def test_averages_are_those_of_ta_lib_and_pandas(symbol: str) -> None:
    close = _bars(symbol)[2]
    for period in _PERIODS:
        found = bounded_sma(close, period)
        np.testing.assert_allclose(found, talib.SMA(close, period), rtol=1e-11)
        rolled = pd.Series(close).rolling(period).mean().to_numpy()
        np.testing.assert_allclose(found, rolled, rtol=1e-11)
        assert np.array_equal(found, sma(close, period), equal_nan=True)


def test_the_others_are_those_of_ta_lib() -> None:
    bars = _bars("IBM")
    np.testing.assert_allclose(bounded_rsi(bars[2]), talib.RSI(bars[2], 14), rtol=1e-10)
    np.testing.assert_allclose(bounded_atr(*bars), talib.ATR(*bars, 14), rtol=1e-10)
    for ours, theirs in zip(bounded_macd(bars[2]), talib.MACD(bars[2]), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


def test_until_the_memory_is_full_they_are_the_unbounded_ones() -> None:
    high, low, close = (column[:421] for column in _bars("MSFT"))
    assert np.array_equal(bounded_rsi(close), rsi(close), equal_nan=True)
    assert np.array_equal(bounded_atr(high, low, close), atr(high, low, close), equal_nan=True)
    for ours, whole in zip(bounded_macd(close), macd(close), strict=True):
        assert np.array_equal(ours, whole, equal_nan=True)


def test_a_mean_of_quotients_is_rounded_once() -> None:
    close = _bars("AAPL", 7.0)[2]
    found = bounded_sma(close, 50)
    assert found[49] == pytest.approx(float(np.mean(close[:50])), rel=1e-15)
    # Values that are ticks among such that are none keep the exact mean of their window.
    mixed = np.concatenate([close[:60], np.full(60, 10.05)])
    assert bounded_sma(mixed, 50)[-1] == 10.05


@pytest.mark.parametrize("length", [0, 1, 6])
def test_short_series_have_no_values(length: int) -> None:
    series = np.full(length, 2.0)
    for values in (
        bounded_sma(series, 7),
        bounded_rsi(series),
        bounded_atr(series, series, series),
        *bounded_macd(series),
    ):
        assert len(values) == length
        assert np.isnan(values).all()
