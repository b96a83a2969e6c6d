"""A history's bars happen in one loop as they do one by one: same callbacks, moments, verdicts, data and failures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from liualgotrader.common.clock import MINUTE, SECOND
from liualgotrader.common.events import Bar
from liualgotrader.common.orders import Verdict
from liualgotrader.engine.bar_row import process_bars
from liualgotrader.engine.core import Engine
from liualgotrader.strategies.base import Context
from tests.engine_bench import OPEN, Bench, Told

SYMBOLS = ("A", "B", "UNKNOWN")
Way = Callable[..., tuple[int, list[Verdict]]]


def row() -> tuple[list[Bar], list[int]]:
    """Return ten minutes of three symbols; moments are their ends."""
    bars = [
        Bar(symbol, OPEN + minute * MINUTE, 10.0, 11.0, 9.0, 10.0 + minute, 100.0)
        for minute in range(10)
        for symbol in SYMBOLS
    ]
    return bars, [bar.ts_event for bar in bars]


def busy(ctx: Context, bar: Bar) -> None:
    """Order on some bars, ask for a timer at once on others, raise on the last one."""
    minute = (bar.start - OPEN) // MINUTE
    if minute in (2, 3) and bar.symbol == "A":
        ctx.buy("A", 1)
    elif minute in (5, 7):
        ctx.call_at(ctx.clock.now() + (minute - 5) * SECOND, f"{bar.symbol} {minute}")
    elif minute == 9:
        raise RuntimeError("enough")


def lived(way: Way) -> tuple[Any, ...]:
    """Let the row happen by one of the two ways; return all that can be seen of it."""
    told = Told(bar=busy)
    bench = Bench(told, symbols=("A", "B"))
    engine, (bars, stamps) = bench.engine, row()
    begin, steps, verdicts = 0, [], list[Verdict]()
    while begin < len(bars):
        begin, said = way(engine, bars, stamps, begin, len(bars))
        verdicts += said
        steps.append((begin, engine.clock.now(), len(said)))
        for timer in engine.clock.pop_due(stamps[begin] if begin < len(bars) else stamps[-1]):
            engine.clock.advance(max(timer.due, engine.clock.now()))
            engine.process(timer)
    data = {s: [list(engine.data[s].close), list(engine.data[s].time)] for s in engine.data}
    return told.heard, steps, verdicts, data, engine.last, engine.failures, engine.running


def test_bars_happen_in_one_loop_as_they_do_one_by_one() -> None:
    one_by_one, in_one = lived(Engine.process_stretch), lived(process_bars)
    assert in_one == one_by_one
    heard, steps, verdicts, data, last, failures, _ = in_one
    assert {what for what, _, _ in heard} >= {"bar", "timer"}
    assert len(steps) > len(verdicts) == 4  # two orders, taken back when their strategy is disabled
    assert data["A"][0] == [10.0 + minute for minute in range(10)]
    assert last["B"] == 19.0
    assert [name for name, _ in failures] == ["told"]


@pytest.mark.parametrize("way", [Engine.process_stretch, process_bars])
def test_a_symbol_that_nobody_trades_is_kept_and_shown_to_nobody(way: Way) -> None:
    heard, _, _, data, last, _, _ = lived(way)
    assert len(data["UNKNOWN"][0]) == 10
    assert last["UNKNOWN"] == 19.0
    assert not [bar for what, bar, _ in heard if what == "bar" and bar.symbol == "UNKNOWN"]
