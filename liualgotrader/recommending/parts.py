"""A history cut into consecutive parts, and what choosing by the past would have earned in each."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

from liualgotrader.analytics.rows import Floats
from liualgotrader.recommending.metric import Metric

Mask = NDArray[np.bool_]
Span = tuple[int, int]
"""Days from index [begin, end)."""


class Choice(msgspec.Struct, frozen=True):
    """What was chosen for a part, an index, None for nothing, and the daily returns that it brought."""

    chosen: int | None
    returns: Floats


def cut(days: int, parts: int) -> list[Span]:
    """Return `parts` consecutive spans over days, of lengths that differ by one at most."""
    bounds = [days * index // parts for index in range(parts + 1)]
    return list(pairwise(bounds))


def walk_forward(
    returns: Floats, traded: Floats, spans: Sequence[Span], metric: Metric, periods: int
) -> list[Choice]:
    """Return what is chosen for each part but the first, by what was known before it began.

    The best by `metric` on all earlier days is taken, of those that had traded by then (`traded` is
    how many trades each closed on each day, as `returns` (n, days)); nothing, when the best was not better
    than cash. The first in order of several that are equal.
    """
    found = []
    for begin, end in spans[1:]:
        scores = metric.scores(returns[:, :begin], periods)
        scores = np.where(traded[:, :begin].any(axis=1), scores, -np.inf)
        best = int(np.argmax(scores))
        if scores[best] > metric.of_cash:
            found.append(Choice(best, returns[best, begin:end]))
        else:
            found.append(Choice(None, np.zeros(end - begin)))
    return found


def ranks(scores: Floats, traded: Mask) -> list[int | None]:
    """Return the place of each score among those that traded, 1 for the best, None for the others.

    Equal ones share the better place.
    """
    return [
        int((scores[traded] > score).sum()) + 1 if counts else None
        for score, counts in zip(scores, traded, strict=True)
    ]
