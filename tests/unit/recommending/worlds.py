"""Made-up returns of strategies, of which it is known what is in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from liualgotrader.analytics.rows import Floats
from liualgotrader.recommending.judging import Trials
from liualgotrader.recommending.metric import Metric
from liualgotrader.recommending.parts import cut, walk_forward

DAYS = 500
NOISE = 0.01


def noise(seed: int, rows: int, days: int = DAYS) -> Floats:
    """Returns without any drift."""
    return np.random.default_rng(seed).normal(0.0, NOISE, (rows, days))


def trials(
    returns: Floats,
    held: Floats,
    *,
    names: Sequence[str] = ("a", "b", "c", "d"),
    every: int = 5,
    folds: int = 5,
    metric: Metric = Metric.SHARPE,
) -> Trials:
    """Put returns together as a run would: a trade is closed every so many days."""
    days = returns.shape[1]
    closed = np.zeros_like(returns)
    closed[:, ::every] = 1
    spans = cut(days, folds)
    choices = walk_forward(returns, closed, spans, metric, 252)
    return Trials(
        names=names[: len(returns)],
        returns=returns,
        closed=closed,
        held=held,
        followed=np.concatenate([choice.returns for choice in choices]),
        tested=spans[0][1],
        parts=folds,
        shortest=min(end - begin for begin, end in spans),
        metric=metric,
        periods=252,
    )
