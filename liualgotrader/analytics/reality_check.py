"""Whether the best of several is better than a benchmark, or only the luckiest of them.

White, "A Reality Check for Data Snooping", Econometrica, 2000, on histories drawn by the stationary
bootstrap, as there.
"""

from __future__ import annotations

import numpy as np

from liualgotrader.analytics.rows import Floats

_ENDLESS = 1e9
"""What an infinite score counts as: differences of infinities are none."""


def reality_check(
    drawn: Floats, scores: Floats, drawn_benchmark: Floats, benchmark: float, *, of: int
) -> float:
    """Return how sure it is that one of n, index `of`, beats a benchmark, 0 to 1.

    For the best of them that is one less the paper's p-value.

    `scores` (n,) and `benchmark` are of the history as it was, `drawn` (draws, n) and `drawn_benchmark`
    (draws,) of histories drawn again. In each draw all leads over the benchmark are taken less those of
    the true history, as if none had been better or worse. The answer is in what fraction of the draws the
    greatest of them stays below the lead that was seen; equal ones count half.
    """
    leads = _finite(scores) - _finite(np.asarray(benchmark))
    again = _finite(drawn) - _finite(drawn_benchmark)[:, None]
    luckiest = (again - leads).max(axis=1)
    seen = leads[of]
    return float(np.mean(luckiest < seen) + np.mean(luckiest == seen) / 2)


def _finite(scores: Floats) -> Floats:
    return np.nan_to_num(scores, posinf=_ENDLESS, neginf=-_ENDLESS)
