"""A night without a lake or a database: what a forecast's job is handed, over generated days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from liualgotrader.analytics.live_differences import LiveDifference
from liualgotrader.common.bar_table import BarTable, no_bars
from liualgotrader.common.calendar import us_equities
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.ports import CompanyAPI, DataAPI
from liualgotrader.forecasts.base import MarketDay
from liualgotrader.miners.base import Row, SimulatedRun
from liualgotrader.miners.past import Batches

_SECONDS = 1_000_000_000


class Tables:
    """Rows by table and key. `left`: after how many writes it is as if the process were killed."""

    def __init__(self, left: int | None = None) -> None:
        self.rows: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {
            name: {} for name in ("forecast_samples", "forecasts", "forecast_checks")
        }
        self.left = left

    async def get(
        self, table: str, columns: Sequence[str], *, where: Mapping[str, Any] | None = None
    ) -> list[Row]:
        """Return rows by key."""
        rows = self.rows[table]
        found = (rows[key] for key in sorted(rows))
        wanted = {
            key: each if isinstance(each, list) else [each] for key, each in (where or {}).items()
        }
        return [
            tuple(row[column] for column in columns)
            for row in found
            if all(row[key] in values for key, values in wanted.items())
        ]

    async def put(
        self, table: str, columns: Sequence[str], rows: Iterable[Row], *, key: Sequence[str]
    ) -> int:
        """Put rows in; return how many are new or changed."""
        given = [dict(zip(columns, row, strict=True)) for row in rows]
        if self.left is not None:
            if not self.left:
                raise KeyboardInterrupt
            self.left -= 1
        known, changed = self.rows[table], 0
        for row in given:
            place = tuple(row[name] for name in key)
            changed += known.get(place) != row
            known[place] = row
        return changed

    async def replace(
        self,
        table: str,
        columns: Sequence[str],
        rows: Iterable[Row],
        *,
        where: Mapping[str, Any],
    ) -> int:
        """Not done by forecasts."""
        raise NotImplementedError


class Past:
    """Implements History and Simulator.

    `reads`: how many days of minutes were read; `simulated`: the first and last day and the number
    of symbols that runs were asked for.
    """

    def __init__(self, days: Sequence[MarketDay]) -> None:
        self.days = days
        self.reads = 0
        self.simulated: list[tuple[date, date, int]] = []

    def span(self, symbol: str, seconds: int) -> tuple[date, date] | None:
        """Return the first and the last day that there are bars of."""
        if seconds == 60:
            known = [day.day for day in self.days if symbol in day.minutes]
        else:
            known = [day.day for day in self.days if symbol in day.days]
        return (known[0], known[-1]) if known else None

    def bars(
        self, symbol: str, seconds: int, first: date, last: date, *, raw: bool = False
    ) -> BarTable:
        """Return bars."""
        days = [day for day in self.days if first <= day.day <= last]
        if seconds == 86_400:
            newest = next((d.days[symbol] for d in reversed(days) if symbol in d.days), None)
            return newest or no_bars(symbol)
        tables = [day.minutes[symbol] for day in days if symbol in day.minutes]
        self.reads += len(tables)
        if not tables:
            return no_bars(symbol)
        parts = ([getattr(t, name) for t in tables] for name in BarTable.__struct_fields__[1:])
        return BarTable(symbol, *map(np.concatenate, parts))

    def live(self, first: date, last: date) -> dict[date, frozenset[str]]:
        """Return what was heard live."""
        return {d.day: d.live for d in self.days if first <= d.day <= last and d.live}

    def symbols(self, seconds: int) -> list[str]:
        """Return what there are day bars of."""
        return sorted(self.days[-1].days)

    def write(self, seconds: int, bars: Mapping[str, BarTable], *, replace: bool = False) -> int:
        """Not done by forecasts."""
        raise NotImplementedError

    @property
    def final_day(self) -> date:
        """Not asked for by forecasts."""
        raise NotImplementedError

    async def fetch(self, seconds: int, symbols: Sequence[str], first: date, last: date) -> int:
        """Not done by forecasts."""
        raise NotImplementedError

    async def finalise(self, day: date) -> Sequence[LiveDifference]:
        """Not done by forecasts."""
        raise NotImplementedError

    async def runs(
        self,
        strategy: str,
        symbols: Sequence[str],
        first: date,
        last: date,
        *,
        filename: str = "",
        parameters: Mapping[str, Any] | None = None,
    ) -> list[SimulatedRun]:
        """Return what the days say, of two dollars put in each."""
        self.simulated.append((first, last, len(symbols)))
        return [
            SimulatedRun(symbol, day.day, 1, 2 * (gain or 0.0), 0.0 if gain is None else 2.0)
            for day in self.days
            if first <= day.day <= last
            for symbol, gain in day.profits.items()
            if symbol in symbols
        ]


class Night:
    """Implements MinerContext as of the end of the last of some days."""

    now = 0
    since: date | None = None
    companies: CompanyAPI | None = None

    def __init__(
        self, days: Sequence[MarketDay], symbols: Sequence[str], tables: Tables | None = None
    ) -> None:
        self.day = days[-1].day
        self.next_day = us_equities().next_session(self.day).date
        self.symbols = tuple(symbols)
        self.tables = Tables() if tables is None else tables
        self.history = self.simulator = Past(days)
        self.skipped: dict[str, str] = {}
        self.lines: list[str] = []

    @property
    def data(self) -> DataAPI:
        """Nobody asks a vendor."""
        raise NotImplementedError

    @property
    def batches(self) -> Batches:
        """Nobody asks what was traded."""
        raise NotImplementedError

    def trading_days(self, first: date, last: date) -> list[date]:
        """Return the exchange's days."""
        return [session.date for session in us_equities().sessions(first, last)]

    async def assets(self) -> Sequence[Instrument]:
        """Not asked for by forecasts."""
        raise NotImplementedError

    def skip(self, symbol: str, reason: str) -> None:
        """Take note."""
        self.skipped.setdefault(symbol, reason)

    def progress(self, done: int, total: int) -> None:
        """Make sure that it can be shown."""
        assert 0 <= done <= total

    def log(self, message: str) -> None:
        """Take note."""
        self.lines.append(message)
