"""What is usual of symbols that never spoke."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from liualgotrader.common.errors import FeedLost
from liualgotrader.common.events import Bar
from liualgotrader.session.usual import usual_rate
from tests.no_data import NoData

OPEN = 1_800_000_000_000_000_000
DAY = 86_400_000_000_000


class Vendor(NoData):
    """Daily bars with so many trades each."""

    def __init__(self, **trades: list[int | None]) -> None:
        self._trades = trades

    async def bars(
        self, symbols: Sequence[str], *, start: int, end: int, seconds: int
    ) -> dict[str, list[Bar]]:
        if not self._trades:
            raise FeedLost("no answer")
        assert (start, end, seconds) == (OPEN - 7 * DAY, OPEN, 86_400)
        return {
            symbol: [Bar(symbol, start, 1, 1, 1, 1, 1, 86_400, None, count) for count in counts]
            for symbol, counts in self._trades.items()
        }


@pytest.mark.parametrize(
    ("vendor", "per_second"),
    [
        (Vendor(A=[1, 234_000], B=[234_000]), 2.0),
        (Vendor(A=[234_000, None], B=[]), 0.0),
        (Vendor(), 0.0),
    ],
)
async def test_a_tenth_of_the_last_days_mean_is_the_least(
    vendor: Vendor, per_second: float
) -> None:
    assert await usual_rate(vendor, ["A", "B"], session_open=OPEN) == pytest.approx(per_second)
