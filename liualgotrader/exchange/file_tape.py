"""A tape made of Parquet files: trades, quotes and bars, merged by time.

The files are read twice: once to find out what is in them, and then in pieces as they are played,
so that a day of millions of rows needs little memory. Where moments are equal, the file given
first comes first, and within a file the row that stands first.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np

from liualgotrader.common.calendar import Calendar, crypto, new_york, trade_date, us_equities
from liualgotrader.common.errors import ConfigError
from liualgotrader.common.events import Bar
from liualgotrader.common.instruments import Instrument, coin
from liualgotrader.data.daily_history import DAY_SECONDS, midnight
from liualgotrader.exchange.columns import BAR, Columns, Ints, events
from liualgotrader.exchange.merge import merged
from liualgotrader.exchange.parquet_rows import Content, SymbolTable, TapeFile
from liualgotrader.exchange.simulated_day import simulated_day
from liualgotrader.exchange.tape import Tape, TapeEvent
from liualgotrader.exchange.tape_survey import HOUR, SECOND, Stretch, Survey, is_crypto, survey

log = logging.getLogger(__name__)

# Orders for the closing auction wait five minutes for its print; then a venue's day is done.
_AFTER_CLOSE = 300 * SECOND


def open_tape(paths: Sequence[str | Path], *, seed: int = 0, date: date | None = None) -> Tape:
    """Return the tape of these files, merged, or without files the simulated day of `seed`.

    Raises ConfigError for a file that cannot be used and a day that is not there.
    """
    return FileTape(paths, date=date) if paths else simulated_day(seed, date=date)


class FileTape:
    """The rows of one day. The day is `date`, or else the one that most rows are of.

    A day of stocks begins and ends at 20:00 in New York, a day of crypto at midnight UTC. Bars of
    a day or longer are not played: those from before the day are its history. `skipped` counts
    bad rows by reason.
    """

    notice = ""

    def __init__(self, paths: Sequence[str | Path], *, date: date | None = None) -> None:
        self._symbols = SymbolTable()
        surveys = [survey(TapeFile(Path(path), self._symbols)) for path in paths]
        self._played = [found for found in surveys if not found.is_daily]
        if not self._played:
            raise ConfigError(
                f"{', '.join(map(str, paths))}: daily bars are history, not events to play; add a file"
                " of trades, quotes or minute bars, or give no --tape for a simulated day"
            )
        self.date = self._day(date)
        self.skipped: Counter[str] = sum((found.skipped for found in surveys), Counter())
        self._report(surveys)
        numbers = sorted({number for found in self._played for number in self._on_day(found)})
        self._in_order = [self._symbols.names[number] for number in numbers]
        self.instruments: Mapping[str, Instrument] = {
            self._symbols.names[number]: self._instrument(number) for number in numbers
        }
        self.start, self.end = self._bounds()
        self.daily_bars: Mapping[str, list[Bar]] = self._history(f for f in surveys if f.is_daily)

    def events(self) -> Iterator[TapeEvent]:
        """Iterate over the day's rows in the order in which they become known."""
        for piece in merged([self._stream(found) for found in self._played]):
            yield from events(piece, self._symbols.names)

    def _day(self, wanted: date | None) -> date:
        rows: Counter[date] = Counter()
        for found in self._played:
            for (number, hour), stretch in found.hours.items():
                rows[_day_of(self._symbols.names[number], hour * HOUR)] += stretch.count
        if wanted is not None and wanted not in rows:
            most = ", ".join(f"{day} ({count} rows)" for day, count in rows.most_common(5))
            raise ConfigError(f"the tape has no rows of {wanted}; it has rows of {most}")
        return wanted or min(rows, key=lambda day: (-rows[day], day))

    def _on_day(self, found: Survey) -> dict[int, list[Stretch]]:
        """Return the day's stretches of a file by number of the symbol."""
        stretches: dict[int, list[Stretch]] = {}
        for (number, hour), stretch in found.hours.items():
            if _day_of(self._symbols.names[number], hour * HOUR) == self.date:
                stretches.setdefault(number, []).append(stretch)
        return stretches

    def _bounds(self) -> tuple[int, int]:
        starts, ends = [], []
        for found in self._played:
            for stretches in self._on_day(found).values():
                starts += [stretch.first for stretch in stretches]
                ends += [stretch.last + _length(found) for stretch in stretches]
        if not all(is_crypto(symbol) for symbol in self.instruments):
            ends.append(us_equities().session(self.date).close + _AFTER_CLOSE)
        return min(starts), max(ends)

    def _instrument(self, number: int) -> Instrument:
        symbol = self._symbols.names[number]
        if not is_crypto(symbol):
            return Instrument(symbol)
        decimals = max(found.decimals.get(number, 0) for found in self._played)
        return coin(symbol, decimals)

    def _stream(self, found: Survey) -> Iterator[Columns]:
        begins, ends = self._windows()
        for rows in found.chunks():
            moment = rows.moment
            today = (begins[rows.symbol] <= moment) & (moment < ends[rows.symbol])
            if not today.any():
                if moment.size and moment[0] >= ends.max():
                    return
                continue
            part = rows if today.all() else rows.take(today)
            yield _bars_known_at_their_end(part, found) if _length(found) else part

    def _windows(self) -> tuple[Ints, Ints]:
        """Return when the day begins and ends, by number of the symbol."""
        days = [_window(is_crypto(name), self.date) for name in self._symbols.names]
        both = np.array(days, np.int64)
        return both[:, 0], both[:, 1]

    def _history(self, files: Iterable[Survey]) -> dict[str, list[Bar]]:
        history: dict[str, dict[date, Bar]] = {symbol: {} for symbol in self.instruments}
        for found in files:
            for rows in found.chunks():
                shift = _bars_known_at_their_end(rows, found)
                for bar in events(shift, self._symbols.names):
                    if isinstance(bar, Bar) and bar.symbol in history:
                        day = _day_of_daily(bar)
                        history[bar.symbol][day] = _stamped(bar, day)
        return {
            symbol: [bars[day] for day in sorted(bars) if day < self.date]
            for symbol, bars in history.items()
        }

    def _report(self, surveys: Iterable[Survey]) -> None:
        for found in surveys:
            if found.skipped:
                log.warning("%s: rows skipped: %s", found.file.path, dict(found.skipped))
        total = sum(s.count for found in self._played for s in found.hours.values())
        today = sum(
            s.count for f in self._played for part in self._on_day(f).values() for s in part
        )
        if today < total:
            log.info("%d rows of other days than %s are not played", total - today, self.date)


def _length(found: Survey) -> int:
    """Return how long after its time a row is known, ns."""
    return found.seconds * SECOND if found.file.content is Content.BARS else 0


def _bars_known_at_their_end(rows: Columns, found: Survey) -> Columns:
    return Columns(
        rows.moment + found.seconds * SECOND,
        np.full(len(rows), BAR + found.seconds, np.int32),
        rows.symbol,
        rows.values,
    )


def _calendar(symbol: str) -> Calendar:
    return crypto() if is_crypto(symbol) else us_equities()


def _day_of(symbol: str, ts: int) -> date:
    return _utc_day(ts) if is_crypto(symbol) else _trade_day(ts)


@lru_cache(maxsize=4096)
def _trade_day(ts: int) -> date:
    return trade_date(ts)


@lru_cache(maxsize=4096)
def _utc_day(ts: int) -> date:
    return datetime.fromtimestamp(ts // SECOND, UTC).date()


def _window(around_the_clock: bool, day: date) -> tuple[int, int]:
    if around_the_clock:
        session = crypto().session(day)
        return session.open, session.close
    evening = time(20)
    return new_york(day - timedelta(days=1), evening), new_york(day, evening)


def _day_of_daily(bar: Bar) -> date:
    """Say which day a daily bar is of: files stamp it with midnight in UTC or in New York."""
    at_midnight_utc = bar.start % (DAY_SECONDS * SECOND) == 0
    return (
        _utc_day(bar.start) if at_midnight_utc or is_crypto(bar.symbol) else _trade_day(bar.start)
    )


def _stamped(bar: Bar, day: date) -> Bar:
    start = bar.start if is_crypto(bar.symbol) else midnight(day)
    return Bar(bar.symbol, start, bar.open, bar.high, bar.low, bar.close, bar.volume, DAY_SECONDS)
