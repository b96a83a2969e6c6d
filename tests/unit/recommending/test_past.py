"""Where a symbol's history is found, and what holding it earned."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from liualgotrader.backtest.request import Scale
from liualgotrader.common.calendar import us_equities
from liualgotrader.common.errors import ConfigError
from liualgotrader.data.lake import Action, ActionKind, Kind, Lake, Rows
from liualgotrader.data.lake.days import day_start
from liualgotrader.recommending.past import find_past, held, version, write_bundle

MINUTE = 60_000_000_000
DAYS = us_equities().sessions(date(2024, 3, 4), date(2024, 3, 8))


def bars(symbol: str, start: list[int], closes: list[float]) -> Rows:
    column = np.array(closes)
    return Rows(
        symbol, np.array(start), (column, column, column, column, np.full(len(closes), 1e4))
    )


def by_day(lake: Lake, symbol: str, closes: list[float]) -> None:
    start = [day_start(symbol, day.date) for day in DAYS[: len(closes)]]
    lake.write(Kind.DAY, symbol, bars(symbol, start, closes))


def by_minute(lake: Lake, symbol: str) -> None:
    start = [day.open + MINUTE * n for day in DAYS for n in range(3)]
    lake.write(Kind.MINUTE, symbol, bars(symbol, start, [10.0 + n for n in range(len(start))]))


def never() -> Path:
    raise AssertionError("what comes with the package is not asked for")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "history")


def test_the_finest_bars_are_taken_unless_told(lake: Lake) -> None:
    by_day(lake, "AAA", [1.0, 2.0, 3.0])
    by_minute(lake, "BBB")
    assert find_past("AAA", lake, None, never).scale is Scale.DAY
    found = find_past("BBB", lake, None, never)
    assert (found.scale, found.bundled) == (Scale.MINUTE, False)
    assert (found.first, found.last) == (DAYS[0].date, DAYS[-1].date)
    assert find_past("BBB", lake, Scale.DAY, never).scale is Scale.DAY


def test_what_the_lake_has_not_comes_with_the_package(lake: Lake, tmp_path: Path) -> None:
    found = find_past("IBM", lake, None, lambda: write_bundle(tmp_path / "bundle"))
    assert (found.bundled, found.scale) == (True, Scale.DAY)
    assert found.first < date(2000, 4, 1) and found.last == date(2013, 3, 1)
    assert not lake.root.exists()
    by_day(lake, "IBM", [1.0, 2.0])
    assert not find_past("IBM", lake, None, never).bundled


def test_an_unknown_symbol_is_told_with_what_there_is(lake: Lake) -> None:
    by_day(lake, "ACME", [1.0])
    with pytest.raises(ConfigError) as caught:
        find_past("ACNE", lake, None, never)
    said = str(caught.value)
    assert "no history of ACNE: the nearest symbol is ACME; the lake has ACME; with the pa" in said
    assert "AAPL, FB, GOOG, IBM, MSFT, by the day" in said
    with pytest.raises(ConfigError, match=r"no history of ACME by the minute: the lake has none;"):
        find_past("ACME", lake, Scale.MINUTE, never)


def test_holding_earns_from_close_to_close_with_splits_and_dividends(lake: Lake) -> None:
    by_day(lake, "AAA", [100.0, 110.0, 55.0, 54.0, 54.0])
    lake.add_actions(
        [
            Action(DAYS[2].date, "AAA", ActionKind.SPLIT, Decimal(2)),
            Action(DAYS[3].date, "AAA", ActionKind.DIVIDEND, Decimal(1)),
        ]
    )
    found = held(find_past("AAA", lake, None, never), DAYS)
    # A dollar is the dividend of 55 that is a loss of one: the same but for the way it is put back.
    assert found == pytest.approx([0.0, 0.1, 0.0, 0.0, 0.0], abs=1e-12)
    later = held(find_past("AAA", lake, None, never), DAYS[1:])
    assert later == pytest.approx([0.1, 0.0, 0.0, 0.0], abs=1e-12)


def test_holding_is_known_by_minutes_too_and_nothing_before_the_first_close(lake: Lake) -> None:
    by_minute(lake, "BBB")
    around = us_equities().sessions(date(2024, 2, 29), date(2024, 3, 8))
    found = held(find_past("BBB", lake, None, never), around)
    assert found == pytest.approx([0, 0, 0, 15 / 12 - 1, 18 / 15 - 1, 21 / 18 - 1, 24 / 21 - 1])


def test_a_history_by_the_minute_is_held_by_its_minutes(lake: Lake) -> None:
    by_day(lake, "BBB", [1.0, 2.0])
    by_minute(lake, "BBB")
    minutes, days = (find_past("BBB", lake, scale, never) for scale in (None, Scale.DAY))
    assert held(minutes, DAYS)[1:] == pytest.approx(
        [15 / 12 - 1, 18 / 15 - 1, 21 / 18 - 1, 24 / 21 - 1]
    )
    assert (days.first, days.last) == (DAYS[0].date, DAYS[1].date)
    assert held(days, DAYS[:2])[1] == pytest.approx(1.0)


def test_a_changed_bar_or_action_is_another_version(lake: Lake) -> None:
    by_day(lake, "AAA", [100.0, 110.0])
    past = find_past("AAA", lake, None, never)
    first = version(past, DAYS[1].date)
    by_day(lake, "BBB", [1.0])
    by_day(lake, "AAA", [100.0, 110.0, 120.0])
    lake.add_actions([Action(DAYS[2].date, "AAA", ActionKind.SPLIT, Decimal(2))])
    assert version(past, DAYS[1].date) == first
    lake.add_actions([Action(DAYS[1].date, "AAA", ActionKind.DIVIDEND, Decimal(1))])
    second = version(past, DAYS[1].date)
    assert len({first, second, version(past, DAYS[2].date)}) == 3
