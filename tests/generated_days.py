"""Days of an invented market, for forecasts: one in which days follow from those before them, or plain noise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec
import numpy as np

from liualgotrader.common.bar_table import BarTable, Floats
from liualgotrader.common.calendar import us_equities
from liualgotrader.forecasts.base import MarketDay

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
OLDER = 25
"""Day bars that there are from before the first day."""
FIRST = date(2024, 1, 1)


class Hours(msgspec.Struct, frozen=True):
    """A day and its session, ns UTC."""

    date: date
    open: int
    close: int

    @property
    def midnight(self) -> int:
        """When its day bar begins."""
        return self.open - 570 * MINUTE

    @property
    def length(self) -> int:
        """How many minutes it has."""
        return (self.close - self.open) // MINUTE


def short_days(count: int, *, length: int = 120) -> list[Hours]:
    """Return weekdays with sessions of two hours: enough for every forecast, and quick."""
    days = (FIRST + timedelta(days=number) for number in range(2 * count + 5))
    opens = [
        int(datetime(day.year, day.month, day.day, 14, 30, tzinfo=UTC).timestamp()) * SECOND
        for day in days
        if day.weekday() < 5
    ]
    return [
        Hours(datetime.fromtimestamp(each // SECOND, UTC).date(), each, each + length * MINUTE)
        for each in opens[:count]
    ]


def trading_days(last: date, count: int) -> list[Hours]:
    """Return the exchange's last days up to one."""
    sessions = us_equities().sessions(last - timedelta(days=2 * count + 10), last)[-count:]
    return [Hours(each.date, each.open, each.close) for each in sessions]


def market(
    symbols: Iterable[str],
    count: int,
    *,
    seed: int = 1,
    follows: bool = True,
    days: Sequence[Hours] = (),
) -> list[MarketDay]:
    """Return the last `count` of days, or of two-hour ones.

    `follows`: whether spreads cluster, and mornings and profits answer the day before.
    """
    chance = np.random.default_rng(seed)
    days = days or short_days(OLDER + count)
    made = {symbol: _symbol(symbol, days, chance, follows=follows) for symbol in symbols}
    return [_day(days, index, made) for index in range(len(days) - count, len(days))]


def without(day: MarketDay, symbol: str) -> MarketDay:
    """Return a day on which nobody traded a symbol; its day bars of before are there."""
    bars = day.days[symbol]
    return msgspec.structs.replace(
        day,
        minutes={name: each for name, each in day.minutes.items() if name != symbol},
        days={
            **day.days,
            symbol: bars.cut(0, int(bars.start.searchsorted(day.open - 600 * MINUTE))),
        },
        profits={name: each for name, each in day.profits.items() if name != symbol},
    )


def halted(day: MarketDay, symbol: str, begin: int, stop: int) -> MarketDay:
    """Return a day without the symbol's minutes from `begin` to `stop`."""
    bars = day.minutes[symbol]
    kept = np.ones(len(bars), bool)
    kept[begin:stop] = False
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    table = BarTable(symbol, bars.start[kept], *(column[kept] for column in columns))
    return msgspec.structs.replace(day, minutes={**day.minutes, symbol: table})


class _Made(msgspec.Struct, eq=False):
    minutes: list[BarTable]
    days: BarTable
    profits: list[float]


def _symbol(
    symbol: str, days: Sequence[Hours], chance: np.random.Generator, *, follows: bool
) -> _Made:
    minutes, rows, profits = [], [], []
    price, usual = 50.0, -4.0 + (chance.normal() * 0.4 if follows else 0.0)
    level, before = usual, 0.0
    for day in days:
        if follows:
            level = usual + 0.8 * (level - usual) + 0.15 * chance.normal()
        spread = float(np.exp(level))
        steps = chance.normal(0, spread / np.sqrt(day.length), day.length)
        if follows:
            steps[:45] -= before / 90
        profits.append(0.01 * chance.normal() + (0.5 * before if follows else 0.0))
        closes = price * np.exp(np.cumsum(steps))
        table = _minutes(symbol, day, price, closes, chance)
        minutes.append(table)
        low, high = float(table.low.min()), float(table.high.max())
        rows.append((table.open[0], high, low, closes[-1], table.volume.sum()))
        before = float(closes[-1] / price - 1)
        price = float(closes[-1])
    starts = np.array([day.midnight for day in days])
    return _Made(minutes, BarTable(symbol, starts, *np.array(rows).T), profits)


def _minutes(
    symbol: str, day: Hours, price: float, closes: Floats, chance: np.random.Generator
) -> BarTable:
    opens = np.concatenate(([price], closes[:-1]))
    wicks = 1 + np.abs(chance.normal(0, 2e-4, (2, len(closes))))
    starts = day.open + MINUTE * np.arange(len(closes))
    return BarTable(
        symbol,
        starts,
        opens,
        np.maximum(opens, closes) * wicks[0],
        np.minimum(opens, closes) / wicks[1],
        closes,
        chance.integers(100, 1000, len(closes)).astype(float),
    )


def _day(days: Sequence[Hours], index: int, made: dict[str, _Made]) -> MarketDay:
    return MarketDay(
        day=days[index].date,
        open=days[index].open,
        close=days[index].close,
        minutes={symbol: each.minutes[index] for symbol, each in made.items()},
        days={symbol: each.days.cut(0, index + 1) for symbol, each in made.items()},
        profits={symbol: each.profits[index] for symbol, each in made.items()},
    )
