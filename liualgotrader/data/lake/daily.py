"""Day bars made from minutes."""

from __future__ import annotations

import numpy as np

from liualgotrader.common.calendar import Calendar
from liualgotrader.data.lake.days import day_of, day_start
from liualgotrader.data.lake.kinds import Kind
from liualgotrader.data.lake.rows import Rows, no_rows


def daily_from_minutes(minutes: Rows, calendar: Calendar) -> Rows:
    """Return a day bar for each session that has minutes in its regular hours.

    Open, high, low, close and volume are of those minutes: what is traded before the open and
    after the close does not count, as in an exchange's own day bars. Raises OutOfCalendar.
    """
    if not len(minutes):
        return no_rows(Kind.DAY, minutes.symbol)
    symbol, start = minutes.symbol, minutes.start
    first, last = day_of(symbol, int(start[0])), day_of(symbol, int(start[-1]))
    sessions = calendar.sessions(first, last)
    begin = start.searchsorted(np.array([each.open for each in sessions], np.int64))
    stop = start.searchsorted(np.array([each.close for each in sessions], np.int64))
    traded = stop > begin
    if not traded.any():
        return no_rows(Kind.DAY, symbol)
    begin, stop = begin[traded], stop[traded]
    # Pairs of where a session's minutes begin and end; of what reduceat gives, every second is a
    # session, the others are what lies between. It takes no index beyond the last row.
    pairs = np.column_stack([begin, stop]).ravel()
    if pairs[-1] == len(minutes):
        pairs = pairs[:-1]
    days = [day_start(symbol, each.date) for each, has in zip(sessions, traded, strict=True) if has]
    return Rows(
        symbol,
        np.array(days, np.int64),
        (
            minutes.open[begin],
            np.maximum.reduceat(minutes.high, pairs)[::2],
            np.minimum.reduceat(minutes.low, pairs)[::2],
            minutes.close[stop - 1],
            np.add.reduceat(minutes.volume, pairs)[::2],
        ),
    )
