"""What a day of a symbol brings, by the vendor's daily bars: for a stream that is mute from its first moment."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from liualgotrader.common.errors import FeedError
from liualgotrader.common.ports import DataAPI

log = logging.getLogger(__name__)

_DAY = 86_400_000_000_000
_REGULAR_SECONDS = 23_400.0
_DAYS = 7
# At noon on a slow day there is a tenth of the mean.
_LEAST = 0.1


async def usual_rate(data: DataAPI, symbols: Sequence[str], *, session_open: int) -> float:
    """Return how many trades a second symbols bring together at the least: a tenth of their last day's mean.

    0 when the vendor does not tell how many there were: then nothing is expected.
    """
    start = session_open - _DAYS * _DAY
    try:
        bars = await data.bars(symbols, start=start, end=session_open, seconds=86_400)
    except FeedError as exc:
        log.warning("what is usual for the stream is not known: %s", exc)
        return 0.0
    trades = sum(days[-1].count or 0 for days in bars.values() if days)
    return _LEAST * trades / _REGULAR_SECONDS
