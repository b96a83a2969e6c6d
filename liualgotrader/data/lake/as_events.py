"""Rows as events and events as rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.data.lake.kinds import Kind
from liualgotrader.data.lake.rows import Rows, impossible, no_rows

MarketEvent = Bar | Trade | Quote


def bars_of(rows: Rows, seconds: int) -> list[Bar]:
    """Return bars of `seconds`."""
    columns = [column.tolist() for column in rows.values]
    return [
        Bar(rows.symbol, time, opened, high, low, close, volume, seconds)
        for time, opened, high, low, close, volume in zip(
            rows.start.tolist(), *columns, strict=True
        )
    ]


def trades_of(rows: Rows) -> list[Trade]:
    """Return prints."""
    columns = (rows.start.tolist(), rows.price.tolist(), rows.size.tolist())
    return [Trade(rows.symbol, *row) for row in zip(*columns, strict=True)]


def quotes_of(rows: Rows) -> list[Quote]:
    """Return quotes."""
    columns = (rows.start.tolist(), *(column.tolist() for column in rows.values))
    return [Quote(rows.symbol, *row) for row in zip(*columns, strict=True)]


def rows_of(kind: Kind, symbol: str, events: Sequence[MarketEvent]) -> tuple[Rows, int]:
    """Return events as rows of a kind, in the order of time, and how many of them cannot be rows.

    Of several bars of one time the last one is taken: it is the correction of the others.
    """
    if not events:
        return no_rows(kind, symbol), 0
    table = np.array([_values(event) for event in events], np.float64)
    start = np.array([_time(event) for event in events], np.int64)
    order = np.argsort(start, kind="stable")
    if kind.is_bar:
        times = start[order]
        order = order[np.append(times[1:] != times[:-1], True)]
    rows = Rows(symbol, start[order], tuple(np.ascontiguousarray(c) for c in table[order].T))
    wrong = np.zeros(len(rows), np.bool_)
    for _, mask in impossible(kind, rows):
        wrong |= mask
    return rows.take(~wrong), int(np.count_nonzero(wrong))


def _time(event: MarketEvent) -> int:
    return event.start if isinstance(event, Bar) else event.ts_event


def _values(event: MarketEvent) -> Iterable[float]:
    if isinstance(event, Bar):
        return event.open, event.high, event.low, event.close, event.volume
    if isinstance(event, Trade):
        return event.price, event.size
    return event.bid, event.ask, event.bid_size, event.ask_size
