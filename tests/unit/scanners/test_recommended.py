"""What the scanner `recommended` proposes of what is stored, and that it never knows of today."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import cast

import pytest

from liualgotrader.common.calendar import crypto, us_equities
from liualgotrader.common.errors import ConfigError
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.ports import DataAPI
from liualgotrader.common.recommendations import KnownRecommendations, Recommendation, day_of
from liualgotrader.engine.loading import configure
from liualgotrader.scanners.recommended import Recommended
from liualgotrader.session.scan import Scan

TODAY = us_equities().session(date(2024, 3, 6))


class Assets:
    """Market data of which only the assets are asked for."""

    def __init__(self, symbols: Sequence[str]) -> None:
        self._symbols = symbols

    async def assets(self) -> Sequence[Instrument]:
        """Return what can be traded."""
        return [Instrument(symbol) for symbol in self._symbols]


def found(symbol: str, through: str = "2024-03-05", **more: object) -> Recommendation:
    values = {"strategy": "trend", "confidence": 0.95, "scale": "minute", **more}
    return Recommendation(symbol=symbol, through=date.fromisoformat(through), **values)  # type: ignore[arg-type]


async def scan(rows: Sequence[Recommendation], **parameters: object) -> list[str]:
    scanner = configure(Recommended, "recommended", {"strategy": "trend", **parameters})
    data = cast(DataAPI, Assets(["AAA", "BBB", "CCC"]))
    ctx = Scan(data, KnownRecommendations(rows), TODAY.open, TODAY.close, TODAY.open)
    return list(await scanner.scan(ctx))


async def test_the_surest_come_first_and_no_more_than_wanted() -> None:
    rows = [found("AAA"), found("BBB", confidence=0.99), found("CCC", confidence=0.99)]
    assert await scan(rows) == ["BBB", "CCC", "AAA"]
    assert await scan(rows, max_symbols=2) == ["BBB", "CCC"]
    assert await scan(rows, min_confidence=0.96) == ["BBB", "CCC"]


async def test_what_is_found_with_the_data_of_today_is_not_known_today() -> None:
    rows = [found("AAA", "2024-03-06"), found("BBB", "2024-03-05"), found("CCC", "2024-03-07")]
    assert await scan(rows) == ["BBB"]


async def test_the_newest_word_that_was_known_counts() -> None:
    better = found("AAA", "2024-03-04", strategy="other")
    none = found("BBB", "2024-03-04", strategy=None, confidence=None)
    rows = [found("AAA", "2024-03-01"), better, found("BBB", "2024-03-01"), none]
    assert await scan(rows) == []
    assert await scan([*rows, found("BBB", "2024-03-05")]) == ["BBB"]


async def test_words_of_another_scale_too_old_or_on_what_is_gone_do_not_count() -> None:
    rows = [found("AAA", scale="day"), found("BBB", "2023-12-06"), found("GONE")]
    assert await scan(rows) == []
    assert await scan(rows, scale="day") == ["AAA"]
    assert await scan(rows, max_age=91) == ["BBB"]


def test_the_strategy_must_be_given() -> None:
    with pytest.raises(ConfigError, match="strategy is missing"):
        configure(Recommended, "recommended", {})


@pytest.mark.parametrize("day", [date(2024, 1, 5), date(2024, 7, 5), date(2024, 3, 10)])
def test_the_day_of_a_session_is_told_from_its_open(day: date) -> None:
    assert day_of(crypto().session(day).open) == day
    if us_equities().is_session(day):
        assert day_of(us_equities().session(day).open) == day
