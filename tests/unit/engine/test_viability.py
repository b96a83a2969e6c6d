"""`is_viable`: asked of forecasts when a symbol is picked, and of the last two hours before an entry."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from liualgotrader.common.events import OpenPosition, Picked, SessionBegan, Started
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.instruments import Instrument
from liualgotrader.engine.settings import DAY_SECONDS
from liualgotrader.engine.viability import RECENT_MINUTES
from liualgotrader.strategies.base import Context, Viability
from tests.engine_bench import (
    OPEN,
    Bench,
    Told,
    bar,
    command,
    history,
    refused,
    replaces,
    started,
    submits,
)


class Choosy(Told):
    """Asks what `viable` says, and buys on every trade."""

    forecasts = ("calm", "rally")

    def __init__(
        self, viable: Callable[[Viability], object], name: str = "told", qty: int = 1
    ) -> None:
        super().__init__(name, trade=lambda ctx, trade: ctx.buy(trade.symbol, qty))
        self.viable = viable
        self.asked: list[tuple[str, int]] = []

    def is_viable(self, symbol: str, ctx: Viability) -> bool:
        self.asked.append((symbol, ctx.round))
        return bool(self.viable(ctx))


def bench(strategy: Told, *symbols: str, start: Started | None = None, **settings: Any) -> Bench:
    forecasts = {"calm": {"A": 0.8, "B": 0.2}}
    start = start or started(forecasts=forecasts)
    return Bench(strategy, symbols=symbols or ("A",), start=start, **settings)


def calm(ctx: Viability) -> bool:
    return ctx.check("calm", at_least=0.5)


def told(on: Bench) -> list[tuple[str, int, str, float | None, str]]:
    return [
        (p.symbol, p.round, p.figure, p.value, p.reason) for p in on.engine.viabilities.passed_over
    ]


def test_what_is_not_viable_by_its_forecast_is_given_back() -> None:
    strategy = Choosy(calm)
    on = bench(strategy, "A", "B")
    on.feed(history(symbol="A"), history(symbol="B"))
    assert submits(on.trade(symbol="A"))
    assert not on.trade(symbol="B")
    assert on.engine.given_back == ["B"]
    reason = "calm is 0.2, and should be at least 0.5"
    assert told(on) == [("B", 1, "calm", 0.2, reason)]
    on.feed(Picked("B", "scanner", OPEN, Instrument("B")))
    assert strategy.asked.count(("B", 1)) == 1, "its forecasts are the same all day"


def test_what_another_strategy_wants_is_not_given_back() -> None:
    on = Bench(
        Choosy(calm), Told("other"), symbols=("B",), start=started(forecasts={"calm": {"B": 0.2}})
    )
    assert on.engine.given_back == []
    assert list(on.engine.runs["other"].symbols) == ["B"]
    assert list(on.engine.runs["told"].symbols) == []


def test_a_forecast_that_is_not_there_refuses_and_says_what_makes_it() -> None:
    on = bench(Choosy(lambda ctx: ctx.check("rally", at_least=0.1)))
    ((_, round_, figure, value, reason),) = told(on)
    assert (round_, figure, value) == (1, "rally", None)
    assert reason == "there is no forecast rally for today; market_miner makes them"


def test_before_an_entry_the_last_two_hours_are_asked() -> None:
    seen: list[tuple[int, int]] = []

    def steady(ctx: Viability) -> bool:
        if ctx.recent is None:
            return True
        seen.append((len(ctx.recent), ctx.recent[0].start))
        move = ctx.recent[-1].close / ctx.recent[0].open - 1
        return ctx.measure("move", move, at_least=0.0, at_most=0.02)

    on = bench(Choosy(steady))
    on.feed(history(*range(-200, 0)))
    for minute in range(10):
        on.at(minute + 1)
        on.feed(bar(minute, close=10.0 if minute < 9 else 11.0))
    reasons = refused(on.trade(price=11.0))
    assert reasons == ["move is 0.1, and should be at most 0.02"]
    assert seen == [(RECENT_MINUTES, OPEN + (10 - RECENT_MINUTES) * 60_000_000_000)]
    on.trade(price=11.0)
    assert [passed[1:3] for passed in told(on)] == [(2, "move")], "told once, however often refused"


def test_only_an_entry_from_flat_is_asked_about() -> None:
    strategy = Choosy(lambda ctx: True)
    on = bench(strategy)
    on.feed(history(-1))
    (order,) = submits(on.trade())
    assert strategy.asked == [("A", 1), ("A", 2)]
    assert submits(on.trade()), "an order is on its way: that is no entry from flat"
    on.fill(order.order_id)
    on.trade()
    assert strategy.asked == [("A", 1), ("A", 2)]
    on.engine.runs["told"].ctx.close("A")
    assert strategy.asked == [("A", 1), ("A", 2)]


def test_a_change_of_an_order_is_not_asked_about() -> None:
    strategy = Choosy(lambda ctx: True)
    on = bench(strategy)
    on.feed(history(-1))
    run = on.engine.runs["told"]
    entry = run.ctx.buy("A", 1, limit=9)
    on.order(entry, Kind.NEW)
    strategy.viable = lambda ctx: False
    changed = run.ctx.replace(entry, limit=9.5)
    (replaced,) = replaces(on.engine.process(command("reconcile"))[-1:])
    assert (replaced.order_id, replaced.new_id) == (entry, changed)
    assert strategy.asked == [("A", 1), ("A", 2)]


def test_what_is_held_is_looked_after_whatever_is_expected() -> None:
    strategy = Choosy(lambda ctx: False)
    held = OpenPosition("told", "A", Decimal(5), Decimal(9))
    start = started(positions=(held,), routes=(("A", None),), instruments=(Instrument("A"),))
    on = bench(strategy, start=start)
    assert list(on.engine.runs["told"].symbols) == ["A"]
    assert strategy.asked == []


def test_a_no_without_a_figure_says_so() -> None:
    on = bench(Choosy(lambda ctx: False))
    assert told(on) == [("A", 1, "", None, "is_viable said no without a figure")]


def test_the_first_check_that_fails_is_told() -> None:
    on = bench(Choosy(lambda ctx: all([ctx.check("calm", at_most=0.5), ctx.check("rally")])))
    assert [passed[2:4] for passed in told(on)] == [("calm", 0.8)]


@pytest.mark.parametrize("bounds", [{"at_least": 0.0}, {"at_most": 1.0}])
def test_nan_is_out_of_any_bounds(bounds: dict[str, float]) -> None:
    on = bench(Choosy(lambda ctx: ctx.measure("x", math.nan, **bounds)))
    assert len(told(on)) == 1


def test_a_bound_itself_is_within() -> None:
    on = bench(Choosy(lambda ctx: ctx.check("calm", at_least=0.8, at_most=0.8)))
    assert told(on) == []


def test_a_forecast_must_be_declared() -> None:
    on = bench(Choosy(lambda ctx: ctx.check("dip", at_least=0)))
    ((name, reason),) = on.engine.failures
    assert name == "told"
    assert "declare it in class Choosy: forecasts = ('calm', 'rally', 'dip',)" in reason


def test_a_strategy_that_raises_in_it_is_disabled_and_opens_nothing() -> None:
    def later(ctx: Viability) -> bool:
        return ctx.round == 1 or 1 / 0 > 0

    on = bench(Choosy(later))
    on.feed(history(-1))
    assert refused(on.trade()) == ["told is disabled"]
    assert on.engine.failures[0][1].startswith("raised in is_viable: ZeroDivisionError")


def test_a_strategy_reads_its_forecasts_from_its_context() -> None:
    seen: dict[str, float | None] = {}

    def look(ctx: Context, trade: object) -> None:
        seen.update(A=ctx.forecast("A", "calm"), none=ctx.forecast("C", "calm"))

    class Reader(Told):
        forecasts = ("calm",)

    bench(Reader(trade=look)).trade()
    assert seen == {"A": 0.8, "none": None}


def test_on_day_bars_each_day_is_asked_with_its_own_forecasts() -> None:
    strategy = Choosy(calm)
    on = bench(
        strategy,
        "B",
        start=started(forecasts={"calm": {"B": 0.2}}),
        bar_seconds=DAY_SECONDS,
        bypass_market_schedule=True,
    )
    on.feed(history(symbol="B"))
    assert strategy.asked == [], "yesterday's no would be today's: only entries are asked about"
    assert refused(on.trade(symbol="B")) == ["calm is 0.2, and should be at least 0.5"]
    on.feed(SessionBegan(OPEN, OPEN, OPEN + 1, {"calm": {"B": 0.9}}))
    assert len(submits(on.trade(symbol="B"))) == 1
    assert strategy.asked == [("B", 2), ("B", 2)]


def test_a_journal_of_before_forecasts_is_read() -> None:
    as_it_was = msgspec.to_builtins(started())[:-1]
    again = msgspec.convert(as_it_was, Started)
    assert again == started()
    assert again.forecasts == {}
