"""Limit Up-Limit Down by date, New York. Data only; sources in tests/venue_cases/by_date/luld.toml.

The plan's tiers are not data: Tier 1 is the S&P 500, the Russell 1000 and a list of funds, which
change. Whoever knows says so; everything else is Tier 2, whose bands are the wider ones.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec

SECOND = 1_000_000_000
MINUTE = 60 * SECOND


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """From `since` on there are bands for `tiers`, from `after_open` to `before_close`, ns."""

    since: date
    tiers: frozenset[int]
    after_open: int = 0
    before_close: int = 0


# The phases of the plan (File 4-631); before them there were single-stock circuit breakers. The
# change-over to the second was in steps, of which one date was found.
PHASES: tuple[Phase, ...] = (
    Phase(
        since=date(2013, 4, 8),
        tiers=frozenset({1}),
        after_open=15 * MINUTE,
        before_close=30 * MINUTE,
    ),
    Phase(since=date(2013, 8, 5), tiers=frozenset({1, 2})),
)


class Doubling(msgspec.Struct, frozen=True, kw_only=True):
    """From `since` on bands are twice as wide so long after the open and before the close, ns.

    `all_prices`: in Tier 2 also where the last close was above three dollars.
    """

    since: date
    after_open: int
    before_close: int
    all_prices: bool


# Amendment 18 took the doubling at the open away, and in Tier 2 that at the close above 3 dollars
# (release 34-85623, in force 2020-02-24).
DOUBLINGS: tuple[Doubling, ...] = (
    Doubling(
        since=date(2013, 8, 5),
        after_open=15 * MINUTE,
        before_close=25 * MINUTE,
        all_prices=True,
    ),
    Doubling(
        since=date(2020, 2, 24),
        after_open=0,
        before_close=25 * MINUTE,
        all_prices=False,
    ),
)

# Amendment 10: what opens on a quote has the last close as its reference, not the quote's middle.
CLOSE_AS_REFERENCE_SINCE = date(2016, 7, 18)

# By the last close: above 3 dollars, from 0.75 to 3 both included, below.
HIGH, LOW = Decimal(3), Decimal("0.75")
TIER_1, TIER_2, MIDDLE = Decimal("0.05"), Decimal("0.10"), Decimal("0.20")
CHEAP_DOLLARS, CHEAP_SHARE = Decimal("0.15"), Decimal("0.75")

# The reference is the mean of so long, replaced when that differs by a hundredth, at most so often.
MEAN_OF = 5 * MINUTE
LIVES = 30 * SECOND
# An opening trade is waited for so long; then a quote is the opening.
OPENING_WAIT = 5 * MINUTE
LIMIT_STATE = 15 * SECOND
PAUSE = 5 * MINUTE
