"""A row of bars lived through in one call: a history has millions of them."""

from __future__ import annotations

from collections.abc import Sequence

from liualgotrader.common.events import Bar
from liualgotrader.common.orders import Verdict
from liualgotrader.engine.core import Engine


def process_bars(
    engine: Engine, bars: Sequence[Bar], stamps: Sequence[int], start: int, stop: int
) -> tuple[int, list[Verdict]]:
    """Do what `Engine.process_stretch` does, with bars of a stored history alone.

    All are of the length that strategies decide on, and each is the first word of its time: none is a correction.
    Return the index behind the last one that happened, with what risk said of it.
    """
    clock, last, data = engine.clock, engine.last, engine.data
    handlers, waiting, verdicts = engine.bar_handlers, data.waiting, engine.verdicts
    now, running = clock.now(), engine.running
    for index in range(start, stop):
        ts = stamps[index]
        if clock.due <= ts:
            return index, []
        if ts > now:
            clock.advance(now := ts)
        bar = bars[index]
        symbol = bar.symbol
        row = waiting.get(symbol)
        if row is None:
            data.admit(bar)
        else:
            row.append(bar)  # an engine has a day of them at most
        last[symbol] = bar.close
        for run, handler in handlers.get(symbol, ()):
            if run.name is not running:
                engine.running = running = run.name
            try:
                handler(run.ctx, bar)
            except Exception as exc:  # noqa: BLE001 - the strategy guard: user code may raise anything
                engine.fail(run, "on_bar", exc)
        if verdicts:
            return index + 1, engine.said()
    return stop, []
