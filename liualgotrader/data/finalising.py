"""A day's live bars, and the vendor's final ones that take their place the next day.

What a session heard live goes into the lake as provisional (`keep_live`). Once the day is over and
its rows are final, `finalise` puts the vendor's in their place and tells the differences.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import msgspec

from liualgotrader.analytics.live_differences import LiveDifference
from liualgotrader.common.errors import ConfigError
from liualgotrader.common.events import Bar
from liualgotrader.common.timestamps import format_time
from liualgotrader.data.kept_history import KeptHistory
from liualgotrader.data.lake import Kind, Lake, Rows
from liualgotrader.data.lake.as_events import rows_of
from liualgotrader.data.lake.kept import Kept, bounds

_WHOLE = "bar"
_PRICES = frozenset(("open", "high", "low", "close"))
_LIVE = "/live"


class Difference(msgspec.Struct, frozen=True):
    """One number of a minute (`time`, ns UTC, its start) that was other live than it is for good.

    `field` is a column of the bar, or "bar" for a minute that only one side has, with its close.
    """

    symbol: str
    time: int
    field: str
    live: float | None
    final: float | None

    def __str__(self) -> str:
        return (
            f"{self.symbol} {format_time(self.time)} {self.field}: live {_shown(self.live)},"
            f" final {_shown(self.final)}"
        )


class Finalised(msgspec.Struct, frozen=True):
    """What came of finalising a day: how many symbols and minutes, and where they differed.

    `heard`: how many live minutes there were of each symbol.
    """

    day: date
    source: str
    symbols: int
    minutes: int
    differences: tuple[Difference, ...]
    heard: Mapping[str, int] = {}

    def by_symbol(self) -> list[LiveDifference]:
        """Return the differences of each symbol that was heard, in one, by symbol."""
        found: dict[str, list[Difference]] = {symbol: [] for symbol in self.heard}
        for each in self.differences:
            found[each.symbol].append(each)
        return [
            _of_symbol(symbol, self.heard[symbol], each) for symbol, each in sorted(found.items())
        ]

    @property
    def summary(self) -> str:
        """One line for people."""
        head = f"{self.day}, {self.source}: {self.minutes:,} live minutes of {self.symbols} symbols"
        if not self.differences:
            return f"{head} are as the final ones"
        differ = {(each.symbol, each.time) for each in self.differences}
        fields = Counter(each.field for each in self.differences if each.field != _WHOLE)
        missed = sum(each.field == _WHOLE and each.live is None for each in self.differences)
        extra = sum(each.field == _WHOLE and each.final is None for each in self.differences)
        parts = [f"{name} {count}" for name, count in fields.most_common()]
        parts += [f"never heard {missed}"] if missed else []
        parts += [f"not final {extra}"] if extra else []
        named = len({symbol for symbol, _ in differ})
        return f"{head}; {len(differ):,} minutes differ in {named} symbols: {', '.join(parts)}"


def _of_symbol(symbol: str, minutes: int, differences: Iterable[Difference]) -> LiveDifference:
    """Return a symbol's differences in one."""
    differing, not_final, never_heard = set[int](), set[int](), set[int]()
    worst: tuple[float, int, str] = (0.0, 0, "")
    for each in differences:
        if each.live is None:
            never_heard.add(each.time)
            continue
        differing.add(each.time)
        if each.final is None:
            not_final.add(each.time)
        elif each.field in _PRICES:
            worst = max(worst, (abs(each.live / each.final - 1), each.time, each.field))
    return LiveDifference(
        symbol=symbol,
        minutes=minutes,
        differing=len(differing),
        not_final=len(not_final),
        never_heard=len(never_heard),
        worst=worst[0],
        worst_at=worst[1],
        worst_field=worst[2],
    )


def live_source(source: str) -> str:
    """Return the mark of a feed's live rows."""
    return f"{source}{_LIVE}"


def live_by_day(kept: Kept, first: date, last: date) -> dict[date, frozenset[str]]:
    """Return the symbols that have any feed's provisional minutes, by day; days without any are left out."""
    found: dict[date, set[str]] = defaultdict(set)
    for symbol, marks in kept.marks(Kind.MINUTE):
        ranges = [each for source, days in marks.items() if source.endswith(_LIVE) for each in days]
        for begin, end in ranges:
            for number in range(max(begin, first.toordinal()), min(end, last.toordinal()) + 1):
                found[date.fromordinal(number)].add(symbol)
    return {day: frozenset(symbols) for day, symbols in found.items()}


def keep_live(lake: Lake, source: str, day: date, bars: Iterable[Bar]) -> int:
    """Keep a day's live minute bars as provisional; return of how many symbols.

    Of several bars of a minute the last one counts: corrections come behind what they correct.
    Bars of other days are passed over. `source` as that of `KeptHistory`, such as alpaca/iex.
    """
    by_symbol: dict[str, list[Bar]] = defaultdict(list)
    for bar in bars:
        if bar.seconds == Kind.MINUTE.seconds:
            by_symbol[bar.symbol].append(bar)
    kept, days = Kept(lake), (day.toordinal(), day.toordinal())
    count = 0
    for symbol, each in by_symbol.items():
        rows = rows_of(Kind.MINUTE, symbol, each)[0].between(*bounds(symbol, days))
        final = not kept.missing(Kind.MINUTE, symbol, source, days)
        if len(rows) and not final:
            kept.fill(Kind.MINUTE, rows, live_source(source), days)
            count += 1
    return count


async def finalise(history: KeptHistory, day: date) -> Finalised:
    """Put the vendor's final minutes of a day in the place of the live ones, and tell the differences.

    Minutes before a symbol's first live one are not compared: it was not followed yet. Done twice,
    the second time finds nothing. Raises ConfigError while the day is not over, FeedError when the
    vendor does not answer: then the live bars stay.
    """
    number = day.toordinal()
    live_mark = live_source(history.source)
    symbols = await asyncio.to_thread(history.kept.symbols, Kind.MINUTE, live_mark, day)
    early = [symbol for symbol in symbols if history.final_day(symbol) < number]
    if early:
        raise ConfigError(
            f"{day}: bars of {', '.join(early[:5])} are not final yet; finalise after the day's"
            " midnight and a quarter of an hour"
        )
    live = await asyncio.to_thread(_read, history.kept, symbols, number)
    await history.keep(Kind.MINUTE, symbols, (number, number))
    final = await asyncio.to_thread(_read, history.kept, symbols, number)
    differences = [
        found for before, after in zip(live, final, strict=True) for found in compare(before, after)
    ]
    minutes = sum(map(len, live))
    heard = {rows.symbol: len(rows) for rows in live}
    return Finalised(day, history.source, len(symbols), minutes, tuple(differences), heard)


def compare(live: Rows, final: Rows) -> list[Difference]:
    """Return where two days of one symbol's minutes differ, by time, from the first live minute on."""
    if not len(live):
        return []
    before = {time: values for time, *values in _table(live)}
    after = {time: values for time, *values in _table(final) if time >= live.start[0]}
    found = []
    for time in sorted(before.keys() | after.keys()):
        old, new = before.get(time), after.get(time)
        if old is None or new is None:
            close = Kind.MINUTE.columns.index("close")
            sides = [None if side is None else side[close] for side in (old, new)]
            found.append(Difference(live.symbol, time, _WHOLE, *sides))
            continue
        for name, was, is_ in zip(Kind.MINUTE.columns, old, new, strict=True):
            if was != is_:
                found.append(Difference(live.symbol, time, name, was, is_))
    return found


def _read(kept: Kept, symbols: Sequence[str], number: int) -> list[Rows]:
    return [kept.rows(Kind.MINUTE, symbol, *bounds(symbol, (number, number))) for symbol in symbols]


def _table(rows: Rows) -> Iterable[tuple[int, ...]]:
    return zip(rows.start.tolist(), *(column.tolist() for column in rows.values), strict=True)


def _shown(value: float | None) -> str:
    return "none" if value is None else f"{value:.10g}"
