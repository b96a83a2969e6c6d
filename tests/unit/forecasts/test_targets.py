"""What came of a day, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from liualgotrader.common.bar_table import BarTable
from liualgotrader.forecasts.base import MarketDay
from liualgotrader.forecasts.dip_10 import Dip10
from liualgotrader.forecasts.momentum import Momentum
from liualgotrader.forecasts.profitability import Profitability
from liualgotrader.forecasts.rally import Rally
from liualgotrader.forecasts.sampled import Missing
from liualgotrader.forecasts.session_minutes import MINUTE, falls, gap, strongest_rise
from liualgotrader.forecasts.volatility import Volatility
from tests.generated_days import market

OPEN = 1_704_205_800_000_000_000


def bars(closes: list[float], places: list[int] | None = None, wick: float = 0.0) -> BarTable:
    """Return minutes whose lows are `wick` below their closes, and whose highs are their closes."""
    close = np.array(closes)
    start = OPEN + MINUTE * np.array(places if places is not None else range(len(close)))
    return BarTable("A", start, close, close, close - wick, close, np.ones(len(close)))


def day(table: BarTable, length: int) -> MarketDay:
    generated = market(["A"], 1)[0]
    return MarketDay(
        generated.day, OPEN, OPEN + length * MINUTE, {"A": table}, generated.days, {"A": 0.02}
    )


def test_falls_are_from_a_close_to_the_lowest_low_of_the_minutes_after_it() -> None:
    table = bars([100.0, 90.0, 120.0, 110.0, 60.0], wick=1.0)
    found = falls(table, day(table, 5), 2)
    # 89 after 100; 109 after 90; 59 after 120. What is bought later has no two minutes left.
    assert found == pytest.approx([89 / 100 - 1, 109 / 90 - 1, 59 / 120 - 1])


def test_a_minute_without_a_trade_is_neither_bought_nor_low() -> None:
    table = bars([100.0, 120.0, 60.0], places=[0, 3, 4])
    # Nothing is known of minutes 1 and 2; of 0 the window 1 to 2 is empty.
    assert falls(table, day(table, 5), 2).tolist() == []
    assert falls(table, day(table, 5), 3) == pytest.approx([0.2])


def test_a_session_shorter_than_the_window_has_no_falls() -> None:
    table = bars([100.0, 90.0])
    assert len(falls(table, day(table, 2), 2)) == 0


def test_a_dip_is_the_median_of_falls() -> None:
    table = bars([100.0, 99.0] * 60)
    # From 100 the lowest is 99, from 99 it is 99 two minutes later: half and half.
    assert Dip10().target("A", day(table, 120)) == pytest.approx(-0.005)


def test_a_gap_of_half_an_hour_is_borne() -> None:
    closes = [100.0] * 90
    assert gap(bars(closes, [*range(30), *range(60, 120)]), day(bars(closes), 120)) == ""
    table = bars(closes, [*range(29), *range(59, 120)][:90])
    assert gap(table, day(table, 120)) == ""
    table = bars(closes[:89], [*range(29), *range(60, 120)])
    assert gap(table, day(table, 120)) == "no trades from minute 29 to 60 of the session"


@pytest.mark.parametrize(
    ("places", "words"),
    [
        (range(40, 120), "no trades from minute 0 to 40 of the session"),
        (range(80), "no trades from minute 80 to 120 of the session"),
        (range(0), "no trades in the session"),
    ],
)
def test_a_gap_may_be_at_an_end(places: range, words: str) -> None:
    table = bars([100.0] * len(places), list(places))
    assert gap(table, day(table, 120)) == words
    assert Dip10().target("A", day(table, 120)) == Missing(words)


def test_a_rise_is_from_an_earlier_low() -> None:
    # 100 to 130 is more than 90 to 110; within a bar nobody knows which came first.
    assert strongest_rise(bars([100.0, 130.0, 90.0, 110.0])) == pytest.approx(0.3)
    assert strongest_rise(bars([100.0, 99.0, 98.0])) == pytest.approx(-0.01)
    assert strongest_rise(bars([100.0])) == 0


def test_a_rally_counts_after_the_first_minutes_only() -> None:
    early = bars([100.0, 104.0] + [104.0] * 118)
    late = bars([100.0] * 60 + [103.0] * 60)
    assert Rally().target("A", day(early, 120)) == 0
    assert Rally().target("A", day(late, 120)) == 1


def test_momentum_is_from_the_open_to_the_close_of_minute_45() -> None:
    table = bars([100.0] * 44 + [102.0] + [50.0] * 75)
    assert Momentum().target("A", day(table, 120)) == pytest.approx(0.02)


def test_volatility_is_the_day_bars_range_to_its_open() -> None:
    generated = market(["A"], 3)[-1]
    last = generated.days["A"]
    expected = (last.high[-1] - last.low[-1]) / last.open[-1]
    assert Volatility().target("A", generated) == expected


def test_profitability_is_what_the_runs_gained() -> None:
    table = bars([100.0] * 120)
    assert Profitability().target("A", day(table, 120)) == 0.02
