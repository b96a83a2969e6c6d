"""The plainest tape.

Every symbol walks at random from a seed, with prints and quotes through regular hours.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import date as Date
from datetime import timedelta
from heapq import merge

from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.common.instruments import Instrument
from liualgotrader.exchange.days import midnight, session_of, sessions_between
from liualgotrader.exchange.tape import TapeEvent

SECOND = 1_000_000_000
DAY_SECONDS = 86_400


class WalkTape:
    """Random walks, made while they are played: nothing is kept."""

    def __init__(
        self, *, day: Date, symbols: list[str], seed: int, per_second: float, minutes: int | None
    ) -> None:
        self.date = day
        self.instruments: Mapping[str, Instrument] = {s: Instrument(symbol=s) for s in symbols}
        session = session_of(day)
        self.start = session.open
        self.end = session.close if minutes is None else session.open + minutes * 60 * SECOND
        self._seed = seed
        self._gap = SECOND / per_second
        self.daily_bars: Mapping[str, list[Bar]] = {s: self._days(s) for s in symbols}

    def events(self) -> Iterator[TapeEvent]:
        """Iterate over prints and quotes of all symbols in time."""
        return merge(*(self._walk(s) for s in self.instruments), key=_time)

    def _walk(self, symbol: str) -> Iterator[TapeEvent]:
        chance = random.Random(f"{self._seed}-{symbol}")
        cents = round(self._price(symbol) * 100)
        at = float(self.start)
        while (at := at + chance.expovariate(1 / self._gap)) < self.end:
            cents = max(cents + chance.choice((-1, 0, 0, 1)), 100)
            ts = int(at)
            if chance.random() < 0.8:
                size = float(chance.randrange(100, 1_000, 100))
                yield Quote(symbol, ts, (cents - 1) / 100, (cents + 1) / 100, size, size)
            else:
                yield Trade(symbol, ts, cents / 100, float(chance.randrange(1, 300)))

    def _price(self, symbol: str) -> float:
        return random.Random(f"{self._seed}-{symbol}-price").randrange(2_000, 20_000) / 100

    def _days(self, symbol: str) -> list[Bar]:
        chance = random.Random(f"{self._seed}-{symbol}-days")
        price = self._price(symbol)
        bars: list[Bar] = []
        for session in reversed(
            sessions_between(self.date - timedelta(days=60), self.date - timedelta(days=1))
        ):
            before = round(price * chance.uniform(0.98, 1.02), 2)
            high, low = max(price, before) + 0.1, min(price, before) - 0.1
            volume = float(chance.randrange(1_000_000, 9_000_000))
            bars.append(
                Bar(
                    symbol,
                    midnight(session.date),
                    before,
                    high,
                    low,
                    price,
                    volume,
                    DAY_SECONDS,
                    None,
                    1,
                )
            )
            price = before
        return bars[::-1]


def walk_tape(
    *,
    date: str = "2026-01-15",
    symbols: str = "AAPL,MSFT",
    seed: str = "0",
    per_second: str = "2",
    minutes: str = "",
) -> WalkTape:
    """Return a tape of one session. All parameters are text: they may come from a command line."""
    return WalkTape(
        day=Date.fromisoformat(date),
        symbols=symbols.split(","),
        seed=int(seed),
        per_second=float(per_second),
        minutes=int(minutes) if minutes else None,
    )


def _time(event: TapeEvent) -> int:
    return event.time  # type: ignore[return-value]  # a tape's times are numbers
