"""MomentumLong against a venue: what it enters, how it leaves, what it survives."""

from __future__ import annotations

from decimal import Decimal

import pytest

from liualgotrader.common.events import Bar, Command
from liualgotrader.common.orders import OrderStatus, OrderType, Side
from liualgotrader.strategies.aim import Aim, Memory
from liualgotrader.strategies.momentum_long import MomentumLong
from tests.strategy_bench import CLOSE, MINUTE, OPEN, Bench, Prices, flat, ramp

BREAK: Prices = (100.48, 100.60, 100.48, 100.60)
FILL: Prices = (100.60, 100.62, 100.58, 100.60)
STOP = 100.05
"""Support of `edge`: where the price turned before it rose."""


def chasing() -> MomentumLong:
    """Return a strategy whose limits are beyond the close, so that they fill at once."""
    strategy = MomentumLong()
    strategy.offset = 0.0005
    return strategy


def edge(bench: Bench) -> Bench:
    """Lead to just below the opening high of 100.50, with support confirmed at 100.05."""
    bench.play(ramp(100.0, 100.5, 8))
    bench.play(ramp(100.5, 100.05, 7))
    bench.play(ramp(100.1, 100.48, 8))
    return bench


def ready(**settings: object) -> Bench:
    """Return a bench at the edge of a break-out, with indicators warmed up."""
    return edge(Bench(chasing, history=flat(100.0, 60), **settings))  # type: ignore[arg-type]


def holding(**settings: object) -> Bench:
    """Return a bench that broke out and was filled."""
    bench = ready(**settings)
    bench.play([BREAK, FILL])
    assert bench.held() > 0
    return bench


def test_a_close_above_the_opening_high_is_bought_with_a_limit() -> None:
    bench = ready()
    assert bench.sent == []
    bench.minute(BREAK)
    (order,) = bench.sent
    assert (order.side, order.type) == (Side.BUY, OrderType.LIMIT)
    assert order.limit == Decimal("100.65")
    assert order.decided_at == bench.now
    assert order.stop == Decimal("100.05")
    assert order.target == Decimal("102.45")
    assert order.reason == "break-out"
    assert order.indicators["level"] == 100.5
    assert order.indicators["macd"] > order.indicators["macd_signal"]


def test_size_follows_from_the_risk_and_is_capped_by_weight() -> None:
    by_risk, by_weight = ready(risk=0.0003), ready(risk=0.01)
    by_risk.minute(BREAK)
    by_weight.minute(BREAK)
    assert by_risk.sent[0].qty == 49  # 30 dollars over 0.60 a share
    assert by_weight.sent[0].qty == 99  # 10,000 dollars at 100.65


def test_below_the_level_nothing_is_bought() -> None:
    bench = ready()
    bench.play(flat(100.49, 30))
    assert bench.intents == []


def test_within_the_first_fifteen_minutes_nothing_is_bought() -> None:
    bench = Bench(chasing, history=flat(100.0, 60))
    bench.play(ramp(100.0, 103.0, 14))
    assert bench.intents == []


def test_what_ran_away_is_not_chased() -> None:
    bench = ready()
    bench.play(ramp(101.6, 103.0, 10))
    assert bench.intents == []


def test_without_history_for_the_indicators_nothing_is_bought() -> None:
    bench = edge(Bench(chasing))
    bench.play([BREAK, BREAK])
    assert bench.intents == []


def test_late_in_the_day_nothing_is_bought() -> None:
    bench = ready()
    bench.rest((CLOSE - bench.now) // MINUTE - 30)
    bench.play([BREAK, BREAK])
    assert bench.intents == []


def test_bars_of_seconds_and_late_bars_change_nothing() -> None:
    bench = ready()
    bench.process(Bar("AAA", bench.now, 100.6, 100.6, 100.6, 100.6, 1, seconds=1))
    bench.process(Bar("AAA", OPEN + 3 * MINUTE, 100.6, 100.6, 100.6, 100.6, 1))
    assert bench.intents == []


def test_what_did_not_trade_in_the_opening_range_is_given_back() -> None:
    bench = Bench(chasing, history=flat(100.0, 60))
    bench.rest(20)
    bench.minute(BREAK)
    assert bench.engine.given_back == ["AAA"]
    assert bench.intents == []


def test_touching_the_stop_sells_everything_at_the_market() -> None:
    bench = holding()
    bench.play(ramp(100.5, 100.10, 3))
    assert len(bench.sent) == 1
    bench.minute((100.10, 100.12, STOP - 0.05, 100.11))
    assert (bench.sent[-1].side, bench.sent[-1].type) == (Side.SELL, OrderType.MARKET)
    assert (bench.sent[-1].qty, bench.sent[-1].reason) == (bench.sent[0].qty, "stop")
    assert bench.sent[-1].exit
    bench.minute(FILL)
    assert bench.held() == 0


def test_after_a_stop_it_cools_down_and_then_wants_a_new_high() -> None:
    bench = holding()
    bench.play([(100.1, 100.1, 99.9, 100.0), *ramp(100.0, 100.6, 4)])
    assert bench.held() == 0
    entries = len(bench.sent)
    bench.play(ramp(100.60, 100.75, 1))
    assert len(bench.sent) == entries
    bench.play(ramp(100.75, 100.90, 1))
    assert len(bench.sent) == entries + 1
    assert bench.sent[-1].indicators["level"] == pytest.approx(100.62)


def test_half_is_sold_at_the_first_target_and_the_rest_at_the_second() -> None:
    bench = holding()
    bought = bench.sent[0].qty
    assert bought == 99
    bench.play(ramp(100.6, 101.6, 10))
    assert bench.sent[-1].reason == "first target"
    bench.minute((101.6, 101.6, 101.6, 101.6))
    assert bench.held() == 50
    bench.play(ramp(101.6, 102.5, 10))
    bench.minute((102.5, 102.5, 102.5, 102.5))
    assert [order.reason for order in bench.sent[1:]] == ["first target", "target"]
    assert bench.held() == 0
    assert bench.engine.book.realised > 0


def test_after_scaling_out_the_stop_is_where_it_was_bought() -> None:
    bench = holding()
    bench.play(ramp(100.6, 101.6, 10))
    bench.minute((101.6, 101.6, 101.6, 101.6))
    bench.minute((101.0, 101.0, 100.55, 101.0))
    assert bench.sent[-1].reason == "stop"
    bench.minute(FILL)
    assert bench.held() == 0


def test_a_single_share_is_not_halved() -> None:
    bench = holding(risk=0.000007)
    bench.play(ramp(100.6, 101.9, 13))
    assert bench.held() == 1
    assert len(bench.sent) == 1


def test_when_the_trend_turns_down_the_position_is_closed() -> None:
    bench = holding()
    bench.play(ramp(100.6, 100.1, 60))
    assert bench.sent[-1].reason == "the move is spent"
    assert bench.held() == 0


def test_an_entry_that_does_not_fill_is_moved_once_and_then_taken_back() -> None:
    bench = ready(risk=0.0003)
    bench.play([BREAK, (100.8, 100.9, 100.8, 100.85)])
    assert bench.sent[0].qty == 49
    assert bench.replaces[0].qty == 35  # further from the stop, so fewer for the same risk
    assert [replace.order_id for replace in bench.replaces] == [bench.sent[0].order_id]
    assert bench.replaces[0].limit == Decimal("100.90")
    (order,) = bench.open_orders()
    bench.play([(101.1, 101.2, 101.1, 101.2)])
    assert [cancel.order_id for cancel in bench.cancels] == [order.order_id]
    assert bench.open_orders() == []
    assert bench.held() == 0


def test_an_entry_whose_reason_is_gone_is_taken_back_without_moving_it() -> None:
    bench = ready()
    bench.play([BREAK, (102.0, 103.0, 102.0, 103.0)])
    assert bench.replaces == []
    assert len(bench.cancels) == 1
    assert bench.open_orders() == []


def test_the_rest_of_a_partly_filled_entry_is_taken_back_and_the_part_managed() -> None:
    bench = ready(participation=Decimal("0.1"))
    bench.minute(BREAK)
    bench.minute(FILL, volume=800)
    assert bench.held() == 80
    assert len(bench.cancels) == 1
    assert bench.open_orders() == []
    bench.play(ramp(100.6, 101.6, 10))
    bench.minute((101.6, 101.6, 101.6, 101.6))
    assert bench.held() == 40


def test_an_exit_waits_until_the_entry_at_work_has_ended() -> None:
    bench = ready(participation=Decimal("0.1"))
    bench.strategy.patience = 600.0  # type: ignore[attr-defined]
    bench.minute(BREAK)
    bench.minute(FILL, volume=400)
    assert bench.held() == 40
    bench.minute((100.7, 100.7, 100.66, 100.66), volume=400)
    assert bench.open_orders()[0].remaining == 59
    bench.process(Bar("AAA", bench.now, 100.2, 100.2, 99.9, 100.2, 400))
    kinds = [type(intent).__name__ for intent in bench.intents]
    assert kinds == ["Submit", "Cancel", "Submit"]
    assert (bench.sent[-1].side, bench.sent[-1].qty) == (Side.SELL, Decimal(40))
    assert bench.refusals == []


def test_an_exit_that_fills_in_parts_is_not_doubled() -> None:
    bench = holding(participation=Decimal("0.1"))
    assert bench.held() == 99
    for _ in range(4):
        bench.minute((100.0, 100.0, 99.9, 99.9), volume=400)
        working = sum(order.remaining for order in bench.open_orders())
        assert working == bench.held()
    assert bench.held() == 0
    assert len(bench.sent) == 2
    assert bench.refusals == []


def test_at_the_stop_only_what_no_exit_at_work_sells_already_is_sold() -> None:
    bench = holding(participation=Decimal("0.1"))
    bench.play(ramp(100.6, 101.6, 10), volume=0)
    assert (bench.sent[-1].reason, bench.sent[-1].qty) == ("first target", Decimal(49))
    bench.minute((101.6, 101.6, 100.0, 100.1), volume=400)
    assert (bench.sent[-1].reason, bench.sent[-1].qty) == ("stop", Decimal(50))
    bench.play(flat(100.1, 2))
    assert bench.held() == 0
    assert len(bench.sent) == 3


def test_scaling_out_waits_until_the_entry_at_work_has_ended() -> None:
    bench = ready(participation=Decimal("0.1"))
    bench.strategy.patience = 6_000.0  # type: ignore[attr-defined]
    bench.minute(BREAK)
    bench.minute(FILL, volume=400)
    bench.play([*ramp(101.0, 101.7, 2), *flat(101.7, 1)])
    kinds = [type(intent).__name__ for intent in bench.intents]
    assert kinds == ["Submit", "Cancel", "Submit"]
    assert (bench.sent[-1].reason, bench.sent[-1].qty) == ("first target", Decimal(20))


def test_the_timer_of_an_earlier_entry_does_not_end_a_later_one() -> None:
    bench = ready()
    bench.strategy.patience = 600.0  # type: ignore[attr-defined]
    bench.strategy.cool_down = 1.0  # type: ignore[attr-defined]
    bench.play([BREAK, FILL, (100.1, 100.1, 99.9, 100.0), *ramp(100.0, 100.6, 4)])
    bench.play([*ramp(100.6, 100.8, 1), *ramp(100.9, 101.0, 1)])
    assert len(bench.sent) == 3
    bench.play(flat(101.0, 5))
    assert bench.cancels == []
    assert bench.replaces == []
    assert [order.order_id for order in bench.open_orders()] == [bench.sent[-1].order_id]


def test_an_entry_whose_timer_was_lost_is_taken_back_by_a_later_bar() -> None:
    bench = ready()
    bench.minute(BREAK)
    assert len(list(bench.engine.clock.pop_due(bench.now + 2 * MINUTE))) == 1
    bench.play([(101.0, 101.0, 101.0, 101.0)] * 3)
    assert [cancel.reason for cancel in bench.cancels] == ["overdue"]
    assert bench.open_orders() == []


def test_a_restart_keeps_stop_and_size() -> None:
    bench = holding()
    bench.restart()
    bench.play(ramp(100.6, 101.6, 10))
    bench.minute((101.6, 101.6, 101.6, 101.6))
    assert bench.held() == 50
    bench.restart()
    bench.minute((101.0, 101.0, 100.55, 101.0))
    assert bench.sent[-1].reason == "stop"
    bench.minute(FILL)
    assert bench.held() == 0


def test_a_restart_without_its_notes_makes_a_stop_from_the_entry_price() -> None:
    bench = holding()
    bench.restart(forget=True)
    bench.minute((100.5, 100.5, 99.0, 100.5))
    assert len(bench.sent) == 1
    bench.minute((100.5, 100.5, 98.5, 100.5))
    assert bench.sent[-1].reason == "stop"
    bench.minute((98.6, 98.6, 98.6, 98.6))
    assert bench.held() == 0


def test_notes_of_another_position_are_not_taken_for_this_one() -> None:
    bench = ready()
    notes = Memory(OPEN, aim=Aim(stop=49.0, first=50.0, target=51.0, size=10.0))
    bench.begin_with("AAA", Decimal(30), Decimal("100.4"), kept={"memory/AAA": notes.text()})
    bench.minute((100.48, 100.48, 100.40, 100.48))
    assert bench.sent == []
    bench.minute((100.48, 100.48, 98.3, 100.48))
    assert bench.sent[-1].reason == "stop"


def test_a_restart_takes_back_the_entry_at_work() -> None:
    bench = ready()
    bench.minute(BREAK)
    assert len(bench.open_orders()) == 1
    bench.restart()
    assert [cancel.order_id for cancel in bench.cancels] == [bench.sent[0].order_id]
    assert bench.open_orders() == []
    bench.minute(FILL)
    assert bench.held() == 0


def test_a_restart_in_the_cool_down_stays_cool() -> None:
    bench = holding()
    bench.play([(100.1, 100.1, 99.9, 100.0), FILL])
    assert bench.held() == 0
    entries = len(bench.sent)
    bench.restart()
    bench.play(ramp(100.62, 100.9, 3))
    assert len(bench.sent) == entries


def test_a_short_position_it_never_wanted_is_closed() -> None:
    bench = ready()
    bench.begin_with("AAA", Decimal(-30), Decimal("100.2"))
    bench.minute((100.48, 100.48, 100.48, 100.48))
    assert (bench.sent[-1].side, bench.sent[-1].qty) == (Side.BUY, Decimal(30))
    assert bench.sent[-1].reason == "held the wrong way"
    bench.minute((100.48, 100.48, 100.48, 100.48))
    assert bench.held() == 0


def test_a_refused_entry_is_not_asked_for_again_before_the_cool_down_ends() -> None:
    bench = ready()
    bench.process(Command("halt", bench.now))
    bench.play([BREAK, *flat(100.61, 4)])
    assert len(bench.refusals) == 1
    bench.play(ramp(100.61, 100.7, 5))
    assert len(bench.refusals) == 2


def test_what_the_broker_rejects_three_times_is_given_back() -> None:
    bench = ready()
    bench.strategy.max_rsi = 100.1  # type: ignore[attr-defined]
    del bench.instruments["AAA"]  # the broker does not know it any more
    bench.play([BREAK, *ramp(100.6, 101.2, 30)])
    assert len(bench.sent) == 3
    assert bench.engine.given_back == ["AAA"]


def test_liquidation_before_the_close_leaves_nothing() -> None:
    bench = holding()
    bench.rest((CLOSE - bench.now) // MINUTE - 15)
    bench.minute(FILL)
    assert bench.held() == 0
    assert bench.engine.is_flat
    assert all(not order.is_open for order in bench.open_orders())


def test_a_liquidation_that_meets_an_exit_ends_in_one_sale() -> None:
    bench = holding()
    bench.process(Bar("AAA", bench.now, 100.0, 100.0, 99.9, 99.9, 100))
    assert len(bench.open_orders()) == 1
    bench.process(Command("flatten", bench.now))
    bench.minute(FILL)
    assert bench.held() == 0
    assert bench.engine.is_flat
    venue_orders = [order for order in bench.venue.orders() if order.side is Side.SELL]
    assert [o.status for o in venue_orders].count(OrderStatus.FILLED) == 1


def test_unless_told_otherwise_it_waits_for_prices_to_come_back_a_little() -> None:
    bench = edge(Bench(MomentumLong, history=flat(100.0, 60)))
    bench.minute(BREAK)
    assert bench.sent[0].limit == Decimal("100.56")
    bench.minute((100.60, 100.62, 100.50, 100.60))
    assert bench.held() == bench.sent[0].qty
