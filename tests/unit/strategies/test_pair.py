"""Pair against a venue: both legs or neither, in by the spread and out by the line of the entry."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from math import exp, log
from random import Random

import pytest

from liualgotrader.common.events import Command, CorporateAction, OrderEvent, Picked
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import Side
from liualgotrader.fincalcs import fit_line
from liualgotrader.strategies.pair import Pair
from liualgotrader.strategies.pair_window import PairWindow
from tests.strategy_bench import MINUTE, Bench

NAMES = ("AAA", "BBB")
# Log prices of BBB go up and down; AAA follows by 0.9 of them, with a little noise.
WAVES = (0.00, 0.02, 0.01, 0.03, 0.00, 0.02, 0.01, 0.03, 0.00, 0.02)
NOISE = (0.001, -0.001, -0.0005, 0.001, 0.0005, -0.001, 0.001, -0.001, 0.0005, -0.0005)


def maker(**parameters: object) -> Callable[[], Pair]:
    """Return what makes a Pair over ten bars."""

    def make() -> Pair:
        strategy = Pair()
        strategy.first, strategy.second, strategy.lookback = *NAMES, 10
        for key, value in parameters.items():
            setattr(strategy, key, value)
        return strategy

    return make


def bench_for(instruments: tuple[Instrument, ...] = (), **parameters: object) -> Bench:
    """Return a bench that has lived through ten minutes of the waves."""
    bench = Bench(maker(**parameters), symbols=NAMES, instruments=instruments)
    for wave, noise in zip(WAVES, NOISE, strict=True):
        move(bench, wave, noise)
    assert bench.intents == []
    return bench


def move(bench: Bench, wave: float, off: float, *, volume: float = 1_000_000) -> None:
    """Live through a minute in which AAA is `off` its line."""
    first, second = 50 * exp(0.9 * wave + off), 20 * exp(wave)
    bench.minutes({"AAA": (first,) * 4, "BBB": (second,) * 4}, volume=volume)


def trading(way: int = 1) -> Bench:
    """Return a bench that holds both legs, entered when AAA was far off."""
    bench = bench_for()
    move(bench, 0.01, way * 0.01)
    move(bench, 0.01, way * 0.009)
    assert bench.held("AAA") * way < 0 < bench.held("BBB") * way
    return bench


def kept(bench: Bench) -> dict[str, object]:
    """Return what the strategy keeps."""
    found: dict[str, object] = json.loads([text for _, _, text in bench.engine.kept][-1])
    return found


@pytest.mark.parametrize("way", [1, -1])
def test_the_dear_one_is_sold_and_the_cheap_one_bought_for_as_many_dollars(way: int) -> None:
    bench = trading(way)
    first, second = bench.sent
    assert (first.side, second.side) == (
        (Side.SELL, Side.BUY) if way > 0 else (Side.BUY, Side.SELL)
    )
    prices = {name: bench.bars[name][-2].close for name in NAMES}
    assert first.qty == int(20_000 / prices["AAA"])
    assert second.qty == int(20_000 / prices["BBB"])
    assert first.indicators["spread"] * way > 2
    assert first.indicators["slope"] == pytest.approx(0.9, abs=0.15)


def test_the_line_is_that_of_the_last_bars_of_both() -> None:
    bench = trading()
    bars = [[log(bar.close) for bar in bench.bars[name][1:11]] for name in NAMES]
    line = fit_line(bars[1], bars[0])
    trade = kept(bench)["trade"]
    assert isinstance(trade, dict)
    assert (trade["slope"], trade["intercept"], trade["error"]) == pytest.approx(
        (line.slope, line.intercept, line.error)
    )


def test_both_legs_go_when_the_spread_is_back() -> None:
    bench = trading()
    move(bench, 0.02, 0.0005)
    move(bench, 0.02, 0.0)
    assert bench.held("AAA") == bench.held("BBB") == 0
    assert {order.reason for order in bench.sent[2:]} == {"the spread is back"}
    assert kept(bench)["trade"] is None


def test_both_legs_go_when_the_spread_grows_beyond_the_stop_and_nothing_follows_at_once() -> None:
    bench = trading()
    for _ in range(6):
        move(bench, 0.02, 0.05)
    assert bench.held("AAA") == bench.held("BBB") == 0
    assert {order.reason for order in bench.sent[2:]} == {"stop"}
    assert len(bench.sent) == 4


def test_after_the_spread_was_back_another_trade_is_made() -> None:
    bench = trading()
    for wave, noise in zip(WAVES[1:], NOISE[1:], strict=True):
        move(bench, wave, noise)
    assert len(bench.sent) == 4
    move(bench, 0.01, 0.0005)
    move(bench, 0.015, -0.012)
    assert [order.side for order in bench.sent[4:]] == [Side.BUY, Side.SELL]


@pytest.mark.parametrize(("way", "symbol"), [(1, "AAA"), (-1, "BBB")])
@pytest.mark.parametrize("lack", ["shortable", "easy_to_borrow"])
def test_what_cannot_be_sold_short_is_not_entered(way: int, symbol: str, lack: str) -> None:
    changed = {"shortable": True, "easy_to_borrow": True, lack: False}
    bench = bench_for((Instrument(symbol, **changed),))  # type: ignore[arg-type]
    move(bench, 0.01, way * 0.01)
    assert bench.intents == []
    assert bench.refusals == []


def test_a_rejected_leg_takes_the_other_back() -> None:
    bench = bench_for(weight=2.5)
    move(bench, 0.01, 0.01)
    rejected = [event for event in bench.order_events if event.kind == "rejected"]
    assert [event.symbol for event in rejected] == ["BBB"]
    for _ in range(3):
        move(bench, 0.01, 0.009)
    assert bench.held("AAA") == bench.held("BBB") == 0
    assert bench.engine.is_flat
    assert [bench.open_orders(name) for name in NAMES] == [[], []]
    assert kept(bench) == {"armed": False, "trade": None}


def test_when_both_are_refused_nothing_is_left_and_it_waits_for_the_spread_to_be_back() -> None:
    bench = bench_for()
    bench.process(Command("halt", bench.now))
    move(bench, 0.01, 0.01)
    bench.process(Command("resume", bench.now))
    move(bench, 0.01, 0.012)
    assert len(bench.refusals) == 2
    assert bench.intents == []
    assert kept(bench) == {"armed": False, "trade": None}


def test_legs_that_are_filled_in_parts_are_taken_back_in_time() -> None:
    bench = Bench(maker(patience=50.0), symbols=NAMES, participation=Decimal("0.1"))
    for wave, noise in zip(WAVES, NOISE, strict=True):
        move(bench, wave, noise)
    move(bench, 0.01, 0.01)
    move(bench, 0.01, 0.01, volume=800)
    assert 0 < bench.held("BBB") < 900
    for _ in range(8):
        move(bench, 0.01, 0.009)
    assert bench.held("AAA") == bench.held("BBB") == 0
    assert {order.reason for order in bench.sent[2:]} == {"a leg is not complete"}
    assert kept(bench)["trade"] is None


def test_an_exit_that_was_cancelled_is_asked_for_again_by_the_next_bar() -> None:
    bench = trading()
    move(bench, 0.02, 0.0)
    (exit_,) = bench.open_orders("AAA")
    sent = len(bench.sent)
    known = bench.venue.order_by_client_id(exit_.order_id)
    assert known is not None
    bench.venue.cancel(known.id, bench.now)
    bench.process(OrderEvent(exit_.order_id, Kind.CANCELED, bench.now, "AAA"))
    assert len(bench.sent) == sent
    move(bench, 0.02, 0.0)
    move(bench, 0.02, 0.0)
    assert [order.symbol for order in bench.sent[sent:]] == ["AAA"]
    assert bench.held("AAA") == bench.held("BBB") == 0


def test_a_restart_goes_on_by_the_line_of_the_entry() -> None:
    bench = trading()
    line = kept(bench)["trade"]
    bench.restart()
    move(bench, 0.02, 0.008)
    assert len(bench.sent) == 2
    assert bench.keystore["pair"] == json.dumps(
        {"armed": True, "trade": line}, separators=(",", ":")
    )
    move(bench, 0.02, 0.0)
    move(bench, 0.02, 0.0)
    assert bench.held("AAA") == bench.held("BBB") == 0


def test_shares_that_it_knows_no_trade_of_are_left_alone() -> None:
    bench = bench_for()
    bench.begin_with("AAA", Decimal(-100), Decimal(50))
    move(bench, 0.01, 0.0005)
    assert bench.held("AAA") == -100
    assert bench.intents == []


def test_a_split_moves_prices_line_and_shares() -> None:
    bench = trading()
    before = kept(bench)["trade"]
    bench.process(CorporateAction("AAA", bench.now, ratio=Decimal(2)))
    after = kept(bench)["trade"]
    assert isinstance(before, dict) and isinstance(after, dict)
    assert Decimal(after["first"]) == 2 * Decimal(before["first"])
    assert after["intercept"] == pytest.approx(before["intercept"] - log(2))
    bench.process(CorporateAction("BBB", bench.now, ratio=Decimal(2)))
    last = kept(bench)["trade"]
    assert isinstance(last, dict)
    assert last["intercept"] == pytest.approx(after["intercept"] + after["slope"] * log(2))
    bench.minutes(
        {"AAA": (25 * exp(0.9 * 0.02 + 0.008),) * 4, "BBB": (10 * exp(0.02),) * 4}, volume=1e6
    )
    assert len(bench.sent) == 2


def test_a_dividend_changes_nothing_and_a_new_name_ends_the_trade() -> None:
    bench = trading()
    bench.process(CorporateAction("AAA", bench.now, cash=Decimal("0.5")))
    assert len(bench.sent) == 2
    bench.process(CorporateAction("AAA", bench.now, new_symbol="NEW"))
    assert [order.symbol for order in bench.sent[2:]] == ["BBB"]
    bench.process(Picked("NEW", "rename", bench.now, Instrument("NEW")))
    move(bench, 0.01, 0.009)
    assert [order.symbol for order in bench.sent[2:4]] == ["BBB", "NEW"]
    assert {order.reason for order in bench.sent[2:]} == {"AAA is gone"}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"second": "AAA"}, "first and second are both AAA"),
        ({"exit": 2.5}, "must grow"),
        ({"stop": 1.0}, "must grow"),
        ({"lookback": 2}, "be 3 at least"),
    ],
)
def test_parameters_that_make_no_pair_are_named(
    parameters: dict[str, object], message: str
) -> None:
    bench = Bench(maker(**parameters), symbols=NAMES)
    ((_, reason),) = bench.engine.failures
    assert message in reason


def test_history_symbol_by_symbol_gives_the_line_of_bars_side_by_side() -> None:
    one, other = PairWindow(5), PairWindow(5)
    prices = [(20.0 + step % 3, 10.0 + step % 4) for step in range(12)]
    for place, (first, second) in enumerate(prices):
        assert not one.learn(0, place * MINUTE, first)
        assert one.learn(1, place * MINUTE, second)
    for leg in (1, 0):
        told = [other.learn(leg, place * MINUTE, row[leg]) for place, row in enumerate(prices)]
        assert told == [leg == 0] * 12
    assert one.line() == other.line() is not None
    assert one.newest == other.newest == (log(prices[-1][0]), log(prices[-1][1]))


def test_bars_that_the_other_does_not_have_are_left_out() -> None:
    window = PairWindow(3)
    for start, legs in ((1, (0, 1)), (2, (0,)), (3, (1,)), (4, (1, 0)), (5, (0, 1))):
        for leg in legs:
            window.learn(leg, start, 10.0 + start + leg * start * start)
    assert not window.learn(0, 4, 99.0)  # told before
    line = window.line()
    points = [(10.0 + start, 10.0 + start + start * start) for start in (1, 4, 5)]
    expected = fit_line([log(second) for _, second in points], [log(first) for first, _ in points])
    assert line == expected


def test_a_symbol_alone_is_not_kept_for_ever() -> None:
    window = PairWindow(3)
    for start in range(5000):
        window.learn(0, start, 10.0)
    assert [window.learn(1, start, 10.0) for start in (3999, 4000)] == [False, True]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_filled_the_legs_are_both_there_or_on_their_way_out(seed: int) -> None:
    random = Random(seed)
    bench = Bench(
        maker(entry=1.2, exit=0.3, stop=2.5, patience=90.0),
        symbols=NAMES,
        participation=Decimal("0.1"),
    )
    trades = 0
    for minute in range(300):
        if minute == 150:
            bench.restart()
        move(
            bench,
            random.gauss(0, 0.01),
            random.gauss(0, 0.003),
            volume=random.choice((400, 40_000, 40_000)),
        )
        assert bench.engine.failures == []
        for name in NAMES:
            held, orders = bench.held(name), bench.open_orders(name)
            assert held == bench.venue.account.position_qty(name)
            assert len(orders) <= 1
            assert not orders or not orders[0].exit or orders[0].remaining <= abs(held)
        at_rest = not any(bench.open_orders(name) for name in NAMES)
        if at_rest:
            assert bool(bench.held("AAA")) == bool(bench.held("BBB"))
            assert bench.held("AAA") * bench.held("BBB") <= 0
        trades += at_rest and bool(bench.held("AAA"))
    assert trades >= 5
    kinds = [event.kind.value for event in bench.order_events]
    assert kinds.count("partial_fill") >= 5
    assert "a leg is not complete" in {order.reason for order in bench.sent}
