"""MomentumShort against a venue: the mirror of MomentumLong, and what cannot be borrowed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import OrderType, Side
from liualgotrader.strategies.momentum_short import MomentumShort
from tests.strategy_bench import CLOSE, MINUTE, Bench, Prices, flat, ramp

BREAK: Prices = (99.52, 99.52, 99.40, 99.40)
FILL: Prices = (99.40, 99.42, 99.38, 99.40)
RESISTANCE = 99.95


def chasing() -> MomentumShort:
    """Return a strategy whose limits are beyond the close, so that they fill at once."""
    strategy = MomentumShort()
    strategy.offset = 0.0005
    return strategy


def ready(**settings: object) -> Bench:
    """Return a bench just above the opening low of 99.50, with resistance confirmed at 99.95."""
    bench = Bench(chasing, history=flat(100.0, 60), **settings)  # type: ignore[arg-type]
    bench.play(ramp(100.0, 99.5, 8))
    bench.play(ramp(99.5, RESISTANCE, 7))
    bench.play(ramp(99.9, 99.52, 8))
    return bench


def holding(**settings: object) -> Bench:
    """Return a bench that broke down and was filled."""
    bench = ready(**settings)
    bench.play([BREAK, FILL])
    assert bench.held() < 0
    return bench


def test_a_close_below_the_opening_low_is_sold_short_with_a_limit() -> None:
    bench = ready()
    assert bench.sent == []
    bench.minute(BREAK)
    (order,) = bench.sent
    assert (order.side, order.type, order.limit) == (Side.SELL, OrderType.LIMIT, Decimal("99.36"))
    assert (order.stop, order.target) == (Decimal("99.95"), Decimal("97.55"))
    assert order.qty == 100
    assert not order.exit


def test_above_the_level_nothing_is_sold() -> None:
    bench = ready()
    bench.play(flat(99.51, 30))
    assert bench.intents == []


@pytest.mark.parametrize(
    "instrument",
    [Instrument("AAA", shortable=False), Instrument("AAA", easy_to_borrow=False)],
    ids=["not shortable", "hard to borrow"],
)
def test_what_cannot_be_borrowed_is_given_back_at_once(instrument: Instrument) -> None:
    bench = ready(instruments=[instrument])
    bench.play([BREAK, BREAK])
    assert bench.engine.given_back == ["AAA"]
    assert bench.intents == []
    assert bench.refusals == []


def test_touching_the_stop_buys_everything_back() -> None:
    bench = holding()
    bench.minute((99.4, RESISTANCE + 0.02, 99.4, 99.4))
    assert (bench.sent[-1].side, bench.sent[-1].type) == (Side.BUY, OrderType.MARKET)
    assert bench.sent[-1].reason == "stop"
    bench.minute(FILL)
    assert bench.held() == 0


def test_half_is_bought_back_at_the_first_target_and_the_rest_at_the_second() -> None:
    bench = holding()
    assert bench.held() == -100
    bench.play(ramp(99.4, 98.4, 10))
    bench.minute((98.4, 98.4, 98.4, 98.4))
    assert bench.held() == -50
    bench.play(ramp(98.4, 97.4, 10))
    bench.minute((97.4, 97.4, 97.4, 97.4))
    assert [order.reason for order in bench.sent[1:]] == ["first target", "target"]
    assert bench.held() == 0
    assert bench.engine.book.realised > 0


def test_a_restart_manages_the_short() -> None:
    bench = holding()
    bench.restart()
    bench.minute((99.4, RESISTANCE + 0.02, 99.4, 99.4))
    bench.minute(FILL)
    assert bench.held() == 0


def test_a_restart_without_its_notes_makes_a_stop_from_the_entry_price() -> None:
    bench = holding()
    bench.restart(forget=True)
    bench.minute((99.4, 101.0, 99.4, 99.4))
    assert len(bench.sent) == 1
    bench.minute((99.4, 101.5, 99.4, 99.4))
    bench.minute(FILL)
    assert bench.held() == 0


def test_an_entry_that_does_not_fill_is_moved_once_and_then_taken_back() -> None:
    bench = ready()
    bench.play([BREAK, (99.2, 99.2, 99.1, 99.15), (98.9, 98.9, 98.8, 98.8)])
    assert [replace.limit for replace in bench.replaces] == [Decimal("99.11")]
    assert len(bench.cancels) == 1
    assert bench.open_orders() == []
    assert bench.held() == 0


def test_liquidation_before_the_close_leaves_nothing() -> None:
    bench = holding()
    bench.rest((CLOSE - bench.now) // MINUTE - 15)
    bench.minute(FILL)
    assert bench.held() == 0
    assert bench.engine.is_flat
