"""Which bars a key of 0.4 means, over bars of today."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from liualgotrader.common.data_loader import SymbolData
from liualgotrader.compat.errors import NothingLoaded
from liualgotrader.compat.keys import begins, counted, new_key
from liualgotrader.compat.world import Source


class Asked(NamedTuple):
    """Bars and the places in them that a key means."""

    bars: SymbolData
    places: slice | int


def ask(source: Source, symbol: str, key: Any, *, daily: bool) -> Asked:
    """Return what a key of a column or of a symbol means. Raises NothingLoaded."""
    if not isinstance(key, slice):
        wanted = new_key(key)
        bars = source.bars(symbol, daily=daily, at=begins(wanted), count=counted(wanted))
        return Asked(bars, _place(bars, wanted))
    start, stop = new_key(key.start), new_key(key.stop)
    since = begins(start)
    count = counted(start) if since is None else 0
    bars = source.bars(symbol, daily=daily, since=since, at=begins(stop), count=count)
    return Asked(bars, bars.span(slice(start, _included(stop), key.step)))


def _included(stop: Any) -> Any:
    """Return the end of a slice that, as 0.4's, includes the bar which a number counts to."""
    if not isinstance(stop, int):
        return stop
    return None if stop == -1 else stop + 1


def _place(bars: SymbolData, key: Any) -> int:
    try:
        return bars.index_at(key)
    except IndexError as exc:
        is_day = isinstance(key, dt.date) and not isinstance(key, dt.datetime)
        before = bars.span(slice(None, key)).stop if is_day else 0
        if before:
            return before - 1  # the newest of the days before
        raise NothingLoaded(str(exc)) from exc
