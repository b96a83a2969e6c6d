"""Which day a moment is of: New York's for equities, UTC's for pairs like BTC/USD.

A day begins at its midnight, and a day bar has that midnight as its time.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from liualgotrader.common.calendar import NEW_YORK, Calendar, crypto, new_york, us_equities
from liualgotrader.common.errors import ConfigError

Ints = NDArray[np.int64]

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
EPOCH = date(1970, 1, 1).toordinal()

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
"""What a row's day may be; int64 nanoseconds reach a little further."""
_WEEK = 7
NEVER, FOREVER = -(1 << 62), 1 << 62
"""Before and after all rows, ns."""


def is_crypto(symbol: str) -> bool:
    """Whether it is a pair of currencies, such as BTC/USD, and so trades around the clock."""
    return "/" in symbol


def calendar_of(symbol: str) -> Calendar:
    """Return the trading days of a symbol."""
    return crypto() if is_crypto(symbol) else us_equities()


@lru_cache(maxsize=65_536)
def _new_york(day: date) -> int:
    return new_york(day)


def day_start(symbol: str, day: date) -> int:
    """Return a day's midnight, ns UTC."""
    return (day.toordinal() - EPOCH) * DAY if is_crypto(symbol) else _new_york(day)


def day_of(symbol: str, ts: int) -> date:
    """Return the day that `ts` (ns UTC) is of. Raises ConfigError outside 1900 to 2199."""
    zone = UTC if is_crypto(symbol) else NEW_YORK
    if not _midnights()[0] <= ts < _midnights()[-1]:
        raise ConfigError(_outside(symbol, ts))
    return datetime.fromtimestamp(ts // SECOND, zone).date()


def day_numbers(symbol: str, ts: Ints) -> Ints:
    """Return the ordinals (`date.toordinal`) of the days that times (ns UTC) are of.

    Raises ConfigError outside 1900 to 2199.
    """
    midnights = _midnights()
    wrong = (ts < midnights[0]) | (ts >= midnights[-1])
    if wrong.any():
        raise ConfigError(_outside(symbol, int(ts[wrong][0])))
    if is_crypto(symbol):
        return ts // DAY + EPOCH
    found: Ints = np.searchsorted(midnights, ts, side="right") - 1 + FIRST_DAY.toordinal()
    return found


def day_starts(symbol: str, numbers: Ints) -> Ints:
    """Return the midnights, ns UTC, of days given as ordinals."""
    if is_crypto(symbol):
        return (numbers - EPOCH) * DAY
    return _midnights()[numbers - FIRST_DAY.toordinal()]


def _outside(symbol: str, ts: int) -> str:
    return (
        f"{symbol}: {ts} ns since 1970 is not a time between {FIRST_DAY} and {LAST_DAY}; check the"
        " unit of the times (seconds, ms, us or ns)"
    )


@lru_cache(maxsize=1)
def _midnights() -> Ints:
    """Return New York's midnights, the one after LAST_DAY included.

    Clocks are changed months apart, so a week whose ends have one offset has it throughout.
    """
    numbers = np.arange(FIRST_DAY.toordinal(), LAST_DAY.toordinal() + 2)
    utc = (numbers - EPOCH) * DAY
    found = np.empty_like(utc)
    for begin in range(0, len(numbers), _WEEK):
        stop = min(begin + _WEEK, len(numbers))
        ends = [_midnight(number) for number in numbers[[begin, stop - 1]].tolist()]
        if ends[0] - utc[begin] == ends[1] - utc[stop - 1]:
            found[begin:stop] = utc[begin:stop] + (ends[0] - utc[begin])
        else:
            found[begin:stop] = [_midnight(each) for each in numbers[begin:stop].tolist()]
    return found


def _midnight(number: int) -> int:
    return new_york(date.fromordinal(number))
