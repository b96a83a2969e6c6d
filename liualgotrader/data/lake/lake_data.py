"""The lake as a vendor at a moving moment: nothing after now can be got."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from liualgotrader.common.calendar import Session, crypto, us_equities
from liualgotrader.common.errors import ConfigError
from liualgotrader.common.events import Bar, CorporateAction, Quote, Trade
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.ports import Snapshot
from liualgotrader.data.lake.actions import ActionKind, corporate_action
from liualgotrader.data.lake.adjust import adjusted
from liualgotrader.data.lake.as_events import bars_of, quotes_of, trades_of
from liualgotrader.data.lake.cache import RowCache
from liualgotrader.data.lake.day_so_far import DaySoFar
from liualgotrader.data.lake.days import (
    SECOND,
    calendar_of,
    day_of,
    day_start,
    is_crypto,
)
from liualgotrader.data.lake.kinds import DAY_SECONDS, Kind
from liualgotrader.data.lake.past_instruments import PastInstruments
from liualgotrader.data.lake.past_rows import Name, PastRows
from liualgotrader.data.lake.rows import Rows, no_rows
from liualgotrader.data.lake.store import Lake

_FINE = (Kind.TRADES, Kind.QUOTES)
_Values = tuple[Any, ...]
CACHE_ROWS = 6_000_000
"""About 300 MB of bars: 700 symbols with a month of minutes each."""


class _Today(NamedTuple):
    """The day that now is in: its midnight, the next one, and its regular hours, ns UTC."""

    midnight: int
    next: int
    hours: tuple[int, int]


class LakeData:
    """Implements `DataAPI` as of `now()`, ns UTC.

    Prices are divided by the splits whose ex-date has begun by then, so that they compare with
    today's, as a vendor's split-adjusted bars; dividends are not taken off. With `scale_seconds`
    86400 there is no day so far: of a snapshot only the previous day is known. The lake must not
    be written to meanwhile. Raises ConfigError where the lake does.
    """

    def __init__(
        self,
        lake: Lake,
        now: Callable[[], int],
        scale_seconds: int = 60,
        *,
        cache_rows: int = CACHE_ROWS,
    ) -> None:
        self._lake = lake
        self._now = now
        self._by_minutes = scale_seconds < DAY_SECONDS
        self._instruments = PastInstruments(lake)
        self._known = frozenset(self._instruments.symbols)
        self._fine = {kind: self._by_minutes and bool(lake.symbols(kind)) for kind in _FINE}
        self._rows = PastRows(lake, cache_rows)
        self._days: RowCache[DaySoFar] = RowCache(cache_rows // 4)
        self._splits: dict[Name, list[tuple[int, float]]] = {}
        self._todays: dict[bool, _Today] = {}

    def all_instruments(self) -> list[Instrument]:
        """Return all that the lake ever had, whatever the moment: what a venue must know."""
        return self._instruments.all()

    async def assets(self) -> Sequence[Instrument]:
        """Return what existed: had a row by now, and was not delisted or renamed before now."""
        return self._instruments.at(self._now())

    async def bars(
        self, symbols: Sequence[str], *, start: int, end: int, seconds: int
    ) -> dict[str, list[Bar]]:
        """Return the bars of 60 or 86400 seconds that began in [start, end) and were complete by
        `end` and by now; none for symbols that the lake does not know. Raises ConfigError."""
        if seconds not in (60, DAY_SECONDS):
            raise ConfigError(f"there are no bars of {seconds} s in the lake; ask for 60 or 86400")
        end = min(end, self._now()) - seconds * SECOND + 1
        return {symbol: self._bars(symbol, start, end, seconds) for symbol in symbols}

    async def snapshots(self, symbols: Sequence[str]) -> dict[str, Snapshot]:
        """Return what is known of each symbol now; unknown symbols are absent.

        `minute` is today's newest complete one, `day` what its regular hours have brought so far.
        """
        now = self._now()
        found = {}
        for symbol in symbols:
            if symbol in self._known and (snapshot := self._snapshot(symbol, now)) is not None:
                found[symbol] = snapshot
        return found

    async def trades(
        self, symbols: Sequence[str], *, start: int, end: int
    ) -> dict[str, list[Trade]]:
        """Return the prints of [start, end) up to now. Raises ConfigError."""
        return {s: trades_of(self._fine_rows(Kind.TRADES, s, start, end)) for s in symbols}

    async def quotes(
        self, symbols: Sequence[str], *, start: int, end: int
    ) -> dict[str, list[Quote]]:
        """Return the best bids and asks of [start, end) up to now. Raises ConfigError."""
        return {s: quotes_of(self._fine_rows(Kind.QUOTES, s, start, end)) for s in symbols}

    async def calendar(self, *, start: date, end: date) -> Sequence[Session]:
        """Return the exchange's days from `start` to `end`; all days when the lake has pairs only."""
        pairs_only = bool(self._known) and all(map(is_crypto, self._known))
        return (crypto() if pairs_only else us_equities()).sessions(start, end)

    async def corporate_actions(
        self, symbols: Sequence[str], *, start: date, end: date
    ) -> list[CorporateAction]:
        """Return what takes effect from `start` to `end`, both included, and had begun by now."""
        now = self._now()
        found = []
        for symbol in symbols:
            for action in self._lake.actions(symbol, as_of=self._rows.name(symbol, now).since):
                begins = day_start(symbol, action.ex_date)
                if start <= action.ex_date <= end and begins <= now:
                    found.append(corporate_action(action, begins))
        return sorted(found, key=lambda action: (action.time, action.symbol))

    def _fine_rows(self, kind: Kind, symbol: str, start: int, end: int) -> Rows:
        """Return trades or quotes up to now; a lake by days has none that are known."""
        end = min(end, self._now() + 1)
        if not self._fine[kind] or symbol not in self._known or start >= end:
            return no_rows(kind, symbol)
        name = self._rows.name(symbol, self._now())
        rows = self._lake.read(kind, symbol, start, end, as_of=name.since)
        if self._splits_of(name):
            actions = self._lake.actions(symbol, as_of=name.since)
            rows = adjusted(rows, actions, self._now(), dividends=False)
        return rows

    def _bars(self, symbol: str, start: int, end: int, seconds: int) -> list[Bar]:
        if symbol not in self._known or start >= end:
            return []
        find = self._rows.minutes if seconds == 60 else self._rows.daily
        name = self._rows.name(symbol, self._now())
        rows = find(name, start, end)
        if self._splits_of(name):
            actions = self._lake.actions(symbol, as_of=name.since)
            rows = adjusted(rows, actions, self._now(), dividends=False)
        return bars_of(rows, seconds)

    def _snapshot(self, symbol: str, now: int) -> Snapshot | None:
        today = self._today(symbol, now)
        so_far = self._days.get(
            (symbol, today.midnight), lambda: self._day_so_far(symbol, today, now)
        )
        trade = self._latest(Kind.TRADES, symbol, today, now)
        quote = self._latest(Kind.QUOTES, symbol, today, now)
        minute, day = so_far.at(now)
        if not (trade or quote or minute or so_far.previous):
            return None
        return Snapshot(
            symbol,
            Trade(symbol, *trade) if trade else None,
            Quote(symbol, *quote) if quote else None,
            minute,
            day,
            so_far.previous,
        )

    def _latest(self, kind: Kind, symbol: str, today: _Today, now: int) -> _Values | None:
        if not self._fine[kind]:
            return None
        name = self._rows.name(symbol, now)
        rows = self._rows.latest(kind, name, (today.midnight, today.next), now)
        return self._as_known(rows, kind, name, now)

    def _as_known(self, rows: Rows, kind: Kind, name: Name, now: int) -> _Values | None:
        """Return the time and the values of the only row, adjusted for splits; None for no row."""
        if not len(rows):
            return None
        start = rows.start.item(0)
        values = [column.item(0) for column in rows.values]
        ratio = 1.0
        for begins, split in self._splits_of(name):
            if start < begins <= now:
                ratio *= split
        if ratio != 1:
            prices = kind.prices
            values = [v / ratio if i < prices else v * ratio for i, v in enumerate(values)]
        return (start, *values)

    def _day_so_far(self, symbol: str, today: _Today, now: int) -> DaySoFar:
        # Splits and names take effect at midnight, so that all of it holds the whole day.
        name = self._rows.name(symbol, now)
        last = self._rows.last_daily(name, today.midnight)
        previous = self._as_known(last, Kind.DAY, name, now)
        minutes = no_rows(Kind.MINUTE, symbol)
        if self._by_minutes:
            minutes = self._rows.minutes(name, today.midnight, today.next)
        return DaySoFar(
            minutes, today.midnight, today.hours, _day_bar(symbol, *previous) if previous else None
        )

    def _splits_of(self, name: Name) -> list[tuple[int, float]]:
        if name not in self._splits:
            self._splits[name] = [
                (day_start(name.symbol, action.ex_date), float(action.value))
                for action in self._lake.actions(name.symbol, as_of=name.since)
                if action.kind is ActionKind.SPLIT and action.value is not None
            ]
        return self._splits[name]

    def _today(self, symbol: str, now: int) -> _Today:
        around_the_clock = is_crypto(symbol)
        today = self._todays.get(around_the_clock)
        if today is None or not today.midnight <= now < today.next:
            today = self._todays[around_the_clock] = _day_at(symbol, now)
        return today


def _day_bar(
    symbol: str, time: int, opened: float, high: float, low: float, close: float, volume: float
) -> Bar:
    return Bar(symbol, time, opened, high, low, close, volume, DAY_SECONDS)


def _day_at(symbol: str, now: int) -> _Today:
    day, calendar = day_of(symbol, now), calendar_of(symbol)
    midnight, after = day_start(symbol, day), day_start(symbol, day + timedelta(days=1))
    if not calendar.is_session(day):
        return _Today(midnight, after, (midnight, midnight))
    session = calendar.session(day)
    return _Today(midnight, after, (session.open, session.close))
