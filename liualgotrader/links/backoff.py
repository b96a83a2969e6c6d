"""How long to wait before a connection is tried again, so that no vendor is hammered."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

FIRST_DELAY = 0.1
LONGEST_DELAY = 20.0
GOOD_SECONDS = 10.0
"""A connection has proved itself when it was signed on for so long."""


def backoff(
    random: Random, *, first: float = FIRST_DELAY, most: float = LONGEST_DELAY
) -> Iterator[float]:
    """Yield waits in seconds.

    Doubling up to `most`, each drawn from the upper half of its range, so that many clients do not return together.
    """
    ceiling = first
    while True:
        yield random.uniform(ceiling / 2, ceiling)
        ceiling = min(ceiling * 2, most)


class Waits:
    """The waits of one connection, which remember how the attempts went.

    The first wait is short, for most losses are a hiccup. Only a connection that was good for `good` seconds begins the
    row anew: one that is signed on and lost at once, again and again, must not turn into a storm of reconnects.
    `floor`: seconds between the beginnings of two attempts, for vendors that count them.
    """

    def __init__(self, random: Random, *, floor: float = 0.0, good: float = GOOD_SECONDS) -> None:
        self._random = random
        self._floor = floor
        self._good = good
        self._row = backoff(random)

    def after(self, *, up: float, taken: float, asked: float) -> float:
        """Return the seconds to wait now.

        `up`: how long the connection was signed on, `taken`: how long ago its attempt began, `asked`: what the vendor
        wants to pass at least. That is drawn out by up to a quarter: who was told the same must not return together.
        """
        if up >= self._good:
            self._row = backoff(self._random)
        wait = max(next(self._row), self._floor - taken)
        return max(wait, asked * self._random.uniform(1.0, 1.25))
