"""What is known of a symbol, minute by minute."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest

from liualgotrader.common.clock import MINUTE
from liualgotrader.common.events import Bar
from liualgotrader.fincalcs import get_local_minima, macd, rsi
from liualgotrader.strategies.readings import Readings

OPEN = 1_000 * MINUTE


def bar(minute: int, low: float, high: float, close: float | None = None) -> Bar:
    """Return a minute, counted from the open."""
    start = OPEN + minute * MINUTE
    return Bar("AAA", start, low, high, low, high if close is None else close, 100)


def fresh() -> Readings:
    """Return readings before any bar."""
    return Readings(OPEN, range_minutes=15, rsi_period=14)


def test_the_opening_range_ends_after_fifteen_minutes() -> None:
    readings = fresh()
    for minute in range(14):
        readings.learn(bar(minute, 10, 11))
    complete = [readings.range_is_complete]
    for later in (bar(14, 9, 12), bar(15, 5, 20)):
        readings.learn(later)
        complete.append(readings.range_is_complete)
    assert complete == [False, True, True]
    assert (readings.opening_low, readings.opening_high) == (9, 12)
    assert (readings.low, readings.high) == (5, 20)


def test_bars_before_the_open_make_no_range() -> None:
    readings = fresh()
    readings.learn(bar(-1, 1, 100))
    readings.learn(bar(15, 10, 11))
    assert readings.range_is_complete
    assert not readings.has_opening_range


def test_a_late_bar_is_left_alone() -> None:
    readings = fresh()
    assert readings.learn(bar(3, 10, 11))
    assert not readings.learn(bar(2, 1, 99))
    assert not readings.learn(bar(3, 1, 99))
    assert (readings.low, readings.high) == (10, 11)


@pytest.mark.parametrize(
    ("lows", "support"),
    [
        ([10, 9, 11], 9),
        ([10, 9, 9, 11], 9),
        ([9, 10, 11], None),
        ([10, 9, 8], None),
        ([10, 9, 11, 10, 12], 10),
        ([9, 9, 11], None),
    ],
    ids=["turn", "plateau", "rising", "falling", "the newest counts", "first bucket"],
)
def test_support_is_the_last_low_from_which_prices_turned(
    lows: list[float], support: float | None
) -> None:
    readings = fresh()
    for bucket, low in enumerate(lows):
        for minute in range(5):
            readings.learn(bar(bucket * 5 + minute, low, 50))
    assert isnan(readings.support) if support is None else readings.support == support


def test_resistance_is_the_last_high_from_which_prices_turned() -> None:
    readings = fresh()
    for bucket, high in enumerate([20, 22, 21]):
        for minute in range(5):
            readings.learn(bar(bucket * 5 + minute, 1, high))
    assert readings.resistance == 22


def test_figures_are_those_of_fincalcs() -> None:
    random = np.random.default_rng(7)
    closes = 100 + np.cumsum(random.normal(0, 0.2, 120))
    lows = closes - random.random(120)
    readings = fresh()
    for minute, (low, close) in enumerate(zip(lows, closes, strict=True)):
        readings.learn(bar(minute, float(low), float(close)))
    starts = OPEN + np.arange(120) * MINUTE
    now = int(starts[-1]) + MINUTE
    _, minima = get_local_minima(starts, lows, now=now, session_start=OPEN)
    assert readings.macd.value == macd(closes).macd[-1]
    assert readings.macd_before == macd(closes).macd[-2]
    assert readings.rsi.value == rsi(closes, 14)[-1]
    assert readings.support == minima[-1]
