"""Companies that do not exist, to fill a universe: seeded prices, and on the session's day
something to find.

Their symbols have digits in them, where those of stocks listed in the US are made of letters, and
their names say what they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from liualgotrader.common.events import Bar
from liualgotrader.common.instruments import Instrument
from liualgotrader.data.daily_history import DAY_SECONDS, midnight

Floats = NDArray[np.float64]

LOWEST_PRICE = 1.05
"""Above a dollar, so that one tick, the cent, is right for the whole history."""
_PRICES = (2.0, 400.0)
_DOLLAR_VOLUMES = (8e6, 600e6)
_VOLUMES = (400_000, 60_000_000)


@dataclass(frozen=True, slots=True)
class Character:
    """What kind of day a company has, each a range to draw from.

    The gap at the open and the move after it are fractions of the former close, the volume a
    multiple of the usual one.
    """

    gap: tuple[float, float]
    move: tuple[float, float]
    volume: tuple[float, float]


GAP_UP = Character(gap=(0.04, 0.08), move=(0.01, 0.06), volume=(2.5, 5.0))
GAP_DOWN = Character(gap=(-0.09, -0.04), move=(-0.04, 0.02), volume=(2.5, 5.0))
GAP_FADE = Character(gap=(0.04, 0.07), move=(-0.07, -0.03), volume=(2.0, 4.0))
RUNNER = Character(gap=(0.00, 0.02), move=(0.05, 0.12), volume=(2.0, 4.0))
SLIDER = Character(gap=(-0.01, 0.00), move=(-0.10, -0.04), volume=(1.5, 3.0))
SPIKE = Character(gap=(-0.01, 0.01), move=(-0.02, 0.02), volume=(4.0, 8.0))
SIDEWAYS = Character(gap=(-0.006, 0.006), move=(-0.012, 0.012), volume=(0.6, 1.4))

# Who has which day goes by number, so that every seed has some of each.
ROTATION = (
    *(GAP_UP, SIDEWAYS, RUNNER, SIDEWAYS, GAP_DOWN, SIDEWAYS, SPIKE, SIDEWAYS, RUNNER),
    *(SLIDER, SIDEWAYS, GAP_UP, SIDEWAYS, GAP_FADE, SIDEWAYS, GAP_DOWN, SIDEWAYS, RUNNER),
)


@dataclass(frozen=True, slots=True)
class Company:
    """A company with its history before the session, oldest first, and the session's own bar."""

    instrument: Instrument
    history: list[Bar]
    day: Bar


def generator(seed: int, *names: object) -> np.random.Generator:
    """Return a generator that depends on nothing but the seed and the names, in any process."""
    digest = sha256("/".join(map(str, (seed, *names))).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def instrument(number: int) -> Instrument:
    """Return the `number`-th company, from 1, and what the venue allows with it."""
    shortable = number % 9 != 4
    return Instrument(
        symbol=f"SIM{number:02d}",
        name=f"Simulated Company {number:02d}",
        shortable=shortable,
        easy_to_borrow=shortable and number % 9 != 7,
        fractionable=number % 11 != 5,
    )


def company(number: int, *, seed: int, days: Sequence[date], session: date) -> Company:
    """Make the `number`-th company, from 1: a bar for each of `days`, one for the session."""
    what = instrument(number)
    rng = generator(seed, what.symbol, "days")
    last_close = round(_log_uniform(rng, *_PRICES), 2)
    volatility = float(rng.uniform(0.008, 0.035))
    usual_volume = float(np.clip(_log_uniform(rng, *_DOLLAR_VOLUMES) / last_close, *_VOLUMES))
    history = _history(
        rng,
        symbol=what.symbol,
        days=days,
        last_close=last_close,
        volatility=volatility,
        volume=usual_volume,
    )
    day = _session_bar(
        rng,
        symbol=what.symbol,
        day=session,
        character=ROTATION[(number - 1) % len(ROTATION)],
        last_close=last_close,
        volatility=volatility,
        volume=usual_volume,
    )
    return Company(what, history, day)


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _history(
    rng: np.random.Generator,
    *,
    symbol: str,
    days: Sequence[date],
    last_close: float,
    volatility: float,
    volume: float,
) -> list[Bar]:
    """Walk back from the last close, with fat tails: Student's t of 5 degrees, variance 5/3."""
    count = len(days)
    steps = rng.standard_t(5, count) * volatility / np.sqrt(5 / 3)
    closes = last_close * np.exp(-np.cumsum(steps[::-1])[::-1] + steps)
    gaps = rng.normal(0, volatility / 3, count)
    opens = np.append(closes[:1], closes[:-1]) * np.exp(gaps)
    volumes = volume * rng.lognormal(-0.06, 0.35, count) * (1 + 8 * np.abs(steps))
    return _bars(
        rng, symbol, days, opens=opens, closes=closes, volumes=volumes, volatility=volatility
    )


def _session_bar(
    rng: np.random.Generator,
    *,
    symbol: str,
    day: date,
    character: Character,
    last_close: float,
    volatility: float,
    volume: float,
) -> Bar:
    opened = last_close * (1 + rng.uniform(*character.gap))
    close = opened + last_close * rng.uniform(*character.move)
    volumes = np.array([volume * rng.uniform(*character.volume)])
    return _bars(
        rng,
        symbol,
        [day],
        opens=np.array([opened]),
        closes=np.array([close]),
        volumes=volumes,
        volatility=volatility,
    )[0]


def _bars(
    rng: np.random.Generator,
    symbol: str,
    days: Sequence[date],
    *,
    opens: Floats,
    closes: Floats,
    volumes: Floats,
    volatility: float,
) -> list[Bar]:
    """Add the extremes, bring prices to the cent and volumes to whole shares."""
    opens, closes = _cents(opens), _cents(closes)
    count = len(days)
    highs = _cents(
        np.maximum(opens, closes) * np.exp(np.abs(rng.normal(0, volatility / 2.5, count)))
    )
    lows = _cents(
        np.minimum(opens, closes) * np.exp(-np.abs(rng.normal(0, volatility / 2.5, count)))
    )
    rows = zip(
        days,
        opens.tolist(),
        highs.tolist(),
        lows.tolist(),
        closes.tolist(),
        np.rint(volumes).tolist(),
        strict=True,
    )
    return [Bar(symbol, midnight(day), o, h, lo, c, v, DAY_SECONDS) for day, o, h, lo, c, v in rows]


def _cents(prices: Floats) -> Floats:
    rounded: Floats = np.rint(np.maximum(prices, LOWEST_PRICE) * 100) / 100
    return rounded
