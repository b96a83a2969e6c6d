"""The history of a night: what miners read as of its day, and what they have the vendor asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from liualgotrader.analytics.live_differences import LiveDifference
from liualgotrader.data.finalising import finalise, live_source
from liualgotrader.data.kept_history import KeptHistory
from liualgotrader.data.lake import Kind, Lake
from liualgotrader.data.lake.days import calendar_of, is_crypto
from liualgotrader.mining.history import BlindHistory, kind_of


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
        return (await finalise(self._vendor, day)).by_symbol()

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
