"""The lake as of the end of a day: what a miner reads and writes of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np

from liualgotrader.common.bar_table import BarTable, no_bars
from liualgotrader.common.errors import ConfigError
from liualgotrader.data.finalising import live_by_day
from liualgotrader.data.lake import ActionKind, Kind, Lake, Rows, adjusted
from liualgotrader.data.lake.daily import daily_from_minutes
from liualgotrader.data.lake.days import NEVER, calendar_of, day_of, day_start
from liualgotrader.data.lake.kept import Kept
from liualgotrader.data.lake.rows import joined

_KINDS = {Kind.MINUTE.seconds: Kind.MINUTE, Kind.DAY.seconds: Kind.DAY}
_ENDS = (ActionKind.DELISTED, ActionKind.RENAME)
_ONE_DAY = timedelta(days=1)


class BlindHistory:
    """What of `miners.base.History` asks nobody. A day that has minutes and no day bar has one made of them."""

    def __init__(self, lake: Lake, day: date) -> None:
        self.lake = lake
        self._day = day
        self._kept = Kept(lake)

    def symbols(self, seconds: int) -> list[str]:
        """Return what there are bars of, sorted; delisted names too."""
        kinds = (Kind.DAY, Kind.MINUTE) if kind_of(seconds) is Kind.DAY else (Kind.MINUTE,)
        names = {(kind, name) for kind in kinds for name in self.lake.symbols(kind)}
        return sorted({name for kind, name in names if self._has(kind, name)})

    def living(self) -> list[str]:
        """Return what there are bars of and was not delisted or renamed by the end of the day, sorted."""
        return [name for name in self.symbols(Kind.DAY.seconds) if not self._is_gone(name)]

    def span(self, symbol: str, seconds: int) -> tuple[date, date] | None:
        """Return the first and the last day that there are bars of, up to the miner's day; None without any."""
        kinds = (Kind.DAY, Kind.MINUTE) if kind_of(seconds) is Kind.DAY else (Kind.MINUTE,)
        before = self._end(symbol)
        spans = [self.lake.span(kind, symbol, before=before) for kind in kinds]
        known = [span for span in spans if span is not None]
        if not known:
            return None
        first, last = min(span[0] for span in known), max(span[1] for span in known)
        return day_of(symbol, first), day_of(symbol, last)

    def bars(
        self, symbol: str, seconds: int, first: date, last: date, *, raw: bool = False
    ) -> BarTable:
        """Return the bars of the days from `first` to `last`, both included; none of an unknown symbol."""
        kind, last = kind_of(seconds), min(last, self._day)
        if first > last or not self._is_known(symbol):
            return no_bars(symbol)
        rows = self._rows(kind, symbol, first, last)
        as_of = self._end(symbol) - 1
        actions = () if raw else self.lake.actions(symbol, as_of=as_of)
        if actions:
            rows = adjusted(rows, actions, as_of, dividends=False)
        return BarTable(symbol, rows.start, *rows.values)

    def live(self, first: date, last: date) -> Mapping[date, frozenset[str]]:
        """Return the symbols whose minutes of a day are what was heard live, and not yet the vendor's final ones."""
        return live_by_day(self._kept, first, min(last, self._day))

    def write(self, seconds: int, bars: Mapping[str, BarTable], *, replace: bool = False) -> int:
        """Keep raw bars; return how many are new or changed. Those that are there stay unless `replace`."""
        kind = kind_of(seconds)
        given = {symbol: self._given(symbol, table) for symbol, table in bars.items()}
        if not replace:
            given = {symbol: self._new(kind, rows) for symbol, rows in given.items()}
        written = self.lake.write_all(kind, given, replace=replace)
        return written.added + written.replaced

    def _rows(self, kind: Kind, symbol: str, first: date, last: date) -> Rows:
        start, end = day_start(symbol, first), day_start(symbol, last + _ONE_DAY)
        as_of = self._end(symbol) - 1
        rows = self.lake.read(kind, symbol, start, end, as_of=as_of)
        if kind is Kind.MINUTE:
            return rows
        sessions = calendar_of(symbol).sessions(first, last)
        if len(rows) >= len(sessions) or self.lake.span(Kind.MINUTE, symbol, before=end) is None:
            return rows
        have = set(rows.start.tolist())
        lacking = [each.date for each in sessions if day_start(symbol, each.date) not in have]
        start, end = day_start(symbol, lacking[0]), day_start(symbol, lacking[-1] + _ONE_DAY)
        minutes = self.lake.read(Kind.MINUTE, symbol, start, end, as_of=as_of)
        made = daily_from_minutes(minutes, calendar_of(symbol))
        both = joined([rows, made.take(~np.isin(made.start, rows.start))])
        return both.take(np.argsort(both.start, kind="stable"))

    def _given(self, symbol: str, table: BarTable) -> Rows:
        if len(table) and int(table.start.max()) >= self._end(symbol):
            raise ConfigError(
                f"{symbol}: bars of days after {self._day} cannot be written by a miner of that day"
            )
        columns = (table.open, table.high, table.low, table.close, table.volume)
        return Rows(
            symbol,
            np.asarray(table.start, np.int64),
            tuple(np.asarray(column, np.float64) for column in columns),
        )

    def _new(self, kind: Kind, rows: Rows) -> Rows:
        """Return the rows of times at which there is none."""
        if not len(rows):
            return rows
        start, end = int(rows.start.min()), int(rows.start.max()) + 1
        there = self._kept.rows(kind, rows.symbol, start, end)
        return rows.take(~np.isin(rows.start, there.start))

    def _has(self, kind: Kind, name: str) -> bool:
        first = self.lake.first(kind, name, NEVER)
        return first is not None and first < self._end(name)

    def _is_gone(self, name: str) -> bool:
        """Whether a name ended, and nobody else has it since."""
        ends = [
            day_start(name, action.ex_date)
            for action in self.lake.recorded(name)
            if action.kind in _ENDS and action.ex_date <= self._day
        ]
        if not ends:
            return False
        spans = [self.lake.span(kind, name, before=self._end(name)) for kind in _KINDS.values()]
        return all(span is None or span[1] < max(ends) for span in spans)

    def _is_known(self, symbol: str) -> bool:
        names = [symbol, *(old for _, old in self.lake.renames_into(symbol))]
        return any(self.lake.parts(kind, name) for kind in Kind for name in names)

    def _end(self, symbol: str) -> int:
        """Return the midnight that ends the miner's day, ns UTC."""
        return day_start(symbol, self._day + _ONE_DAY)


def kind_of(seconds: int) -> Kind:
    """Return the kind of bars. Raises ConfigError for a length that there is none of."""
    if seconds not in _KINDS:
        raise ConfigError(f"there are no bars of {seconds} s in the history; ask for 60 or 86400")
    return _KINDS[seconds]
