"""Recommendations on a real database: what replaces what, and what was known on a day."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import msgspec
import pytest

from liualgotrader.common.errors import StoreError
from liualgotrader.common.recommendations import KnownRecommendations, Recommendation
from liualgotrader.models.recommendation_store import RecommendationRow, RecommendationStore

ROW = RecommendationRow(
    symbol="AAPL",
    scale="day",
    through=date(2012, 6, 29),
    strategy="sma_cross",
    verdict="recommended",
    why="that it is better is sure",
    metric="sharpe",
    score=1.5,
    confidence=0.95,
    folds=[{"held": 0.1}],
    code_version="0.5.0+1",
    data_version="2",
)


@pytest.fixture
async def store(database: str) -> AsyncIterator[RecommendationStore]:
    async with await RecommendationStore.open(database, max_size=1) as store:
        yield store


def but(**changes: object) -> RecommendationRow:
    return msgspec.structs.replace(ROW, **changes)


async def test_a_rerun_replaces_the_row_of_its_symbol_scale_and_last_day(
    store: RecommendationStore,
) -> None:
    await store.save(ROW)
    await store.save(but(strategy=None, confidence=None, score=None, verdict="none", folds=[]))
    await store.save(but(scale="minute"))
    await store.save(but(through=date(2012, 7, 31)))
    found = await store.known(date(2100, 1, 1))
    assert [(r.scale, r.through.month, r.strategy) for r in found] == [
        ("day", 6, None),
        ("day", 7, "sma_cross"),
        ("minute", 6, "sma_cross"),
    ]


async def test_only_what_ends_before_a_day_is_known_on_it_and_the_newest_counts(
    store: RecommendationStore,
) -> None:
    await store.save(ROW)
    await store.save(but(through=date(2012, 7, 31), strategy="momentum_long", confidence=0.7))
    await store.save(but(symbol="IBM", through=date(2012, 8, 1)))
    known = KnownRecommendations(await store.known(date(2100, 1, 1)))
    for day, expected in (
        (date(2012, 6, 29), []),
        (date(2012, 6, 30), [("AAPL", "sma_cross", 0.95)]),
        (date(2012, 7, 31), [("AAPL", "sma_cross", 0.95)]),
        (date(2012, 8, 1), [("AAPL", "momentum_long", 0.7)]),
        (date(2012, 8, 2), [("AAPL", "momentum_long", 0.7), ("IBM", "sma_cross", 0.95)]),
    ):
        found = await store.newest(day)
        assert [(r.symbol, r.strategy, r.confidence) for r in found] == expected
        assert list(await known.newest(day)) == list(found)
        assert all(isinstance(row, Recommendation) for row in found)


@pytest.mark.parametrize(
    "changes",
    [
        {"confidence": 1.5},
        {"verdict": "maybe"},
        {"score": float("inf")},
        {"strategy": None},
        {"scale": "week"},
    ],
)
async def test_what_cannot_be_is_not_kept(
    store: RecommendationStore, changes: dict[str, object]
) -> None:
    with pytest.raises(StoreError):
        await store.save(but(**changes))
