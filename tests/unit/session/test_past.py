"""How far back minutes are looked for, for warming up."""

from __future__ import annotations

from typing import Any

import pytest

from liualgotrader.common.events import Bar
from liualgotrader.session.past import Past, minutes_reach
from liualgotrader.strategies.base import Strategy

DAY = 86_400_000_000_000
OPEN = 1_700_000_000_000_000_000


@pytest.mark.parametrize(
    ("minutes", "days"), [(0, 4), (390, 4), (391, 6), (780, 6), (1950, 10), (39_000, 143)]
)
def test_a_session_lies_within_four_days_and_more_of_them_in_more(minutes: int, days: int) -> None:
    assert minutes_reach(minutes) == days * DAY
    assert minutes_reach(minutes) >= minutes / 390 * 1.4 * DAY


async def test_a_strategy_that_declares_five_sessions_is_given_them() -> None:
    class Far(Strategy):
        warmup = 1950

    asked: list[tuple[int, int, int]] = []

    class Vendor:
        async def bars(self, symbols: Any, *, start: int, end: int, seconds: int) -> Any:
            asked.append((start, end, seconds))
            return {"A": [Bar("A", OPEN - DAY, 1.0, 1.0, 1.0, 1.0, 1.0)]}

    vendor: Any = Vendor()
    past = Past(vendor, [Far()], session_open=OPEN, tell=lambda text: None)
    loaded = await past.warm_up("A", OPEN + 1)
    assert asked == [(OPEN - 10 * DAY, OPEN + 1, 60)]
    assert len(loaded.bars) == 1
