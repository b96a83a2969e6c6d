"""The days that a forecast is fed: which it lacks, and what is read of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from liualgotrader.common.bar_table import BarTable
from liualgotrader.common.calendar import us_equities
from liualgotrader.forecasts.base import MarketDay, Needs, Sample
from liualgotrader.miners.base import MinerContext

MOST_AT_ONCE = 2_500
"""Days of symbols that are in memory together: some 50 MB of minutes."""
_MINUTE, _DAY = 60, 86_400


class Stretch(NamedTuple):
    """Days one after the other of which the same symbols are lacking."""

    days: tuple[date, ...]
    symbols: tuple[str, ...]


class ForecastDays:
    """Reads days of the history and of simulated runs for a forecast, up to `ctx.day`."""

    def __init__(self, ctx: MinerContext, needs: Needs) -> None:
        self._ctx = ctx
        self._needs = needs
        seconds = _MINUTE if needs.minutes or needs.strategy else _DAY
        self.kind = "minute" if seconds == _MINUTE else "day"
        self._first = ctx.day
        self._day_bars: dict[str, BarTable] = {}
        self._spans = {s: ctx.history.span(s, seconds) for s in ctx.symbols}

    def unknown(self) -> list[str]:
        """Return the symbols of the universe that there are no bars of."""
        return [symbol for symbol, span in self._spans.items() if span is None]

    def lacking(
        self, days: Sequence[date], samples: Mapping[tuple[date, str], Sample]
    ) -> list[Stretch]:
        """Return what must be read: days without samples, and those whose final bars are there by now.

        The last day is always among them: what is known of the next one is read along.
        """
        live = self._ctx.history.live(days[0], days[-1])
        found: list[Stretch] = []
        for day in days:
            lacks = tuple(
                symbol
                for symbol in self._ctx.symbols
                if self._is_lacking(day, symbol, samples.get((day, symbol)), live.get(day, ()))
            )
            if not lacks:
                continue
            last = found[-1] if found else None
            if last and last.symbols == lacks and self._is_room(len(last.days) * len(lacks)):
                found[-1] = Stretch((*last.days, day), lacks)
            else:
                found.append(Stretch((day,), lacks))
        self._first = found[0].days[0] if found else self._ctx.day
        return found

    async def read(self, stretch: Stretch) -> list[MarketDay]:
        """Return the days of a stretch, oldest first."""
        first, last = stretch.days[0], stretch.days[-1]
        history, names = self._ctx.history, stretch.symbols
        minutes: dict[str, BarTable] = {}
        if self._needs.minutes:
            minutes = {s: history.bars(s, _MINUTE, first, last) for s in names}
        days = {s: self._bars_of_days(s) for s in names}
        profits = await self._profits(stretch)
        live = history.live(first, last)
        return [
            _market_day(day, minutes, days, profits.get(day, {}), live.get(day, frozenset()))
            for day in stretch.days
        ]

    def _is_room(self, count: int) -> bool:
        return count < MOST_AT_ONCE or self.kind == "day"

    def _bars_of_days(self, symbol: str) -> BarTable:
        """Return the day bars that are needed in all of the night; they are read once."""
        if symbol not in self._day_bars:
            # There are at most 5 days of trading in 7 days, and hardly ever less than 9 in 14.
            first = self._first - timedelta(days=10 + 8 * self._needs.day_bars // 5)
            self._day_bars[symbol] = self._ctx.history.bars(symbol, _DAY, first, self._ctx.day)
        return self._day_bars[symbol]

    def _is_lacking(
        self, day: date, symbol: str, sample: Sample | None, live: frozenset[str] | tuple[()]
    ) -> bool:
        span = self._spans[symbol]
        if span is None or day < span[0]:
            return False
        if day == self._ctx.day or (self._ctx.since is not None and day >= self._ctx.since):
            return True
        if day > span[1]:
            return False
        return sample is None or (not sample.is_final and symbol not in live)

    async def _profits(self, stretch: Stretch) -> dict[date, dict[str, float | None]]:
        """Return what the strategy's runs gained, by day and symbol; None of one that bought nothing."""
        if not self._needs.strategy:
            return {}
        found: dict[date, dict[str, float | None]] = {}
        for day in stretch.days:
            runs = await self._ctx.simulator.runs(
                self._needs.strategy, stretch.symbols, day, day, filename=self._needs.filename
            )
            found[day] = {
                run.symbol: run.gain / run.put_in if run.put_in > 0 else None for run in runs
            }
        return found


def _market_day(
    day: date,
    minutes: Mapping[str, BarTable],
    days: Mapping[str, BarTable],
    profits: Mapping[str, float | None],
    live: frozenset[str],
) -> MarketDay:
    session = us_equities().session(day)
    regular = {s: table.between(session.open, session.close) for s, table in minutes.items()}
    return MarketDay(
        day=day,
        open=session.open,
        close=session.close,
        minutes={symbol: table for symbol, table in regular.items() if len(table)},
        days={
            s: table.cut(0, int(table.start.searchsorted(session.close)))
            for s, table in days.items()
        },
        profits=profits,
        live=live,
    )
