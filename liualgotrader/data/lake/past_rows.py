"""Bars, trades and quotes of the lake in pieces that are kept, so that asking often is cheap."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import NamedTuple

import numpy as np

from liualgotrader.data.lake.cache import RowCache
from liualgotrader.data.lake.daily import daily_from_minutes
from liualgotrader.data.lake.days import DAY, NEVER, SECOND, calendar_of, day_start
from liualgotrader.data.lake.kinds import Kind
from liualgotrader.data.lake.rows import Rows, joined, no_rows
from liualgotrader.data.lake.store import Lake

_LONG = 100 * DAY
"""Longer stretches are read as they are asked for, and not kept."""


class Name(NamedTuple):
    """A symbol, and since when it is a company's name as far as is known, ns UTC."""

    symbol: str
    since: int


class PastRows:
    """Reads a month of minutes, a year of days, a day of trades or quotes at a time. Prices are raw."""

    def __init__(self, lake: Lake, most_rows: int) -> None:
        self._lake = lake
        self._kept: RowCache[Rows] = RowCache(most_rows)
        self._first_years: dict[str, int] = {}

    def name(self, symbol: str, now: int) -> Name:
        """Return a symbol with the last rename to it that was known at `now`, ns UTC."""
        renames = self._lake.renames_into(symbol)
        return Name(symbol, max((at for at, _ in renames if at <= now), default=NEVER))

    def minutes(self, name: Name, start: int, end: int) -> Rows:
        """Return the minute bars that began in [start, end), ns UTC."""
        if start >= end:
            return no_rows(Kind.MINUTE, name.symbol)
        if end - start > _LONG:
            return self._read(Kind.MINUTE, name, start, end)
        first, last = _month(start), _month(end - 1)
        months = [self._minutes_of(name, month) for month in range(first, last + 1)]
        return joined(months).between(start, end)

    def daily(self, name: Name, start: int, end: int) -> Rows:
        """Return the day bars that began in [start, end), ns UTC.

        Days without a day bar in the lake have one made from their minutes.
        """
        if start >= end:
            return no_rows(Kind.DAY, name.symbol)
        # A day of New York's last year begins in UTC's first hours of the next.
        first = max(_year(start) - 1, self._first_year(name.symbol))
        years = [self._days_of(name, year) for year in range(first, _year(end) + 1)]
        return joined(years).between(start, end) if years else no_rows(Kind.DAY, name.symbol)

    def last_daily(self, name: Name, before: int) -> Rows:
        """Return the last day bar that began before a moment, ns UTC; none if there is none."""
        for year in range(_year(before), self._first_year(name.symbol) - 1, -1):
            rows = self._days_of(name, year)
            if stop := int(rows.start.searchsorted(before)):
                return rows.cut(stop - 1, stop)
        return no_rows(Kind.DAY, name.symbol)

    def latest(self, kind: Kind, name: Name, day: tuple[int, int], now: int) -> Rows:
        """Return the newest trade or quote up to `now`, ns UTC, in `day` ([start, end)) or before."""
        begins, ends = day
        rows = self._kept.get((kind, name, begins), lambda: self._read(kind, name, begins, ends))
        if stop := int(rows.start.searchsorted(now, "right")):
            return rows.cut(stop - 1, stop)
        return self._kept.get(
            (kind, name, begins, "before"),
            lambda: self._lake.last(kind, name.symbol, begins, as_of=name.since),
        )

    def _days_of(self, name: Name, year: int) -> Rows:
        return self._kept.get((Kind.DAY, name, year), lambda: self._make_year(name, year))

    def _make_year(self, name: Name, year: int) -> Rows:
        """Return the day bars of a year, those that the lake lacks made from minutes."""
        symbol = name.symbol
        start, end = (day_start(symbol, date(y, 1, 1)) for y in (year, year + 1))
        stored = self._read(Kind.DAY, name, start, end)
        minutes = self._read(Kind.MINUTE, name, start, end)
        made = daily_from_minutes(minutes, calendar_of(symbol))
        made = made.take(~np.isin(made.start, stored.start))
        both = joined([stored, made])
        return both.take(np.argsort(both.start))

    def _minutes_of(self, name: Name, month: int) -> Rows:
        start, end = (_month_start(each) for each in (month, month + 1))
        return self._kept.get(
            (Kind.MINUTE, name, month), lambda: self._read(Kind.MINUTE, name, start, end)
        )

    def _read(self, kind: Kind, name: Name, start: int, end: int) -> Rows:
        return self._lake.read(kind, name.symbol, start, end, as_of=name.since)

    def _first_year(self, symbol: str) -> int:
        """Return a year before which there is nothing under any name."""
        if symbol not in self._first_years:
            names = [symbol, *(old for _, old in self._lake.renames_into(symbol))]
            spans = [
                span
                for kind in (Kind.DAY, Kind.MINUTE)
                for name in names
                for span in (self._lake.own_span(kind, name), self._lake.span(kind, name))
                if span is not None
            ]
            # Without bars no year is the first.
            self._first_years[symbol] = min((_year(s[0]) - 1 for s in spans), default=1 << 16)
        return self._first_years[symbol]


def _year(ts: int) -> int:
    return datetime.fromtimestamp(ts // SECOND, UTC).year


def _month(ts: int) -> int:
    """Return the month of UTC, counted from year 0."""
    day = datetime.fromtimestamp(ts // SECOND, UTC)
    return day.year * 12 + day.month - 1


def _month_start(month: int) -> int:
    return int(datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC).timestamp()) * SECOND
