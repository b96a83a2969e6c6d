"""An engine whose day is over goes at once, with all that it knows, and not when the collector looks for circles."""

from __future__ import annotations

import gc
import weakref

from liualgotrader.common.events import Bar
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.strategies.base import Context
from tests.engine_bench import OPEN, Bench, Told


def lived_through_a_day(seen: list[object]) -> Bench:
    """Return an engine that has traded, whose strategy has looked at its bars."""

    def trade(ctx: Context, bar: Bar) -> None:
        seen.append(ctx.data["A"].close[-1])
        ctx.buy("A", 1)

    bench = Bench(Told(bar=trade))
    (verdict,) = bench.feed(Bar("A", OPEN, 10.0, 11.0, 9.0, 10.5, 100.0))
    bench.order(verdict.intent.order_id, Kind.NEW)
    return bench


def test_an_engine_that_let_go_is_in_no_circle() -> None:
    seen: list[object] = []
    bench = lived_through_a_day(seen)
    strategy = weakref.ref(bench.engine.runs["told"].strategy)  # it goes with its engine
    gc.collect()
    gc.disable()
    try:
        bench.engine.stop()
        bench.engine.let_go()
        del bench
        assert strategy() is None
        assert gc.collect() == 0
    finally:
        gc.enable()
    assert seen == [10.5]


def test_what_it_knew_can_be_looked_at_afterwards() -> None:
    bench = lived_through_a_day([])
    context = bench.engine.runs["told"].ctx
    bench.engine.stop()
    bench.engine.let_go()
    assert list(context.data["A"].close) == [10.5]
    assert context.position("A") == 0
    assert len(context.orders("A")) == 1
