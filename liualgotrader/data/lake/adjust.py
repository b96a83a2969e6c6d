"""Prices of the past made comparable with those of a later day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np

from liualgotrader.common.errors import ConfigError
from liualgotrader.data.lake.actions import Action, ActionKind
from liualgotrader.data.lake.days import day_start
from liualgotrader.data.lake.kinds import BAR_COLUMNS, QUOTE_COLUMNS
from liualgotrader.data.lake.rows import Floats, Rows


def adjusted(rows: Rows, actions: Iterable[Action], as_of: int, dividends: bool) -> Rows:
    """Return raw rows back-adjusted, as somebody would at `as_of` (ns UTC).

    Only actions whose ex-date has begun by then count. A split divides the prices of rows before
    its ex-date by its ratio and multiplies their sizes. With `dividends`, a cash dividend D
    multiplies those prices by 1 - D / C, where C is the last price before the ex-date: the factor
    of CRSP's and Yahoo's adjusted closes, which makes ratios of prices total returns. C is taken
    from `rows`, so give them raw, up to the last ex-date that is to count. Raises ConfigError for
    a dividend as large as the price.
    """
    prices, sizes = np.ones(len(rows)), np.ones(len(rows))
    last = rows.last_price
    for day, ratio, dividend in _by_day(actions):
        begins = day_start(rows.symbol, day)
        before = int(rows.start.searchsorted(begins))
        if begins > as_of or before == 0:
            continue
        prices[:before] /= ratio
        sizes[:before] *= ratio
        if dividends and dividend:
            prices[:before] *= _total_return(rows, day, dividend, last[before - 1] / ratio)
    count = {len(BAR_COLUMNS): 4, len(QUOTE_COLUMNS): 2}.get(len(rows.values), 1)
    return Rows(
        rows.symbol,
        rows.start,
        tuple(_scaled(v, prices if i < count else sizes) for i, v in enumerate(rows.values)),
    )


def _scaled(column: Floats, factor: Floats) -> Floats:
    return column * factor


def _by_day(actions: Iterable[Action]) -> list[tuple[date, float, float]]:
    """Return each ex-date with its split (1 for none) and its dividend (0 for none), oldest first."""
    found: dict[date, list[float]] = {}
    for action in actions:
        if action.value is None or action.kind not in (ActionKind.SPLIT, ActionKind.DIVIDEND):
            continue
        worth = found.setdefault(action.ex_date, [1.0, 0.0])
        if action.kind is ActionKind.SPLIT:
            worth[0] *= float(action.value)
        else:
            worth[1] += float(action.value)
    return [(day, ratio, dividend) for day, (ratio, dividend) in sorted(found.items())]


def _total_return(rows: Rows, day: date, dividend: float, price: float) -> float:
    if dividend >= price:
        raise ConfigError(
            f"{rows.symbol} dividend of {day}: {dividend:g} a share, and a share cost {price:g} the day"
            " before; correct history/actions.csv"
        )
    return 1 - dividend / price
