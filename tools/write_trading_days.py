"""The New York Stock Exchange's days as a module of text: loading the library that knows them costs a second."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path

import exchange_calendars

from liualgotrader.common.calendar import FIRST_DAY, FULL_CLOSE, LAST_DAY, NEW_YORK, REGULAR_OPEN

TARGET = Path("liualgotrader/common/nyse_days.py")
HEAD = '''"""Which weekdays the New York Stock Exchange is closed, and on which it closes early.

Written by tools/trading_days from exchange_calendars {version}, not by hand; a test compares the two.
"""

'''


def main() -> None:
    """Write the module."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        times = exchange_calendars.get_calendar(
            "XNYS", start=FIRST_DAY.isoformat(), end=LAST_DAY.isoformat()
        ).schedule
    days, early = set(), defaultdict(list)
    for stamp, opens, closes in zip(times.index, times["open"], times["close"], strict=True):
        day = stamp.date()
        days.add(day)
        begin, end = (each.tz_convert(NEW_YORK).time() for each in (opens, closes))
        if begin != REGULAR_OPEN or day.weekday() > 4:
            raise SystemExit(f"{day} opens at {begin}: the module has no place for that yet")
        if end != FULL_CLOSE:
            early[f"{end:%H:%M}"].append(day)
    every = (FIRST_DAY + timedelta(n) for n in range((LAST_DAY - FIRST_DAY).days + 1))
    closed = [day for day in every if day.weekday() < 5 and day not in days]
    text = HEAD.format(version=exchange_calendars.__version__)
    text += (
        f'HOLIDAYS = """\n{_lines(closed)}"""\n"""Monday to Friday, as YYYY MMDD MMDD ..."""\n\n'
    )
    text += "EARLY_CLOSES = {\n"
    for close in sorted(early):
        text += f'    "{close}": """\n{_lines(early[close])}""",\n'
    text += '}\n"""By the time in New York."""\n'
    TARGET.write_text(text)


def _lines(days: Iterable[date]) -> str:
    by_year = groupby(days, key=lambda day: day.year)
    return "".join(f"{year} {' '.join(f'{d:%m%d}' for d in group)}\n" for year, group in by_year)


if __name__ == "__main__":
    main()
