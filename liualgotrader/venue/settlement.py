"""When the money of a sale is settled: so many business days after the trade, by the trade's day."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

from liualgotrader.venue.sessions import SessionTimes

_DAY = 24 * 3_600_000_000_000
# More than any cycle takes with the holidays on its way.
_LONGEST = timedelta(days=14)


class Cycle(msgspec.Struct, frozen=True):
    """How many business days after the trade it settles, from `since` on."""

    since: date
    days: int


# Securities Exchange Act Rule 15c6-1(a). Source: 82 FR 15564 (from three to two), SEC release
# 34-96930 (from two to one). Three days had been since 1993.
CYCLES: tuple[Cycle, ...] = (
    Cycle(date.min, 3),
    Cycle(date(2017, 9, 5), 2),
    Cycle(date(2024, 5, 28), 1),
)

# Days on which money moved while the market was closed: the day of mourning (Nasdaq ETA2018-99).
SETTLEMENT_ONLY: tuple[date, ...] = (date(2018, 12, 5),)


def cycle_days(trade_date: date) -> int:
    """Return how many business days after its day a trade settles."""
    return next(cycle.days for cycle in reversed(CYCLES) if cycle.since <= trade_date)


def settles_at(sessions: SessionTimes, ts: int, days: int | None = None) -> int | None:
    """Return when a trade at `ts` settles, ns UTC; None beyond the sessions known.

    `days` in place of the rule of the day. What trades after 20:00 is the next session's. A session
    is a business day, as is what SETTLEMENT_ONLY has; other days on which banks are open and the
    market is not are unknown.
    """
    traded = sessions.current(ts)
    wait = cycle_days(traded.date) if days is None else days
    settles = sessions.settles_at(ts, wait)
    if settles is None:
        return None
    for extra in SETTLEMENT_ONLY:
        if traded.date < extra < traded.date + _LONGEST and extra < sessions.current(settles).date:
            return _with_extra(sessions, ts, wait, extra)
    return settles


def _with_extra(sessions: SessionTimes, ts: int, wait: int, extra: date) -> int | None:
    """Return when a trade settles where a settlement day without trading lies on the way."""
    before = sessions.settles_at(ts, wait - 1)
    if before is None:
        return None
    day = sessions.current(before).date
    return before if day > extra else before + (extra - day) // timedelta(days=1) * _DAY
