"""Miners driven without processes, vendor or database: all in memory, as of any day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, cast

import msgspec
import numpy as np

from liualgotrader.analytics.execution_costs import BidAsk, ExecutedOrder
from liualgotrader.analytics.gain_loss import GainLoss, TradeAnalysis
from liualgotrader.analytics.live_differences import LiveDifference
from liualgotrader.analytics.past import PastBatch, Traded
from liualgotrader.common.bar_table import BarTable, no_bars
from liualgotrader.common.calendar import us_equities
from liualgotrader.common.errors import ConfigError, LiuError
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.ports import CompanyAPI, DataAPI
from liualgotrader.miners.bar_days import DAY, MINUTE, midnight
from liualgotrader.miners.base import Row, Simulator

KEYS = {
    "stock_ohlc": ("symbol", "symbol_date"),
    "ticker_data": ("symbol",),
    "live_differences": ("symbol", "day"),
    "portfolio_ranking": ("name", "day", "symbol"),
    "slippage_costs": ("symbol", "day"),
}
_MINUTE_NS = MINUTE * 1_000_000_000
_COLUMNS = ("open", "high", "low", "close", "volume")


@lru_cache
def sessions(first: date, last: date) -> list[date]:
    """Return the trading days."""
    return [session.date for session in us_equities().sessions(first, last)]


def day_bars(symbol: str, days: Sequence[date], *, seed: int = 0, price: float = 50.0) -> BarTable:
    """Return a walk of day bars, in cents."""
    rng = np.random.default_rng([seed, *symbol.encode()])
    close = np.maximum(np.round(price * np.exp(np.cumsum(rng.normal(0, 0.02, len(days)))), 2), 1.0)
    opened = np.maximum(np.round(close * (1 + rng.normal(0, 0.005, len(days))), 2), 0.5)
    high = np.round(np.maximum(opened, close) + rng.integers(1, 50, len(days)) / 100, 2)
    low = np.round(np.minimum(opened, close) - rng.integers(1, 40, len(days)) / 100, 2)
    volume = rng.integers(1_000, 1_000_000, len(days)).astype(np.float64)
    start = np.array([midnight(symbol, day) for day in days], np.int64)
    return BarTable(symbol, start, opened, high, low, close, volume)


def minute_bars(
    symbol: str, days: Sequence[date], *, seed: int = 0, count: int = 390, price: float = 50.0
) -> BarTable:
    """Return `count` minutes of each day from 9:30 on."""
    opens = [us_equities().session(day).open for day in days]
    start = np.concatenate(
        [np.empty(0, np.int64)]
        + [open_ + np.arange(count, dtype=np.int64) * _MINUTE_NS for open_ in opens]
    )
    rng = np.random.default_rng([seed, 1, *symbol.encode()])
    close = np.round(price + np.cumsum(rng.normal(0, 0.02, len(start))), 2)
    volume = rng.integers(100, 10_000, len(start)).astype(np.float64)
    return BarTable(symbol, start, close, close + 0.02, close - 0.02, close, volume)


def joined(parts: Sequence[BarTable]) -> BarTable:
    """Return all bars by time; of several of one time the last counts."""
    start = np.concatenate([part.start for part in parts])
    last = len(start) - 1 - np.unique(start[::-1], return_index=True)[1]
    columns = (np.concatenate([getattr(part, name) for part in parts])[last] for name in _COLUMNS)
    return BarTable(parts[0].symbol, start[last], *columns)


class World:
    """What vendor, history, database and past batches hold, whatever the day.

    `vendor` and `lake` hold raw bars by (seconds, symbol); `splits` are (ex-date, ratio) by symbol.
    Symbols in `refused` fail with that error when they are asked for; the files of those in `spoilt` cannot
    be read. `asked`: each question to the vendor.
    """

    def __init__(self, *, days: Iterable[BarTable] = (), minutes: Iterable[BarTable] = ()) -> None:
        self.vendor: dict[tuple[int, str], BarTable] = {}
        for seconds, tables in ((DAY, days), (MINUTE, minutes)):
            self.vendor |= {(seconds, table.symbol): table for table in tables}
        self.lake: dict[tuple[int, str], BarTable] = {}
        self.known: set[tuple[int, str, date]] = set()
        self.splits: dict[str, list[tuple[date, float]]] = {}
        self.refused: dict[str, LiuError] = {}
        self.spoilt: set[str] = set()
        self.asked: list[tuple[int, str, date, date]] = []
        self.names: dict[str, str] = {}
        self.live: dict[date, list[LiveDifference]] = {}
        self.final_day = date.max
        self.tables = MemoryTables()
        self.batches = MemoryBatches()

    def at(self, day: date, symbols: Sequence[str], *, since: date | None = None) -> BenchContext:
        """Return the context of a night."""
        return BenchContext(self, day, tuple(sorted(symbols)), since)


class BenchContext:
    """Implements `MinerContext`."""

    def __init__(
        self, world: World, day: date, symbols: tuple[str, ...], since: date | None
    ) -> None:
        self.world = world
        self.day = day
        self.next_day = us_equities().next_session(day).date
        self.now = midnight("", day, after=1) + 15 * _MINUTE_NS
        self.since = since
        self.symbols = symbols
        self.history = MemoryHistory(world, day)
        self.tables = world.tables
        self.batches = world.batches
        self.companies: CompanyAPI | None = None
        self.skipped: dict[str, str] = {}
        self.said: list[str] = []

    @property
    def data(self) -> DataAPI:
        raise NotImplementedError("the built-in miners ask the vendor through the history")

    @property
    def simulator(self) -> Simulator:
        raise NotImplementedError("the built-in miners simulate nothing")

    def trading_days(self, first: date, last: date) -> list[date]:
        return sessions(first, last)

    async def assets(self) -> Sequence[Instrument]:
        return [Instrument(symbol, name=name) for symbol, name in self.world.names.items()]

    def skip(self, symbol: str, reason: str) -> None:
        self.skipped.setdefault(symbol, reason)

    def progress(self, done: int, total: int) -> None:
        assert 0 <= done <= total

    def log(self, message: str) -> None:
        self.said.append(message)


class MemoryHistory:
    """Implements `History` as of a day."""

    def __init__(self, world: World, day: date) -> None:
        self.world = world
        self.day = day

    @property
    def final_day(self) -> date:
        return min(self.day, self.world.final_day)

    def symbols(self, seconds: int) -> list[str]:
        return sorted(symbol for length, symbol in self.world.lake if length == seconds)

    def span(self, symbol: str, seconds: int) -> tuple[date, date] | None:
        bars = self.bars(symbol, seconds, date(1990, 1, 1), self.day, raw=True)
        if not len(bars):
            return None
        first, last = (
            date(1970, 1, 1) + timedelta(days=int(bars.start[i] // (DAY * 10**9))) for i in (0, -1)
        )
        return first, last

    def bars(
        self, symbol: str, seconds: int, first: date, last: date, *, raw: bool = False
    ) -> BarTable:
        if symbol in self.world.spoilt:
            raise ConfigError(f"{symbol}.parquet: cannot be read; remove the file")
        last = min(last, self.day)
        bars = self.world.lake.get((seconds, symbol), no_bars(symbol))
        bars = bars.between(midnight(symbol, first), midnight(symbol, last, after=1))
        return bars if raw else self._adjusted(bars)

    def _adjusted(self, bars: BarTable) -> BarTable:
        factor = np.ones(len(bars))
        for ex_date, ratio in self.world.splits.get(bars.symbol, []):
            if ex_date <= self.day:
                factor[: bars.start.searchsorted(midnight(bars.symbol, ex_date))] /= ratio
        prices = [getattr(bars, name) * factor for name in _COLUMNS[:4]]
        return BarTable(bars.symbol, bars.start, *prices, bars.volume / factor)  # type: ignore[call-arg]

    def write(self, seconds: int, bars: Mapping[str, BarTable], *, replace: bool = False) -> int:
        raise NotImplementedError("the built-in miners bring bars in by fetch()")

    async def fetch(self, seconds: int, symbols: Sequence[str], first: date, last: date) -> int:
        world, days = self.world, sessions(first, min(last, self.day))
        count = 0
        for symbol in symbols:
            lacking = [day for day in days if (seconds, symbol, day) not in world.known]
            if not lacking:
                continue
            if symbol in world.refused:
                raise world.refused[symbol]
            world.asked.append((seconds, symbol, lacking[0], lacking[-1]))
            told = world.vendor.get((seconds, symbol), no_bars(symbol))
            new = [
                told.between(midnight(symbol, day), midnight(symbol, day, after=1))
                for day in lacking
            ]
            there = world.lake.get((seconds, symbol), no_bars(symbol))
            world.lake[seconds, symbol] = joined([*new, there])
            world.known.update((seconds, symbol, day) for day in lacking)
            count += len(lacking)
        return count

    def live(self, first: date, last: date) -> Mapping[date, frozenset[str]]:
        raise NotImplementedError("forecasts alone ask what was heard live")

    async def finalise(self, day: date) -> Sequence[LiveDifference]:
        return self.world.live.pop(day, [])


class MemoryTables:
    """Implements `Tables`. `rows` are by table and key."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[Row, dict[str, Any]]] = defaultdict(dict)

    def all(self, table: str) -> list[dict[str, Any]]:
        """Return the rows by key."""
        return [row for _, row in sorted(self.rows[table].items())]

    async def get(
        self, table: str, columns: Sequence[str], *, where: Mapping[str, Any] | None = None
    ) -> list[Row]:
        return [
            tuple(row.get(name) for name in columns)
            for row in self.all(table)
            if _matches(row, where or {})
        ]

    async def put(
        self, table: str, columns: Sequence[str], rows: Iterable[Row], *, key: Sequence[str]
    ) -> int:
        assert tuple(key) == KEYS[table]
        changed = 0
        for row in rows:
            values = {n: _plain(v) for n, v in zip(columns, row, strict=True)}
            place = tuple(values[name] for name in key)
            old = self.rows[table].get(place, {})
            changed += old | values != old
            self.rows[table][place] = old | values
        return changed

    async def replace(
        self, table: str, columns: Sequence[str], rows: Iterable[Row], *, where: Mapping[str, Any]
    ) -> int:
        kept = {k: row for k, row in self.rows[table].items() if not _matches(row, where)}
        self.rows[table] = kept
        before = len(kept)
        await self.put(table, columns, rows, key=KEYS[table])
        return len(self.rows[table]) - before


class MemoryBatches:
    """Implements `Batches`. `saves` counts how often an analysis was written."""

    def __init__(self) -> None:
        self.all: list[PastBatch] = []
        self.by_id: dict[str, Traded] = {}
        self.stored_gains: dict[str, list[GainLoss]] = {}
        self.stored_trades: dict[str, list[TradeAnalysis]] = {}
        self.executed: dict[str, list[ExecutedOrder]] = {}
        self.market: dict[tuple[str, int], BidAsk] = {}
        self.saves = 0

    async def of_days(self, first: date, last: date) -> Sequence[PastBatch]:
        return [batch for batch in self.all if first <= batch.day <= last]

    async def traded(self, batch_id: str) -> Traded:
        return self.by_id.get(batch_id, Traded())

    async def gains(self, batch_id: str) -> list[GainLoss]:
        return self.stored_gains.get(batch_id, [])

    async def trades(self, batch_id: str) -> list[TradeAnalysis]:
        return self.stored_trades.get(batch_id, [])

    async def save_gains(self, batch_id: str, gains: Sequence[GainLoss]) -> None:
        self.saves += 1
        self.stored_gains[batch_id] = list(gains)

    async def save_trades(self, batch_id: str, trips: Sequence[TradeAnalysis]) -> None:
        self.saves += 1
        self.stored_trades[batch_id] = list(trips)

    async def executed_orders(self, batch_id: str) -> Sequence[ExecutedOrder]:
        return self.executed.get(batch_id, [])

    async def quotes(
        self, batch_id: str, symbol: str, moments: Sequence[int]
    ) -> Sequence[BidAsk | None]:
        return [self.market.get((symbol, moment)) for moment in moments]


def _matches(row: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    return all(
        row.get(name) in value if isinstance(value, list) else row.get(name) == value
        for name, value in where.items()
    )


def _plain(value: object) -> object:
    """Return a value as it comes back from the database."""
    if isinstance(value, msgspec.Raw):
        return cast("object", msgspec.json.decode(bytes(value)))
    return float(value) if isinstance(value, Decimal) else value
