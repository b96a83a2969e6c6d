"""A day to trade without any data of one's own: real daily bars, and a simulated path through each.

The companies of `daily_history` are real, and so are their open, high, low, close and volume of
the day and the daily bars before it. **Every print and quote in between is simulated**: a seeded,
plausible path that comes out at those numbers exactly, and says nothing about what happened at
any minute of that day. All other companies are simulated altogether, and named so
(`simulated_companies`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cached_property
from math import log10

from liualgotrader.common.calendar import us_equities
from liualgotrader.common.errors import ConfigError
from liualgotrader.common.events import Bar
from liualgotrader.common.instruments import Instrument
from liualgotrader.data.daily_history import COMPANIES, real_daily_bars
from liualgotrader.exchange.columns import Columns, events, joined
from liualgotrader.exchange.intraday import Span, make_day
from liualgotrader.exchange.simulated_companies import company, generator
from liualgotrader.exchange.tape import TapeEvent

NOTICE = (
    "The day is simulated: the daily bars of AAPL, FB, GOOG, IBM and MSFT are real, but every"
    " price within the day is made up to fit them, and the companies SIM01, SIM02 ... do not exist."
)
"""For whoever is shown anything that came of such a day."""

DEFAULT_DATE = date(2013, 1, 24)
"""The day after Apple's results: it opened 10 % down; Google went on rising after its own."""

SYMBOLS = 60
TRADES_PER_SYMBOL = 3000
HISTORY_DAYS = 250

_MINUTE = 60_000_000_000
# Orders for the closing auction wait five minutes for its print; then a venue's day is done.
_AFTER_CLOSE = 5 * _MINUTE


class SimulatedDay:
    """A tape of one simulated session, made when its events are first asked for."""

    def __init__(
        self,
        *,
        seed: int,
        day: date,
        bars: Mapping[str, Bar],
        instruments: Mapping[str, Instrument],
        daily_bars: Mapping[str, list[Bar]],
        trades_per_symbol: int,
    ) -> None:
        session = us_equities().session(day)
        self.seed = seed
        self.date = day
        self.bars = bars
        self.instruments = instruments
        self.daily_bars = daily_bars
        self.notice = NOTICE
        self._span = Span(session.open, session.close)
        self.start = session.open - _MINUTE
        self.end = session.close + _AFTER_CLOSE
        self._trades = trades_per_symbol

    def events(self) -> Iterator[TapeEvent]:
        """Iterate over prints and quotes in the order of their times."""
        return events(self.columns, list(self.bars))

    @cached_property
    def columns(self) -> Columns:
        """All events, in order. Symbols count into the list of `bars`."""
        parts = [self._part(number, bar) for number, bar in enumerate(self.bars.values())]
        return joined(parts).in_order()

    def _part(self, number: int, bar: Bar) -> Columns:
        rng = generator(self.seed, bar.symbol, self.date, "intraday")
        # Ten times the volume are made of some more prints, not of ten times as many.
        share = 1 + 0.2 * log10(bar.volume / 5e6) + float(rng.normal(0, 0.08))
        trades = round(self._trades * min(max(share, 2 / 3), 4 / 3))
        return make_day(rng, bar, symbol=number, span=self._span, trades=trades)


def simulated_day(
    seed: int,
    *,
    date: date | None = None,
    symbols: int = SYMBOLS,
    trades_per_symbol: int = TRADES_PER_SYMBOL,
    history_days: int = HISTORY_DAYS,
) -> SimulatedDay:
    """Make a tape of a day: the real companies that traded on `date`, filled up with simulated
    ones.

    The same seed and date give the same events. Raises ConfigError where `date` has no real daily
    bars.
    """
    day = DEFAULT_DATE if date is None else date
    real = real_daily_bars()
    traded = {symbol: bars[day] for symbol, bars in real.items() if day in bars}
    if not traded:
        raise ConfigError(_no_bars(day, real))
    traded = dict(list(traded.items())[:symbols])
    history = {s: [b for d, b in real[s].items() if d < day][-history_days:] for s in traded}
    instruments = {symbol: Instrument(symbol, name=COMPANIES[symbol]) for symbol in traded}
    before = [session.date for session in us_equities().sessions(_years_before(day), day)][:-1]
    for number in range(1, symbols - len(traded) + 1):
        made = company(number, seed=seed, days=before[-history_days:], session=day)
        symbol = made.instrument.symbol
        instruments[symbol], history[symbol], traded[symbol] = (
            made.instrument,
            made.history,
            made.day,
        )
    return SimulatedDay(
        seed=seed,
        day=day,
        bars=traded,
        instruments=instruments,
        daily_bars=history,
        trades_per_symbol=trades_per_symbol,
    )


def _years_before(day: date) -> date:
    return day - timedelta(days=2 * 366)


def _no_bars(day: date, real: Mapping[str, Mapping[date, Bar]]) -> str:
    known = sorted({d for bars in real.values() for d in bars})
    near = [d for d in known if d < day][-1:] + [d for d in known if d > day][:1]
    return (
        f"there are no real daily bars of {day}: they go from {known[0]} to {known[-1]}; the"
        f" nearest are of {' and '.join(map(str, near))}"
    )
