"""Walk-forward figures as they were worked out by hand: tests/facts/walk_forward.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.dummy import DummyRegressor

from liualgotrader.common.bar_table import BarTable, Floats, no_bars
from liualgotrader.forecasts.base import MarketDay
from liualgotrader.forecasts.checking import calibration, checked
from liualgotrader.forecasts.sampled import SampledForecast

Case = dict[str, Any]

FACTS: dict[str, list[Case]] = tomllib.loads(
    (Path(__file__).parents[2] / "facts" / "walk_forward.toml").read_text()
)
FIRST = date(2024, 1, 1)


def floats(texts: Sequence[str]) -> list[float]:
    return [float(text) for text in texts]


def close(text: str) -> Any:
    return pytest.approx(float(text), abs=2e-12)


class MeanSoFar(SampledForecast):
    """Expects the mean of all targets so far, against the last one."""

    days = 1_000
    past = 1_000
    own_days = ()
    least_rows = 1
    least_days = 1

    def features(self, bars: BarTable) -> Floats:
        """Return that nothing is known."""
        return np.zeros(1)

    def target(self, symbol: str, day: MarketDay) -> float | None:
        """Return the figure of the day."""
        return day.profits[symbol]

    def model(self) -> DummyRegressor:
        """Return the mean."""
        return DummyRegressor()

    def baseline(self, own: Sequence[float], everyone: float) -> float:
        """Return the last one."""
        return own[-1]


def walked(case: Case) -> tuple[MeanSoFar, list[date]]:
    """Return a forecast that was fed a case's targets, and their days."""
    forecast = MeanSoFar()
    targets = floats(case["targets"])
    days = [FIRST + timedelta(days=number) for number in range(len(targets))]
    forecast.past = len(days) - case["first"]
    for day, target in zip(days, targets, strict=True):
        forecast.feed(MarketDay(day, 0, 1, {}, {"A": no_bars("A")}, {"A": target}))
    return forecast, days


@pytest.mark.parametrize(
    "case",
    [case for case in FACTS["walk"] if case["horizon"] == case["test"] == 1],
    ids=lambda case: case["name"],
)
def test_a_walk(case: Case) -> None:
    """A day's target is known at its end, and each day is learnt for anew: those cases are ours."""
    forecast, days = walked(case)
    told = days[case["first"] :]
    values = [forecast.value("A", day) for day in told]
    assert values == [close(each) for each in case["predictions"]]
    assert [forecast.naive("A", day) for day in told] == [close(each) for each in case["naive"]]
    check = forecast.check()
    assert check.samples == len(told)
    assert check.error == close(case["mae"])
    assert check.naive_error == close(case["mae_naive"])
    assert check.skill == (close(case["skill"]) if "skill" in case else None)


@pytest.mark.parametrize("case", FACTS["walk"], ids=lambda case: case["name"])
def test_the_scores_of_a_walk(case: Case) -> None:
    came = floats(case["targets"])[case["first"] :]
    check = checked(floats(case["predictions"]), floats(case["naive"]), came)
    assert (check.error, check.naive_error) == (close(case["mae"]), close(case["mae_naive"]))
    assert check.skill == (close(case["skill"]) if "skill" in case else None)


@pytest.mark.parametrize("case", FACTS["scores"], ids=lambda case: case["name"])
def test_scores_and_bins(case: Case) -> None:
    expected, came = floats(case["predictions"]), floats(case["targets"])
    assert checked(expected, expected, came).error == close(case["mae"])
    same_bins(case, expected, came)


@pytest.mark.parametrize("case", FACTS["probability"], ids=lambda case: case["name"])
def test_probabilities(case: Case) -> None:
    expected, came = floats(case["predictions"]), [float(each) for each in case["outcomes"]]
    rate = [sum(came) / len(came)] * len(came)
    check = checked(expected, rate, came, is_probability=True)
    assert check.error == close(case["brier"])
    assert check.naive_error == close(case["brier_base"])
    assert check.skill == (close(case["skill"]) if "skill" in case else None)
    if "before" in case:
        seen = [*case["before"], *case["outcomes"]]
        first = len(case["before"])
        known = [sum(seen[:end]) / end for end in range(first, len(seen))]
        check = checked(expected, known, came, is_probability=True)
        assert check.naive_error == close(case["brier_base_before"])
        assert check.skill == close(case["skill_before"])
    if "quantiles" in case:
        same_bins(case, expected, came)


def same_bins(case: Case, expected: list[float], came: list[float]) -> None:
    found = calibration(np.array(expected), np.array(came), case["quantiles"])
    assert [(each.count, each.expected, each.came) for each in found] == [
        (int(count), close(mean), close(rate)) for count, mean, rate in case["bins"]
    ]
