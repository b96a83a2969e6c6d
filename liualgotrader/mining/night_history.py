"""The history of a night: what miners read as of its day, and what they have the vendor asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from liualgotrader.data.finalising import Difference, finalise, live_source
from liualgotrader.data.kept_history import KeptHistory
from liualgotrader.data.lake import Kind, Lake
from liualgotrader.data.lake.days import calendar_of, is_crypto
from liualgotrader.miners.base import LiveDifference
from liualgotrader.mining.history import BlindHistory, kind_of

_PRICES = frozenset(("open", "high", "low", "close"))


class NightHistory(BlindHistory):
    """Implements `miners.base.History`. `kept`: the vendor's; None for an exchange in a box, whose is nobody's."""

    def __init__(self, lake: Lake, day: date, kept: KeptHistory | None) -> None:
        super().__init__(lake, day)
        self._vendor = kept
        self._day = day

    @property
    def final_day(self) -> date:
        """The last day, up to the miner's, whose rows are final at the vendor."""
        if self._vendor is None:
            return self._day
        return min(self._day, date.fromordinal(self._vendor.final_day("")))

    async def fetch(self, seconds: int, symbols: Sequence[str], first: date, last: date) -> int:
        """Have the vendor's bars and splits of these days here; return the trading days that it was asked for.

        A day bar of a day that is not final yet is kept until the final one comes. Of an exchange in
        a box nothing is kept.
        """
        kind, last = kind_of(seconds), min(last, self._day)
        if self._vendor is None or first > last:
            return 0
        asked = sum(self._lacking(kind, symbol, first, last) for symbol in symbols)
        if asked:
            await self._vendor.keep(kind, symbols, (first.toordinal(), last.toordinal()))
        if kind is Kind.DAY and last == self._day:
            shares = [symbol for symbol in symbols if not is_crypto(symbol)]
            mark = live_source(self._vendor.source)
            await self._vendor.keep_so_far(shares, self._day, mark=mark)
        await self._vendor.know_actions(symbols, first)
        return asked

    async def finalise(self, day: date) -> Sequence[LiveDifference]:
        """Put the vendor's final minutes of a day in the place of those heard live; return what differed."""
        if self._vendor is None:
            return []
        done = await finalise(self._vendor, day)
        by_symbol: dict[str, list[Difference]] = defaultdict(list)
        for each in done.differences:
            by_symbol[each.symbol].append(each)
        return [
            live_difference(symbol, minutes, by_symbol[symbol])
            for symbol, minutes in sorted(done.heard.items())
        ]

    def _lacking(self, kind: Kind, symbol: str, first: date, last: date) -> int:
        """Return how many trading days of a symbol the vendor has not been asked for and could answer."""
        if self._vendor is None:
            return 0
        wanted = (first.toordinal(), min(last.toordinal(), self._vendor.final_day(symbol)))
        lacking = self._vendor.kept.missing(kind, symbol, self._vendor.source, wanted)
        calendar = calendar_of(symbol)
        return sum(
            len(calendar.sessions(date.fromordinal(begin), date.fromordinal(end)))
            for begin, end in lacking
        )


def live_difference(symbol: str, minutes: int, differences: Iterable[Difference]) -> LiveDifference:
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
