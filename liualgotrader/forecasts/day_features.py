"""What the day bars before a day say of it: ratios, so that a later split changes none of them."""

from __future__ import annotations

import numpy as np

from liualgotrader.common.bar_table import BarTable, Floats

LEAST_BARS = 6
MOST_BARS = 21
NAMES = (
    "return of the last day",
    "return of the last five days",
    "mean return of a month",
    "spread of returns over a month",
    "range of the last day",
    "mean range of five days",
    "mean range of a month",
    "where the last close lies between low and high",
    "volume of the last day to the month's mean",
    "dollars a day over a month, as a power of ten",
)


def day_features(bars: BarTable) -> Floats | None:
    """Return the features of NAMES from bars that were complete before the day, the last of them the newest.

    None with fewer than six bars, or where a price is no positive number. A month is twenty days,
    or as many as there are. Ranges are (high - low) / open.
    """
    if len(bars) < LEAST_BARS:
        return None
    bars = bars.cut(max(0, len(bars) - MOST_BARS), len(bars))
    close, volume = bars.close, bars.volume[1:]
    returns = np.diff(close) / close[:-1]
    ranges = ((bars.high - bars.low) / bars.open)[1:]
    width = bars.high[-1] - bars.low[-1]
    features = np.array(
        [
            returns[-1],
            close[-1] / close[-6] - 1,
            returns.mean(),
            returns.std(),
            ranges[-1],
            ranges[-5:].mean(),
            ranges.mean(),
            (close[-1] - bars.low[-1]) / width if width > 0 else 0.5,
            volume[-1] / mean if (mean := volume.mean()) > 0 else 1.0,
            np.log10(1 + (close[1:] * volume).mean()),
        ]
    )
    return features if np.isfinite(features).all() else None
