"""Histories as they might have been: a series of days drawn again in blocks of random length.

Politis and Romano, "The Stationary Bootstrap", Journal of the American Statistical Association, 1994.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from liualgotrader.analytics.rows import Floats

Indices = NDArray[np.int64]


def usual_block(count: int) -> float:
    """Return a mean length of blocks for `count` days: its cube root, the order that the paper finds best."""
    return max(1.0, float(np.cbrt(count)))


def resampled(count: int, block: float, chance: np.random.Generator) -> Indices:
    """Return `count` indices into as many days: blocks that begin anywhere, and go on from the end to the start.

    After each day the next one follows with probability 1 - 1 / block, else a new block begins: the
    lengths are geometric, `block` on average, so that the series drawn is stationary.
    """
    starts = chance.integers(0, count, count)
    begins = chance.random(count) < 1 / block
    begins[0] = True
    places = np.arange(count)
    origin = np.maximum.accumulate(np.where(begins, places, 0))
    found: Indices = (starts[origin] + places - origin) % count
    return found


def drawn_scores(
    columns: Floats,
    score: Callable[[Floats], Floats],
    *,
    draws: int,
    seed: int,
    block: float | None = None,
) -> Floats:
    """Return the scores of `draws` histories, (draws, n), of returns `columns`, (n, days).

    A draw takes the same days of all columns, so that what moved together still does. `score` gives
    one number for each row of an array of returns.
    """
    count = columns.shape[1]
    chance = np.random.default_rng(seed)
    length = usual_block(count) if block is None else block
    return np.array([score(columns[:, resampled(count, length, chance)]) for _ in range(draws)])


def share_above(scores: Floats, others: Floats) -> float:
    """Return in what fraction of the draws a score is greater than another; equal ones count half."""
    return float(np.mean(scores > others) + np.mean(scores == others) / 2)
