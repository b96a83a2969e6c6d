"""What could be traded at a moment of the past, delisted companies and old names included."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from liualgotrader.common.instruments import Instrument, coin
from liualgotrader.data.lake.actions import ActionKind
from liualgotrader.data.lake.days import (
    DAY,
    FOREVER,
    NEVER,
    SECOND,
    day_of,
    day_start,
    is_crypto,
)
from liualgotrader.data.lake.kinds import Kind
from liualgotrader.data.lake.rows import Floats
from liualgotrader.data.lake.store import Lake

_MOST_DECIMALS = 9
_WEEK = 7 * DAY
_HOUR = 3_600 * SECOND


class PastInstruments:
    """The lake's symbols, each from its first row to its delisting or renaming."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        stored = {name for kind in Kind for name in lake.symbols(kind)}
        renamed = {a.new_symbol: a.symbol for a in lake.all_actions() if a.new_symbol}
        self.symbols = sorted(stored | {new for new, old in renamed.items() if old in stored})
        self._births: dict[str, list[int]] = {}
        self._deaths: dict[str, list[int]] = {}
        self._first_rows: dict[tuple[str, int], int] = {}
        self._listed: list[Instrument] = []
        self._listed_for = (0, 0)
        self._change = 0
        self._decimals: dict[tuple[str, int], int] = {}

    def all(self) -> list[Instrument]:
        """Return all that ever were, with the finest tick that their bars show."""
        return [self._instrument(symbol, FOREVER) for symbol in self.symbols]

    def at(self, now: int) -> list[Instrument]:
        """Return those that existed at `now`, ns UTC, as they were known then."""
        begins, ends = self._listed_for
        if not begins <= now < ends:
            # Ticks are looked at each day of UTC; in between only births and deaths matter.
            self._change = (now // DAY + 1) * DAY
            self._listed = [self._instrument(s, now) for s in self.symbols if self._exists(s, now)]
            self._listed_for = now, self._change
        return list(self._listed)

    def _exists(self, symbol: str, now: int) -> bool:
        if symbol not in self._births:
            self._note_life(symbol)
        births, deaths = self._births[symbol], self._deaths[symbol]
        death = max((at for at in deaths if at <= now), default=NEVER)
        key = symbol, death
        if key not in self._first_rows:
            self._first_rows[key] = self._first_known(symbol, death)
        first = self._first_rows[key]
        later = [at for at in (*births, *deaths, first) if at > now]
        self._change = min([self._change, *later])
        # A name may live again: somebody is renamed to it, or another company takes it.
        return first <= now or any(death <= birth <= now for birth in births)

    def _note_life(self, symbol: str) -> None:
        ends = (ActionKind.DELISTED, ActionKind.RENAME)
        own = [a for a in self._lake.recorded(symbol) if a.kind in ends]
        self._deaths[symbol] = [day_start(symbol, action.ex_date) for action in own]
        self._births[symbol] = [
            at
            for at, old in self._lake.renames_into(symbol)
            if self._lake.has_before(None, old, at)
        ]

    def _first_known(self, symbol: str, after: int) -> int:
        """Return when the first row at or after a moment is known, FOREVER for none."""
        known = [FOREVER]
        for kind in Kind:
            first = self._lake.first(kind, symbol, after)
            if first is not None:
                known.append(first + kind.seconds * SECOND)
        return min(known)

    def _instrument(self, symbol: str, now: int) -> Instrument:
        if not is_crypto(symbol):
            return _share(symbol)
        return _pair(symbol, self._decimals_at(symbol, now))

    def _decimals_at(self, symbol: str, now: int) -> int:
        """Return the decimals of the prices of the week before the day that `now` is in."""
        if now == FOREVER:
            return self._decimals_between(symbol, NEVER, FOREVER, as_of=FOREVER)
        day = day_start(symbol, day_of(symbol, now))
        if (symbol, day) not in self._decimals:
            found = self._decimals_between(symbol, day - _WEEK, day, as_of=now)
            if found < 0:
                return self._decimals_of_last(symbol, now)
            self._decimals[symbol, day] = found
        return self._decimals[symbol, day]

    def _decimals_between(self, symbol: str, start: int, end: int, *, as_of: int) -> int:
        """Return the decimals of the prices of bars, -1 when there are none."""
        found = -1
        for kind in (Kind.DAY, Kind.MINUTE):
            rows = self._lake.read(kind, symbol, start, end, as_of=as_of)
            for column in rows.values[: kind.prices] if len(rows) else ():
                found = decimals(column, max(found, 0))
        return self._decimals_of_last(symbol, end) if found < 0 and end == FOREVER else found

    def _decimals_of_last(self, symbol: str, now: int) -> int:
        """Return the decimals of the newest rows known at `now`, within the hour before the last."""
        found = 0
        for kind in Kind:
            known = now - kind.seconds * SECOND + 1
            last = self._lake.last(kind, symbol, known, as_of=now)
            if len(last):
                until = last.start.item(0) + 1
                rows = self._lake.read(kind, symbol, until - _HOUR, until, as_of=now)
                for column in rows.values[: kind.prices]:
                    found = decimals(column, found)
        return found


def decimals(prices: Floats, least: int = 0) -> int:
    """Return how many decimals write all prices exactly, at least `least` and at most nine."""
    prices = np.unique(prices)
    for count in range(least, _MOST_DECIMALS):
        scaled = prices * 10.0**count
        if np.allclose(scaled, np.rint(scaled), rtol=1e-9, atol=1e-9):
            return count
    return _MOST_DECIMALS


@lru_cache(maxsize=65_536)
def _share(symbol: str) -> Instrument:
    return Instrument(symbol)


@lru_cache(maxsize=65_536)
def _pair(symbol: str, decimals: int) -> Instrument:
    return coin(symbol, decimals)
