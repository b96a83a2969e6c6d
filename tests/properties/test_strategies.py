"""Whatever the market does, the built-in strategies keep their promises."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liualgotrader.common.orders import Side, Submit
from liualgotrader.strategies.base import Strategy
from liualgotrader.strategies.momentum_long import MomentumLong
from liualgotrader.strategies.momentum_short import MomentumShort
from liualgotrader.strategies.re_cycle import ReCycleStrategy
from liualgotrader.strategies.sma_cross import SmaCross
from tests.strategy_bench import CASH, CLOSE, MINUTE, Bench, Prices

SYMBOLS = ("AAA", "BBB")
Moves = list[tuple[int, int, int]]
"""For each minute: steps of the close, of the wicks, and the volume in round lots."""


def eager_long() -> Strategy:
    """Return a MomentumLong that enters at the least reason and is soon disappointed."""
    strategy = MomentumLong()
    strategy.max_rsi = 101.0
    return _eager(strategy)


def eager_short() -> Strategy:
    """Return a MomentumShort of the same temper."""
    strategy = MomentumShort()
    strategy.min_rsi = -1.0
    return _eager(strategy)


def _eager(strategy: MomentumLong | MomentumShort) -> Strategy:
    strategy.range_minutes = 2
    strategy.reach = 0.2
    strategy.patience = 30.0
    strategy.min_stop = 0.001
    strategy.max_stop = 0.004
    strategy.cool_down = 1.0
    strategy.offset = 0.0
    return strategy


def eager_cross() -> Strategy:
    """Return an SmaCross with short averages."""
    strategy = SmaCross()
    strategy.fast, strategy.slow = 2, 5
    return strategy


def eager_cycle() -> Strategy:
    """Return a ReCycleStrategy for small dips, whose offers are soon over."""
    strategy = ReCycleStrategy()
    strategy.baseline = 3
    strategy.dip, strategy.max_dip, strategy.near, strategy.stop = 0.0004, 0.2, 0.001, 0.003
    strategy.gains, strategy.minutes = (0.004, 0.002, 0.001), (0.5, 1.0, 1.5)
    strategy.patience, strategy.cool_down = 30.0, 1.0
    strategy.after_open, strategy.before_close = 0.0, 20.0
    return strategy


MAKERS = {
    "long": eager_long,
    "short": eager_short,
    "cross": eager_cross,
    "cycle": eager_cycle,
}


def bench_for(make: Callable[[], Strategy]) -> Bench:
    """Return a bench with two symbols, real partial fills and a little history."""
    random = Random(1)
    price, history = 100.0, []
    for _ in range(50):
        before, price = price, price + random.gauss(0, 0.1)
        history.append((before, max(before, price), min(before, price), price))
    return Bench(make, symbols=SYMBOLS, history=history, participation=Decimal("0.1"))


def walk(bench: Bench, moves: Moves, *, restart_at: int | None = None) -> None:
    """Live through the moves, the second symbol in the opposite direction, and check each minute."""
    prices = dict.fromkeys(SYMBOLS, 100.0)
    for index, (step, wick, lots) in enumerate(moves):
        if index == restart_at:
            bench.restart()
            check(bench)
        rows: dict[str, Prices] = {}
        for symbol, way in zip(SYMBOLS, (1, -1), strict=True):
            opened = prices[symbol]
            close = prices[symbol] = max(opened + way * step * 0.05, 1.0)
            reach = wick * 0.02
            rows[symbol] = (opened, max(opened, close) + reach, min(opened, close) - reach, close)
        bench.minutes(rows, volume=lots * 100)
        check(bench)


def check(bench: Bench) -> None:
    """Hold what must hold after every minute."""
    assert bench.engine.failures == []
    for symbol in SYMBOLS:
        held, orders = bench.held(symbol), bench.open_orders(symbol)
        assert held == bench.venue.account.position_qty(symbol)
        if isinstance(bench.strategy, MomentumShort):
            assert held <= 0
        else:
            assert held >= 0
        opening = [order for order in orders if held * order.side.sign >= 0]
        closing = [order for order in orders if held * order.side.sign < 0]
        assert len(opening) <= 1
        if isinstance(bench.strategy, ReCycleStrategy):
            assert len(orders) <= 1
        assert not (opening and closing)
        assert sum(order.remaining for order in closing) <= abs(held)


def end(bench: Bench) -> None:
    """Live to the liquidation and a little beyond."""
    bench.rest((CLOSE - bench.now) // MINUTE - 15)
    for _ in range(3):
        bench.minutes(dict.fromkeys(SYMBOLS, (100.0, 100.0, 100.0, 100.0)))
    assert bench.engine.is_flat
    assert bench.engine.failures == []
    assert bench.engine.warnings == []
    assert not any(bench.open_orders(symbol) for symbol in SYMBOLS)
    assert not bench.venue.account.positions
    flow = sum((-e.side.sign * e.qty * e.price - e.fee for e in bench.venue.executions), Decimal(0))
    assert bench.venue.account.cash == CASH + flow


MOVES = st.lists(
    st.tuples(st.integers(-6, 6), st.integers(0, 5), st.integers(0, 40)), min_size=5, max_size=60
)


@pytest.mark.parametrize("name", MAKERS)
@settings(max_examples=60, deadline=None)
@given(moves=MOVES, restart_at=st.none() | st.integers(5, 50))
def test_never_more_is_sold_than_held_and_liquidation_leaves_nothing(
    name: str, moves: Moves, restart_at: int | None
) -> None:
    bench = bench_for(MAKERS[name])
    walk(bench, moves, restart_at=restart_at)
    end(bench)


def random_moves(seed: int) -> Moves:
    """Return a long day that trends now and then."""
    random = Random(seed)
    moves, drift = [], 0
    for minute in range(300):
        if minute % 20 == 0:
            drift = random.choice((-2, 0, 2))
        moves.append((drift + random.randint(-4, 4), random.randint(0, 5), random.randint(0, 20)))
    return moves


@pytest.mark.parametrize("name", MAKERS)
def test_a_long_day_has_entries_exits_and_partial_fills(name: str) -> None:
    bench = bench_for(MAKERS[name])
    walk(bench, random_moves(3), restart_at=150)
    end(bench)
    kinds = [event.kind.value for event in bench.order_events]
    assert {order.side for order in bench.sent} == {Side.BUY, Side.SELL}
    assert kinds.count("fill") >= 10
    assert kinds.count("partial_fill") >= 5
    if name != "cross":
        assert len(bench.cancels) >= 3


@pytest.mark.parametrize("name", MAKERS)
def test_the_same_day_twice_gives_the_same_orders(name: str) -> None:
    days = []
    for _ in range(2):
        bench = bench_for(MAKERS[name])
        walk(bench, random_moves(5)[:120])
        days.append(bench.intents)
    assert days[0] == days[1]
    assert any(isinstance(intent, Submit) for intent in days[0])
