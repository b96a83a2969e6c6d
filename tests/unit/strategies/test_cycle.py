"""CycleStrategy: when it enters, and what its filters ask of forecasts and of the last two hours."""

from __future__ import annotations

import pytest

from liualgotrader.common.events import Bar
from liualgotrader.common.plan_classes import named_class
from liualgotrader.engine.loading import source_of
from liualgotrader.mining.plan_reading import read_miner_plan
from liualgotrader.strategies.cycle import CycleStrategy, typical_fall
from tests.history_bench import EXAMPLES
from tests.strategy_bench import MINUTE, Bench, flat

GOOD = {
    "dip_10": -0.0025,
    "dip_45": -0.005,
    "volatility": 0.015,
    "momentum": 0.0005,
    "profitability": 0.0005,
    "rally": 0.1,
}
"""Each forecast on its bound."""


class Asked:
    """Implements `Viability` over forecasts and bars, and remembers the first no."""

    symbol = "AAA"

    def __init__(self, forecasts: dict[str, float], recent: tuple[Bar, ...] | None = None) -> None:
        self.forecasts = forecasts
        self.recent = recent
        self.round = 1 if recent is None else 2
        self.said_no = ""

    def forecast(self, name: str) -> float | None:
        """Return a forecast."""
        return self.forecasts.get(name)

    def check(
        self, name: str, *, at_least: float | None = None, at_most: float | None = None
    ) -> bool:
        """Hold a forecast against bounds."""
        value = self.forecast(name)
        if value is None:
            self.said_no = self.said_no or name
            return False
        return self.measure(name, value, at_least=at_least, at_most=at_most)

    def measure(
        self,
        name: str,
        value: float,
        *,
        at_least: float | None = None,
        at_most: float | None = None,
    ) -> bool:
        """Hold a figure against bounds."""
        fits = (at_least is None or value >= at_least) and (at_most is None or value <= at_most)
        self.said_no = self.said_no or ("" if fits else name)
        return fits


def bars(*closes: float) -> tuple[Bar, ...]:
    """Return minutes at one price each."""
    return tuple(
        Bar("AAA", place * MINUTE, close, close, close, close, 1.0)
        for place, close in enumerate(closes)
    )


def answer(asked: Asked, strategy: CycleStrategy | None = None) -> tuple[bool, str]:
    """Return what is said, and because of which figure."""
    return (strategy or CycleStrategy()).is_viable("AAA", asked), asked.said_no


def test_what_is_on_every_bound_is_viable() -> None:
    assert answer(Asked(GOOD)) == (True, "")
    assert answer(Asked(GOOD, bars(100.0, 90.0))) == (True, "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dip_10", -0.0026),
        ("dip_45", -0.0051),
        ("volatility", 0.0149),
        ("momentum", 0.0),
        ("momentum", 0.011),
        ("profitability", 0.0004),
        ("rally", 0.09),
    ],
)
def test_each_filter_refuses_beyond_its_bound_and_without_a_forecast(
    name: str, value: float
) -> None:
    assert answer(Asked({**GOOD, name: value})) == (False, name)
    assert answer(Asked({each: GOOD[each] for each in GOOD if each != name})) == (False, name)
    strategy = CycleStrategy()
    strategy.filters = tuple(each for each in GOOD if each != name)
    assert answer(Asked({**GOOD, name: value}), strategy) == (True, "")


def falling(percent: float, minutes: int) -> tuple[Bar, ...]:
    """Return minutes that each fall by a part of a hundred dollars."""
    return bars(*(100.0 - percent * place for place in range(minutes)))


def test_dips_of_the_last_two_hours_have_half_as_much_room_again() -> None:
    assert answer(Asked(GOOD, falling(0.037, 30))) == (True, "")
    assert answer(Asked(GOOD, falling(0.038, 30))) == (False, "recent dip_10")
    assert answer(Asked(GOOD, falling(0.017, 50))) == (False, "recent dip_45")
    strategy = CycleStrategy()
    strategy.filters = ("rally",)
    assert answer(Asked(GOOD, falling(0.2, 50)), strategy) == (True, "")


def test_the_typical_fall_is_the_median_of_those_after_each_close() -> None:
    assert typical_fall(bars(100.0, 99.0, 99.0, 98.01), 1) == pytest.approx(-0.01)
    assert typical_fall(bars(100.0, 101.0, 99.99, 100.0), 2) == pytest.approx(-0.00505)
    low = Bar("AAA", MINUTE, 100.0, 100.0, 95.0, 100.0, 1.0)
    assert typical_fall((*bars(100.0), low), 1) == pytest.approx(-0.05)
    assert typical_fall((low, *bars(100.0)), 1) == 0.0
    assert typical_fall(bars(100.0, 101.0, 102.0), 1) == 0.0
    assert typical_fall(bars(100.0, 90.0), 2) == typical_fall(bars(100.0), 5) == 0.0
    assert typical_fall((), 5) == 0.0


@pytest.mark.parametrize(
    ("minutes", "enters"), [(43, False), (44, True), (148, True), (149, False)]
)
def test_entries_are_made_from_three_quarters_of_an_hour_after_the_open_to_noon(
    minutes: int, enters: bool
) -> None:
    def make() -> CycleStrategy:
        strategy = CycleStrategy()
        strategy.filters = ()
        return strategy

    bench = Bench(make, history=flat(100.0, 60))
    bench.play(flat(100.0, minutes))
    bench.minute((100.0, 100.0, 99.8, 99.8))
    assert bool(bench.sent) is enters


def test_without_forecasts_nothing_is_given_to_it() -> None:
    bench = Bench(CycleStrategy, history=flat(100.0, 60))
    assert bench.engine.given_back == ["AAA"]
    (passed,) = bench.engine.viabilities.passed_over
    assert (passed.figure, passed.round) == ("dip_10", 1)


def test_a_filter_that_there_is_not_is_named() -> None:
    strategy = CycleStrategy()
    strategy.filters = ("dip_10", "luck")
    bench = Bench(lambda: strategy)
    ((_, reason),) = bench.engine.failures
    assert "there is no luck, but dip_10, dip_45" in reason


def test_the_example_makes_the_forecasts_that_are_asked_for() -> None:
    plan = read_miner_plan(EXAMPLES / "cycle" / "miner.toml")
    assert {job.name for job in plan.jobs} == set(CycleStrategy.forecasts)
    (parameters,) = (job.parameters for job in plan.jobs if job.name == "profitability")
    found = named_class(parameters["strategy"], "strategy", source_of)
    assert found == ("liualgotrader.strategies.re_cycle", "ReCycleStrategy")
