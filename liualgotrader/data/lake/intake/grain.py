"""How long the bars of a file are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from liualgotrader.common.errors import ConfigError
from liualgotrader.data.lake.days import DAY, SECOND, Ints
from liualgotrader.data.lake.kinds import Kind

# A day bar follows the one before it by 23 hours when the clocks go forward, and by four days over
# a long weekend.
_LEAST, _MOST = DAY - 3_600 * SECOND, 4 * DAY + 3_600 * SECOND


def bar_kind(path: Path, times: Sequence[Ints], *, by_days: bool) -> Kind:
    """Return what kind bars of these times (ns UTC, by symbol) are.

    `by_days`: they have no time of day, so that a single one is a day's. Bars are as long as the
    time that most often lies between them. Raises ConfigError for lengths that the lake does not
    keep, and for too few bars to tell.
    """
    steps = np.concatenate([np.diff(np.unique(each)) for each in times])
    if by_days and not steps.size:
        return Kind.DAY
    if not steps.size:
        raise ConfigError(f"{path}: too few rows to see how long its bars are; say it with --kind")
    lengths, counts = np.unique(steps, return_counts=True)
    usual = int(lengths[np.argmax(counts)])
    if _LEAST <= usual <= _MOST:
        return Kind.DAY
    if usual == 60 * SECOND:
        return Kind.MINUTE
    raise ConfigError(
        f"{path}: holds bars of {usual / SECOND:.10g} s, as most lie so far apart; the lake keeps bars of"
        " a minute and of a day. If they are minutes with gaps, say --kind minute"
    )
