"""Simulated days of a feed, look by look: which symbols were heard in each quarter of a second of regular hours."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from liualgotrader.data.voice import LOOK_SECONDS

LOOKS = int(390 * 60 / LOOK_SECONDS)
Bits = NDArray[np.bool_]
Rates = NDArray[np.float64]


def day_shape() -> Rates:
    """Return how busy each look is against the day's mean: a burst at the open, a lull at noon, a busy close."""
    hours = np.linspace(0.0, 6.5, LOOKS)
    shape = 0.55 + 4.0 * np.exp(-hours / 0.12) + 0.9 * np.exp(-hours / 0.8)
    shape += 0.9 * np.exp((hours - 6.5) / 0.5) - 0.25 * np.exp(-(((hours - 3.2) / 1.0) ** 2))
    return np.asarray(shape / shape.mean())


def moods(random: np.random.Generator, spread: float) -> Rates:
    """Return a factor that jumps every few minutes (a mean of five) by a lognormal of this spread."""
    factor = np.ones(LOOKS)
    at = 0
    while at < LOOKS:
        length = int(random.exponential(300 / LOOK_SECONDS)) + 1
        factor[at : at + length] = np.exp(random.normal(0.0, spread))
        at += length
    return factor


def poisson(random: np.random.Generator, rate: Rates | float) -> Bits:
    """Return the looks in which a Poisson process of `rate` messages a second is heard."""
    return np.asarray(random.random(LOOKS) < 1.0 - np.exp(-np.asarray(rate) * LOOK_SECONDS))


def clustered(random: np.random.Generator, rate: Rates) -> Bits:
    """Return the looks in which a branching process is heard: half of all messages are echoes of earlier ones.

    A Hawkes process with a branching ratio of 0.8 and echoes that follow after 0.4 s on average.
    """
    bits = np.zeros(LOOKS, dtype=bool)
    now = random.poisson(0.2 * rate * LOOK_SECONDS)
    times = np.repeat(np.arange(LOOKS) * LOOK_SECONDS, now)
    while len(times):
        looks = (times / LOOK_SECONDS).astype(np.int64)
        bits[looks[looks < LOOKS]] = True
        echoes = random.poisson(0.8, len(times))
        times = np.repeat(times, echoes)
        times = times + random.exponential(0.4, len(times))
        times = times[times < LOOKS * LOOK_SECONDS]
    return bits


def real_like_day(seed: int) -> dict[str, Bits]:
    """Return a day of symbols from very liquid to one print an hour, and one that wakes up for a piece of news."""
    random = np.random.default_rng(seed)
    shape = day_shape()
    day = {
        "LIQUID": clustered(random, 20.0 * shape * moods(random, 0.3)),
        "STEADY": poisson(random, 6.0 * shape),
        "MEDIUM": clustered(random, 2.0 * shape * moods(random, 0.5)),
        "THIN": poisson(random, 0.3 * shape * moods(random, 0.7)),
        "QUIET": poisson(random, 1 / 60),
        "HOURLY": poisson(random, 1 / 3600),
    }
    news = poisson(random, 1 / 600)
    start = int(random.integers(LOOKS // 10, LOOKS - 2_000))
    news[start : start + 240] |= random.random(240) < 0.6
    day["NEWS"] = news
    return day


def looks_of(day: dict[str, Bits]) -> Iterator[set[str]]:
    """Yield what is heard in each look."""
    names = list(day)
    for row in np.column_stack([day[name] for name in names]):
        yield {names[index] for index in np.flatnonzero(row)}
