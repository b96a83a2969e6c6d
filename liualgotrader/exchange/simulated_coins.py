"""A day of pairs of currencies to trade without any data of one's own. All of it is invented.

The pairs carry the names of real coins, so that programs written for a vendor find them; prices,
volumes and the days before are a seeded random walk, and say nothing about any market.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property

import msgspec
import numpy as np

from liualgotrader.common.calendar import crypto
from liualgotrader.common.events import Bar
from liualgotrader.common.instruments import Instrument, coin
from liualgotrader.exchange.columns import (
    QUOTE,
    TRADE,
    Columns,
    Floats,
    Ints,
    events,
    joined,
    of_kind,
)
from liualgotrader.exchange.simulated_companies import generator
from liualgotrader.exchange.tape import TapeEvent

NOTICE = "The day is simulated: the coins have real names, and every price and volume is made up."
"""For whoever is shown anything that came of such a day."""

DEFAULT_DATE = date(2026, 1, 24)
"""A Saturday: coins trade on all days."""
TRADES_PER_PAIR = 8_000
HISTORY_DAYS = 60

_DAY_SECONDS = 86_400
_DAY = _DAY_SECONDS * 1_000_000_000
_QUOTE_LEAD = 1_000_000_000


class Character(msgspec.Struct, frozen=True):
    """How a pair behaves: its price in dollars, decimals, daily volatility, and size of a print."""

    symbol: str
    name: str
    price: float
    decimals: int
    volatility: float
    size: float


PAIRS = (
    Character("BTC/USD", "Bitcoin / US Dollar", 60_000.0, 2, 0.025, 0.02),
    Character("ETH/USD", "Ethereum / US Dollar", 2_500.0, 2, 0.035, 0.4),
    Character("SOL/USD", "Solana / US Dollar", 120.0, 3, 0.045, 8.0),
    Character("LTC/USD", "Litecoin / US Dollar", 80.0, 3, 0.035, 10.0),
    Character("DOGE/USD", "Dogecoin / US Dollar", 0.15, 5, 0.05, 6_000.0),
)


class SimulatedCoins:
    """A tape of one day of UTC, made when its events are first asked for."""

    def __init__(
        self, *, seed: int, day: date, pairs: Sequence[Character], trades_per_pair: int
    ) -> None:
        session = crypto().session(day)
        self.seed = seed
        self.date = day
        self.notice = NOTICE
        self.start, self.end = session.open, session.close
        self._pairs = pairs
        self._trades = trades_per_pair
        self.instruments: Mapping[str, Instrument] = {
            pair.symbol: coin(pair.symbol, pair.decimals, name=pair.name) for pair in pairs
        }
        self._walks = {pair.symbol: self._walk(pair) for pair in pairs}
        self.daily_bars: Mapping[str, list[Bar]] = {
            symbol: bars for symbol, (bars, _) in self._walks.items()
        }

    def events(self) -> Iterator[TapeEvent]:
        """Iterate over prints and quotes in the order of their times."""
        return events(self.columns, [pair.symbol for pair in self._pairs])

    @cached_property
    def columns(self) -> Columns:
        """All events, in order. Symbols count into the list of pairs."""
        parts = [
            part for number, pair in enumerate(self._pairs) for part in self._day(number, pair)
        ]
        return joined(parts).in_order()

    def _walk(self, pair: Character) -> tuple[list[Bar], float]:
        """Return the days before, and where the last of them closed."""
        rng = generator(self.seed, pair.symbol, self.date, "days")
        steps = rng.standard_t(5, HISTORY_DAYS) * pair.volatility / np.sqrt(5 / 3)
        closes = _ticks(pair.price * np.exp(np.cumsum(steps)), pair)
        opens = np.append(_ticks(np.array([pair.price]), pair), closes[:-1])
        wicks = np.abs(rng.normal(0, pair.volatility / 3, (2, HISTORY_DAYS)))
        highs = _ticks(np.maximum(opens, closes) * (1 + wicks[0]), pair)
        lows = _ticks(np.minimum(opens, closes) * (1 - np.minimum(wicks[1], 0.5)), pair)
        volumes = np.round(pair.size * self._trades * rng.lognormal(0, 0.3, HISTORY_DAYS), 6)
        first = crypto().session(self.date - timedelta(days=HISTORY_DAYS)).open
        rows = zip(
            *(column.tolist() for column in (opens, highs, lows, closes, volumes)), strict=True
        )
        bars = [
            Bar(pair.symbol, first + number * _DAY, o, h, low, c, v, _DAY_SECONDS)
            for number, (o, h, low, c, v) in enumerate(rows)
        ]
        return bars, bars[-1].close

    def _day(self, number: int, pair: Character) -> tuple[Columns, Columns]:
        rng = generator(self.seed, pair.symbol, self.date, "intraday")
        count = max(1, self._trades)
        times: Ints = np.sort(rng.integers(self.start, self.end, count))
        steps = rng.normal(0, pair.volatility / np.sqrt(count), count)
        middle = self._walks[pair.symbol][1] * np.exp(np.cumsum(steps))
        tick = 10.0**-pair.decimals
        half = np.maximum(tick, middle * rng.lognormal(np.log(0.0002), 0.4, count))
        bid, ask = _ticks(middle - half, pair), _ticks(middle + half, pair)
        ask = np.maximum(ask, _ticks(bid + tick, pair))
        price = np.where(rng.random(count) < 0.5, bid, ask)
        sizes = np.maximum(np.round(pair.size * rng.lognormal(-0.5, 1.0, (3, count)), 6), 1e-6)
        lead: Ints = rng.integers(1, _QUOTE_LEAD, count)
        shown = np.maximum(times - lead, self.start)
        return (
            of_kind(QUOTE, symbol=number, moment=shown, values=(bid, ask, sizes[0], sizes[1])),
            of_kind(TRADE, symbol=number, moment=times, values=(price, sizes[2])),
        )


def simulated_coins(
    seed: int | str = 0,
    *,
    date: date | None = None,
    pairs: Sequence[Character] = PAIRS,
    trades_per_pair: int | str = TRADES_PER_PAIR,
) -> SimulatedCoins:
    """Make a tape of a day of pairs. The same seed and date give the same events."""
    return SimulatedCoins(
        seed=int(seed),
        day=DEFAULT_DATE if date is None else date,
        pairs=pairs,
        trades_per_pair=int(trades_per_pair),
    )


def _ticks(prices: Floats, pair: Character) -> Floats:
    rounded: Floats = np.maximum(np.round(prices, pair.decimals), 10.0**-pair.decimals)
    return rounded
