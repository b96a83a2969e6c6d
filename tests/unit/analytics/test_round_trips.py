"""Round trips, worked by hand."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec
import numpy as np

from liualgotrader.analytics.gain_loss import gain_loss, trade_analysis
from liualgotrader.analytics.round_trips import RoundTrip, last_prices, round_trips
from liualgotrader.analytics.rows import Fill, PriceSeries
from liualgotrader.common.events import Bar, OpenPosition
from liualgotrader.common.ledger_orders import Holding

Fills = Callable[..., list[Fill]]
SECOND = 1_000_000_000
NOW = 100 * SECOND


def values(*each: object) -> tuple[object, ...]:
    """Return values to compare, exact or not, with plain numbers."""
    return each


def trips_of(fills: list[Fill], mark: str = "0", **more: object) -> list[RoundTrip]:
    """Return the trips of AAPL's fills, what is open marked at a price."""
    return round_trips(fills, {"AAPL": Decimal(mark)}, start=0, now=NOW, **more)  # type: ignore[arg-type]


def test_one_purchase_and_one_sale_are_one_trip(fills: Fills) -> None:
    (trip,) = trips_of(fills(("10", "20"), ("-10", "23"), fee="0.50"))
    assert values(trip.qty, trip.entry_price, trip.exit_price) == (10, 20, 23)
    assert values(trip.gross, trip.fees, trip.gain_value) == (30, 1, 29)
    assert trip.gain_percentage == Decimal("14.5")  # 29 of 200
    assert (trip.start, trip.end, trip.holding_ns) == (SECOND, 2 * SECOND, SECOND)
    assert not trip.is_open


def test_partial_exits_stay_one_trip_at_average_prices(fills: Fills) -> None:
    # 10 at 20 and 30 at 24 cost 920, 23 on average; sold 15 at 25 and 25 at 22 for 925
    (trip,) = trips_of(fills(("10", "20"), ("30", "24"), ("-15", "25"), ("-25", "22")))
    assert values(trip.entry_price, trip.exit_price) == (23, Decimal("23.125"))
    assert trip.gain_value == 5
    assert trip.fills == 4


def test_a_short_gains_when_the_price_falls(fills: Fills) -> None:
    (trip,) = trips_of(fills(("-10", "50"), ("10", "45"), fee="1"))
    assert values(trip.sign, trip.gross, trip.gain_value) == (-1, 50, 48)
    assert trip.gain_percentage == Decimal("9.6")


def test_a_reversal_ends_one_trip_and_begins_another_with_its_share_of_the_fee(
    fills: Fills,
) -> None:
    # the sale of 25 closes 10 and opens 15 short: 10/25 and 15/25 of its fee of 5
    first, second = trips_of(fills(("10", "20"), ("-25", "22"), ("15", "21"), fee="5"))
    assert values(first.sign, first.qty, first.gross, first.fees) == (1, 10, 20, 7)
    assert values(second.sign, second.qty, second.gross, second.fees) == (-1, 15, 15, 8)
    assert first.end == second.start == 2 * SECOND


def test_what_is_still_held_counts_at_the_mark(fills: Fills) -> None:
    # bought 10 at 20, sold 4 at 25: 20 realised, 6 at 21 another 6
    (trip,) = trips_of(fills(("10", "20"), ("-4", "25")), mark="21")
    assert values(trip.open_qty, trip.gross, trip.end) == (6, 26, None)
    assert trip.is_open
    assert trip.holding_ns == NOW - SECOND


def test_r_units_are_gain_over_planned_risk_for_long_and_short(fills: Fills) -> None:
    (long,) = trips_of(fills(("10", "20"), ("-10", "23"), fee="9", stop=Decimal("18.5")))
    assert long.r_units == 2  # 3 a share, 1.50 risked; fees do not count
    (short,) = trips_of(fills(("-10", "20"), ("10", "23"), stop=Decimal("21.5")))
    assert short.r_units == -2


def test_r_units_need_a_stop_on_the_losing_side(fills: Fills) -> None:
    (without,) = trips_of(fills(("10", "20"), ("-10", "23")))
    (beyond,) = trips_of(fills(("10", "20"), ("-10", "23"), stop=Decimal(21)))
    (at_entry,) = trips_of(fills(("10", "20"), ("-10", "23"), stop=Decimal(20)))
    assert without.r_units is beyond.r_units is at_entry.r_units is None


def test_the_first_planned_stop_counts_not_the_one_moved_later(fills: Fills) -> None:
    plain = fills(("10", "20"), ("10", "22"), ("-20", "24"))
    stops = [Decimal(19), Decimal("21.5"), None]
    moved = [msgspec.structs.replace(f, stop=s) for f, s in zip(plain, stops, strict=True)]
    (trip,) = trips_of(moved)
    assert trip.stop == 19
    assert trip.r_units == Decimal("1.5")  # 21 on average to 24, 2 risked


def test_strategies_and_symbols_are_kept_apart(fills: Fills) -> None:
    mixed = [
        *fills(("10", "20"), ("-10", "21"), strategy="a"),
        *fills(("-10", "20"), ("10", "21"), strategy="b"),
        *fills(("10", "5"), ("-10", "6"), symbol="IBM", strategy="a"),
    ]
    gains = {(t.strategy, t.symbol): t.gain_value for t in trips_of(mixed)}
    assert gains == {("a", "AAPL"): 10, ("b", "AAPL"): -10, ("a", "IBM"): 10}


def test_fills_may_come_in_any_order_of_time(fills: Fills) -> None:
    sold_first = list(reversed(fills(("10", "20"), ("-10", "23"))))
    (trip,) = trips_of(sold_first)
    assert values(trip.sign, trip.gain_value) == (1, 30)


def test_what_was_held_before_is_carried_in_at_the_ledgers_price(fills: Fills) -> None:
    held = OpenPosition("s", "AAPL", Decimal(-5), Decimal(40))
    (trip,) = trips_of(fills(("5", "38")), openings=[held])
    assert values(trip.sign, trip.gain_value, trip.carried, trip.start) == (-1, 10, True, 0)
    assert trip.algo_run_id == 7


def test_reasons_and_indicators_of_both_ends_are_told(fills: Fills) -> None:
    entry = fills(("10", "20"), reason="break-out", indicators={"rsi": 61})
    leave = fills(("0", "0"), ("-4", "21"), ("-6", "22"), reason="target", indicators={"rsi": 70})
    (trip,) = trips_of([*entry, *leave[1:]])
    assert (trip.entry_reason, trip.exit_reasons) == ("break-out", ("target",))
    assert (trip.entry_indicators, trip.exit_indicators) == ({"rsi": 61}, {"rsi": 70})


def test_the_average_is_the_ledgers(fills: Fills) -> None:
    pairs = (("3", "10.01"), ("4", "10.02"), ("7", "9.97"))
    holding = Holding()
    for qty, price in pairs:
        holding = holding.after(Decimal(qty), Decimal(price))
    (trip,) = trips_of(fills(*pairs), mark="10")
    assert abs(trip.entry_price - holding.avg_price) < Decimal("1e-24")


def test_the_mark_is_the_last_close_then_the_last_fill_then_what_was_paid(fills: Fills) -> None:
    bars = PriceSeries("AAPL", np.array([5, 50]) * SECOND, np.array([20.1, 20.2]))
    held = [OpenPosition("s", "OLD", Decimal(1), Decimal(3))]
    early = [*fills(("1", "20")), *fills(("1", "7"), ("1", "8"), symbol="IBM")]
    assert last_prices(early, [bars], now=4 * SECOND, openings=held) == {
        "AAPL": 20,
        "IBM": 8,
        "OLD": 3,
    }
    assert last_prices(early, [bars], now=49 * SECOND)["AAPL"] == Decimal("20.1")
    assert last_prices(early, [bars], now=50 * SECOND)["AAPL"] == Decimal("20.2")


def test_a_corrected_bar_replaces_the_first_one() -> None:
    first = Bar("A", 0, 1.0, 2.0, 0.5, 1.5, 10)
    later = Bar("A", 60 * SECOND, 1.0, 2.0, 0.5, 1.7, 10)
    corrected = Bar("A", 0, 1.0, 2.0, 0.5, 1.6, 12, correction=True)
    series = PriceSeries.of("A", [first, later, corrected])
    assert series.close.tolist() == [1.6, 1.7]
    assert series.until(59 * SECOND) is None


def test_gain_loss_adds_up_per_symbol_and_algo_run(fills: Fills) -> None:
    both = [
        *fills(("10", "20"), ("-10", "23"), ("10", "20"), ("-10", "19"), fee="1"),
        *fills(("10", "5"), symbol="IBM", algo_run_id=8),
    ]
    trips = round_trips(both, {"IBM": Decimal(6)}, start=0, now=NOW)
    apple, ibm = gain_loss(trips)
    assert (apple.symbol, apple.algo_run_id, apple.trips) == ("AAPL", 7, 2)
    assert values(apple.gain_value, apple.gain_percentage) == (16, 4)  # 30 - 10 - 4 fees, of 400
    assert values(ibm.symbol, ibm.algo_run_id, ibm.gain_value, ibm.gain_percentage) == (
        "IBM",
        8,
        10,
        20,
    )


def test_trade_analysis_has_a_row_for_each_finished_trip_only(fills: Fills) -> None:
    done = fills(("10", "20"), ("-10", "23"), ("10", "20"), stop=Decimal(17), fee="0.5")
    (row,) = trade_analysis(trips_of(done, mark="20"))
    assert values(row.start, row.end, row.r_units) == (SECOND, 2 * SECOND, 1)
    assert values(row.gain_value, row.gain_percentage) == (29, Decimal("14.5"))
