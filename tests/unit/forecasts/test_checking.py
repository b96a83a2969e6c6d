"""Whether a forecast is better than its baseline, and how it says so."""

from __future__ import annotations

import pytest

from liualgotrader.forecasts.base import Check
from liualgotrader.forecasts.checking import checked
from liualgotrader.forecasts.verdict import verdict


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (Check(0, None, None, ()), "nothing that it told has come yet"),
        (Check(9, 0.9, 1.0, (), 0.01), "10.0% better than its naive baseline (error 0.9, naive 1,"),
        (Check(9, 1.0, 1.0, ()), "no better than its naive baseline (error 1, naive 1, 9 f"),
        (Check(9, 1.1, 1.0, ()), "no better than its naive baseline (error 1.1,"),
        (Check(9, 0.9, 1.0, (), 0.1), "no better than its naive baseline: 10.0% better, which may"),
        (
            Check(9, 0.9, 1.0, (), None),
            "no better than its naive baseline: 10.0% better, which may",
        ),
        (Check(9, 0.0, 0.0, ()), "no better than its naive baseline (error 0, naive 0"),
    ],
)
def test_a_check_is_put_in_words(check: Check, words: str) -> None:
    said = verdict(check.samples, check.error, check.naive_error, check.beats_naive)
    assert said.startswith(words)


def test_a_gain_that_one_day_made_may_be_luck() -> None:
    came, naive = [1.0] * 8, [0.0] * 8
    # On one of four days all symbols were right; on the others none was better than the baseline.
    values, days = [1.0, 1.0, *[0.0] * 6], [1, 1, 2, 2, 3, 3, 4, 4]
    check = checked(values, naive, came, days=days)
    # Gains by day 2, 0, 0, 0: standard deviation 1, times the root of 4 days, over 8 forecasts.
    assert check.skill == 0.25
    assert check.luck == pytest.approx(0.25)
    assert not check.beats_naive
    steady = checked([0.5, 0.3] * 4, naive, came, days=days)
    assert (steady.luck, steady.beats_naive) == (0.0, True)


def test_of_one_day_nobody_can_say_what_luck_made() -> None:
    check = checked([1.0, 1.0], [0.0, 0.0], [1.0, 1.0], days=[5, 5])
    assert (check.luck, check.skill, check.beats_naive) == (None, 1.0, False)


def test_there_are_ten_bins_at_most_and_ten_forecasts_in_each_at_least() -> None:
    for count, bins in ((5, 1), (10, 1), (25, 2), (250, 10)):
        values = [float(number) for number in range(count)]
        assert len(checked(values, values, values).calibration) == bins
