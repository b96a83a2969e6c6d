"""What holds for every forecast that comes with the package; one that is added is found, and held to it too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liualgotrader.common.bar_table import BarTable
from liualgotrader.forecasts.base import Forecast, MarketDay
from tests.every_forecast import forecast_classes, made
from tests.generated_days import halted, market, short_days, without

NAMES = ("AAA", "BBB", "CCC", "DDD")
EVERY = pytest.mark.parametrize("cls", forecast_classes().values(), ids=forecast_classes())


def fed(cls: type[Forecast], days: Sequence[MarketDay]) -> Forecast:
    """Return a forecast that knows these days."""
    forecast = made(cls)
    for day in days:
        forecast.feed(day)
    return forecast


def values(forecast: Forecast, day: date) -> dict[str, float | None]:
    """Return what is expected of all symbols on a day."""
    return {name: forecast.value(name, day) for name in NAMES}


def altered(day: MarketDay, since: MarketDay, chance: np.random.Generator) -> MarketDay:
    """Return a day with other prices, and day bars that are others from `since` on."""
    begin = since.open - 600 * 60_000_000_000
    return msgspec.structs.replace(
        day,
        minutes=_scaled(day.minutes, begin, chance),
        days=_scaled(day.days, begin, chance),
        profits={name: float(chance.normal()) for name in day.profits},
    )


def _scaled(
    tables: Mapping[str, BarTable], begin: int, chance: np.random.Generator
) -> dict[str, BarTable]:
    found = {}
    for name, table in tables.items():
        scale = np.where(table.start >= begin, np.exp(chance.normal(0, 0.3, len(table))), 1.0)
        columns = (table.open, table.high, table.low, table.close, table.volume)
        found[name] = BarTable(name, table.start, *(column * scale for column in columns))
    return found


def test_the_six_are_there() -> None:
    six = {"dip_10", "dip_45", "volatility", "momentum", "profitability", "rally"}
    assert six <= forecast_classes().keys()


@EVERY
@settings(max_examples=4)
@given(seed=st.integers(0, 2**32 - 1), cut=st.integers(7, 11))
def test_what_comes_on_a_day_or_after_it_changes_nothing_before(
    cls: type[Forecast], seed: int, cut: int
) -> None:
    days = market(NAMES, 12, seed=seed)
    chance = np.random.default_rng(seed)
    others = days[:cut] + [altered(day, days[cut], chance) for day in days[cut:]]
    one, other, short = fed(cls, days), fed(cls, others), fed(cls, days[:cut])
    for day in days[cut - 2 : cut + 1]:
        assert values(one, day.day) == values(other, day.day) == values(short, day.day)
    assert values(one, days[cut].day)["AAA"] is not None
    assert one.basis(days[cut].day) == other.basis(days[cut].day)


@EVERY
def test_two_are_the_same_to_the_bit(cls: type[Forecast]) -> None:
    days = market(NAMES, 12)
    one, other = fed(cls, days), fed(cls, days)
    assert values(one, days[-1].day) == values(other, days[-1].day)
    assert one.check() == other.check()


@EVERY
def test_final_data_take_the_place_of_live_ones(cls: type[Forecast]) -> None:
    *before, yesterday, today = market(NAMES, 12)
    heard = altered(yesterday, yesterday, np.random.default_rng(1))
    heard = msgspec.structs.replace(heard, live=frozenset(NAMES))
    next_day = short_days(26 + 12)[-1].date
    live, final = fed(cls, [*before, heard]), fed(cls, [*before, yesterday, today])
    assert not any(sample.is_final for sample in live.samples(yesterday.day))
    live.feed(yesterday)
    live.feed(today)
    assert values(live, next_day) == values(final, next_day)
    assert all(sample.is_final for sample in live.samples(yesterday.day))
    stale = fed(cls, [*before, heard, today])
    assert values(stale, next_day) != values(final, next_day)
    assert stale.basis(next_day) != final.basis(next_day)


@EVERY
def test_what_days_predict_it_predicts_better_than_its_baseline(cls: type[Forecast]) -> None:
    days = market([f"S{number}" for number in range(8)], 45, seed=3)
    check = fed(cls, days).check()
    assert check.beats_naive, check
    assert check.skill and check.skill > 0.05
    assert check.samples == 30 * 8
    expected = [each.expected for each in check.calibration]
    assert expected == sorted(expected)
    assert sum(each.count for each in check.calibration) == check.samples


@EVERY
def test_restored_from_its_samples_it_expects_the_same(cls: type[Forecast]) -> None:
    *before, today = market(NAMES, 12)
    whole = fed(cls, [*before, today])
    again = made(cls)
    again.restore([each for day in before for each in whole.samples(day.day)])
    again.feed(today)
    next_day = short_days(26 + 12)[-1].date
    assert values(again, next_day) == values(whole, next_day)
    assert again.check() == whole.check()


@EVERY
def test_one_symbol_is_enough(cls: type[Forecast]) -> None:
    days = market(["AAA"], 40)
    forecast = fed(cls, days)
    assert forecast.value("AAA", days[-1].day) is not None
    assert forecast.value("ZZZ", days[-1].day) is None
    assert forecast.why_not("ZZZ", days[-1].day)


@EVERY
def test_a_young_symbol_has_no_value_and_the_rest_have(cls: type[Forecast]) -> None:
    days = market(NAMES, 12)
    young = [
        msgspec.structs.replace(
            day, days={**day.days, "AAA": day.days["AAA"].cut(25 + 8, len(day.days["AAA"]))}
        )
        for day in days
    ]
    forecast = fed(cls, young)
    last = days[-1].day
    assert forecast.value("AAA", last) is None
    assert "day bars" in forecast.why_not("AAA", last)
    assert forecast.value("BBB", last) is not None
    assert forecast.why_not("BBB", last) == ""


@EVERY
def test_a_day_without_trades_of_a_symbol_is_left_out_by_name(cls: type[Forecast]) -> None:
    *before, today = market(NAMES, 12)
    forecast = fed(cls, [*before, without(today, "AAA")])
    sample = next(each for each in forecast.samples(today.day) if each.symbol == "AAA")
    assert sample.target is None
    assert sample.features
    assert forecast.missed("AAA", today.day)
    assert forecast.missed("BBB", today.day) == ""
    next_day = short_days(26 + 12)[-1].date
    assert None not in values(forecast, next_day).values()


@pytest.mark.parametrize("name", ["dip_10", "dip_45", "momentum", "rally"])
def test_a_halted_symbol_is_left_out_by_name(name: str) -> None:
    *before, today = market(NAMES, 12)
    forecast = fed(forecast_classes()[name], [*before, halted(today, "AAA", 20, 60)])
    assert forecast.missed("AAA", today.day) == "no trades from minute 20 to 60 of the session"
    assert forecast.missed("BBB", today.day) == ""
    next_day = short_days(26 + 12)[-1].date
    assert None not in values(forecast, next_day).values()


@pytest.mark.parametrize("name", ["momentum", "profitability", "rally"])
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_on_noise_it_says_that_it_is_no_better(name: str, seed: int) -> None:
    days = market([f"S{number}" for number in range(8)], 45, seed=seed, follows=False)
    check = fed(forecast_classes()[name], days).check()
    assert not check.beats_naive
    assert check.skill is not None
    assert check.skill < 0.02


@EVERY
def test_nothing_is_known_of_nothing(cls: type[Forecast]) -> None:
    forecast = made(cls)
    assert forecast.value("AAA", date(2024, 1, 2)) is None
    check = forecast.check()
    assert (check.samples, check.error, check.skill, check.beats_naive) == (0, None, None, False)


@pytest.mark.parametrize("name", ["dip_45", "volatility", "momentum", "profitability"])
def test_a_wild_day_of_one_symbol_bends_little(name: str) -> None:
    *before, last = market([f"S{number}" for number in range(8)], 30)
    wild = before[20]
    wild = msgspec.structs.replace(
        wild,
        minutes={**wild.minutes, "S0": _times(wild.minutes["S0"], 30.0)},
        days={**wild.days, "S0": _times(wild.days["S0"], 30.0)},
        profits={**wild.profits, "S0": 30.0},
    )
    calm = fed(forecast_classes()[name], [*before, last])
    stirred = fed(forecast_classes()[name], [*before[:20], wild, *before[21:], last])
    came = [sample.target for sample in calm.samples(last.day) if sample.symbol != "S0"]
    spread = np.ptp([target for target in came if target is not None])
    for number in range(1, 8):
        one, other = (each.value(f"S{number}", last.day) for each in (calm, stirred))
        assert one is not None
        assert other == pytest.approx(one, abs=spread / 4)


def _times(table: BarTable, factor: float) -> BarTable:
    """Return bars of which the last has a high and a close that are no market's."""
    high, close = table.high.copy(), table.close.copy()
    high[-40:] *= factor
    close[-40:] *= factor
    return msgspec.structs.replace(table, high=high, close=close)
