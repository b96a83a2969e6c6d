"""What was measured, as a venue takes it: nothing of a day counts on that day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from liualgotrader.common.plan import Plan, Slippage, SlippageCost
from liualgotrader.models.postgres import connect
from liualgotrader.models.slippage_store import SlippageStore

_ROW = """
INSERT INTO slippage_costs (symbol, day, orders, quoted, shares, shortfall_bps, bps) VALUES ($1, $2, 1, 0, 1, 9, $3)"""


@pytest.fixture
async def measured(database: str) -> str:
    """Keep figures of two symbols."""
    connection = await connect(database)
    rows = (
        ("AAA", 2, 1.5), ("AAA", 3, 1.50000001), ("AAA", 4, 4.0), ("AAA", 5, 7.0), ("BBB", 4, None), ("BBB", 3, 2.0),
    )  # fmt: skip
    for symbol, day, bps in rows:
        await connection.execute(_ROW, symbol, date(2026, 3, day), bps)
    await connection.close()
    return database


def _cost(symbol: str, day: int, bps: str) -> SlippageCost:
    return SlippageCost(symbol=symbol, since=date(2026, 3, day), bps=Decimal(bps))


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (2, 2, []),
        (3, 3, [("AAA", 3, "1.5")]),
        (4, 4, [("AAA", 4, "1.5"), ("BBB", 4, "2")]),
        (5, 5, [("AAA", 5, "4"), ("BBB", 4, "2")]),
        (3, 5, [("AAA", 3, "1.5"), ("AAA", 5, "4"), ("BBB", 4, "2")]),
        (1, 30, [("AAA", 3, "1.5"), ("AAA", 5, "4"), ("AAA", 6, "7"), ("BBB", 4, "2")]),
    ],
)
async def test_a_session_takes_what_was_known_before_it(
    measured: str, first: int, last: int, expected: list[tuple[str, int, str]]
) -> None:
    async with await SlippageStore.open(measured) as store:
        found = await store.costs(date(2026, 3, first), date(2026, 3, last))
        assert list(found) == [_cost(*each) for each in expected]


async def test_all_of_it_when_the_day_is_not_known_yet(measured: str) -> None:
    async with await SlippageStore.open(measured) as store:
        plan = Plan(slippage=Slippage(model="measured", bps=Decimal(3)))
        found = await store.with_costs(plan, date.min, date.max)
        assert len(found.slippage.costs) == 4
        assert found.slippage.bps == 3
        assert found.slippage.of_day(date(2026, 3, 4)).costs == (
            _cost("AAA", 3, "1.5"),
            _cost("BBB", 4, "2"),
        )
        # A batch that is resumed or asked what if keeps what it began with.
        assert await store.with_costs(found, date.min, date.max) is found
        assert await store.with_costs(Plan(), date.min, date.max) == Plan()
