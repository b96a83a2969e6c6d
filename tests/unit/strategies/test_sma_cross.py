"""SmaCross against a venue."""

from __future__ import annotations

from decimal import Decimal

from liualgotrader.common.events import Bar, Command
from liualgotrader.common.orders import OrderType, Side
from liualgotrader.strategies.sma_cross import Averages, SmaCross
from tests.strategy_bench import CLOSE, MINUTE, Bench, flat, ramp


def falling(**settings: object) -> Bench:
    """Return a bench whose fast average is below the slow one."""
    bench = Bench(SmaCross, history=ramp(102.0, 100.0, 60), **settings)  # type: ignore[arg-type]
    bench.play(ramp(100.0, 99.5, 5))
    return bench


def holding(**settings: object) -> Bench:
    """Return a bench that crossed up and was filled."""
    bench = falling(**settings)
    bench.play(ramp(99.5, 102.0, 20))
    assert bench.held() > 0
    return bench


def test_crossing_up_buys_whole_shares_worth_the_weight() -> None:
    bench = holding()
    (order,) = bench.sent
    bar = next(bar for bar in bench.bars["AAA"] if bar.ts_event == order.decided_at)
    assert (order.side, order.type) == (Side.BUY, OrderType.MARKET)
    assert order.qty == int(10_000 / bar.close)
    assert order.indicators["fast"] > order.indicators["slow"]


def test_being_above_without_having_crossed_buys_nothing() -> None:
    bench = Bench(SmaCross, history=ramp(100.0, 102.0, 60))
    bench.play(ramp(102.0, 104.0, 30))
    assert bench.intents == []


def test_averages_that_are_equal_to_the_tick_have_not_crossed() -> None:
    """Both are 10.0014 exactly; summed as floats the fast one came out above."""
    averages = Averages(10, 30)
    closes = [10.0013, 10.0015] * 10 + [10.0014] * 10
    for minute, close in enumerate(closes):
        averages.learn(Bar("AAA", minute * MINUTE, close, close, close, close, 1))
    assert averages.figures() == {"fast": 10.0014, "slow": 10.0014}
    assert averages.is_above is False
    averages.learn(Bar("AAA", 30 * MINUTE, 10.0015, 10.0015, 10.0015, 10.0015, 1))
    assert averages.crossed_up


def test_crossing_down_sells_everything() -> None:
    bench = holding()
    bench.play(ramp(102.0, 98.0, 30))
    assert [order.side for order in bench.sent] == [Side.BUY, Side.SELL]
    assert bench.sent[1].qty == bench.sent[0].qty
    assert bench.held() == 0


def test_a_share_dearer_than_the_weight_is_not_bought() -> None:
    bench = Bench(SmaCross, history=ramp(20_400.0, 20_000.0, 60))
    bench.play(ramp(20_000.0, 20_500.0, 30))
    assert bench.intents == []
    assert bench.refusals == []


def test_bars_of_seconds_and_bars_seen_before_change_nothing() -> None:
    bench = falling()
    for index in range(60):
        bench.process(Bar("AAA", bench.now + index, 200.0, 200.0, 200.0, 200.0, 1, seconds=1))
        bench.process(Bar("AAA", bench.now - 2 * MINUTE, 200.0, 200.0, 200.0, 200.0, 1))
    assert bench.intents == []


def test_while_an_order_fills_in_parts_nothing_else_is_asked_for() -> None:
    bench = falling(participation=Decimal("0.1"))
    bench.play(ramp(99.5, 102.0, 20), volume=400)
    assert 0 < len(bench.sent) == 1
    bench.play(ramp(102.0, 98.0, 40), volume=400)
    assert [order.side for order in bench.sent] == [Side.BUY, Side.SELL]
    assert bench.sent[1].qty == bench.sent[0].qty
    assert bench.held() == 0
    assert bench.refusals == []


def test_a_restart_in_a_position_sells_when_it_crosses_down() -> None:
    bench = holding()
    bench.restart()
    bench.play(ramp(102.0, 98.0, 30))
    assert bench.sent[-1].side is Side.SELL
    assert bench.held() == 0


def test_a_refused_entry_waits_for_the_next_crossing() -> None:
    bench = falling()
    bench.process(Command("halt", bench.now))
    bench.play(ramp(99.5, 102.0, 20))
    assert len(bench.refusals) == 1
    bench.process(Command("resume", bench.now))
    bench.play(flat(102.0, 5))
    assert bench.sent == []


def test_symbols_do_not_mix() -> None:
    bench = Bench(SmaCross, symbols=("AAA", "BBB"), history=ramp(102.0, 100.0, 60))
    for up, down in zip(ramp(100.0, 103.0, 30), ramp(100.0, 97.0, 30), strict=True):
        bench.minutes({"AAA": up, "BBB": down})
    assert [order.symbol for order in bench.sent] == ["AAA"]


def test_liquidation_before_the_close_leaves_nothing() -> None:
    bench = holding()
    bench.rest((CLOSE - bench.now) // MINUTE - 15)
    bench.minute((102.0, 102.0, 102.0, 102.0))
    assert bench.held() == 0
    assert bench.engine.is_flat
