"""The curve, worked by hand and held to conservation."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liualgotrader.analytics.equity import MINUTE, drawdowns, equity_curve
from liualgotrader.analytics.gain_loss import gain_loss
from liualgotrader.analytics.round_trips import last_prices, round_trips
from liualgotrader.analytics.rows import Fill, PriceSeries
from liualgotrader.common.events import OpenPosition
from liualgotrader.common.orders import Side

Fills = Callable[..., list[Fill]]
CASH = Decimal(1000)


def minutes(symbol: str, *closes: float) -> PriceSeries:
    """Return bars complete at minute 1, 2, ..."""
    ts = np.arange(1, len(closes) + 1, dtype=np.int64) * MINUTE
    return PriceSeries(symbol, ts, np.array(closes))


def test_equity_follows_cash_and_the_close_of_each_minute(fills: Fills) -> None:
    bought = fills(("10", "20"), fee="1")  # at second 1
    curve = equity_curve(CASH, bought, [minutes("AAPL", 21, 19, 22)], start=0, end=3 * MINUTE)
    assert curve.ts.tolist() == [0, MINUTE, 2 * MINUTE, 3 * MINUTE]
    assert curve.cash.tolist() == [1000, 799, 799, 799]
    assert curve.long.tolist() == [0, 210, 190, 220]
    assert curve.equity.tolist() == [1000, 1009, 989, 1019]
    assert curve.fees.tolist() == [0, 1, 1, 1]
    assert curve.drawdown.tolist() == pytest.approx([0, 0, 989 / 1009 - 1, 0])


def test_shorts_owe_what_they_are_worth(fills: Fills) -> None:
    curve = equity_curve(
        CASH, fills(("-10", "20")), [minutes("AAPL", 21, 18)], start=0, end=2 * MINUTE
    )
    assert curve.short.tolist() == [0, -210, -180]
    assert curve.equity.tolist() == [1000, 990, 1020]
    assert not curve.long.any()


def test_two_strategies_on_both_sides_of_a_symbol_are_netted(fills: Fills) -> None:
    both = [*fills(("10", "20"), strategy="a"), *fills(("-4", "20"), strategy="b")]
    curve = equity_curve(CASH, both, [minutes("AAPL", 30)], start=0, end=MINUTE)
    assert (curve.long[-1], curve.short[-1]) == (180, 0)


def test_without_bars_a_position_is_worth_its_last_fill(fills: Fills) -> None:
    curve = equity_curve(CASH, fills(("10", "20"), ("5", "26")), [], start=0, end=MINUTE)
    assert curve.long[-1] == 15 * 26


def test_the_curve_begins_before_the_first_fill_and_ends_after_the_last(fills: Fills) -> None:
    early_and_late = fills(("10", "20"), ("-10", "21"))
    curve = equity_curve(CASH, early_and_late, [], start=MINUTE, end=MINUTE)
    assert curve.ts[0] <= 0
    assert curve.ts[-1] >= 2_000_000_000
    assert (curve.equity[0], curve.equity[-1]) == (1000, 1010)


def test_a_fill_at_the_very_start_is_not_in_the_starting_equity(fills: Fills) -> None:
    curve = equity_curve(CASH, fills(("10", "20"), fee="3"), [], start=10**9, end=MINUTE)
    assert (curve.equity[0], curve.equity[-1]) == (1000, 997)


def test_what_was_held_before_counts_from_the_start() -> None:
    held = [OpenPosition("s", "AAPL", Decimal(10), Decimal(15))]
    curve = equity_curve(CASH, [], [minutes("AAPL", 16)], start=0, end=MINUTE, openings=held)
    assert curve.equity.tolist() == [1150, 1160]


def test_a_session_without_fills_is_flat() -> None:
    curve = equity_curve(CASH, [], [], start=0, end=2 * MINUTE)
    assert curve.equity.tolist() == [1000, 1000, 1000]


def test_drawdown_of_nothing_is_nothing() -> None:
    assert drawdowns(np.array([0.0, -5.0, 10.0, 5.0])).tolist() == [0, 0, 0, -0.5]


amounts = st.decimals(min_value="0.01", max_value=500, places=2)
one_fill = st.builds(
    Fill,
    strategy=st.sampled_from(["a", "b"]),
    symbol=st.sampled_from(["X", "Y", "Z"]),
    side=st.sampled_from(Side),
    qty=st.decimals(min_value="0.001", max_value=1000, places=3),
    price=amounts,
    ts=st.integers(min_value=0, max_value=10 * MINUTE),
    fee=st.decimals(min_value=-1, max_value=5, places=4),
)
closes = st.lists(st.floats(min_value=0.01, max_value=500), max_size=8)
held_before = st.builds(
    OpenPosition,
    strategy=st.sampled_from(["a", "b"]),
    symbol=st.just("X"),
    qty=st.decimals(min_value=-100, max_value=100, places=2),
    avg_price=amounts,
)


@given(fills=st.lists(one_fill, max_size=30), x=closes, y=closes, held=st.none() | held_before)
def test_final_equity_is_the_start_plus_what_the_trips_gained_after_fees(
    fills: list[Fill], x: list[float], y: list[float], held: OpenPosition | None
) -> None:
    openings = [held] if held else []
    prices = [minutes("X", *x), minutes("Y", *y)]
    end = 10 * MINUTE
    marks = last_prices(fills, prices, now=end, openings=openings)
    trips = round_trips(fills, marks, start=0, now=end, openings=openings)
    curve = equity_curve(CASH, fills, prices, start=0, end=end, openings=openings)

    gained = sum((row.gain_value for row in gain_loss(trips)), Decimal(0))
    at_cost = held.qty * held.avg_price if held else Decimal(0)
    assert float(CASH + at_cost + gained) == pytest.approx(curve.equity[-1], abs=1e-5)
    assert curve.equity[0] == pytest.approx(float(CASH + at_cost))
    assert sum((trip.fees for trip in trips), Decimal(0)) == sum((f.fee for f in fills), Decimal(0))
    assert curve.fees[-1] == pytest.approx(float(sum(f.fee for f in fills)))


@given(fills=st.lists(one_fill, max_size=30))
def test_trips_take_up_every_share_and_leave_what_the_fills_leave(fills: list[Fill]) -> None:
    trips = round_trips(fills, {"X": Decimal(1), "Y": Decimal(1), "Z": Decimal(1)}, start=0, now=0)
    for key in {(fill.strategy, fill.symbol) for fill in fills}:
        held = sum(f.signed for f in fills if (f.strategy, f.symbol) == key)
        own = [trip for trip in trips if (trip.strategy, trip.symbol) == key]
        assert sum(trip.open_qty * trip.sign for trip in own) == held
        traded = sum(f.qty for f in fills if (f.strategy, f.symbol) == key)
        assert sum(2 * trip.qty - trip.open_qty for trip in own) == traded
        assert sum(trip.is_open for trip in own) <= 1
